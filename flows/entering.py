"""Values that come with a decision, a correction or an event: read by the form under the rights that the step gives."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from ..forms import service as forms
from ..forms.reading import Reading
from ..platform.errors import Refused
from ..platform.people.directory import Person
from ..platform.problems import Problem, pointer
from ..platform.text import msg
from .cases import Case
from .definition import Right
from .run import START

AGREEING = ("approve", "complete")


@dataclass(frozen=True, slots=True)
class Entered:
    """``values`` are all of the record's as they would be, ``None``: unchanged; ``changes`` those that differ, typed.

    ``links`` are those of the reading: what each lookup among the values points to.
    """

    values: Mapping[str, Any] | None = None
    changes: Mapping[str, Any] = field(default_factory=dict)
    links: Mapping[str, Any] = field(default_factory=dict)

    @property
    def changed(self) -> tuple[str, ...]:
        return tuple(sorted(self.changes))


NOTHING_ENTERED = Entered()


def enter(case: Case, step: str, verdict: str, raw: Mapping[str, Any] | None, by: Person) -> Entered:
    """The values of a decision.

    Only who agrees must fill what the step requires; a rejection with nothing entered reads nothing.

    Raises:
        Refused: with every value that is wrong, missing, or not this step's to change.
    """
    rights = dict(case.program.rights(step))
    agreeing = verdict in AGREEING
    if not raw and not (agreeing and Right.REQUIRED in rights.values()):
        return NOTHING_ENTERED
    _require_rights(case, raw or {}, rights)
    if agreeing:
        return _checked(case, raw or {}, rights, by)
    rights = {key: Right.EDIT if right is Right.REQUIRED else right for key, right in rights.items()}
    return _partly(case, raw or {}, rights, by)


def _require_rights(case: Case, raw: Mapping[str, Any], rights: Mapping[str, Right]) -> None:
    """Refuse values of fields that the step shows or hides: a client must not believe that they were taken.

    Raises:
        Refused: with one problem for each.
    """
    stored = case.form.dump(case.record.values)
    problems = [
        Problem(
            pointer("values", key),
            "not_editable",
            msg("“%(field)s” cannot be changed at this step. Leave it out.", field=key),
        )
        for key, value in raw.items()
        if rights.get(key) in (Right.READ, Right.HIDDEN) and value != stored.get(key)
    ]
    if problems:
        raise Refused.because(problems)


def correct(case: Case, raw: Mapping[str, Any], by: Person) -> Entered:
    """The values of a correction by who filed the request.

    Raises:
        Refused: with every problem of the whole request.
    """
    return _checked(case, raw, dict(case.program.rights(START)), by)


def arrive(case: Case, raw: Mapping[str, Any], by: Person | None) -> Entered:
    """The values that an event or an action brings: any field that is not computed.

    Raises:
        Refused: with every value that is wrong.
    """
    if not raw:
        return NOTHING_ENTERED
    return _partly(case, raw, {each.key: Right.EDIT for each in case.form.form.fields}, by)


def _checked(case: Case, raw: Mapping[str, Any], rights: Mapping[str, Right], by: Person) -> Entered:
    reading = forms.read(case.form, raw, by=by, record=case.record, rights=rights, partial=True)
    forms.check(case.form, reading, by=by, record=case.record)
    return _entered(case, reading)


def _partly(case: Case, raw: Mapping[str, Any], rights: Mapping[str, Right], by: Person | None) -> Entered:
    """Only what was sent must be right; the rest of the request is not judged now."""
    reading = forms.read(case.form, raw, by=by, record=case.record, rights=rights, partial=True, as_system=by is None)
    problems = tuple(each for each in reading.problems if _top(each.path) in raw)
    if problems:
        raise Refused.because(problems)
    return _entered(case, reading)


def _entered(case: Case, reading: Reading) -> Entered:
    before = case.record.values
    keys = before.keys() | reading.values.keys()
    changes = {key: reading.values.get(key) for key in sorted(keys) if reading.values.get(key) != before.get(key)}
    return Entered(reading.values, changes, reading.links) if changes else NOTHING_ENTERED


def _top(path: str) -> str:
    """The field of a problem's path: ``/values/lines/0/quantity`` is ``lines``."""
    parts = path.split("/")
    return parts[2] if len(parts) > 2 and parts[1] == "values" else ""
