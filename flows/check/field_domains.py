"""The cells of a form's field: from its sort, its options and the tests that ask for it."""

import re
from collections.abc import Callable, Sequence
from typing import Any

from ...forms.conditions.tree import Test
from ...forms.definition import Field
from ...forms.fields.numbers import Integer, Numeric
from ...forms.kinds import DEPARTMENT, PERSON, Base, Kind
from ...forms.types import UnknownType, find, kind_of
from ...platform.people.directory import Directory
from . import wording
from .domains import Cell, Domain, Evaluate, finite, named, on_line, sampled, subsets, with_blank
from .lines import Line, dates, datetimes, integers, numbers, times

# Texts that are like no constant, and what makes one of a constant, by type.
_OTHERS = {
    "email": ("somebody@example.com", "x@y.zz"),
    "url": ("https://example.com/", "http://x.yz/"),
    "phone": ("+8613800138000", "00000"),
}
_ENDINGS = {"email": ("", "@y.zz"), "phone": ("", "00000")}
_OTHER = "something else"
_SHAPES = {
    "email": re.compile(r"[^@\s]+@[^@\s]+\.[^@\s.]+"),
    "url": re.compile(r"https?://\S+"),
    "phone": re.compile(r"\+?[0-9 -]{5,20}"),
}
_SOME_FILE = ("a-file",)
_SOMEBODY = "somebody"


def domain_of_field(
    field: Field,
    tests: Sequence[Test],
    constants: Sequence[Any],
    evaluate: Evaluate,
    people: Directory | None,
    *,
    blank: bool,
) -> Domain:
    """All that ``field`` can hold, cut at ``constants``; ``blank``: it may hold nothing."""
    try:
        kind = kind_of(field)
    except UnknownType:
        return sampled((), evaluate)
    line = _line(field, kind)
    if line is not None:
        return on_line(_narrowed(line, field), constants, evaluate, blank=blank)
    match kind.base:
        case Base.BOOLEAN:
            return finite((True, False), evaluate, blank=blank)
        case Base.CHOICE if kind.choices is not None:
            return finite(kind.choices, evaluate, blank=blank)
        case Base.CHOICES if kind.choices is not None:
            return subsets(kind.choices, evaluate, mentioned=constants, sizes=_sizes(field), blank=blank)
        case Base.FILES:
            return finite([_SOME_FILE], evaluate, blank=blank)
        case Base.REFERENCE:
            return _references(kind, constants, evaluate, people, blank=blank)
        case Base.NONE:
            return sampled((), evaluate)
        case Base.JSON:
            return finite([{"": ""}], evaluate, blank=blank)
        case _:
            return _texts(field, tests, evaluate, blank=blank)


def _line(field: Field, kind: Kind) -> Line | None:
    if kind.base is Base.NUMBER:
        return integers() if kind.whole else numbers(_places(field))
    maker = {Base.DATE: dates, Base.DATETIME: datetimes, Base.TIME: times}.get(kind.base)
    return maker() if maker is not None else None


def _places(field: Field) -> int | None:
    """Decimals that the field keeps; ``None`` of a plugin's type that does not say."""
    found = find(field.type)
    return found.places(field.options) if isinstance(found, Numeric) else None


def _narrowed(line: Line, field: Field) -> Line:
    """Cut off what ``min`` and ``max`` forbid; an end that moves with the day (``today``) forbids nothing for sure."""
    found = find(field.type)
    ends = (
        found.bounds(field)
        if isinstance(found, Integer)
        else (_end(line, field.options.get("min")), _end(line, field.options.get("max")))
    )
    return line.narrowed(*ends)


def _end(line: Line, option: Any) -> Any:
    try:
        line.place(option)
    except (AttributeError, TypeError, ValueError):
        return None
    return option


def _references(
    kind: Kind, constants: Sequence[Any], evaluate: Evaluate, people: Directory | None, *, blank: bool
) -> Domain:
    if kind.target == PERSON and people is not None:
        return finite([key for key, each in people.persons.items() if each.active], evaluate, blank=blank)
    if kind.target == DEPARTMENT and people is not None:
        return finite(people.departments, evaluate, blank=blank)
    if kind.target in (PERSON, DEPARTMENT):
        return named(constants, _SOMEBODY, evaluate, allows=lambda _value: True, blank=blank)
    ids = [each for each in constants if isinstance(each, int)]
    return named(ids, max(ids, default=0) + 1, evaluate, allows=lambda _value: True, blank=blank)


def _sizes(field: Field) -> range:
    """How many may be chosen, if any are."""
    most = field.options.get("max_choices") or len(field.options.get("options", ()))
    return range(field.options.get("min_choices") or 1, most + 1)


def _texts(field: Field, tests: Sequence[Test], evaluate: Evaluate, *, blank: bool) -> Domain:
    allows = _allows(field)
    longest = field.options.get("max_length")
    others = _OTHERS.get(field.type, (_OTHER[:longest],))
    found, complete = wording.examples(tests, others, _ENDINGS.get(field.type, ("",)), allows)
    patterned = _pattern(field) is not None
    cells = [Cell(text, allows(text)) for text in found if patterned or allows(text)]
    return Domain(with_blank(cells, blank), evaluate, exact=complete)


def _allows(field: Field) -> Callable[[str], bool]:
    longest = field.options.get("max_length")
    shortest = field.options.get("min_length") or 0
    shape = _pattern(field)

    def allows(text: str) -> bool:
        if isinstance(longest, int) and len(text) > longest:
            return False
        return len(text) >= shortest and (shape is None or shape.fullmatch(text) is not None)

    return allows


def _pattern(field: Field) -> re.Pattern[str] | None:
    pattern = field.options.get("pattern")
    if isinstance(pattern, str):
        try:
            return re.compile(pattern)
        except re.error:
            return None
    return _SHAPES.get(field.type)
