"""The sorts of values in formulas: simpler than those of fields, because a choice is a text here."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from ...platform.text import Message, msg
from ..kinds import UNKNOWN, Base, Kind


class Sort(StrEnum):
    NUMBER = "number"
    TEXT = "text"
    BOOLEAN = "boolean"
    DATE = "date"
    DATETIME = "datetime"
    TIME = "time"
    SEVERAL = "choices"
    OTHER = "other"  # records, files, rows, addresses: can be counted, or be blank
    ANY = "any"  # of a field that is broken itself


WORDS: Mapping[Sort, Message] = {
    Sort.NUMBER: msg("a number"),
    Sort.TEXT: msg("a text"),
    Sort.BOOLEAN: msg("true or false"),
    Sort.DATE: msg("a date"),
    Sort.DATETIME: msg("a date with time"),
    Sort.TIME: msg("a time"),
    Sort.SEVERAL: msg("several choices"),
    Sort.OTHER: msg("something that can only be counted"),
    Sort.ANY: msg("anything"),
}

_OF_BASE: Mapping[Base, Sort] = {
    Base.TEXT: Sort.TEXT,
    Base.NUMBER: Sort.NUMBER,
    Base.BOOLEAN: Sort.BOOLEAN,
    Base.DATE: Sort.DATE,
    Base.DATETIME: Sort.DATETIME,
    Base.TIME: Sort.TIME,
    Base.CHOICE: Sort.TEXT,
    Base.CHOICES: Sort.SEVERAL,
}


@dataclass(frozen=True, slots=True)
class Typed:
    """``is_list``: all values of a column; ``choices``: the only texts it can be."""

    sort: Sort
    is_list: bool = False
    choices: tuple[str, ...] | None = None


def typed_of(kind: Kind, *, is_list: bool = False) -> Typed:
    """What a field of that kind is in a formula."""
    if kind is UNKNOWN:
        return Typed(Sort.ANY, is_list)
    if kind.base is Base.REFERENCE and kind.target in ("person", "department"):
        return Typed(Sort.TEXT, is_list)
    if kind.base is Base.TABLE:
        return Typed(Sort.OTHER, is_list=True)
    return Typed(_OF_BASE.get(kind.base, Sort.OTHER), is_list, kind.choices if kind.base is Base.CHOICE else None)
