"""Files that records hold: whether those named exist, are the writer's own, and are what the field accepts."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from ..platform import files
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
    return [problem for each in named if (problem := _problem(*each, by, as_system)) is not None]


def _named(fields: Sequence[Field], values: Mapping[str, Any], path: str) -> Iterator[tuple[Field, str, str]]:
    for field in fields:
        value = values.get(field.key)
        base = kind_of(field).base
        if base is Base.FILES:
            for file_id in value or ():
                yield field, path + pointer(field.key), file_id
        elif base is Base.TABLE:
            for place, row in enumerate(value or ()):
                yield from _named(field.columns, row, path + pointer(field.key, place))


def _problem(field: Field, path: str, file_id: str, by: Person | None, as_system: bool) -> Problem | None:
    stored = files.get(file_id)
    if stored is None:
        return Problem(path, "unknown_file", msg("There is no file %(id)s. Upload it again.", id=file_id[:40]))
    if stored.owner is not None or (not as_system and stored.uploaded_by != (by.key if by else None)):
        return Problem(path, "not_your_file", msg("The file “%(name)s” is not yours to attach.", name=stored.name))
    accept = field.options.get("accept") or (("image/*",) if field.type in ("image", "signature") else ())
    if accept and not _accepted(stored.media_type, accept):
        return Problem(
            path,
            "wrong_file_type",
            msg(
                "The file “%(name)s” is %(type)s; accepted are %(accept)s.",
                name=stored.name,
                type=stored.media_type,
                accept=", ".join(accept),
            ),
        )
    largest = field.options.get("max_size")
    if isinstance(largest, int) and stored.size_bytes > largest:
        return Problem(
            path,
            "file_too_large",
            msg(
                "The file “%(name)s” has %(size)s bytes; at most %(max)s are accepted.",
                name=stored.name,
                size=stored.size_bytes,
                max=largest,
            ),
        )
    return None


def _accepted(media_type: str, accept: Sequence[str]) -> bool:
    main = media_type.partition("/")[0]
    return any(each in (media_type, f"{main}/*", "*/*") for each in accept)
