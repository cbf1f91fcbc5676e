"""What a customer may know of their request: its stages, when it should be over, what the form lets them see."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from ..forms import catalogue as forms
from ..forms import records
from ..forms.display import Reader
from ..forms.program import FormProgram
from ..forms.records import Record
from ..platform import config
from ..platform.db import reading
from ..platform.errors import NotFound
from ..platform.people.current import current_language
from ..platform.problems import pointer
from ..platform.text import LocalText, msg
from . import cases, following, store, survey
from .cases import Case
from .run import State


@dataclass(frozen=True, slots=True)
class Stage:
    """A step that customers are told of; ``state`` is done, now or next."""

    title: LocalText
    state: str


@dataclass(frozen=True, slots=True)
class Status:
    """``ends_at`` is when it should be over, ``None`` where that is not known or it is over; ``survey``: what opens the
    survey, empty where there is nothing to answer."""

    record: Record
    title: LocalText
    facts: tuple[tuple[LocalText, str], ...]
    stages: tuple[Stage, ...]
    ends_at: datetime | None
    survey: str = ""


def of(number: str, knows: Callable[[str], bool]) -> Status:
    """The request with that number, for whoever ``knows`` its access code.

    Raises:
        NotFound: there is none, or the code is another.
    """
    with reading() as conn:
        record = None
        for program in forms.forms_in_force():
            if program.form.public.fill or program.form.public.status or program.form.public.later:
                row = records.row_by_number(conn, program.form.key, number)
                record = records.complete(conn, [row])[0] if row is not None else None
            if record is not None:
                break
        if record is None or not record.access_code or not knows(record.access_code):
            raise NotFound(msg("There is no request with this number and code. Check both."))
        run = store.run_of_record(conn, record.id)
    case = cases.of_row(run, record) if run else None
    return _status(record, case)


def _status(record: Record, case: Case | None) -> Status:
    program = forms.program(record.form, record.version)
    open_now = record.status in following.OPEN and case is not None
    return Status(
        record,
        program.form.title,
        tuple(_facts(record, program)),
        tuple(_stages(record, case)),
        following.ends_at(case) if open_now and case is not None else None,
        survey.token_of(record.id) if survey.is_open(record) and survey.answer_of(record.id) is None else "",
    )


def _facts(record: Record, program: FormProgram) -> list[tuple[LocalText, str]]:
    reader = Reader(current_language(), config.current().zone, linked=False)
    found: list[tuple[LocalText, str]] = []
    for key in program.form.public.status:
        field = program.form.field(key)
        if field is not None and record.values.get(key) is not None:
            found.append((field.label, reader.text(field, record.values[key], record.links.get(pointer(key)))))
    return found


def _stages(record: Record, case: Case | None) -> list[Stage]:
    """Received, what is being done, and the end; steps by their titles, people never by name."""
    found = [Stage({"en": "Received", "zh": "已收到"}, "done")]
    if case is not None and record.status in following.OPEN:
        for _key, step, progress in following.in_order(case):
            if step.title and step.kind.value in ("approve", "work", "action"):
                if progress.state is State.DONE:
                    found.append(Stage(step.title, "done"))
                elif progress.state is State.OPEN:
                    found.append(Stage(step.title, "now"))
        if record.status == "returned" or case.run.asked is not None:
            found.append(Stage({"en": "We need something more", "zh": "需要补充信息"}, "now"))
    endings: dict[str, LocalText] = {
        "approved": {"en": "Done", "zh": "已完成"},
        "rejected": {"en": "Declined", "zh": "未通过"},
        "withdrawn": {"en": "Withdrawn", "zh": "已撤回"},
    }
    ending = endings.get(record.status)
    found.append(Stage(ending, "done") if ending else Stage({"en": "Done", "zh": "完成"}, "next"))
    return found
