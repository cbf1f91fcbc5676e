"""Putting definitions in force from files, and writing what is in force back into files."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..flows import catalogue as flows
from ..flows import replies
from ..flows.check.documents import check_documents
from ..forms import catalogue as forms
from ..forms.schema import read_form
from ..platform import caches, calendar_store, db, definitions, json, message_templates, schedules
from ..platform.errors import Malformed, NotFound, Refused
from ..platform.people import owners
from ..platform.people import service as people
from ..platform.people.definition import read_people, write_people
from ..platform.people.owners_definition import SCHEMA as OWNERS
from ..platform.people.owners_definition import read_owners, write_owners
from ..platform.problems import Problem, Severity, errors_of
from ..platform.text import msg
from . import registry
from .api import Pack

PEOPLE = "people/1"
_RANKS = {"form/1": 0, "flow/1": 1, "schedule/1": 2, "template/1": 2, "reply/1": 2, OWNERS: 3}
Document = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Source:
    """A file's name and what it holds, not yet read."""

    name: str
    text: str | bytes


class _Undo(Exception):
    """Ends a dry run: the transaction is rolled back, its changes are known."""


def read_paths(paths: Iterable[str | Path]) -> list[Source]:
    """The definition files named, and all ``*.json`` below the folders named, in the order of their names.

    Raises:
        NotFound: a path does not exist; a folder holds no definition.
        Malformed: a file cannot be opened.
    """
    found: list[Source] = []
    for path in map(Path, paths):
        if not path.exists():
            raise NotFound(msg("There is no %(path)s.", path=str(path)))
        files = sorted(each for each in path.rglob("*.json") if each.is_file()) if path.is_dir() else [path]
        if not files:
            raise NotFound(msg("The folder %(path)s holds no .json file.", path=str(path)))
        found += [Source(str(file), _content(file)) for file in files]
    return found


def _content(path: Path) -> bytes:
    """What the file holds; of one that is too large, so much that whoever reads it sees so."""
    try:
        with path.open("rb") as file:
            return file.read(json.MAX_BYTES + 1)
    except OSError as error:
        reason = error.strerror or str(error)
        raise Malformed(msg("%(path)s cannot be read: %(reason)s.", path=str(path), reason=reason)) from error


def check(sources: Sequence[Source]) -> list[tuple[str, Problem]]:
    """All problems of the files, each with its file; what they do not hold is looked for among what is in force."""
    given = [(source.name, source.text) for source in sources]
    return check_documents(given, in_force(), registry.offers(), complete=True)


def in_force() -> list[Document]:
    """Every definition in force, in order of dependence."""
    return [
        write_people(people.directory(), calendar_store.documents()),
        *(stored.document for stored in definitions.in_force("form")),
        *(stored.document for stored in definitions.in_force("flow")),
        *(stored.document for stored in definitions.in_force("schedule")),
        *(stored.document for stored in definitions.in_force("template")),
        *(stored.document for stored in definitions.in_force("reply")),
        *([write_owners(owners.everybodys())] if owners.everybodys() else []),
    ]


def apply(sources: Sequence[Source], *, by: str | None, note: str = "", dry_run: bool = False) -> list[str]:
    """Put all of ``sources`` in force, or none; sentences that say what changed. Nothing is written by a dry run.

    Raises:
        Refused: with every error, its path led by the file's name.
    """
    problems = [problem.below(f"{name}: ") for name, problem in check(sources) if problem.severity is Severity.ERROR]
    if problems:
        raise Refused.because(problems)
    given = _Given([(source.name, json.parse_object(source.text)) for source in sources])
    changes: list[str] = []
    try:
        with db.transaction():
            for name, document in given.in_order():
                changes += given.put(name, document, by, note)
            given.refuse_broken_flows()
            if dry_run:
                raise _Undo
    except _Undo:
        pass
    finally:
        caches.forget()  # what was remembered on the way may have been undone, or stood on what was in force before
    return changes


class _Given:
    """Documents that come together, each with the name of its file."""

    def __init__(self, documents: Sequence[tuple[str, Document]]) -> None:
        self.documents = documents
        read = (read_form(document)[0] for _, document in documents if document["schema"] == "form/1")
        self.forms = {form.key: form for form in read if form is not None}

    def in_order(self) -> list[tuple[str, Document]]:
        """People, forms after those they refer to (as far as that goes: they may refer to each other), flows."""
        order = self._order_of_forms()
        everybody = [each for each in self.documents if each[1]["schema"] == PEOPLE]
        others = [each for each in self.documents if each[1]["schema"] != PEOPLE]
        others.sort(key=lambda each: (_RANKS.get(each[1]["schema"], 1), order.get(each[1].get("key", ""), 0)))
        return [*_together(everybody), *others]

    def _order_of_forms(self) -> dict[str, int]:
        order: dict[str, int] = {}
        visited: set[str] = set()

        def place(key: str) -> None:
            if key in visited or key not in self.forms:
                return
            visited.add(key)
            for other in sorted(forms.referred(self.forms[key])):
                place(other)
            order[key] = len(order)

        for key in self.forms:
            place(key)
        return order

    def put(self, name: str, document: Document, by: str | None, note: str) -> list[str]:
        """Put one in force; its problems are led by the name of its file."""
        try:
            match document["schema"]:
                case "people/1":
                    return _put_people(document, by)
                case "form/1":
                    return _publish(
                        "form", document, lambda: forms.publish_form(document, by=by, note=note, together=self.forms)
                    )
                case "schedule/1":
                    return _publish("schedule", document, lambda: schedules.publish(document, by=by, note=note))
                case "template/1":
                    return _publish("template", document, lambda: message_templates.publish(document, by=by, note=note))
                case "reply/1":
                    return _publish("reply", document, lambda: replies.publish(document, by=by, note=note))
                case "owners/1":
                    return _put_owners(document, by)
                case _:
                    return _publish("flow", document, lambda: flows.publish_flow(document, by=by, note=note))
        except Refused as error:
            found = errors_of(error.problems) or [Problem("", error.code, error.message)]
            raise Refused.because(problem.below(f"{name}: ") for problem in found) from error

    def refuse_broken_flows(self) -> None:
        """Flows in force must still fit the forms that came without them.

        Raises:
            Refused: naming the files of the forms.
        """
        found: list[Problem] = []
        for name, document in self.documents:
            if document["schema"] == "form/1":
                problems = flows.broken_by(forms.program(document["key"]))
                found += [problem.below(f"{name}: ") for problem in problems]
        if found:
            raise Refused.because(found)


def _together(files: Sequence[tuple[str, Document]]) -> list[tuple[str, Document]]:
    """Several files of people as one, for they may name each other; who is named again is as the later file says."""
    if len(files) < 2:
        return list(files)
    merged: Document = {"schema": PEOPLE}
    for part in ("departments", "people", "calendars"):
        entries = {each["key"]: each for _, document in files for each in document.get(part, ())}
        merged[part] = list(entries.values())
    return [(", ".join(name for name, _ in files), merged)]


def _put_people(document: Document, by: str | None) -> list[str]:
    read, problems = read_people(document, people.directory())
    if read is None:
        raise Refused.because(problems)
    changes = people.apply_people(read, by=by)
    calendar_store.forget()
    return changes


def _put_owners(document: Document, by: str | None) -> list[str]:
    changes: list[str] = []
    for form, keys in read_owners(document)[0].items():
        before = owners.owners(form)
        if set(before) != set(keys):
            owners.set_owners(form, keys, by=by)
            changes.append(msg("Form %(form)s is owned by: %(owners)s.", form=form, owners=", ".join(keys) or "–"))
    return changes


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
        path = folder / (f"{document['key']}.{kind}.json" if "key" in document else f"{kind}.json")
        path.write_text(json.pretty(document), encoding="utf-8")
        written.append(path)
    return written


def install(pack: Pack, *, by: str | None) -> list[str]:
    """Put a pack's definitions in force; those already there in another version are left as admins made them."""
    sources = []
    for source in read_paths([pack.folder]):
        document = json.parse_object(source.text)
        if definitions.current(document["schema"].partition("/")[0], document.get("key", "")) is None:
            sources.append(source)
    return apply(sources, by=by, note=f"pack {pack.key}") if sources else []


__all__ = ["Source", "apply", "check", "export", "in_force", "install", "read_paths"]
