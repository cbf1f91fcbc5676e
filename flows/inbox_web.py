"""The inbox: a list sorted by what is due, the request beside it, and a sheet for many at once."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from markupsafe import Markup

from ..platform import clock
from ..platform.db import reading_together
from ..platform.errors import NotFound
from ..platform.people import service as people
from ..platform.people.choosing import choosable
from ..platform.people.current import current_language, current_person, current_zone
from ..platform.people.directory import Person
from ..platform.web.language import gettext as _
from . import batch, inbox, inbox_drawing, inbox_rows, listing, replies, sheet, task_page, undoing
from .blueprint import bp

CHIPS = ("overdue", "today", *inbox.MARKS, "delegated")


@dataclass(frozen=True, slots=True)
class Choice:
    """What of the inbox is looked at: a chip, a form, a page; ``task`` stands beside the list."""

    chip: str = ""
    form: str = ""
    after: str | None = None
    task: int | None = None

    @classmethod
    def of_request(cls) -> "Choice":
        args = request.args
        chip = args.get("chip", "")
        return cls(
            chip if chip in CHIPS else "", args.get("form", ""), args.get("after") or None, args.get("task", type=int)
        )

    def filter(self, person_now: datetime) -> inbox.Filter:
        """What the inbox is asked for; ``person_now`` is the time in the person's zone."""
        midnight = (person_now + timedelta(days=1)).replace(hour=0, minute=0, second=0, microsecond=0)
        return inbox.Filter(
            form=self.form or None,
            overdue=self.chip == "overdue",
            before=midnight if self.chip == "today" else None,
            delegated=self.chip == "delegated",
            mark=self.chip if self.chip in inbox.MARKS else None,
        )

    @property
    def task_url(self) -> str:
        """The address of this choice with a task beside the list, but for the task's id at its end."""
        found = self.url(task=None)
        return f"{found}{'&' if '?' in found else '?'}task="

    def url(self, **changes: Any) -> str:
        """The address of this choice with some of it changed; what is empty is left out."""
        values = {"chip": self.chip, "form": self.form, "after": self.after, "task": self.task, **changes}
        return url_for("signoff_flows.inbox", **{key: value for key, value in values.items() if value})


@bp.get("/inbox", endpoint="inbox")
def my_inbox() -> ResponseReturnValue:
    """The list, and beside it the task that was chosen, or else the first."""
    with reading_together():
        return _my_inbox(current_person(), Choice.of_request())


def _my_inbox(person: Person, choice: Choice) -> ResponseReturnValue:
    wanted = choice.filter(clock.now().astimezone(current_zone()))
    found = inbox.find(person, wanted, after=choice.after)
    rows = listing.of_inbox(found.items)
    selected = _selected(person, choice, rows)
    counts = _counts(person, wanted)
    return render_template(
        "signoff/flows/inbox.html",
        choice=choice,
        rows=_rows(rows, choice, selected),
        next=found.next,
        count=counts[wanted],
        chips={chip: counts[each] for chip, each in _chip_filters().items()},
        forms=sheet.forms_of(rows),
        opened=selected,
        following=_after(rows, selected.task.id) if selected else None,
        undo=undoing.of_task(request.args.get("undo", type=int), person),
        now=clock.now(),
    )


def _rows(listed: Sequence[listing.Opened], choice: Choice, selected: task_page.TaskPage | None) -> Markup:
    reader = inbox_rows.Reader(current_language(), current_zone(), people.directory(), clock.now())
    rows = inbox_rows.of(listing.views(listed, reader.language), reader)
    return inbox_drawing.drawn(rows, choice.task_url, selected.task.id if selected else None, reader.language)


def _selected(person: Person, choice: Choice, rows: Sequence[listing.Opened]) -> task_page.TaskPage | None:
    """The task beside the list; one that is gone gives way to the first."""
    ids = ([choice.task] if choice.task else []) + [rows[0].task.id] if rows else [choice.task] if choice.task else []
    for task_id in ids:
        try:
            return task_page.of(task_id, person)
        except NotFound:
            continue
    return None


def _after(rows: Sequence[listing.Opened], task_id: int) -> int | None:
    """Which task opens once this one is decided."""
    ids = [each.task.id for each in rows]
    if task_id not in ids:
        return ids[0] if ids else None
    place = ids.index(task_id)
    return ids[place + 1] if place + 1 < len(ids) else (ids[place - 1] if place else None)


def _chip_filters() -> Mapping[str, inbox.Filter]:
    now = clock.now().astimezone(current_zone())
    return {chip: Choice(chip).filter(now) for chip in CHIPS}


def _counts(person: Person, wanted: inbox.Filter) -> Mapping[inbox.Filter, inbox.Count]:
    """What was asked for, each chip, and everything, as the menu says it."""
    asked = list(dict.fromkeys([wanted, inbox.Filter(), *_chip_filters().values()]))
    return dict(zip(asked, inbox.counts(person, asked), strict=True))


@bp.post("/inbox/review")
def review() -> ResponseReturnValue:
    """Many at once: first how they sort, then, once confirmed, what became of each."""
    person = current_person()
    ids = request.form.getlist("tasks", type=int)
    if not ids:
        flash(_("Select the tasks to decide first."), "warning")
        return redirect(url_for("signoff_flows.inbox"), code=303)
    verdict = request.form.get("verdict") or "approve"
    said: dict[str, Any] = {"verdict": verdict, "comment": _comment(), "to": request.form.get("person", "")}
    unsaid = verdict == batch.TRANSFER and not said["to"]  # nobody is named yet: sort as if it were oneself
    results = batch.decide_many(ids, by=person, dry_run=True, **({**said, "verdict": "approve"} if unsaid else said))
    confirmed = request.form.get("do") == "decide" and not unsaid
    if confirmed:
        ready = [each.task for each in results if each.ok]
        decided = batch.decide_many(ready, by=person, **said) if ready else []
        results = decided + [each for each in results if not each.ok]
    return render_template(
        "signoff/flows/review.html",
        sheet=sheet.of(results, person, current_language()),
        ids=ids,
        verdict=verdict,
        comment=said["comment"],
        to=said["to"],
        unsaid=unsaid,
        people=choosable(people.directory(), without={person.key}, chosen=request.form.get("person")),
        replies=replies.of_all(current_language()),
        confirmed=confirmed,
    )


def _comment() -> str:
    """What was typed, else the reply that was chosen."""
    form = request.form
    return form.get("comment", "").strip() or replies.of_any(form.get("reply", ""), current_language())
