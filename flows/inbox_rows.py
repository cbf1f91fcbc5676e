"""Rows of the inbox as plain texts: what many of them say alike is put into words once."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo
from functools import lru_cache

from ..platform.people.directory import Directory
from ..platform.text import local
from ..platform.web import filters
from ..platform.web.language import gettext as _
from .listing import RowView
from .naming import Names

SOON = timedelta(hours=2)
MINUTES, HOURS, DAYS = "minutes", "hours", "days"


@dataclass(frozen=True, slots=True)
class Left:
    """How long it is until a deadline, in words; ``look`` is ``over``, ``soon`` or empty, ``at`` is for machines."""

    words: str
    look: str = ""
    at: str = ""
    full: str = ""


@dataclass(frozen=True, slots=True)
class Row:
    """``proofs`` is “2/3”, empty where no evidence is asked for; ``pool`` who may take it while nobody has."""

    id: int
    select: str
    name: str
    form: str
    amount: str
    reason: str
    rest: str
    who: str
    step: str
    proofs: str
    left: Left
    pool: str
    claimed: bool
    vip: bool
    returned: bool


@dataclass(frozen=True, slots=True)
class Reader:
    """For whom rows are written, and when."""

    language: str
    zone: tzinfo
    people: Directory
    now: datetime


def of(views: Iterable[RowView], reader: Reader) -> list[Row]:
    """The rows of the list, in order."""
    select, language = _("Select %(name)s"), reader.language
    say = lru_cache(maxsize=None)(Names(reader.people, None, language).principal)
    return [_row(each, reader, select, say) for each in views]


def _row(view: RowView, reader: Reader, select: str, say: Callable[[str], str]) -> Row:
    task, language = view.task, reader.language
    submitter = reader.people.person(view.submitted_by)
    return Row(
        id=task.id,
        select=select % {"name": view.name},
        name=view.name,
        form=local(view.form_title, language),
        amount=view.amount,
        reason=view.reason,
        rest=view.rest,
        who=submitter.name if submitter is not None else view.submitted_by or "",
        step=local(view.step_title, language),
        proofs=f"{view.proofs.there}/{view.proofs.asked}" if view.proofs.asked else "",
        left=left(task.due_at, reader),
        pool=say(task.principal) if task.principal.startswith("r:") and not task.claimed_by else "",
        claimed=task.claimed_by is not None,
        vip=task.vip,
        returned=task.returned,
    )


def left(due_at: datetime | None, reader: Reader) -> Left:
    """The time until ``due_at``: in minutes, from an hour on in hours, from two days on in days."""
    if due_at is None:
        return Left(_("No deadline"))
    distance = due_at - reader.now
    late = distance < timedelta()
    minutes = int(abs(distance).total_seconds() // 60)
    unit, n = (MINUTES, minutes) if minutes < 60 else (HOURS, minutes // 60)
    if n >= 48 and unit is HOURS:
        unit, n = DAYS, n // 24
    here = due_at.astimezone(reader.zone)
    return Left(
        words=_words(reader.language, unit, n, late),
        look="over" if late else "soon" if distance < SOON else "",
        at=due_at.isoformat(timespec="seconds"),
        full=f"{filters.day(here.date())} {here.hour:02}:{here.minute:02}",
    )


@lru_cache(maxsize=1024)
def _words(_language: str, unit: str, n: int, late: bool) -> str:
    match unit, late:
        case "minutes", True:
            return _("%(n)s min late", n=n)
        case "minutes", False:
            return _("%(n)s min left", n=n)
        case "hours", True:
            return _("%(n)s h late", n=n)
        case "hours", False:
            return _("%(n)s h left", n=n)
        case _unit, True:
            return _("%(n)s days late", n=n)
        case _:
            return _("%(n)s days left", n=n)
