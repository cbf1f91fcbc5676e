"""Help while a formula is written: what is wrong with it and where, and what may come next."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from ...platform.text import Message
from ..kinds import UNKNOWN, Base, Kind
from .check import resolve
from .functions import FUNCTIONS
from .parse import parse
from .relations import Others
from .sorts import WORDS, Typed, typed_of
from .tree import FormulaError

MOST = 50
_WORD = re.compile(r"[A-Za-z_][A-Za-z0-9_]*(?:\.[A-Za-z0-9_]*)?$")
_CHOOSING = re.compile(r'([a-z][a-z0-9_]*)\s*(?:=|<>|≠)\s*"([^"]*)$')
_HERE = re.compile(r'"(?:[^"]|"")*"?|[A-Za-z_][A-Za-z0-9_.]*|[0-9.]+|\S')


@dataclass(frozen=True, slots=True)
class Mistake:
    """``at`` counts characters from 1, as in the sentence; ``length`` is that of the part that is meant."""

    at: int
    length: int
    message: Message


@dataclass(frozen=True, slots=True)
class Completion:
    """``text`` takes the place of what is written of it; ``kind``: field, column, function, fact, choice or word."""

    text: str
    kind: str
    detail: str | Message


def read(
    text: str,
    kinds: Mapping[str, Kind],
    columns: Mapping[str, Kind] | None = None,
    others: Others | None = None,
) -> Typed | Mistake:
    """The sort of the formula's value, or the first thing that is wrong with it."""
    try:
        return resolve(parse(text), kinds, columns, others)[1]
    except FormulaError as error:
        return Mistake(max(1, error.position), _length(text, error.position), error.message)


def _length(text: str, position: int) -> int:
    found = _HERE.match(text, max(0, position - 1))
    return len(found[0]) if found else 1


def completions(
    text: str, at: int, kinds: Mapping[str, Kind], columns: Mapping[str, Kind] | None = None
) -> tuple[int, list[Completion]]:
    """What may be written at the caret, ``at`` characters behind the start, and where what it replaces begins.

    Inside a text there is nothing, but for the values of a choice that it is compared with.
    """
    before = text[: max(0, min(at, len(text)))]
    columns = columns or {}
    choosing = _CHOOSING.search(before)
    if choosing is not None:
        kind = columns.get(choosing[1]) or kinds.get(choosing[1])
        values = kind.choices or () if kind is not None else ()
        found = [Completion(each, "choice", choosing[1]) for each in values if each.startswith(choosing[2])]
        return len(before) - len(choosing[2]), found[:MOST]
    if before.count('"') % 2:
        return len(before), []
    word = _WORD.search(before)
    start = word.start() if word is not None else len(before)
    if word is None and before.rstrip()[-1:].isdigit():
        return start, []
    return start, _named(before[start:], kinds, columns)


def _named(start: str, kinds: Mapping[str, Kind], columns: Mapping[str, Kind]) -> list[Completion]:
    wanted = start.lower()
    known = [each for each in _all(kinds, columns) if wanted in each.text.lower()]
    known.sort(key=lambda each: not each.text.lower().startswith(wanted))
    return known[:MOST]


def _all(kinds: Mapping[str, Kind], columns: Mapping[str, Kind]) -> Iterator[Completion]:
    for key, kind in columns.items():
        if _has_value(kind):
            yield Completion(key, "column", WORDS[typed_of(kind).sort])
    for key, kind in kinds.items():
        if _has_value(kind):
            yield Completion(key, "fact" if "." in key else "field", WORDS[typed_of(kind).sort])
            for name, column in kind.columns.items():
                if _has_value(column):
                    yield Completion(f"{key}.{name}", "column", WORDS[typed_of(column).sort])
    for function in FUNCTIONS.values():
        yield Completion(f"{function.name}(", "function", f"{function.example} · {function.about}")
    for word in ("TRUE", "FALSE"):
        yield Completion(word, "word", WORDS[typed_of(Kind(Base.BOOLEAN)).sort])


def _has_value(kind: Kind) -> bool:
    return kind is UNKNOWN or kind.base is not Base.NONE
