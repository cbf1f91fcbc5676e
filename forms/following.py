"""What a page needs to follow its form at once: trees of rules and formulas, without what its reader may not see."""

from collections.abc import Iterator, Mapping, Set
from dataclasses import dataclass
from datetime import tzinfo
from typing import Any

from jinja2.utils import htmlsafe_json_dumps
from markupsafe import Markup

from ..platform import clock
from ..platform.caches import cache
from ..platform.text import local
from ..platform.web.filters import sign_of
from ..platform.web.language import gettext_here
from . import conditions, formulas
from .analysis import Question, reads
from .conditions import operand_json
from .definition import Field
from .kinds import FACTS, Base
from .lifecycle import Rights
from .moments import write_datetime
from .plans import right_on
from .program import FormProgram
from .reading import ReadContext, Reading
from .rows import TablePlan
from .types import find, kind_of
from .wire import wire_of

ALWAYS: dict[str, Any] = {"all": []}
_WORDS = {
    "required": "“%(label)s” is missing. Fill it in.",
    "min": "%(value)s is too little. At least %(min)s.",
    "max": "%(value)s is too much. At most %(max)s.",
    "rows": "%(count)s rows are too few. At least %(min)s.",
    "number": "%(value)s is no number. Enter digits, for example 1000.50.",
}
"""Sentences of the server that the page says itself; `plans`, `program`, `numbers`, `numerals` have them."""

_TEXTUAL = frozenset(("text", "long_text"))


def script(
    program: FormProgram, reading: Reading, context: ReadContext, *, rights: Rights | None, zone: tzinfo
) -> Markup:
    """JSON for the page's script: the program, the same for all who may see the same, and what is so just now.

    ``zone`` is that in which the page shows times.
    """
    told = _told(program, rights, context.language)
    now = htmlsafe_json_dumps(_now(told, reading, context, zone), separators=(",", ":"))
    return Markup(f'{{"program":{told.json},"now":{now}}}')  # noqa: S704 - both are safe within a script


@dataclass(frozen=True, slots=True)
class _Told:
    """What of it is the same for all who may see the same: the program's JSON, and of what else a page tells.

    ``facts`` are those that it asks for; ``fixed`` fields stand in no input, ``kept`` in one that a rule may lock.
    """

    json: Markup
    facts: frozenset[str]
    secret: frozenset[str]
    fixed: tuple[Field, ...]
    kept: tuple[Field, ...]


def _told(program: FormProgram, rights: Rights | None, language: str) -> _Told:
    known = cache("forms.following")
    place = (
        program.form.key,
        program.version,
        id(program) if not program.version else 0,
        language,
        None if rights is None else frozenset(rights.items()),
    )
    if place not in known:
        if len(known) > 500:
            known.clear()
        secret = concealed(program, rights)
        known[place] = _Told(
            json=htmlsafe_json_dumps(public(program, rights, language), separators=(",", ":")),
            facts=_facts_of(program),
            secret=secret,
            fixed=tuple(_fixed(program, rights, secret)),
            kept=tuple(_kept(program, secret)),
        )
    found: _Told = known[place]
    return found


def _fixed(program: FormProgram, rights: Rights | None, secret: frozenset[str]) -> Iterator[Field]:
    """Those that may only be read, and totals."""
    for field in program.form.fields:
        read = rights is not None and right_on(field.key, rights) == "read"
        if field.key not in secret and (read or field.total is not None):
            yield field


def _kept(program: FormProgram, secret: frozenset[str]) -> Iterator[Field]:
    locked = {name for parsed in program.rules for name in parsed.rule.readonly}
    filled = {key for each in program.form.fields if each.type == "lookup" for key in each.options["fill"]}
    for field in program.form.fields:
        if field.key in locked - filled - secret and not field.columns and field.type != "lookup":
            yield field


def _facts_of(program: FormProgram) -> frozenset[str]:
    asked = [formulas.fields_of(tree) for tree in program.trees.values()]
    for parsed in program.rules:
        asked += [reads(parsed.when), *(formulas.fields_of(tree) for tree in parsed.sets.values())]
    return frozenset().union(*asked) & FACTS.keys()


def public(program: FormProgram, rights: Rights | None, language: str) -> dict[str, Any]:
    """The program without fields that are hidden by right; what depends on one of them is ``null``."""
    return _Public(program, rights, language).document()


class _Public:
    def __init__(self, program: FormProgram, rights: Rights | None, language: str) -> None:
        self.program = program
        self.rights = rights
        self.language = language
        self.concealed = concealed(program, rights)

    def document(self) -> dict[str, Any]:
        named = {name: field for name, field in _named(self.program).items() if name not in self.concealed}
        return {
            "language": self.language,
            "fields": {name: self._field(name, field) for name, field in named.items()},
            "order": [plan.name for plan in self.program.plans if plan.name in named],
            "in_turn": {
                plan.name: [each.field.key for each in plan.in_turn if each.name in named]
                for plan in self.program.plans
                if isinstance(plan, TablePlan) and plan.in_turn
            },
            "computed": {name: self._tree(tree, name) for name, tree in self.program.trees.items() if name in named},
            "rules": self._rules(named),
            "checks": self._checks(named),
            "words": {word: gettext_here(sentence) for word, sentence in _WORDS.items()},
        }

    def _field(self, name: str, field: Field) -> dict[str, Any]:
        found = {**_sort_of(field, self.language), "required": field.required and field.total is None}
        if find(field.type).has_value:
            found["label"] = local(field.label, self.language)
        siblings = self.program.form.fields
        if "." in name:
            outer = self.program.form.field(name.partition(".")[0])
            siblings = outer.columns if outer is not None else ()
        filled = [each.key for each in siblings if each.type == "lookup" and field.key in each.options["fill"]]
        if filled:
            found["filled"] = filled
        if self.rights is not None:
            found["right"] = right_on(name, self.rights)
        return found

    def _rules(self, named: Mapping[str, Field]) -> dict[str, Any]:
        named = {**named, **{name: part for name, part in _parts(self.program).items() if self._may_know({name})}}
        words = ("show", "hide", "readonly", "require", "set")
        found: dict[str, Any] = {**{word: {} for word in words}, "rows": {word: {} for word in words}}
        for parsed in self.program.rules:
            told = found if parsed.table is None else found["rows"]
            when = self._question(parsed.when, parsed.table)
            for word in words[:-1]:
                for name in getattr(parsed.rule, word):
                    if name in named:
                        told[word].setdefault(name, []).append(when)
            for name, tree in parsed.sets.items():
                if name in named:
                    told["set"].setdefault(name, []).append([when, self._tree(tree, name)])
        return found

    def _checks(self, named: Mapping[str, Field]) -> list[dict[str, Any]]:
        """What must hold at a field or column that may be seen; others are the server's alone."""
        parsed = [each for each in self.program.rules if each.check is not None]
        return [
            {
                "at": plan.at,
                "table": plan.table,
                "when": self._question(rule.when, plan.table),
                "holds": self._question(rule.check, plan.table),
                "needs": sorted(plan.needs - FACTS.keys()),
                "message": plan.said(self.language, gettext_here),
            }
            for rule, plan in zip(parsed, self.program.checks, strict=True)
            if plan.at in named
        ]

    def _question(self, question: Question | None, table: str | None = None) -> Any:
        if question is None:
            return ALWAYS
        names = reads(question)
        if table is not None:
            names = names | {f"{table}.{each}" for each in names}
        if not self._may_know(names):
            return None
        if isinstance(question, formulas.Literal | formulas.Name | formulas.Call):
            return None if _asks_others(question) else {"formula": formulas.to_json(question)}
        return conditions.to_json(question)

    def _tree(self, tree: formulas.Tree, name: str = "") -> Any:
        table, dot, _ = name.partition(".")
        names = formulas.fields_of(tree)
        if dot:
            names = names | {f"{table}.{each}" for each in names}
        return formulas.to_json(tree) if self._may_know(names) and not _asks_others(tree) else None

    def _may_know(self, names: Set[str]) -> bool:
        return names.isdisjoint(self.concealed) and not any(
            name.partition(".")[0] in self.concealed for name in names if name not in FACTS
        )


def _parts(program: FormProgram) -> dict[str, Field]:
    """Parts of fields made of others, by name: ``evidence.photos``."""
    return {f"{each.key}.{part.key}": part for each in program.form.fields for part in each.parts}


def _asks_others(tree: formulas.Tree) -> bool:
    return not formulas.functions_of(tree).isdisjoint(("of", "linked"))


def _named(program: FormProgram) -> dict[str, Field]:
    found: dict[str, Field] = {}
    for each in program.form.fields:
        found[each.key] = each
        found |= {f"{each.key}.{column.key}": column for column in each.columns}
    return found


def concealed(program: FormProgram, rights: Rights | None) -> frozenset[str]:
    """Fields and columns that are hidden by right; a hidden table hides its columns."""
    if rights is None:
        return frozenset()
    hidden = {name for name in _named(program) if right_on(name, rights) == "hidden"}
    return frozenset(hidden | {name for name in _named(program) if name.partition(".")[0] in hidden})


def _sort_of(field: Field, language: str) -> dict[str, Any]:
    """What the script must know to read an input of the field and to write a value of it."""
    options, kind, field_type = field.options, kind_of(field), find(field.type)
    found: dict[str, Any] = {"type": field.type, "base": kind.base.value}
    if kind.base is Base.NUMBER:
        places = getattr(field_type, "places", None)
        found["places"] = 0 if kind.whole or places is None else places(options)
        bounds = getattr(field_type, "bounds", None)
        least, most = bounds(field) if bounds is not None else (options.get("min"), options.get("max"))
        found |= {key: str(value) for key, value in (("min", least), ("max", most)) if value is not None}
    elif field.type in _TEXTUAL:
        found["max"] = str(options["max_length"])
        found["checked"] = bool(options.get("pattern") or options.get("min_length"))
    elif kind.base is Base.DATE:
        found["checked"] = options.get("min") is not None or options.get("max") is not None
    if field.type == "money":
        found["sign"] = sign_of(options["currency"])
    if kind.base in (Base.CHOICE, Base.CHOICES) and isinstance(options.get("options"), list | tuple):
        found["choices"] = [[each["value"], local(each["label"], language)] for each in options["options"]]
    if options.get("unit") is not None:
        found["unit"] = local(options["unit"], language)
    if field.total is not None:
        found["total"] = True
    if field.parts:
        found["parts"] = {part.key: kind_of(part).base.value for part in field.parts}
    if options.get("min_rows"):
        found["min"] = str(options["min_rows"])
    return found


def _now(told: _Told, reading: Reading, context: ReadContext, zone: tzinfo) -> dict[str, Any]:
    """Facts that the form asks for, and values that stand in no input or, of before, in one that is read-only."""
    return {
        "fresh": context.previous is None,
        "at": write_datetime(clock.now()),
        "zone": str(context.zone),
        "shown": str(zone),
        "facts": {key: operand_json(value) for key, value in context.submitter.items() if key in told.facts},
        "judged": context.rights is None,
        "fixed": {field.key: typed(field, reading.values.get(field.key), told.secret) for field in told.fixed},
        "kept": {field.key: wire_of(field, _before(field, context), None, zone) for field in told.kept},
    }


def _before(field: Field, context: ReadContext) -> Any:
    if context.previous is not None:
        return context.previous.get(field.key)
    field_type = find(field.type)
    raw = field_type.default(field)
    return None if raw is None else field_type.read(raw, field, context)


def typed(field: Field, value: Any, secret: frozenset[str]) -> Any:
    """A value with its sort; of a table its rows, without columns that are hidden."""
    if not field.columns:
        return operand_json(value)
    columns = {column.key: column for column in field.columns if f"{field.key}.{column.key}" not in secret}
    return {
        "rows": [
            {key: operand_json(cell) for key, cell in row.items() if key in columns and cell is not None}
            for row in value or ()
        ]
    }
