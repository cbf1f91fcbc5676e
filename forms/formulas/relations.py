"""Values of other records in formulas: of the one that a lookup points to, and of all that point to the same one."""

from collections.abc import Callable, Mapping, Sequence
from difflib import get_close_matches
from typing import Any, Protocol

from ...platform.text import Message, msg
from ..kinds import DEPARTMENT, PERSON, UNKNOWN, Base, Kind
from .sorts import Sort, Typed, typed_of
from .tree import Call, FormulaError, Literal, Name, Tree

OF, LINKED = "OF", "LINKED"
RELATIONS = (OF, LINKED)

Others = Callable[[str], Mapping[str, Kind] | None]
"""The fields of another form by its key; ``None`` where that is not in force."""


class Records(Protocol):
    """What formulas may ask of other records; only the server can answer."""

    def value(self, form: str, record: int, name: str) -> Any:
        """What a field of a record holds, of a column its values."""
        ...

    def linked(self, form: str, match: str, record: int, name: str) -> Sequence[Any]:
        """What ``name`` holds in all records of ``form`` whose lookup ``match`` points to ``record``."""
        ...


def resolved(call: Call, kinds: Mapping[str, Kind], others: Others | None) -> tuple[Tree, Typed]:
    """The call as it is evaluated, with the form that is meant, and the sort of its value.

    Raises:
        FormulaError: it names no lookup, or a form or a field that is not there.
    """
    if others is None:
        raise FormulaError(call.at, msg("%(name)s stands in formulas of forms alone.", name=call.name))
    wanted = 2 if call.name == OF else 4
    texts = [each for each in call.arguments[1:] if isinstance(each, Literal) and isinstance(each.value, str)]
    if len(call.arguments) != wanted or len(texts) != wanted - 1:
        example = 'OF(order, "total")' if call.name == OF else 'LINKED(order, "refund", "order", "amount")'
        raise FormulaError(
            call.at, msg("%(name)s names a lookup and texts: %(example)s.", name=call.name, example=example)
        )
    lookup, target = call.arguments[0], _target(call.arguments[0], call, kinds)
    if call.name == OF:
        typed = _typed(texts[0], target, others(target))
        return Call("of", (lookup, Literal(target), texts[0]), call.at), typed
    form, match, name = texts
    fields = others(str(form.value))
    if fields is None:
        raise FormulaError(
            form.at,
            msg("No form “%(key)s” is in force. Publish it first, or correct the key.", key=str(form.value)[:80]),
        )
    pointing = _kind(match, str(form.value), fields)
    if pointing is not UNKNOWN and (pointing.base is not Base.REFERENCE or pointing.target != target):
        raise FormulaError(match.at, msg("“%(key)s” does not look up “%(form)s”.", key=str(match.value), form=target))
    typed = _typed(name, str(form.value), fields)
    return Call("linked", (lookup, form, match, name), call.at), Typed(typed.sort, True, typed.choices)


def _target(first: Tree, call: Call, kinds: Mapping[str, Kind]) -> str:
    kind = kinds.get(first.key) if isinstance(first, Name) else None
    if kind is None or kind.base is not Base.REFERENCE or kind.target in (None, PERSON, DEPARTMENT):
        message = msg("%(name)s begins with a lookup of this form: %(name)s(order, …).", name=call.name)
        raise FormulaError(first.at or call.at, message)
    return str(kind.target)


def _typed(name: Literal, form: str, fields: Mapping[str, Kind] | None) -> Typed:
    if fields is None:
        return Typed(Sort.ANY)
    kind = _kind(name, form, fields)
    return typed_of(kind, is_list="." in str(name.value))


def _kind(name: Literal, form: str, fields: Mapping[str, Kind]) -> Kind:
    outer, dot, inner = str(name.value).partition(".")
    kind = fields.get(outer)
    if kind is UNKNOWN:
        return UNKNOWN
    found = kind.columns.get(inner) if dot and kind is not None else kind
    if found is None or (not dot and found.base in (Base.TABLE, Base.NONE)):
        known = [key for key, each in fields.items() if each.base not in (Base.TABLE, Base.NONE)]
        known += [f"{key}.{column}" for key, each in fields.items() for column in each.columns]
        raise FormulaError(name.at, _no_field(str(name.value), form, known))
    return found


def _no_field(name: str, form: str, known: Sequence[str]) -> Message:
    near = get_close_matches(name, known, n=1)
    if near:
        return msg(
            "“%(form)s” has no field “%(key)s”. Did you mean “%(near)s”?", form=form, key=name[:80], near=near[0]
        )
    shown = ", ".join(known[:40])
    return msg("“%(form)s” has no field “%(key)s”. Known: %(known)s.", form=form, key=name[:80], known=shown)


def values_of(values: Mapping[str, Any], name: str) -> list[Any]:
    """What a record holds in a field, or in a column of all its rows."""
    outer, dot, inner = name.partition(".")
    if not dot:
        return [values.get(name)]
    return [row.get(inner) for row in values.get(outer) or ()]


Compiled = Callable[[Any], Any]


def of(lookup: Compiled, form: Compiled, name: Compiled) -> Compiled:
    """Evaluates ``OF``; blank where nothing was looked up, or nobody can say."""

    def run(env: Any) -> Any:
        record, key = lookup(env), name(env)
        if env.records is None or record is None:
            return [] if "." in key else None
        value = env.records.value(form(env), record, key)
        if isinstance(value, list):
            env.charge(len(value))
        return value

    return run


def linked(lookup: Compiled, form: Compiled, match: Compiled, name: Compiled) -> Compiled:
    """Evaluates ``LINKED``: a list, empty where nothing was looked up."""

    def run(env: Any) -> Any:
        record = lookup(env)
        if env.records is None or record is None:
            return []
        found = list(env.records.linked(form(env), match(env), record, name(env)))
        env.charge(len(found))
        return found

    return run
