"""When computed fields are blank: what must be missing for a formula to give nothing."""

from collections.abc import Collection, Iterable, Mapping
from decimal import Decimal

from ...forms.conditions.tree import Condition, Op, Test
from ...forms.formulas import Call, Literal, Name, Tree
from ...forms.kinds import Base, Kind

Formulas = Mapping[str, Tree | None]
Kinds = Mapping[str, Kind]
Excuses = tuple[Condition, ...]
"""The formula gives something unless one of them holds; none: it always does."""

# Numbers and answers whatever they are given: blank counts as 0 in arithmetic.
_ALWAYS = frozenset(
    {
        "*", "neg", "percent", "SUM", "COUNT", "LEN", "ROUND", "ROUNDUP", "ROUNDDOWN", "ABS", "AND", "OR", "NOT",
        "ISBLANK", "CONTAINS", "TODAY", "NOW", "=", "<>", "<", "<=", ">", ">=",
    }
)  # fmt: skip
_WITH_ALL = frozenset({"DAYS", "WORKDAYS", "YEAR", "MONTH", "DAY", "UPPER", "LOWER"})
_WITH_ANY = frozenset({"COALESCE", "MIN", "MAX", "AVERAGE", "&"})
_NUMBERS = frozenset(
    {
        "*", "/", "neg", "percent", "mod", "MOD", "SUM", "COUNT", "AVERAGE", "LEN", "ROUND", "ROUNDUP", "ROUNDDOWN",
        "ABS", "DAYS", "WORKDAYS", "YEAR", "MONTH", "DAY",
    }
)  # fmt: skip


def blank_when(formulas: Formulas, kinds: Kinds, hideable: Collection[str]) -> dict[str, Excuses]:
    """For each computed field of which it is known when it is blank: its excuses. ``hideable``: what rules may hide."""
    found = {
        key: _excuses(tree, _Form(formulas, kinds, hideable, frozenset({key})))
        for key, tree in formulas.items()
        if tree is not None
    }
    return {key: excuses for key, excuses in found.items() if excuses is not None}


class _Form:
    """The fields around a formula; ``seen`` are those on the way to it, so that a ring ends."""

    def __init__(self, formulas: Formulas, kinds: Kinds, hideable: Collection[str], seen: frozenset[str]) -> None:
        self.formulas = formulas
        self.kinds = kinds
        self.hideable = hideable
        self.seen = seen

    def inside(self, key: str) -> "_Form":
        return _Form(self.formulas, self.kinds, self.hideable, self.seen | {key})

    def is_number(self, tree: Tree) -> bool:
        """Whether it is a number or blank, and never a day: a blank day stays blank when days are added."""
        match tree:
            case Literal(value):
                return isinstance(value, int | Decimal) and not isinstance(value, bool)
            case Name(key):
                kind = self.kinds.get(key)
                return kind is not None and kind.base is Base.NUMBER
            case Call("+" | "-" | "COALESCE" | "MIN" | "MAX", parts):
                return all(self.is_number(part) for part in parts)
            case Call("IF", (_, *parts)):
                return all(self.is_number(part) for part in parts)
            case Call(name):
                return name in _NUMBERS


def _excuses(tree: Tree, form: _Form) -> Excuses | None:
    """``None``: nothing is known."""
    match tree:
        case Literal(value):
            return () if value != "" else None
        case Name(key):
            return _of_field(key, form)
        case Call("IF", (_, first, second)):
            return _all((first, second), form)
        case Call("+" | "-", parts) if all(form.is_number(part) for part in parts):
            return ()
        case Call("+" | "-", parts):
            return _all(parts, form)
        case Call("/" | "mod" | "MOD", (_, Literal(value))):
            return () if value else None
        case Call("/" | "mod" | "MOD", (_, Name(key))):
            return _divided_by(key, form)
        case Call(name, parts) if name in _WITH_ALL:
            return _all(parts, form)
        case Call(name, parts) if name in _WITH_ANY:
            known = [excuses for part in parts if (excuses := _excuses(part, form)) is not None]
            return min(known, key=len, default=None)
        case Call(name):
            return () if name in _ALWAYS else None


def _of_field(key: str, form: _Form) -> Excuses | None:
    kind = form.kinds.get(key)
    if kind is None or kind.table or key in form.seen:
        return None
    if key not in form.formulas:
        return (Test(key, Op.EMPTY, True),)
    tree = form.formulas[key]
    inner = None if tree is None else _excuses(tree, form.inside(key))
    if inner is None:
        return None
    return (*inner, Test(key, Op.EMPTY, True)) if key in form.hideable else inner


def _divided_by(key: str, form: _Form) -> Excuses | None:
    kind = form.kinds.get(key)
    if kind is None or kind.table or kind.base is not Base.NUMBER or key in form.formulas:
        return None
    return (Test(key, Op.EQ, 0 if kind.whole else Decimal(0)), Test(key, Op.EMPTY, True))


def _all(parts: Iterable[Tree], form: _Form) -> Excuses | None:
    found: list[Condition] = []
    for part in parts:
        excuses = _excuses(part, form)
        if excuses is None:
            return None
        found += [each for each in excuses if each not in found]
    return tuple(found)


__all__ = ["Excuses", "blank_when"]
