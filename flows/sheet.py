"""The sheet of a batch: what is ready, needs input or is blocked, with the money that it is about."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from ..forms import catalogue as forms
from ..forms.program import FormProgram
from ..forms.records import Record
from ..platform.errors import NotFound
from ..platform.people.directory import Person
from ..platform.text import LocalText
from . import listing
from .batch import Readiness, Result
from .listing import RowView


@dataclass(frozen=True, slots=True)
class Line:
    """One task of the sheet; ``row`` is ``None`` where the person may not see it."""

    result: Result
    row: RowView | None


@dataclass(frozen=True, slots=True)
class Sheet:
    """``totals`` is the money of what is ready, by currency."""

    ready: tuple[Line, ...]
    needs_input: tuple[Line, ...]
    blocked: tuple[Line, ...]
    totals: dict[str, Decimal]


def of(results: Sequence[Result], person: Person, language: str) -> Sheet:
    """The results of a batch, or of its dry run, with their requests."""
    lines = {kind: [] for kind in Readiness}  # type: dict[Readiness, list[Line]]
    totals: dict[str, Decimal] = {}
    for result in results:
        try:
            one = listing.task(result.task, by=person)
        except NotFound:
            lines[result.readiness].append(Line(result, None))
            continue
        lines[result.readiness].append(Line(result, one.opened.view(language)))
        if result.ok:
            _add(totals, one.case.form, one.case.record)
    return Sheet(
        tuple(lines[Readiness.READY]),
        tuple(lines[Readiness.NEEDS_INPUT]),
        tuple(lines[Readiness.BLOCKED]),
        totals,
    )


def _add(totals: dict[str, Decimal], form: FormProgram, record: Record) -> None:
    """Add the money that a request is about."""
    key = listing.money_of(form)
    field, value = form.form.field(key), record.values.get(key)
    if field is not None and isinstance(value, Decimal):
        currency = str(field.options.get("currency", ""))
        totals[currency] = totals.get(currency, Decimal(0)) + value


def forms_of(rows: Sequence[listing.Opened]) -> dict[str, LocalText]:
    """The forms that occur in a list, by key, to choose one of them."""
    versions = {each.record.form: each.record.version for each in rows}
    return {key: forms.program(key, version).form.title for key, version in versions.items()}
