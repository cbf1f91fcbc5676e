"""Values of a request that nobody sent: read as the form would, where no record can be looked up."""

from collections.abc import Iterator, Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any

from ..forms import formulas
from ..forms.program import FormProgram
from ..forms.reading import Found, ReadContext
from ..platform.errors import Malformed
from ..platform.people.directory import Directory
from ..platform.problems import Problem
from ..platform.text import msg

Values = Mapping[str, Any]


def read_values(
    program: FormProgram, raw: Values, directory: Directory, person: str, now: datetime
) -> tuple[Values, list[Problem]]:
    """Typed values as the form would read them; without a database every lookup finds what the values say of it.

    A computed field given by hand is taken as it is where none of the fields it is computed from is given.

    Raises:
        Malformed: such a value cannot be read.
    """
    supposed = {key: raw[key] for key in _supposed(program, raw)}
    asked = {key: value for key, value in raw.items() if key not in supposed}
    submitter = directory.persons[person]
    context = ReadContext(
        now=now,
        lookups=_Supposed(program, raw).find,
        submitter={
            "submitter.department": submitter.department,
            "submitter.role": tuple(sorted(submitter.roles)),
            "submitter.level": directory.level(person),
        },
        draft=True,
    )
    reading = program.read(asked, context)
    return {**reading.values, **_typed(program, supposed)}, list(reading.problems)


def _supposed(program: FormProgram, raw: Values) -> Iterator[str]:
    for field in program.form.fields:
        if field.compute is None or raw.get(field.key) is None:
            continue
        inputs = {name.partition(".")[0] for name in formulas.fields_of(formulas.parse(field.compute))}
        if not inputs & set(raw):
            yield field.key


def _typed(program: FormProgram, values: Values) -> dict[str, Any]:
    """Numbers of JSON are as good as texts here: nothing is stored."""
    texts = {
        key: str(value) if isinstance(value, int | Decimal) and not isinstance(value, bool) else value
        for key, value in values.items()
    }
    try:
        return program.load(texts)
    except (ValueError, ArithmeticError) as error:
        raise Malformed(msg("A computed value cannot be read: %(reason)s", reason=str(error))) from error


class _Supposed:
    """Lookups without records: whatever is named exists, and holds what the request says it filled."""

    def __init__(self, program: FormProgram, raw: Values) -> None:
        self.filled: dict[str, dict[str, Any]] = {}
        for field in program.form.fields:
            if field.type == "lookup":
                given = {here: raw[here] for here in field.options.get("fill") or {} if raw.get(here) is not None}
                values = _typed(program, given)
                self.filled.setdefault(str(field.options["form"]), {}).update(
                    {field.options["fill"][here]: value for here, value in values.items()}
                )

    def find(self, form: str, raw: Any) -> Found | None:
        number = raw if isinstance(raw, int) else raw.get("id", 1) if isinstance(raw, dict) else 1
        return Found(number, form, 1, str(raw), self.filled.get(form, {}))
