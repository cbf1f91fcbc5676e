"""What a page without script sends while a form is filled: files with the form, buttons that change its rows."""

from collections.abc import Sequence

from flask import request
from werkzeug.datastructures import MultiDict

from ..platform import files
from ..platform.errors import Refused, TooLarge
from ..platform.people.directory import Person
from ..platform.problems import Problem
from .definition import Field
from .filling import Sent
from .kinds import Base
from .program import FormProgram
from .types import kind_of
from .wire import OWN, name_of, rows_in_order


def with_uploads(program: FormProgram, by: Person | None) -> tuple[Sent, list[Problem]]:
    """What this request sent, with files from plain file inputs stored and named as if a script had uploaded them."""
    sent: Sent = MultiDict(request.form)
    problems: list[Problem] = []
    for name in list(request.files):
        if name.startswith("f-") and name.endswith("-upload"):
            field_name = name.removesuffix("-upload")
            found = _field_named(program, field_name)
            if found is not None:
                problems += _store_uploads(found, field_name, by, sent)
    return sent, problems


def _field_named(program: FormProgram, name: str) -> Field | None:
    parts = name.split("-")[1:]
    one = program.form.field(parts[0]) if parts else None
    if one is not None and len(parts) == 3:
        one = next((column for column in one.columns if column.key == parts[2]), None)
    elif one is not None and len(parts) == 2:
        one = next((part for part in one.parts if part.key == parts[1]), None)
    return one if one is not None and kind_of(one).base is Base.FILES else None


def _store_uploads(one: Field, name: str, by: Person | None, sent: Sent) -> list[Problem]:
    problems = []
    for upload in request.files.getlist(f"{name}-upload"):
        if not upload.filename:
            continue
        try:
            stored = files.store(
                upload.stream,
                upload.filename,
                by=by.key if by else None,
                accept=one.options.get("accept") or (),
                max_bytes=one.options.get("max_size"),
            )
        except (Refused, TooLarge) as error:
            problems.append(Problem("/values/" + "/".join(name.split("-")[1:]), error.code, error.message))
            continue
        if not one.options.get("multiple"):
            sent.poplist(name)
        sent.add(name, stored.id)
    return problems


def act(program: FormProgram, sent: Sent, action: str) -> bool:
    """Carry out a button that changes the form itself (without script): rows, files; whether it was one."""
    verb, _, rest = action.partition(":")
    key, _, number = rest.partition(":")
    match verb:
        case "add":
            sent.add(name_of(key, str(_next_row(key, sent))), "1")
        case "copy":
            _copy_row(key, number, sent)
        case "up" | "down":
            _move_row(key, number, sent, -1 if verb == "up" else 1)
        case "remove":
            for name in [
                each for each in sent if each == name_of(key, number) or each.startswith(name_of(key, number) + "-")
            ]:
                sent.poplist(name)
            sent[name_of(key)] = OWN
        case "detach":
            for name in [each for each in sent if rest in sent.getlist(each)]:
                sent.setlist(name, [value for value in sent.getlist(name) if value != rest])
        case "take":
            _clear_rows(key, sent)
        case "recalculate":
            pass
        case _:
            return False
    return program.form.field(key) is not None or verb in ("detach", "recalculate")


def _clear_rows(key: str, sent: Sent) -> None:
    """Without rows, and as if nobody had taken any out: a record fills them again."""
    for name in [each for each in sent if each.startswith(name_of(key) + "-")]:
        sent.poplist(name)
    sent[name_of(key)] = ""


def _next_row(key: str, sent: Sent) -> int:
    start = name_of(key) + "-"
    numbers = [name[len(start) :].split("-", 1)[0] for name in sent if name.startswith(start)]
    return max((int(each) for each in numbers if each.isdigit() and len(each) < 7), default=-1) + 1


def _copy_row(key: str, number: str, sent: Sent) -> None:
    start, new = name_of(key, number) + "-", name_of(key, str(_next_row(key, sent)))
    for name in [each for each in sent if each.startswith(start)]:
        sent.setlist(f"{new}-{name[len(start) :]}", sent.getlist(name))
    sent.setlist(new, ["1"])
    numbers = [str(each) for each in rows_in_order(key, sent.keys())]
    if number in numbers:
        numbers.insert(numbers.index(number) + 1, numbers.pop())
        _put_in_order(key, numbers, sent)


def _move_row(key: str, number: str, sent: Sent, by: int) -> None:
    """Rows have the order in which they are sent."""
    numbers = [str(each) for each in rows_in_order(key, sent.keys())]
    place = numbers.index(number) if number in numbers else -1
    if place < 0 or not 0 <= place + by < len(numbers):
        return
    numbers[place], numbers[place + by] = numbers[place + by], numbers[place]
    _put_in_order(key, numbers, sent)


def _put_in_order(key: str, numbers: Sequence[str], sent: Sent) -> None:
    for each in numbers:
        start = name_of(key, each)
        for name in [one for one in sent if one == start or one.startswith(start + "-")]:
            sent.setlist(name, sent.poplist(name))
