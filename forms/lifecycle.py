"""What the floor above adds to records: a flow takes a submitted record over. Without one, records are simply kept."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Protocol

from sqlalchemy.engine import Connection

from ..platform.people.directory import Person
from ..platform.problems import Problem
from .program import FormProgram
from .reading import Reading

if TYPE_CHECKING:
    from .records import Record  # records are read by the catalogue, which asks the lifecycle

Rights = Mapping[str, str]
"""What somebody may do with each field: hidden, read, edit, required; fields not named are read."""


class Lifecycle(Protocol):
    """One object, registered by flows; every method that changes something runs inside the caller's transaction."""

    def has_flow(self, form: str) -> bool:
        """Whether submitted records of the form go through a flow (status ``open``) or are simply ``kept``."""
        ...

    def broken_by(self, form: FormProgram) -> Sequence[Problem]:
        """What would no longer hold, were ``form`` in force."""
        ...

    def submitted(self, conn: Connection, record: Record, by: Person | None) -> Record | None:
        """A record was submitted with status ``open``; the record as it is now, ``None`` if it was not changed."""
        ...

    def withheld(self, form: FormProgram) -> frozenset[str]:
        """Fields, columns and parts that who files the form has no business with: they are filled later."""
        ...

    def changing(self, conn: Connection, record: Record) -> None:
        """A submitted record is about to be changed: lock first what decisions lock before it."""
        ...

    def updated(self, conn: Connection, record: Record, by: Person | None, changed: frozenset[str]) -> Record | None:
        """Fields of a submitted record were changed outside of a decision; the record as it is now, or ``None``."""
        ...

    def from_customer(self, conn: Connection, record: Record) -> Record | None:
        """The customer added something, beside :meth:`updated`; the record as it is now, or ``None``."""
        ...

    def deleting(self, conn: Connection, record: Record, by: Person | None) -> None:
        """The record goes; raise to keep it."""
        ...

    def editable(self, record: Record, by: Person) -> Rights | None:
        """Rights of ``by`` on a submitted record outside of a task (corrections after a return); ``None``: no say."""
        ...

    def hidden(self, records: Sequence[Record], by: Person) -> Mapping[int, frozenset[str]]:
        """Fields of records that ``by`` may not see now (a step hides them), by record id; others hide nothing."""
        ...

    def runs_json(self, records: Sequence[Record]) -> Mapping[int, Mapping[str, Any] | None]:
        """The ``run`` of each record as ``interfaces.md`` has it, by record id."""
        ...

    def extend_evaluation(self, program: FormProgram, reading: Reading, by: Person | None) -> Mapping[str, Any]:
        """What the fill page shows beside a live reading: ``{"aside": html}``, and more for programs."""
        ...

    def aside(self, program: FormProgram, reading: Reading, by: Person | None) -> str:
        """The same HTML alone, for a page that is drawn; empty where nothing stands beside the form."""
        ...

    def record_url(self, record: Record) -> str | None:
        """The page that follows the record, ``None`` if it has none but ours."""
        ...

    def customer_url(self, record: Record) -> str | None:
        """The page on which a customer follows the record with its code, ``None`` if there is none."""
        ...


class Kept:
    """No flow: every submitted record is kept as it is."""

    def has_flow(self, form: str) -> bool:  # noqa: ARG002
        return False

    def broken_by(self, form: FormProgram) -> Sequence[Problem]:  # noqa: ARG002
        return ()

    def submitted(self, conn: Connection, record: Record, by: Person | None) -> Record | None:  # noqa: ARG002
        return None

    def withheld(self, form: FormProgram) -> frozenset[str]:  # noqa: ARG002
        return frozenset()

    def changing(self, conn: Connection, record: Record) -> None:
        pass

    def updated(self, conn: Connection, record: Record, by: Person | None, changed: frozenset[str]) -> Record | None:  # noqa: ARG002
        return None

    def from_customer(self, conn: Connection, record: Record) -> Record | None:  # noqa: ARG002
        return None

    def deleting(self, conn: Connection, record: Record, by: Person | None) -> None:
        pass

    def editable(self, record: Record, by: Person) -> Rights | None:  # noqa: ARG002
        return None

    def hidden(self, records: Sequence[Record], by: Person) -> Mapping[int, frozenset[str]]:  # noqa: ARG002
        return {}

    def runs_json(self, records: Sequence[Record]) -> Mapping[int, Mapping[str, Any] | None]:
        return dict.fromkeys((record.id for record in records), None)

    def extend_evaluation(self, program: FormProgram, reading: Reading, by: Person | None) -> Mapping[str, Any]:  # noqa: ARG002
        return {}

    def aside(self, program: FormProgram, reading: Reading, by: Person | None) -> str:  # noqa: ARG002
        return ""

    def record_url(self, record: Record) -> str | None:  # noqa: ARG002
        return None

    def customer_url(self, record: Record) -> str | None:  # noqa: ARG002
        return None


_current: Lifecycle = Kept()


def register(lifecycle: Lifecycle) -> None:
    """From now on records go through ``lifecycle``."""
    global _current
    _current = lifecycle


def current() -> Lifecycle:
    return _current
