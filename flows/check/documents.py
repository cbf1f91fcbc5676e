"""Definitions in files, checked together without a database: people, forms, flows, and what they say of each other."""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from ...forms.compile import compile_form
from ...forms.definition import Form
from ...forms.program import FormProgram
from ...forms.schema import read_form
from ...platform import json, message_templates
from ...platform.errors import SignoffError
from ...platform.people.definition import lost_calendars, named_in, read_people
from ...platform.people.directory import Directory
from ...platform.people.owners_definition import SCHEMA as OWNERS
from ...platform.people.owners_definition import check_owners
from ...platform.problems import Problem, Severity, errors_of
from ...platform.schedule_definition import read_schedule
from ...platform.text import msg
from .. import replies, trials
from ..compile import compile_flow
from ..definition import Flow
from ..schema import read_flow
from ..timeless import TIMELESS
from .references import check_references
from .report import check_flow
from .rings import check_rings

Found = tuple[str, Problem]
"""The name of a file, and what is wrong in it."""

PEOPLE = "people/1"
SCHEMAS = (PEOPLE, "form/1", "flow/1", "schedule/1", "template/1", replies.SCHEMA, OWNERS)
STANDARD_CALENDAR = "office"


@dataclass(frozen=True, slots=True)
class Document:
    """One definition; ``file`` is ``None`` where it is in force already and only serves the others."""

    file: str | None
    schema: str
    key: str
    json: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Offers:
    """What plugins offer to flows: names of actions and of templates; ``None`` is not checked."""

    actions: Collection[str] | None = None
    templates: Collection[str] | None = None


def check_documents(
    files: Sequence[tuple[str, str | bytes | Mapping[str, Any]]],
    known: Sequence[Mapping[str, Any]] = (),
    offers: Offers = Offers(),
    *,
    complete: bool = False,
) -> list[Found]:
    """All problems of ``files`` (name, and text or parsed JSON), in their order, errors of each file first.

    ``known`` are definitions that the files may refer to besides each other; a file takes the place of a known
    definition of the same kind and key. ``complete``: beside files and known ones there is nothing, so that a form that
    is not among them is missing, and not only out of sight.
    """
    found: list[Found] = []
    documents: list[Document] = []
    for name, source in files:
        document, problems = _read(name, source)
        found.extend((name, problem) for problem in problems)
        if document is not None:
            documents.append(document)
    found.extend(_twice(documents))
    given = {(each.schema, each.key) for each in documents}
    others = [each for each in map(_known, known) if each.schema == PEOPLE or (each.schema, each.key) not in given]
    found.extend(_Together([*others, *documents], offers, complete=complete).problems())
    order = {name: place for place, (name, _) in enumerate(files)}
    return sorted(found, key=lambda each: (order[each[0]], each[1].severity is Severity.WARNING))


def _read(name: str, source: str | bytes | Mapping[str, Any]) -> tuple[Document | None, list[Problem]]:
    """The JSON of a file, and of which kind it is."""
    try:
        content = source if isinstance(source, Mapping) else json.parse_object(source)
    except SignoffError as error:
        return None, list(error.problems) or [Problem("", error.code, error.message)]
    schema = content.get("schema")
    if schema not in SCHEMAS:
        return None, [_no_schema(schema, "schema" in content)]
    return Document(name, str(schema), str(content.get("key", "")), content), []


def _no_schema(schema: Any, there: bool) -> Problem:
    known = ", ".join(SCHEMAS)
    if not there:
        return Problem("", "missing", msg('“schema” is missing. Add "schema": one of %(known)s.', known=known))
    return Problem(
        "/schema",
        "unknown_schema",
        msg("%(schema)s is no kind of definition. Known: %(known)s.", schema=repr(schema)[:80], known=known),
    )


def _known(content: Mapping[str, Any]) -> Document:
    return Document(None, str(content.get("schema", "")), str(content.get("key", "")), content)


def _twice(documents: Sequence[Document]) -> Iterator[Found]:
    """Two files that define the same."""
    first: dict[tuple[str, str], str] = {}
    for each in documents:
        before = first.setdefault((each.schema, each.key), str(each.file))
        if before != each.file and each.schema != PEOPLE:
            message = msg("%(file)s defines this already. Remove one of the two.", file=before)
            yield str(each.file), Problem("/key", "duplicate", message)


class _Together:
    """Definitions that may refer to each other."""

    def __init__(self, documents: Sequence[Document], offers: Offers, *, complete: bool) -> None:
        self.documents = documents
        self.offers = offers
        self.complete = complete
        self.forms: dict[str, tuple[Document, Form | None, list[Problem]]] = {}
        self.programs: dict[str, FormProgram | None] = {}
        self.directory: Directory | None = None
        self.calendars = {STANDARD_CALENDAR}
        self.flows: dict[str, Flow] = {}
        self.strict = False  # the company came with the files, so that what is not in it is wrong

    def problems(self) -> Iterator[Found]:
        """People first, then the forms, then the flows that stand on both."""
        yield from self._of(PEOPLE, self._people)
        for document in self.documents:
            if document.schema == "form/1":
                form, problems = read_form(document.json)
                self.forms[document.key] = (document, form, list(problems))
        yield from self._of("form/1", self._form)
        yield from self._of("flow/1", self._flow)
        yield from self._of("flow/1", self._rings)
        yield from self._of("schedule/1", lambda document: read_schedule(document.json)[1])
        yield from self._of("template/1", lambda document: message_templates.check(document.json))
        yield from self._of(replies.SCHEMA, lambda document: replies.check(document.json))
        yield from self._of(OWNERS, self._owners)

    def _of(self, schema: str, check: Callable[[Document], list[Problem]]) -> Iterator[Found]:
        for document in self.documents:
            if document.schema == schema:
                problems = check(document)
                if document.file is not None:
                    yield from ((document.file, problem) for problem in problems)

    def _people(self, document: Document) -> list[Problem]:
        """Several files of people add to and may name each other; who is named again is as the later file says."""
        before = self.directory
        others = [each.json for each in self.documents if each.schema == PEOPLE and each is not document]
        people, problems = read_people(document.json, known=named_in(others) if others else None)
        self.strict = self.strict or document.file is not None
        if people is None:
            return list(problems)
        self.directory = _joined(before, people.directory)
        self.calendars |= set(people.calendars)
        calendars = self.calendars.union(*(_calendars_of(each) for each in others))
        return [*problems, *lost_calendars(people.directory, document.json, calendars)]

    def _form(self, document: Document) -> list[Problem]:
        _, form, problems = self.forms[document.key]
        self.programs[document.key] = None
        if form is None or errors_of(problems):
            return problems
        program, more = compile_form(form, forms=self._form_of)
        if not errors_of(more):
            self.programs[document.key] = program
        return [*problems, *(self._across(problem) for problem in more)]

    def _form_of(self, key: str) -> Form | None:
        found = self.forms.get(key)
        return found[1] if found is not None else None

    def _across(self, problem: Problem) -> Problem:
        """A form that is checked alone may well refer to others that are only not here."""
        if problem.code == "unknown_form" and len(self.forms) < 2 and not self.complete:
            return replace(problem, severity=Severity.WARNING)
        return problem

    def _flow(self, document: Document) -> list[Problem]:
        key = document.json.get("form")
        program = self.programs.get(key) if isinstance(key, str) else None
        flow, problems = read_flow(
            document.json,
            program.form if program is not None else None,
            actions=self.offers.actions,
            templates=self.offers.templates,
        )
        found = list(problems)
        if flow is None:
            return found
        if program is None:
            return [*found, *self._no_form(flow.form)]
        self.flows[flow.key] = flow
        compiled, more = compile_flow(flow, program)
        found.extend(problem for problem in more if problem not in found)
        if compiled is None or errors_of(found):
            return found
        people = self.directory
        found.extend(self._calendar(flow.settings.calendar))
        if people is not None and self.strict:
            found.extend(check_references(compiled.flow, people, Severity.ERROR))
        found.extend(each for each in check_flow(compiled, program, people) if not _said(each, found))
        if people is not None and people.persons:
            found.extend(trials.differences(compiled, people, TIMELESS))
        return found

    def _owners(self, document: Document) -> list[Problem]:
        return check_owners(document.json, self.forms, self.directory if self.strict or self.complete else None)

    def _rings(self, document: Document) -> list[Problem]:
        flow = self.flows.get(document.key)
        return list(check_rings(flow, (each for each in self.flows.values() if each is not flow))) if flow else []

    def _no_form(self, key: str) -> Iterator[Problem]:
        """A form that is broken was reported in its own file; one that is missing is missed here."""
        if key in self.forms:
            return
        known = ", ".join(sorted(self.forms)) or "-"
        message = msg("No form “%(key)s” among the files. Known: %(known)s.", key=key, known=known)
        yield Problem(
            "/form", "unknown_form", message, Severity.ERROR if self.forms or self.complete else Severity.WARNING
        )

    def _calendar(self, key: str | None) -> Iterator[Problem]:
        if key is None or not self.strict or key in self.calendars:
            return
        known = ", ".join(sorted(self.calendars))
        message = msg("No calendar “%(key)s”. Known: %(known)s.", key=key, known=known)
        yield Problem("/settings/calendar", "unknown_calendar", message)


def _calendars_of(document: Mapping[str, Any]) -> set[str]:
    found = document.get("calendars")
    return {str(each.get("key")) for each in found if isinstance(each, Mapping)} if isinstance(found, list) else set()


def _joined(before: Directory | None, more: Directory) -> Directory:
    if before is None:
        return more
    persons = {**before.persons, **more.persons}
    departments = {**before.departments, **more.departments}
    return Directory.of(persons.values(), departments.values(), before.delegations)


def _said(problem: Problem, found: Sequence[Problem]) -> bool:
    return any(each.path == problem.path and each.code == problem.code for each in found)


__all__ = ["Found", "Offers", "check_documents"]
