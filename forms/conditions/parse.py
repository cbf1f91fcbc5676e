"""From the JSON of a condition to its tree, with all problems at once."""

from collections.abc import Mapping
from difflib import get_close_matches
from typing import Any

from ...platform.problems import Problem, pointer
from ...platform.text import Message, msg
from ..errors import FieldError
from ..kinds import UNKNOWN, Base, Kind
from .operands import OperandError, operators_of, read_operand
from .tree import ALWAYS, All, AnyOf, Condition, FieldRef, Not, Op, Rows, Test

Kinds = Mapping[str, Kind]

MAX_DEPTH = 16
MAX_OPERANDS = 1000

_WORDS = ("all", "any", "not")
_BROKEN: Condition = AnyOf()  # stands where a problem was found; never holds


def parse(
    document: Any, kinds: Kinds | None, path: str = "", *, refs: Kinds | None = None
) -> tuple[Condition, list[Problem]]:
    """The condition that ``document`` says, over fields of ``kinds``; ``None`` checks neither fields nor operands.

    ``refs`` are the fields that ``{"field": …}`` may name, where those are others than the tested ones.
    """
    parser = _Parser(kinds, kinds if refs is None else refs)
    condition = parser.condition(document, path, 0)
    return condition, parser.problems


def no_field(key: Any, known: Kinds) -> Message:
    """Says that there is no such field, and which one may have been meant."""
    near = get_close_matches(str(key), list(known), n=1)
    if near:
        return msg("No field “%(key)s”. Did you mean “%(near)s”?", key=str(key)[:80], near=near[0])
    return msg("No field “%(key)s”. Known: %(known)s.", key=str(key)[:80], known=", ".join(list(known)[:40]))


class _Parser:
    def __init__(self, kinds: Kinds | None, refs: Kinds | None) -> None:
        self.kinds = kinds
        self.refs = refs
        self.problems: list[Problem] = []

    def problem(self, path: str, code: str, message: str) -> Condition:
        self.problems.append(Problem(path, code, message))
        return _BROKEN

    def condition(self, document: Any, path: str, depth: int) -> Condition:
        if depth > MAX_DEPTH:
            return self.problem(path, "too_deep", msg("Conditions nest at most %(max)s levels deep.", max=MAX_DEPTH))
        if not isinstance(document, dict):
            return self.problem(
                path, "not_a_condition",
                msg('Expected a condition such as {"amount": {"gt": "100"}}, found %(found)s.', found=_shown(document)),
            )  # fmt: skip
        words = [word for word in _WORDS if word in document]
        if words:
            return self._word(words[0], document, path, depth)
        parts = tuple(self._entry(key, test, path + pointer(key), depth) for key, test in document.items())
        return parts[0] if len(parts) == 1 else All(parts) if parts else ALWAYS

    def _word(self, word: str, document: Mapping[str, Any], path: str, depth: int) -> Condition:
        if len(document) > 1:
            others = ", ".join(key for key in document if key != word)
            return self.problem(
                path, "mixed_condition",
                msg("“%(word)s” stands alone in its object. Move %(others)s into it.", word=word, others=others),
            )  # fmt: skip
        operand = document[word]
        if word == "not":
            return Not(self.condition(operand, path + "/not", depth + 1))
        if not isinstance(operand, list):
            return self.problem(
                path + pointer(word), "not_a_list", msg("“%(word)s” needs a list of conditions.", word=word)
            )
        parts = tuple(
            self.condition(part, path + pointer(word, index), depth + 1) for index, part in enumerate(operand)
        )
        return All(parts) if word == "all" else AnyOf(parts)

    def _entry(self, key: str, test: Any, path: str, depth: int) -> Condition:
        kind = self._kind(key, path, self.kinds)
        if kind is None:
            return _BROKEN
        if kind.base is Base.TABLE or (kind is UNKNOWN and _is_rows(test)):
            return self._rows(key, kind, test, path, depth)
        if isinstance(test, dict):
            if set(test) == {"field"}:
                return self._test(key, kind, Op.EQ, test, path)
            return self._operators(key, kind, test, path)
        return self._test(key, kind, Op.IN if isinstance(test, list) else Op.EQ, test, path)

    def _kind(self, key: str, path: str, kinds: Kinds | None) -> Kind | None:
        if kinds is None:
            return UNKNOWN
        kind = kinds.get(key)
        if kind is None:
            self.problem(path, "unknown_field", no_field(key, kinds))
        elif kind.base is Base.NONE and kind is not UNKNOWN:
            self.problem(path, "no_value", msg("“%(key)s” is a note and has no value to test.", key=key))
            return None
        return kind

    def _operators(self, key: str, kind: Kind, tests: Mapping[str, Any], path: str) -> Condition:
        if not tests:
            return self.problem(path, "no_operator", msg("Say what to test: %(known)s.", known=_operators_of(kind)))
        parts: list[Condition] = []
        for name, operand in tests.items():
            if name not in Op.__members__.values():
                self.problem(
                    path + pointer(name), "unknown_operator",
                    msg("No operator “%(name)s”. Known: %(known)s.", name=name[:40], known=_operators_of(kind)),
                )  # fmt: skip
                continue
            parts.append(self._test(key, kind, Op(name), operand, path + pointer(name)))
        return parts[0] if len(parts) == 1 else All(tuple(parts))

    def _test(self, key: str, kind: Kind, op: Op, raw: Any, path: str) -> Condition:
        if kind is not UNKNOWN and op not in operators_of(kind):
            return self.problem(
                path, "wrong_operator",
                msg("“%(op)s” does not fit “%(key)s”, which holds %(sort)s. It knows: %(known)s.",
                    op=op.value, key=key, sort=kind.base.value, known=_operators_of(kind)),
            )  # fmt: skip
        if op is Op.EMPTY:
            if isinstance(raw, bool):
                return Test(key, op, raw)
            return self.problem(
                path, "wrong_operand", msg("“empty” is true or false, not %(value)s.", value=_shown(raw))
            )
        if isinstance(raw, dict):
            return self._reference(key, kind, op, raw, path)
        if op in (Op.IN, Op.NOT_IN):
            return self._among(key, kind, op, raw, path)
        try:
            return Test(key, op, self._operand(raw, kind, op))
        except FieldError as error:
            return self.problem(path, "wrong_operand", error.message)

    def _operand(self, raw: Any, kind: Kind, op: Op) -> Any:
        if kind is UNKNOWN:
            if raw is None or isinstance(raw, list | dict):
                raise OperandError(msg("%(value)s is no single value.", value=_shown(raw)))
            return raw
        if raw is None:
            raise OperandError(msg('Nothing equals null. Write {"empty": true}.'))
        if op in (Op.CONTAINS, Op.STARTS_WITH) and kind.base is Base.TEXT:
            return read_operand(raw, Kind(Base.TEXT))
        return read_operand(raw, kind)

    def _among(self, key: str, kind: Kind, op: Op, raw: Any, path: str) -> Condition:
        if not isinstance(raw, list) or not raw:
            return self.problem(path, "wrong_operand", msg("“%(op)s” needs a list of values.", op=op.value))
        if len(raw) > MAX_OPERANDS:
            return self.problem(path, "too_many", msg("At most %(max)s values stand in a list.", max=MAX_OPERANDS))
        found: list[Any] = []
        for index, each in enumerate(raw):
            try:
                found.append(self._operand(each, kind, op))
            except FieldError as error:
                self.problem(path + pointer(index), "wrong_operand", error.message)
        return Test(key, op, tuple(found))

    def _reference(self, key: str, kind: Kind, op: Op, raw: Mapping[str, Any], path: str) -> Condition:
        if set(raw) != {"field"} or not isinstance(raw["field"], str):
            return self.problem(
                path, "wrong_operand", msg('Compare with a value, or with another field: {"field": "paid"}.')
            )
        other = self._kind(raw["field"], path + "/field", self.refs)
        if other is None:
            return _BROKEN
        if not (kind is UNKNOWN or other is UNKNOWN or _comparable(kind, other, op)):
            return self.problem(
                path, "wrong_operand",
                msg("“%(key)s” holds %(sort)s and “%(other)s” %(other_sort)s; they cannot be compared with “%(op)s”.",
                    key=key, sort=kind.base.value, other=raw["field"], other_sort=other.base.value, op=op.value),
            )  # fmt: skip
        return Test(key, op, FieldRef(raw["field"]))

    def _rows(self, key: str, kind: Kind, test: Any, path: str, depth: int) -> Condition:
        if not isinstance(test, dict) or len(test) != 1 or next(iter(test)) not in ("any", "all", "empty"):
            return self.problem(
                path, "wrong_operand",
                msg('Test the rows of “%(key)s”: {"any": Condition}, {"all": Condition} or {"empty": true}.', key=key),
            )  # fmt: skip
        word, operand = next(iter(test.items()))
        if word == "empty":
            return self._test(key, kind, Op.EMPTY, operand, path + "/empty")
        columns, outer = self.kinds, self.refs
        self.kinds = None if kind is UNKNOWN else kind.columns
        self.refs = None if outer is None or self.kinds is None else {**outer, **self.kinds}
        part = self.condition(operand, path + pointer(word), depth + 1)
        self.kinds, self.refs = columns, outer
        return Rows(key, word == "all", part)


def _is_rows(test: Any) -> bool:
    return isinstance(test, dict) and len(test) == 1 and next(iter(test)) in ("any", "all")


def _comparable(kind: Kind, other: Kind, op: Op) -> bool:
    if op in (Op.IN, Op.NOT_IN):
        return other.is_several and kind.base in (Base.CHOICE, Base.CHOICES, Base.TEXT, Base.REFERENCE)
    if other.is_several:
        return False
    textual = {Base.TEXT, Base.CHOICE, Base.CHOICES}
    if kind.base in textual and other.base in textual:
        return True
    return kind.base is other.base and kind.target == other.target


def _operators_of(kind: Kind) -> str:
    known = list(Op) if kind is UNKNOWN else [op for op in Op if op in operators_of(kind)]
    return ", ".join(op.value for op in known)


def _shown(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 60 else text[:59] + "…"
