"""Asking the customer, and their answer: a request that waits for them has clocks that stand still."""

from collections.abc import Callable
from typing import Any

from ..forms.records import Record
from ..platform import db
from ..platform.errors import Conflict
from ..platform.people.directory import Person
from ..platform.text import msg
from . import answering, cases, public_status, service, store
from .cases import Case
from .events import CustomerAsked, CustomerAwaited
from .run import Status


def ask(task_id: int, *, by: Person, question: str) -> Record:
    """Ask the customer, by e-mail where the request holds an address, and on their status page.

    Raises:
        NotFound, Forbidden, Conflict: as the service's ``decide`` says.
        Refused: nothing is asked, or the request is back to be corrected.
    """
    said = service.read_comment(question)
    return service.on_task(
        task_id,
        by,
        lambda case, task, actor, _now: service.Intent(CustomerAsked(task.name, actor, said, addresses_of(case))),
    )


def go_on(task_id: int, *, by: Person, comment: str = "") -> Record:
    """The customer answered in another way, or it goes on without an answer; raises as :func:`ask`."""
    said = service.read_comment(comment)
    return service.on_task(
        task_id, by, lambda _case, task, actor, _now: service.Intent(CustomerAwaited(task.name, actor, said))
    )


def addresses_of(case: Case) -> tuple[str, ...]:
    """Where the customer reads mails: what stands in the request's fields of that kind."""
    found = [case.record.values.get(field.key) for field in case.form.form.fields if field.type == "email"]
    return tuple(dict.fromkeys(each for each in found if isinstance(each, str) and each))


def answer(number: str, knows: Callable[[str], bool], text: str) -> Record:
    """What the customer writes on their page, who knows its access code.

    Raises:
        NotFound: no such request, or another code.
        Conflict: nothing was asked (any more).
        Refused: the answer is too long.
    """
    said = service.read_comment(text)
    record = public_status.of(number, knows).record
    with db.transaction() as conn:
        case = cases.of_record(conn, record.id)
        if case.run.asked is None:
            raise Conflict(msg("Nothing is asked any more. Thank you all the same."), code="not_asked")
        return answering.arrive(conn, case, said)


def question_of(record: Record) -> str:
    """What the customer is asked now; empty: nothing."""
    with db.reading() as conn:
        row = store.run_of_record(conn, record.id)
    asked: Any = row.state.get("asked") if row is not None and row.status == Status.OPEN else None
    return str(asked[2]) if asked else ""
