"""A condition in words, for lists of branches, reasons and differences."""

from collections.abc import Callable, Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any

from .tree import All, AnyOf, Condition, FieldRef, Not, Op, Rows, Test

Words = Callable[[str, Any], str]
"""How the value of a field is shown: ``words("reason", "damaged") == "Damaged or faulty"``."""

_OPS: Mapping[str, Mapping[Op, str]] = {
    "en": {
        Op.EQ: "{} is {}", Op.NE: "{} is not {}", Op.GT: "{} is more than {}", Op.GTE: "{} is at least {}",
        Op.LT: "{} is less than {}", Op.LTE: "{} is at most {}", Op.IN: "{} is one of {}",
        Op.NOT_IN: "{} is none of {}", Op.CONTAINS: "{} contains {}", Op.STARTS_WITH: "{} starts with {}",
    },
    "zh": {
        Op.EQ: "{}是{}", Op.NE: "{}不是{}", Op.GT: "{}大于 {}", Op.GTE: "{}不小于 {}",
        Op.LT: "{}小于 {}", Op.LTE: "{}不大于 {}", Op.IN: "{}是{}之一",
        Op.NOT_IN: "{}不是{}中的任何一个", Op.CONTAINS: "{}包含{}", Op.STARTS_WITH: "{}以{}开头",
    },
}  # fmt: skip
_EMPTY = {"en": ("{} is filled in", "{} is empty"), "zh": ("{}已填写", "{}为空")}
_AND = {"en": " and ", "zh": "，且"}
_OR = {"en": " or ", "zh": "，或"}
_LIST = {"en": ", ", "zh": "、"}
_NOT = {"en": "not ({})", "zh": "不满足（{}）"}
_ALWAYS = {"en": "always", "zh": "总是"}
_NEVER = {"en": "never", "zh": "从不"}
_ROWS = {"en": ("some row of {}: {}", "every row of {}: {}"), "zh": ("{}中有一行：{}", "{}中每一行：{}")}
_YES = {"en": ("no", "yes"), "zh": ("否", "是")}
_GROUP = {"en": "({})", "zh": "（{}）"}


def describe(condition: Condition, labels: Mapping[str, str], language: str = "en", words: Words | None = None) -> str:
    """The condition as a phrase: ``Amount is at least 200 and Reason is one of Damaged, Late``.

    ``labels`` are field labels in ``language``; a key without one is shown as it is.
    """
    return _Describer(labels, language if language in _OPS else "en", words).phrase(condition, outer=True)


class _Describer:
    def __init__(self, labels: Mapping[str, str], language: str, words: Words | None) -> None:
        self.labels = labels
        self.language = language
        self.words = words

    def phrase(self, condition: Condition, *, outer: bool = False) -> str:
        language = self.language
        match condition:
            case Test():
                return self._test(condition)
            case All(()):
                return _ALWAYS[language]
            case AnyOf(()):
                return _NEVER[language]
            case All(parts):
                return self._joined(parts, _AND[language], outer)
            case AnyOf(parts):
                return self._joined(parts, _OR[language], outer)
            case Not(part):
                return _NOT[language].format(self.phrase(part, outer=True))
            case Rows(table, every, part):
                return _ROWS[language][every].format(self._label(table), self.phrase(part, outer=True))

    def _joined(self, parts: tuple[Condition, ...], word: str, outer: bool) -> str:
        text = word.join(self.phrase(part) for part in parts)
        return text if outer or len(parts) == 1 else _GROUP[self.language].format(text)

    def _label(self, key: str) -> str:
        return self.labels.get(key, key)

    def _test(self, test: Test) -> str:
        label = self._label(test.field)
        if test.op is Op.EMPTY:
            return _EMPTY[self.language][bool(test.operand)].format(label)
        operands = test.operand if isinstance(test.operand, tuple) else (test.operand,)
        shown = _LIST[self.language].join(self._value(test.field, each) for each in operands)
        return _OPS[self.language][test.op].format(label, shown)

    def _value(self, key: str, value: Any) -> str:
        if isinstance(value, FieldRef):
            return self._label(value.key)
        if self.words is not None:
            return self.words(key, value)
        if isinstance(value, bool):
            return _YES[self.language][value]
        if isinstance(value, Decimal):
            return format(value, "f")
        return value.isoformat(sep=" ") if isinstance(value, datetime) else str(value)
