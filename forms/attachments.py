"""Files that records hold: whether those named exist, are the writer's own, and are what the field accepts."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from ..platform import file_types, files
from ..platform.files import StoredFile
from ..platform.people.directory import Person
from ..platform.problems import Problem, pointer
from ..platform.text import msg
from .definition import Field
from .filing import file_ids
from .kinds import Base
from .program import FormProgram
from .reading import Reading
from .records import Record
from .types import kind_of


def problems(
    program: FormProgram, reading: Reading, *, by: Person | None, record: Record | None, as_system: bool
) -> list[Problem]:
    """What is wrong with files that were not attached to ``record`` before."""
    kept = set(file_ids(program.form.fields, record.values)) if record else set()
    named = [each for each in _named(program.form.fields, reading.values, "/values") if each[2] not in kept]
    if not named:
        return []
    known = files.get_many(file_id for _, _, file_id in named)
    found = [_problem(field, path, file_id, known.get(file_id), by) for field, path, file_id in named if not as_system]
    return [problem for problem in found if problem is not None]


def _named(fields: Sequence[Field], values: Mapping[str, Any], path: str) -> Iterator[tuple[Field, str, str]]:
    for field in fields:
        value = values.get(field.key)
        base = kind_of(field).base
        if base is Base.FILES:
            for file_id in value or ():
                yield field, path + pointer(field.key), file_id
        elif field.parts:
            yield from _named(field.parts, value or {}, path + pointer(field.key))
        elif base is Base.TABLE:
            for place, row in enumerate(value or ()):
                yield from _named(field.columns, row, path + pointer(field.key, place))


def _problem(field: Field, path: str, file_id: str, stored: StoredFile | None, by: Person | None) -> Problem | None:
    if stored is None or stored.owner is not None or stored.uploaded_by != (by.key if by else None):
        message = msg("There is no file %(id)s of yours to attach. Upload it again.", id=repr(file_id[:40]))
        return Problem(path, "unknown_file", message)
    accept = field.options.get("accept") or (("image/*",) if field.type == "signature" else ())
    if not file_types.accepted(stored.media_type, accept):
        message = msg(
            "The file “%(name)s” is %(type)s; accepted are %(accept)s.",
            name=stored.name,
            type=stored.media_type,
            accept=", ".join(accept),
        )
        return Problem(path, "wrong_file_type", message)
    largest = field.options.get("max_size")
    if largest is not None and stored.size_bytes > largest:
        message = msg(
            "The file “%(name)s” has %(size)s bytes; at most %(max)s are accepted.",
            name=stored.name,
            size=stored.size_bytes,
            max=largest,
        )
        return Problem(path, "file_too_large", message)
    return None
