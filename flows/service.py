"""What people do with requests: each use case is one function and one transaction, and takes effect exactly once.

What is needed is read and decided before the write lock is taken; the run's revision guards the write. If somebody was
first, everything is read and decided anew, and then the engine itself says what has become impossible.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from flask import Flask

from ..forms import lifecycle
from ..forms import service as forms
from ..forms.records import Record
from ..platform import audit, clock, db
from ..platform.acting import ActingAs
from ..platform.errors import Conflict, Forbidden, NotFound, Refused
from ..platform.people import policy
from ..platform.people import service as people
from ..platform.people.directory import Directory, Person
from ..platform.problems import Problem
from ..platform.text import msg
from ..platform.value import value
from . import builtin_actions, carrying, cases, engine, entering, estate, history, messages, starting, store
from .cases import Case
from .effects import Actor
from .engine_errors import TaskClosed
from .engine_grace import has_grace
from .engine_rights import acting
from .entering import NOTHING_ENTERED, Entered
from .events import (
    Added,
    Arrived,
    Claimed,
    Decided,
    Event,
    Released,
    Resubmitted,
    Taken,
    Transferred,
    Undone,
    Urged,
    Withdrawn,
)
from .run import Closed

ATTEMPTS = 8
COMMENT_LENGTH = 4000


@value
class Intent:
    """What somebody wants to happen: the event for the engine, and the values that come with it."""

    event: Event
    entered: Entered = NOTHING_ENTERED


@value
class Decision:
    """A verdict as it was sent. ``values`` are raw; ``to`` and ``resume`` (here, again) are of a return,
    ``to`` also of a transfer."""

    verdict: str
    comment: str = ""
    values: Mapping[str, Any] | None = None
    to: str | None = None
    resume: str | None = None


def init_app(app: Flask) -> None:  # noqa: ARG001 - what is registered holds for every application
    """Take submitted records over, and offer the actions and messages that need no plugin."""
    lifecycle.register(starting.FlowLifecycle())
    messages.register()
    builtin_actions.register()
    estate.register()


def decide(
    task_id: int,
    *,
    by: Person,
    verdict: str,
    comment: str = "",
    values: Mapping[str, Any] | None = None,
    to: str | None = None,
    resume: str | None = None,
) -> Record:
    """Record a decision and everything that follows from it, or nothing; the record as it is then.

    Raises:
        NotFound: no such task, or not theirs to see.
        Forbidden: they see it, and may not decide it.
        Conflict: somebody was first; ``by``, ``by_name``, ``at`` and ``verdict`` say who and how.
        Refused: the verdict is not offered, a reason is missing, a value is wrong.
    """
    return on_task(task_id, by, decision_of(Decision(verdict, comment, values, to, resume), by))


Act = Callable[[int, Decision, Person], None]


def rehearse(task_id: int, decision: Decision, by: Person) -> None:
    """Everything that :func:`decide` checks, and nothing of what it does; raises what it would raise."""
    _rehearse(task_id, by, decision_of(decision, by))


def rehearse_transfer(task_id: int, *, by: Person, to: str, comment: str = "") -> None:
    """The same of :func:`transfer`."""
    _rehearse(task_id, by, _transferred(to, comment))


def _rehearse(task_id: int, by: Person, make: "Make") -> None:
    with db.reading() as conn:
        found = cases.of_task(conn, task_id)
    if found is None:
        raise no_task(task_id)
    task, case = found
    now = clock.now()
    actor = authorise(case, task, by, now)
    intent = make(case, task, actor, now)
    engine.step(case.program, case.run, intent.event, cases.world(case, now, intent.entered.values))


Make = Callable[[Case, store.TaskRow, Actor, datetime], Intent]


def decision_of(decision: Decision, by: Person) -> Make:
    """How ``decision`` becomes an event: its raw values are read by the form and the step's field rights."""
    comment = read_comment(decision.comment)

    def make(case: Case, task: store.TaskRow, actor: Actor, _now: datetime) -> Intent:
        entered = entering.enter(case, task.step, decision.verdict, decision.values, by)
        event = Decided(
            task.name,
            actor,
            decision.verdict,
            comment,
            entered.changes,
            decision.to,
            decision.resume or "again",
        )
        if has_grace(case.program, task.step):
            return Intent(Taken(event, decision.values or {}), entered)
        return Intent(event, entered)

    return make


def undo(task_id: int, *, by: Person) -> Record:
    """Take back a decision of one's own that does not count yet.

    Raises:
        Conflict: it counts already.
        Forbidden: another took it.
        NotFound: no such task, or not theirs to see.
    """

    def load(conn: Any) -> Case:
        found = cases.of_task(conn, task_id)
        if found is None:
            raise no_task(task_id)
        names[:] = [found[0].name]
        return found[1]

    def intent(case: Case, _now: datetime) -> Intent:
        require_sight(case, by, task_id)
        return Intent(Undone(names[0], Actor(by.key)))

    names: list[str] = []
    return _move(load, intent)


def claim(task_id: int, *, by: Person) -> Record:
    """Take a task out of its pool (认领)."""
    return on_task(task_id, by, lambda _case, task, actor, _now: Intent(Claimed(task.name, actor)))


def release(task_id: int, *, by: Person) -> Record:
    """Put a claimed task back into its pool."""
    return on_task(task_id, by, lambda _case, task, actor, _now: Intent(Released(task.name, actor)))


def transfer(task_id: int, *, by: Person, to: str, comment: str = "", delegate: bool = False) -> Record:
    """Hand a task to another person for good (转交), or with ``delegate`` to decide it in one's own name this once."""
    return on_task(task_id, by, _transferred(to, comment, delegate))


def _transferred(to: str, comment: str, delegate: bool = False) -> Make:
    _known_people([to], "/to")
    said = read_comment(comment)
    return lambda _case, task, actor, _now: Intent(Transferred(task.name, actor, to, said, delegate))


def add(task_id: int, *, by: Person, who: Sequence[str], when: str = "before", comment: str = "") -> Record:
    """Bring in further people ``before`` or ``after`` this task (加签)."""
    _known_people(who, "/people")
    if when not in ("before", "after"):
        raise _refused("/when", "unknown_when", msg("%(value)s is neither before nor after.", value=repr(when)))
    said = read_comment(comment)
    return on_task(
        task_id, by, lambda _case, task, actor, _now: Intent(Added(task.name, actor, tuple(who), when, said))
    )


def withdraw(record_id: int, *, by: Person, comment: str = "") -> Record:
    """Take a request back (撤回)."""
    said = read_comment(comment)
    return _as_submitter(record_id, by, lambda _case, actor, _now: Intent(Withdrawn(actor, said)))


def resubmit(record_id: int, *, by: Person, values: Mapping[str, Any] | None = None, comment: str = "") -> Record:
    """Send a returned request again, with corrected ``values`` (raw) where there are some."""
    said = read_comment(comment)

    def make(case: Case, actor: Actor, _now: datetime) -> Intent:
        entered = entering.correct(case, values or {}, by)
        changed = tuple(sorted({*entered.changed, *history.changed_since_return(case.record)}))
        return Intent(Resubmitted(actor, said, changed), entered)

    return _as_submitter(record_id, by, make)


def urge(record_id: int, *, by: Person, comment: str = "") -> Record:
    """Ask those whom the request waits for to hurry (催办)."""
    said = read_comment(comment)
    return _as_submitter(record_id, by, lambda _case, actor, _now: Intent(Urged(actor, said)))


def comment(record_id: int, *, by: Person, text: str, mentions: Sequence[str] = ()) -> Record:
    """Say something beside a request; those mentioned are told, and see it from then on."""
    said = read_comment(text)
    if not said:
        raise _refused("/text", "blank", msg("The comment is empty. Write something."))
    _known_people(mentions, "/mentions")
    record = forms.read_record(record_id, by=by)
    with db.transaction() as conn:
        data = {"comment": said, **({"mentions": list(mentions)} if mentions else {})}
        audit.append(
            conn,
            record.chain,
            [audit.Entry("record.commented", by.key, ActingAs.PERSON, data, clock.now())],
        )
        forms.add_viewers(conn, record.id, [f"p:{key}" for key in mentions])
        messages.mention(conn, record, by, said, mentions)
    return record


def arrive(run_id: int, *, by: Person, event: str, values: Mapping[str, Any] | None = None) -> Record:
    """Let an event from outside reach the steps of a run that wait for it.

    Raises:
        NotFound: no such run, or not theirs to see.
        Forbidden: who filed the request cannot say that the outside answered.
    """

    def intent(case: Case, _now: datetime) -> Intent:
        require_sight(case, by)
        if case.run.submitter == by.key and not policy.is_admin(by):
            raise Forbidden(msg("You filed this request; its events must come from somebody else."), right="events")
        entered = entering.arrive(case, values or {}, by)
        return Intent(Arrived(event, Actor(by.key), entered.changes), entered)

    return _move(lambda conn: cases.of_run(conn, run_id), intent)


def on_task(task_id: int, by: Person, make: Make) -> Record:
    """Do what ``make`` says with an open task that ``by`` may act on."""
    seen: list[store.TaskRow] = []

    def load(conn: Any) -> Case:
        found = cases.of_task(conn, task_id)
        if found is None:
            raise no_task(task_id)
        seen[:] = [found[0]]
        return found[1]

    def intent(case: Case, now: datetime) -> Intent:
        return make(case, seen[0], authorise(case, seen[0], by, now), now)

    return _move(load, intent)


def authorise(case: Case, task: store.TaskRow, by: Person, now: datetime) -> Actor:
    """As what ``by`` acts on an open task.

    Raises:
        NotFound, Forbidden, Conflict: as :func:`decide` says.
    """
    waiting = case.run.task(task.name)
    if waiting is None:
        require_sight(case, by, task.id)
        raise closed(task, case.directory)
    try:
        return acting(case.program, case.run, waiting, Actor(by.key), cases.world(case, now))
    except Forbidden:
        require_sight(case, by, task.id)
        if policy.is_admin(by):
            # what administrators may do with tasks of others, and what not, the engine decides
            return Actor(by.key)
        raise


def closed(task: store.TaskRow, directory: Directory) -> Conflict:
    """Who was first, and how."""
    done = Closed(
        task.name,
        task.step,
        task.verdict or "cancelled",
        task.closed_at or task.assigned_at,
        task.decided_by,
        ActingAs(task.decided_as or ActingAs.SYSTEM),
    )
    return TaskClosed.by(done, directory)


def no_task(task_id: int) -> NotFound:
    return NotFound(msg("There is no task %(id)s, or you may not see it.", id=task_id))


def require_sight(case: Case, by: Person, task_id: int | None = None) -> None:
    """Go on only if ``by`` may see the request; what is not found is named by the task, if that was asked for.

    Raises:
        NotFound: they may not.
    """
    try:
        forms.read_record(case.record.id, by=by)
    except NotFound:
        if task_id is None:
            raise
        raise no_task(task_id) from None


def _as_submitter(record_id: int, by: Person, make: Callable[[Case, Actor, datetime], Intent]) -> Record:
    def intent(case: Case, now: datetime) -> Intent:
        if case.run.submitter != by.key:
            require_sight(case, by)
            raise Forbidden(msg("Only who filed the request may do this."), right="submitter")
        return make(case, Actor(by.key), now)

    return _move(lambda conn: cases.of_record(conn, record_id), intent)


def _move(load: Callable[[Any], Case], intent: Callable[[Case, datetime], Intent]) -> Record:
    """Read, decide, store; again from the start if somebody was first."""
    for _ in range(ATTEMPTS):
        with db.reading_together() as conn:
            record = _moved(conn, load, intent)
        if record is not None:
            return record
    raise Conflict(msg("The request is being changed by many at once. Try again."), code="busy")


def _moved(conn: Any, load: Callable[[Any], Case], intent: Callable[[Case, datetime], Intent]) -> Record | None:
    """One attempt; ``None``: somebody was first."""
    case = load(conn)
    now = clock.now()
    wanted = intent(case, now)
    world = cases.world(case, now, wanted.entered.values)
    transition = engine.step(case.program, case.run, wanted.event, world)
    at_commit = db.begins_here()
    try:
        with db.transaction() as conn:
            return carrying.carry_out(conn, case, transition, world, wanted.entered, at_commit=at_commit)
    except (carrying.SumsMoved, store.Outrun):
        return None
    except sa.exc.IntegrityError as error:
        if not audit.outrun(error):
            raise
        return None


def read_comment(text: str) -> str:
    """A comment as it was typed.

    Raises:
        Refused: it is too long.
    """
    said = text.strip()
    if len(said) > COMMENT_LENGTH:
        raise _refused(
            "/comment",
            "too_long",
            msg("The comment has %(n)s characters; at most %(max)s fit.", n=len(said), max=COMMENT_LENGTH),
        )
    return said


def _known_people(keys: Sequence[str], path: str) -> None:
    directory = people.directory()
    unknown = [key for key in keys if directory.active(key) is None]
    if unknown:
        message = msg("There is no active person %(key)s. Choose somebody else.", key=repr(unknown[0]))
        raise _refused(path, "unknown_person", message)


def _refused(path: str, code: str, message: str) -> Refused:
    return Refused.because([Problem(path, code, message)])
