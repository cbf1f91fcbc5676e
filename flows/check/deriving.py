"""The ground of a form: its rules as conditions, its formulas as what depends on what."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from ...forms.conditions import evaluate, fields_of, parse
from ...forms.conditions.tree import ALWAYS, All, AnyOf, Condition, Not, Op, Test
from ...forms.definition import Field, Form, Rule
from ...forms.formulas import Call, FormulaError, Literal, Name, Tree
from ...forms.formulas import fields_of as fields_of_formula
from ...forms.formulas import parse as parse_formula
from ...forms.kinds import Base, Kind
from ...forms.types import UnknownType, kind_of, kinds_of
from .blanks import blank_when
from .ground import Ground

Kinds = Mapping[str, Kind]

_COMPARISONS: Mapping[str, Op] = {
    "=": Op.EQ, "<>": Op.NE, "<": Op.LT, "<=": Op.LTE, ">": Op.GT, ">=": Op.GTE,
}  # fmt: skip
_MIRRORED: Mapping[Op, Op] = {Op.LT: Op.GT, Op.LTE: Op.GTE, Op.GT: Op.LT, Op.GTE: Op.LTE}


def ground_of(form: Form) -> Ground:
    """What the proofs need of ``form``; rules that cannot be read as conditions leave their fields free."""
    try:
        kinds: Kinds = {**kinds_of(form), **_columns(form)}
    except UnknownType:
        kinds = {}
    fields = {field.key: field for field in form.fields}
    formulas = {field.key: _formula(field.compute) for field in form.fields if field.compute is not None}
    rules = [(rule, _condition(rule.when, kinds)) for rule in form.rules if rule.check is None]
    effects = {name: _effects(rules, name) for name in ("show", "hide", "require")}
    ground = Ground(
        fields,
        shows=effects["show"],
        hides=effects["hide"],
        requires=effects["require"],
        unclear=frozenset(_unclear(rules)),
        blank_when=blank_when(formulas, kinds, {*effects["show"], *effects["hide"], *_unclear(rules)}),
        affects=_affects(form, formulas, rules),
        sources={key: _sources(key, formulas) for key in formulas},
        create=form.access.create,
        public=form.public.fill,
    )
    return replace(ground, checks=tuple(_checks(form, kinds, ground)))


def _columns(form: Form) -> dict[str, Kind]:
    """The columns of tables as formulas name them: ``lines.total``."""
    return {
        f"{field.key}.{column.key}": replace(kind_of(column), table=True)
        for field in form.fields
        for column in field.columns
    }


def _formula(text: str) -> Tree | None:
    try:
        return parse_formula(text)
    except FormulaError:
        return None


def _condition(document: Any, kinds: Kinds) -> Condition | None:
    """The condition of a rule; ``None`` where it is a formula that says more than conditions can."""
    if document is None:
        return ALWAYS
    if isinstance(document, str):
        tree = _formula(document)
        return None if tree is None else _of_formula(tree, kinds)
    condition, problems = parse(document, kinds or None)
    return None if problems else condition


def _of_formula(tree: Tree, kinds: Kinds) -> Condition | None:
    """A formula that only compares fields with constants, as a condition; blank counts as 0, as it does there."""
    match tree:
        case Call("AND", parts):
            made = [_of_formula(part, kinds) for part in parts]
            return All(tuple(each for each in made if each is not None)) if None not in made else None
        case Call("OR", parts):
            made = [_of_formula(part, kinds) for part in parts]
            return AnyOf(tuple(each for each in made if each is not None)) if None not in made else None
        case Call("NOT", (part,)):
            inner = _of_formula(part, kinds)
            return Not(inner) if inner is not None else None
        case Call(name, (Name(key), Literal(value))) if name in _COMPARISONS:
            return _compared(key, _COMPARISONS[name], value, kinds)
        case Call(name, (Literal(value), Name(key))) if name in _COMPARISONS:
            op = _COMPARISONS[name]
            return _compared(key, _MIRRORED.get(op, op), value, kinds)
    return None


def _compared(key: str, op: Op, value: Any, kinds: Kinds) -> Condition | None:
    kind = kinds.get(key)
    if kind is None or kind.base is not Base.NUMBER or kind.table or isinstance(value, str | bool):
        return None
    test = Test(key, op, value)
    if evaluate(test, {key: type(value)(0)}):
        return AnyOf((test, Test(key, Op.EMPTY, True)))
    return All((test, Test(key, Op.EMPTY, False)))


def _effects(rules: list[tuple[Rule, Condition | None]], name: str) -> dict[str, tuple[Condition, ...]]:
    found: dict[str, tuple[Condition, ...]] = {}
    for rule, condition in rules:
        if condition is not None:
            for key in getattr(rule, name):
                found[key] = (*found.get(key, ()), condition)
    return found


def _unclear(rules: list[tuple[Rule, Condition | None]]) -> Iterator[str]:
    for rule, condition in rules:
        if condition is None:
            yield from (*rule.show, *rule.hide)


def _checks(form: Form, kinds: Kinds, ground: Ground) -> Iterator[Condition]:
    """The checks that every request meets, as far as they can be read as conditions.

    One that stands at a hidden field is not asked.
    """
    for rule in form.rules:
        when, check = _condition(rule.when, kinds), None if rule.check is None else _condition(rule.check, kinds)
        at = rule.at.split(".")[0] if rule.at is not None else None
        if when is None or check is None or at in ground.unclear or (at is not None and at not in ground.fields):
            continue
        asked = when if at is None else All((when, ground.visible(at)))
        yield check if asked in (ALWAYS, All((ALWAYS, ALWAYS))) else AnyOf((Not(asked), check))


def _affects(
    form: Form, formulas: Mapping[str, Tree | None], rules: list[tuple[Rule, Condition | None]]
) -> dict[str, frozenset[str]]:
    """For each field those whose value or visibility follows from it."""
    found: dict[str, set[str]] = {}

    def follows(target: str, sources: frozenset[str] | set[str]) -> None:
        for source in sources:
            found.setdefault(source.split(".")[0], set()).add(target.split(".")[0])

    for key, tree in formulas.items():
        follows(key, fields_of_formula(tree) if tree is not None else set())
    for field in form.fields:
        for column in field.columns:
            tree = _formula(column.compute) if column.compute is not None else None
            follows(field.key, fields_of_formula(tree) if tree is not None else set())
        for here in _filled_by(field):
            follows(here, {field.key})
    for rule, condition in rules:
        asked = fields_of(condition) if condition is not None else _named_in(rule.when)
        for key in (*rule.show, *rule.hide, *rule.set):
            follows(key, asked)
        for key, text in rule.set.items():
            tree = _formula(text)
            follows(key, fields_of_formula(tree) if tree is not None else set())
    return {key: frozenset(targets - {key}) for key, targets in found.items()}


def _named_in(text: Any) -> frozenset[str]:
    tree = _formula(text) if isinstance(text, str) else None
    return fields_of_formula(tree) if tree is not None else frozenset()


def _filled_by(field: Field) -> tuple[str, ...]:
    """Fields that a lookup fills."""
    fill = field.options.get("fill")
    return tuple(fill) if isinstance(fill, Mapping) else ()


def _sources(key: str, formulas: Mapping[str, Tree | None]) -> frozenset[str]:
    """The fields that people fill in, from which the computed field ``key`` is made in the end."""
    waiting, found, seen = [key], set[str](), set[str]()
    while waiting:
        each = waiting.pop()
        if each in seen:
            continue
        seen.add(each)
        tree = formulas.get(each)
        if tree is not None:
            waiting.extend(name.split(".")[0] for name in fields_of_formula(tree))
        elif each != key:
            found.add(each)
    return frozenset(found)
