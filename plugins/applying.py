"""Putting definitions in force from files, and writing what is in force back into files."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..flows import catalogue as flows
from ..flows.check.documents import check_documents
from ..forms import catalogue as forms
from ..platform import calendar_store, db, definitions, json
from ..platform.errors import Malformed, NotFound, Refused
from ..platform.people import service as people
from ..platform.people.definition import read_people, write_people
from ..platform.problems import Problem, Severity
from ..platform.text import msg
from .api import Pack

ORDER = ("people/1", "form/1", "flow/1")
Document = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Source:
    """A file's name and its text, not yet read."""

    name: str
    text: str


class _Undo(Exception):
    """Ends a dry run: the transaction is rolled back, its changes are known."""


def read_paths(paths: Iterable[str | Path]) -> list[Source]:
    """The definition files named, and all ``*.json`` below the folders named, in the order of their names.

    Raises:
        NotFound: a path does not exist; a folder holds no definition.
        Malformed: a file is no UTF-8 text.
    """
    found: list[Source] = []
    for path in map(Path, paths):
        if not path.exists():
            raise NotFound(msg("There is no %(path)s.", path=str(path)))
        files = sorted(path.rglob("*.json")) if path.is_dir() else [path]
        if not files:
            raise NotFound(msg("The folder %(path)s holds no .json file.", path=str(path)))
        found += [Source(str(file), _text(file)) for file in files]
    return found


def _text(path: Path) -> str:
    if path.stat().st_size > json.MAX_BYTES:
        raise Malformed(msg("%(path)s is larger than %(max)s bytes.", path=str(path), max=json.MAX_BYTES))
    try:
        return path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise Malformed(msg("%(path)s is no UTF-8 text. Save it as UTF-8.", path=str(path))) from error


def check(sources: Sequence[Source]) -> list[tuple[str, Problem]]:
    """All problems of the files, each with its file; what they do not hold is looked for among what is in force."""
    given = [(source.name, source.text) for source in sources]
    return [each for each in check_documents(given, known=in_force()) if each[0] in {name for name, _ in given}]


def in_force() -> list[Document]:
    """Every definition in force, in order of dependence."""
    return [
        write_people(people.directory(), calendar_store.documents()),
        *(stored.document for stored in definitions.in_force("form")),
        *(stored.document for stored in definitions.in_force("flow")),
    ]


def apply(sources: Sequence[Source], *, by: str | None, note: str = "", dry_run: bool = False) -> list[str]:
    """Put all of ``sources`` in force, or none; sentences that say what changed. Nothing is written by a dry run.

    Raises:
        Refused: with every error, its path led by the file's name.
    """
    problems = [problem.below(f"{name}: ") for name, problem in check(sources) if problem.severity is Severity.ERROR]
    if problems:
        raise Refused.because(problems)
    documents = sorted((json.parse_object(source.text) for source in sources), key=_rank)
    changes: list[str] = []
    try:
        with db.transaction():
            for document in documents:
                changes += _put(document, by, note)
            if dry_run:
                raise _Undo
    except _Undo:
        pass
    return changes


def _rank(document: Document) -> int:
    return ORDER.index(document["schema"])


def _put(document: Document, by: str | None, note: str) -> list[str]:
    match document["schema"]:
        case "people/1":
            read, problems = read_people(document, people.directory())
            if read is None:
                raise Refused.because(problems)
            return people.apply_people(read, by=by)
        case "form/1":
            return _publish("form", document, lambda: forms.publish_form(document, by=by, note=note))
        case _:
            return _publish("flow", document, lambda: flows.publish_flow(document, by=by, note=note))


def _publish(kind: str, document: Document, publish: Callable[[], object]) -> list[str]:
    """Publish, and say so where that made a new version."""
    before = definitions.current(kind, document["key"])
    publish()
    after = definitions.current(kind, document["key"])
    if after is None or (before is not None and before.version == after.version):
        return []
    return [msg("%(kind)s %(key)s: version %(version)s is in force.", kind=kind, key=after.key, version=after.version)]


def export(folder: Path) -> list[Path]:
    """Write what is in force into ``folder``, one file a definition; ``apply`` of it changes nothing."""
    folder.mkdir(parents=True, exist_ok=True)
    written: list[Path] = []
    for document in in_force():
        kind = document["schema"].partition("/")[0]
        path = folder / ("people.json" if kind == "people" else f"{document['key']}.{kind}.json")
        path.write_text(json.pretty(document), encoding="utf-8")
        written.append(path)
    return written


def install(pack: Pack, *, by: str | None) -> list[str]:
    """Put a pack's definitions in force; those already there in another version are left as admins made them."""
    sources = []
    for source in read_paths([pack.folder]):
        document = json.parse_object(source.text)
        if definitions.current(document["schema"].partition("/")[0], document["key"]) is None:
            sources.append(source)
    return apply(sources, by=by, note=f"pack {pack.key}") if sources else []


__all__ = ["Source", "apply", "check", "export", "in_force", "install", "read_paths"]
