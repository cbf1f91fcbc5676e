"""What a program is told when it reads values, and what it answers."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, tzinfo
from typing import TYPE_CHECKING, Any

from ..platform.problems import Problem

if TYPE_CHECKING:
    from .formulas.relations import Records
    from .plans import Alike

Typed = Mapping[str, Any]
"""Values by key as Python has them: ``Decimal``, ``date``, ``tuple[dict, …]`` …; a blank is ``None`` or absent."""

EMPTY: Mapping[str, Any] = {}


@dataclass(frozen=True, slots=True)
class Found:
    """A record that a lookup points to, as it was at ``revision``; ``number`` may be among its typed values."""

    id: int
    form: str
    revision: int
    title: str
    values: Typed = field(default_factory=dict)

    def link(self) -> dict[str, Any]:
        """What is kept beside the value."""
        return {"id": self.id, "form": self.form, "revision": self.revision, "title": self.title}


Left = Callable[[str, Found], Typed]
"""``left(lookup, found)``: the values of what the field ``lookup`` points to, less what is taken of it already."""

Lookups = Callable[[str, Any], Found | None]
"""``lookups(form, raw)``: the record of ``form`` with that id, number or unique value; ``None``: none to be seen."""


def no_lookups(form: str, raw: Any) -> Found | None:  # noqa: ARG001
    """Finds nothing: for readings without a database."""
    return None


@dataclass(frozen=True, slots=True)
class ReadContext:
    """``previous`` is ``None`` on first filing, and then defaults apply.

    ``rights`` are ``hidden``, ``read``, ``edit`` or ``required`` by key (columns as ``lines.total``); a key that is
    not named may only be read. ``None``: the submitter, who may edit all. ``partial``: keys that were not sent keep
    their previous value. ``draft``: nothing is required or checked yet, but each value must be of its type.
    ``unfiled``: what was before is a draft, so what may not be changed has its default. ``withheld`` are fields,
    columns and parts that the submitter has no business with: they are filled later, by somebody else. ``left`` gives
    the values of a record less what others hold of it, where line items are filled from it.
    """

    now: datetime = datetime(1970, 1, 1, tzinfo=UTC)
    language: str = "en"
    zone: tzinfo = UTC
    previous: Typed | None = None
    previous_links: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    rights: Mapping[str, str] | None = None
    lookups: Lookups = no_lookups
    prefetch: Callable[[str, Sequence[Any]], None] | None = None  # told of all rows' lookups before the first is asked
    person: Callable[[str], str | None] | None = None  # the key of whom a text names; None: not checked
    department: Callable[[str], str | None] | None = None
    submitter: Mapping[str, Any] = field(default_factory=dict)  # facts: {"submitter.department": …}
    working_days: Callable[[date, date], int] | None = None
    draft: bool = False
    partial: bool = False
    unfiled: bool = False
    withheld: frozenset[str] = frozenset()
    left: "Left | None" = None
    records: "Records | None" = None  # other records, for formulas that ask them


@dataclass(frozen=True, slots=True)
class Cells:
    """Cells of line items of which rules say something else than of their column, by pointer below the values:
    ``/lines/0/reason``, and ``/lines/-/reason`` in a row that is still blank."""

    hidden: frozenset[str] = frozenset()
    required: frozenset[str] = frozenset()
    readonly: frozenset[str] = frozenset()


NO_CELLS = Cells()


@dataclass(frozen=True, slots=True)
class Reading:
    """``values`` are what is to be stored; hidden fields are not among them, what a right hides keeps what it held.

    Sets hold keys, columns as ``lines.total``. ``problems`` point below ``/values``; ``links`` are by pointer below
    the values (``/order``, ``/lines/0/product``).
    """

    values: Mapping[str, Any]
    visible: frozenset[str]
    required: frozenset[str]
    readonly: frozenset[str]
    problems: tuple[Problem, ...] = ()
    links: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    alike: tuple["Alike", ...] = ()  # what should not be in another record too
    places: Mapping[str, Sequence[int]] = field(default_factory=dict)  # of rows in what was sent, where some fell out
    cells: Cells = NO_CELLS

    @property
    def ok(self) -> bool:
        """May be stored."""
        return not self.problems
