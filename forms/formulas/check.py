"""Checking the sorts of a formula against the fields it reads, before anything is published."""

from collections.abc import Mapping
from difflib import get_close_matches

from ...platform.text import Message, msg
from ..kinds import Base, Kind
from . import relations
from .functions import FUNCTIONS, Function
from .sorts import WORDS, Sort, Typed, typed_of
from .tree import Call, FormulaError, Literal, Name, Tree

_ARITHMETIC = frozenset(("+", "-", "*", "/", "mod"))
_EQUALITY = frozenset(("=", "<>"))
_ORDER = frozenset(("<", "<=", ">", ">="))
_OPERATORS = _ARITHMETIC | _EQUALITY | _ORDER | {"neg", "pos", "percent", "&"}
_ORDERED = frozenset({Sort.NUMBER, Sort.DATE, Sort.DATETIME, Sort.TIME})
_JOINED = frozenset({Sort.TEXT, Sort.NUMBER, Sort.DATE, Sort.DATETIME, Sort.TIME})
_SIGNS = {"neg": "-", "pos": "+", "percent": "%", "mod": "%"}


def check(
    tree: Tree,
    kinds: Mapping[str, Kind],
    columns: Mapping[str, Kind] | None = None,
    others: relations.Others | None = None,
) -> Typed:
    """The sort of the formula's value; inside a line item ``columns`` are its own fields. ``others`` are those of other
    forms; without it nothing of them can be named.

    Raises:
        FormulaError: an unknown name or function, or sorts that do not go together; it says where.
    """
    return resolve(tree, kinds, columns, others)[1]


def resolve(
    tree: Tree,
    kinds: Mapping[str, Kind],
    columns: Mapping[str, Kind] | None = None,
    others: relations.Others | None = None,
) -> tuple[Tree, Typed]:
    """The tree as it is evaluated, with operators on days told from those on numbers, and the sort of its value.

    Raises:
        FormulaError: as :func:`check`.
    """
    return _Checker(kinds, columns or {}, others).resolved(tree)


class _Checker:
    def __init__(self, kinds: Mapping[str, Kind], columns: Mapping[str, Kind], others: relations.Others | None) -> None:
        self.others = others
        self.kinds = kinds
        self.columns = columns

    def resolved(self, tree: Tree) -> tuple[Tree, Typed]:
        match tree:
            case Literal(bool()):
                return tree, Typed(Sort.BOOLEAN)
            case Literal(str()):
                return tree, Typed(Sort.TEXT)
            case Literal():
                return tree, Typed(Sort.NUMBER)
            case Name():
                return tree, self._name(tree)
            case Call():
                return self._resolved_call(tree)

    def _resolved_call(self, call: Call) -> tuple[Tree, Typed]:
        if call.name in relations.RELATIONS:
            return relations.resolved(call, {**self.kinds, **self.columns}, self.others)
        inner = [self.resolved(argument) for argument in call.arguments]
        arguments = [typed for _, typed in inner]
        typed = self._call(call, arguments)
        trees = tuple(tree for tree, _ in inner)
        sorts = [each.sort for each in arguments]
        name = call.name
        if name == "+" and Sort.DATE in sorts:
            name, trees = "later", trees if sorts[0] is Sort.DATE else (trees[1], trees[0])
        elif name == "-" and sorts[0] is Sort.DATE:
            name = "between" if sorts[1] is Sort.DATE else "earlier"
        return Call(name, trees, call.at), typed

    def _name(self, name: Name) -> Typed:
        key = name.key
        kind = self.columns.get(key) or self.kinds.get(key)
        if kind is not None:
            if kind.base is Base.NONE and typed_of(kind).sort is not Sort.ANY:
                raise FormulaError(name.at, msg("“%(key)s” is a note and has no value.", key=key))
            return typed_of(kind)
        table, dot, column = key.partition(".")
        outer = self.kinds.get(table)
        if dot and outer is not None:
            if typed_of(outer).sort is Sort.ANY:
                return Typed(Sort.ANY, is_list=True)
            if column in outer.columns:
                return typed_of(outer.columns[column], is_list=True)
            raise FormulaError(name.at, _no_name(key, [f"{table}.{each}" for each in outer.columns]))
        raise FormulaError(name.at, _no_name(key, [*self.columns, *self.kinds]))

    def _call(self, call: Call, arguments: list[Typed]) -> Typed:
        if call.name in FUNCTIONS:
            return self._function(call, FUNCTIONS[call.name], arguments)
        if call.name not in _OPERATORS:
            raise FormulaError(call.at, _no_function(call.name))
        for argument, typed in zip(call.arguments, arguments, strict=True):
            if typed.is_list:
                raise FormulaError(argument.at or call.at, _list_alone(argument))
        if call.name in _ARITHMETIC:
            return self._arithmetic(call, arguments)
        if call.name in ("neg", "pos", "percent"):
            self._demand(call, call.arguments[0], arguments[0], frozenset({Sort.NUMBER}))
            return Typed(Sort.NUMBER)
        if call.name == "&":
            for argument, typed in zip(call.arguments, arguments, strict=True):
                self._demand(call, argument, typed, _JOINED)
            return Typed(Sort.TEXT)
        return self._comparison(call, arguments)

    def _arithmetic(self, call: Call, arguments: list[Typed]) -> Typed:
        left, right = arguments[0].sort, arguments[1].sort
        if Sort.ANY in (left, right):
            return Typed(Sort.ANY)
        if call.name == "+" and {left, right} == {Sort.DATE, Sort.NUMBER}:
            return Typed(Sort.DATE)
        if call.name == "-" and left is Sort.DATE and right in (Sort.DATE, Sort.NUMBER):
            return Typed(Sort.NUMBER if right is Sort.DATE else Sort.DATE)
        for argument, typed in zip(call.arguments, arguments, strict=True):
            self._demand(call, argument, typed, frozenset({Sort.NUMBER}))
        return Typed(Sort.NUMBER)

    def _demand(self, call: Call, argument: Tree, typed: Typed, sorts: frozenset[Sort]) -> None:
        if typed.sort in sorts or typed.sort is Sort.ANY:
            return
        sign, what, found = _SIGNS.get(call.name, call.name), _what(argument), WORDS[typed.sort]
        if call.name == "+" and typed.sort is Sort.TEXT:
            message = msg("“+” adds numbers, and %(what)s is a text. Join texts with “&”.", what=what)
        else:
            needed = _either(sorts)
            message = msg(
                "“%(sign)s” needs %(needed)s, and %(what)s is %(found)s.",
                sign=sign,
                needed=needed,
                what=what,
                found=found,
            )
        raise FormulaError(argument.at or call.at, message)

    def _comparison(self, call: Call, arguments: list[Typed]) -> Typed:
        left, right = arguments
        if Sort.ANY in (left.sort, right.sort):
            return Typed(Sort.BOOLEAN)
        if left.sort is not right.sort or left.sort in (Sort.SEVERAL, Sort.OTHER):
            raise FormulaError(
                call.at,
                msg("“%(sign)s” cannot compare %(left)s with %(right)s.",
                    sign=call.name, left=WORDS[left.sort], right=WORDS[right.sort]),
            )  # fmt: skip
        if call.name in _ORDER and left.sort not in _ORDERED:
            raise FormulaError(
                call.at,
                msg("“%(sign)s” orders numbers and days, not %(found)s.", sign=call.name, found=WORDS[left.sort]),
            )
        for one, other in ((left, call.arguments[1]), (right, call.arguments[0])):
            self._among(one, other)
        return Typed(Sort.BOOLEAN)

    def _among(self, typed: Typed, other: Tree) -> None:
        """A choice is never equal to a text that is not among its values, so that is a slip."""
        if typed.choices is None or not isinstance(other, Literal) or other.value in (*typed.choices, ""):
            return
        raise FormulaError(
            other.at,
            msg("“%(value)s” is none of the choices: %(known)s.",
                value=str(other.value)[:60], known=", ".join(typed.choices[:20])),
        )  # fmt: skip

    def _function(self, call: Call, function: Function, arguments: list[Typed]) -> Typed:
        if len(arguments) < function.least or (function.most is not None and len(arguments) > function.most):
            raise FormulaError(
                call.at,
                msg("%(name)s takes %(count)s, not %(found)s: %(example)s.", name=function.name,
                    count=_count(function), found=len(arguments), example=function.example),
            )  # fmt: skip
        for index, (argument, typed) in enumerate(zip(call.arguments, arguments, strict=True)):
            if typed.is_list and not function.lists:
                raise FormulaError(argument.at or call.at, _list_alone(argument))
            self._demand(call, argument, typed, function.takes[min(index, len(function.takes) - 1)])
        if isinstance(function.gives, Sort):
            return Typed(function.gives)
        return self._same(call, function, arguments)

    def _same(self, call: Call, function: Function, arguments: list[Typed]) -> Typed:
        counted = arguments[function.same_from :]
        sorts = {typed.sort for typed in counted} - {Sort.ANY}
        if len(sorts) > 1:
            first, second = sorted(sorts)[:2]
            raise FormulaError(
                call.at,
                msg("%(name)s gives %(first)s here and %(second)s there. Let all be of one sort.",
                    name=function.name, first=WORDS[first], second=WORDS[second]),
            )  # fmt: skip
        sort = sorts.pop() if sorts else Sort.ANY
        choices = [typed.choices for typed in counted]
        known = tuple(dict.fromkeys(each for some in choices if some for each in some))
        return Typed(sort, choices=known if choices and all(some is not None for some in choices) else None)


def _no_name(key: str, known: list[str]) -> Message:
    near = get_close_matches(key, known, n=1)
    if near:
        return msg("No field “%(key)s”. Did you mean “%(near)s”?", key=key[:80], near=near[0])
    return msg("No field “%(key)s”. Known: %(known)s.", key=key[:80], known=", ".join(known[:40]))


def _no_function(name: str) -> Message:
    near = get_close_matches(name, list(FUNCTIONS), n=1)
    if near:
        return msg("No function “%(name)s”. Did you mean %(near)s?", name=name[:40], near=near[0])
    return msg("No function “%(name)s”. Known: %(known)s.", name=name[:40], known=", ".join(FUNCTIONS))


def _list_alone(argument: Tree) -> Message:
    return msg("%(what)s is a whole column. Put it into SUM, COUNT, MIN, MAX or AVERAGE.", what=_what(argument))


def _what(argument: Tree) -> str:
    match argument:
        case Name(key):
            return f"“{key}”"
        case Literal(value):
            return f"“{value}”"
        case Call(name):
            return _SIGNS.get(name, name)


def _either(sorts: frozenset[Sort]) -> Message:
    found = [WORDS[sort] for sort in Sort if sort in sorts]
    if len(found) == 1:
        return found[0]
    return msg("%(first)s or %(second)s", first=found[0], second=found[1])


def _count(function: Function) -> Message:
    least, most = function.least, function.most
    if most is None:
        return msg("at least %(least)s values", least=least)
    if least == most:
        return msg("%(count)s values", count=least)
    return msg("%(least)s to %(most)s values", least=least, most=most)
