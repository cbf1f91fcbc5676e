"""Many records at once: each is changed or deleted by itself, with the rights and rules of one, and reported."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ..platform.db import undoable
from ..platform.errors import Refused, SignoffError
from ..platform.people.directory import Person
from ..platform.problems import Problem
from ..platform.text import msg
from . import service

MOST = 200


@dataclass(frozen=True, slots=True)
class Result:
    """What became of one record; ``code`` and ``message`` are empty where it is well. ``name`` is ``#17`` where one may
    not see it."""

    id: int
    name: str
    code: str = ""
    message: str = ""

    @property
    def ok(self) -> bool:
        return not self.code


def change(form_key: str, ids: Sequence[int], raw: Mapping[str, Any], *, by: Person) -> list[Result]:
    """Give each record the same values; keys that are not named keep theirs.

    Raises:
        Refused: too many records, or none; no value.
    """
    if not raw:
        raise Refused.because([Problem("/values", "missing", msg("Say which field gets which value."))])
    return _each(form_key, ids, by, lambda record_id: service.update(record_id, raw, by=by))


def delete(form_key: str, ids: Sequence[int], *, by: Person) -> list[Result]:
    """Delete each record; their histories stay.

    Raises:
        Refused: too many records, or none.
    """
    return _each(form_key, ids, by, lambda record_id: service.delete(record_id, by=by))


def _each(form_key: str, ids: Sequence[int], by: Person, act: Callable[[int], object]) -> list[Result]:
    wanted = list(dict.fromkeys(ids))
    if not 0 < len(wanted) <= MOST:
        message = msg("%(n)s records were named. Name 1 to %(max)s at once.", n=len(wanted), max=MOST)
        raise Refused.because([Problem("/ids", "count", message)])
    return [_one(form_key, record_id, by, act) for record_id in wanted]


def _one(form_key: str, record_id: int, by: Person, act: Callable[[int], object]) -> Result:
    name = f"#{record_id}"
    try:
        record = service.read_record(record_id, by=by)
        name = record.name
        if record.form != form_key:
            message = msg("%(record)s is of another form (%(form)s).", record=name, form=record.form)
            return Result(record_id, name, "other_form", message)
        # a call with an Idempotency-Key is one transaction: what is refused must leave nothing of itself behind
        with undoable():
            act(record_id)
    except SignoffError as error:
        return Result(record_id, name, error.problems[0].code if error.problems else error.code, error.message)
    return Result(record_id, name)
