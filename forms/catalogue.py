"""The forms of this installation: compiled once per version and process, checked and indexed when published."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import structlog
from sqlalchemy.engine import Connection

from ..platform import db, definitions
from ..platform.caches import cache
from ..platform.definitions import Stored
from ..platform.errors import NotFound, Refused
from ..platform.problems import Problem, Severity, errors_of
from ..platform.text import msg
from . import indexes, lifecycle, retyping, totals
from .balances import Hold, holds_of
from .compile import compile_form
from .definition import Form
from .program import FormProgram
from .schema import read_form
from .totals import Source
from .types import kind_of

log = structlog.get_logger(__name__)

KIND = "form"
FormsByKey = Callable[[str], Form | None]


@dataclass(frozen=True, slots=True)
class Checked:
    """What a document is: ``program`` is ``None`` where errors stand in the way; ``problems`` hold warnings too."""

    program: FormProgram | None
    problems: tuple[Problem, ...]


def program(form_key: str, version: int | None = None) -> FormProgram:
    """The form in force, or in the ``version`` under which a record was filed.

    Raises:
        NotFound: there is no such form, or no such version of it.
    """
    filed = cache("forms.filed")
    if (form_key, version) in filed:
        found: FormProgram = filed[form_key, version]
        return found
    stored = definitions.current(KIND, form_key) if version is None else definitions.get(KIND, form_key, version)
    if stored is None:
        raise NotFound(msg("There is no form %(form)s.", form=repr(form_key[:64])))
    compiled = _program(stored)
    if version is not None:
        filed[form_key, version] = compiled
    return compiled


def forms_in_force() -> list[FormProgram]:
    """Every form that this installation can read, in the order of their keys; the others are :func:`unreadable`."""
    found = (_program_or_why(stored) for stored in definitions.in_force(KIND))
    return [each for each in found if isinstance(each, FormProgram)]


def unreadable() -> dict[str, str]:
    """By key: why a form in force cannot be read here, because a plugin went that offered one of its types."""
    found = {stored.key: _program_or_why(stored) for stored in definitions.in_force(KIND)}
    return {key: each for key, each in found.items() if isinstance(each, str)}


def _program_or_why(stored: Stored) -> FormProgram | str:
    refused = cache("forms.refused")
    place = (stored.key, stored.version, stored.digest)
    if place not in refused:
        try:
            return _program(stored)
        except Refused as error:
            refused[place] = " ".join(str(each.message) for each in error.problems)
            log.error("a form in force cannot be read", form=stored.key, version=stored.version, why=refused[place])
    why: str = refused[place]
    return why


def form(form_key: str) -> Form | None:
    """The form in force as it was read, ``None`` if there is none."""
    stored = definitions.current(KIND, form_key)
    return _form(stored) if stored else None


def _form(stored: Stored) -> Form | None:
    forms = cache("forms.forms")
    place = (stored.key, stored.digest)
    if place not in forms:
        forms[place] = read_form(stored.document)[0]
    found: Form | None = forms[place]
    return found


def _program(stored: Stored) -> FormProgram:
    programs = cache("forms.programs")
    place = (stored.key, stored.version, stored.digest)
    if place not in programs:
        programs[place] = _compiled(stored)
    found: FormProgram = programs[place]
    return found


def _compiled(stored: Stored) -> FormProgram:
    read = _form(stored)
    if read is None:
        raise Refused.because(read_form(stored.document)[1])
    compiled, problems = compile_form(read, version=stored.version, forms=form)
    if compiled is None:
        # another form it looks up has changed since: what it was published with still holds
        compiled, problems = compile_form(read, version=stored.version)
    if compiled is None:
        raise Refused.because(problems)
    return compiled


def values_of(row: Any, sums: Mapping[str, int]) -> dict[str, Any]:
    """The typed values of a record's row, read with the version under which it was filed; ``sums`` are its totals."""
    found = program(row.form, row.version)
    return {**found.load(row._mapping["values"]), **totals_of(found.form, sums)}


def totals_of(form: Form, sums: Mapping[str, int]) -> dict[str, Any]:
    """The typed totals of a record from those stored in millionths; what is not stored is 0."""
    found: dict[str, Any] = {}
    for field in form.fields:
        if field.total is not None:
            total = totals.number(sums.get(field.key, 0))
            found[field.key] = int(total) if kind_of(field).whole else total
    return found


def sources_of(form_key: str) -> tuple[Source, ...]:
    """The totals of other forms that records of ``form_key`` feed."""
    return definitions.derived(KIND, _sources).get(form_key, ())


def _sources(everything: Iterable[Stored]) -> dict[str, tuple[Source, ...]]:
    found: dict[str, tuple[Source, ...]] = {}
    for stored in everything:
        read = _form(stored)
        for field in read.fields if read else ():
            if field.total is not None:
                source = Source(stored.key, field.key, field.total.sum, field.total.match)
                found[field.total.form] = (*found.get(field.total.form, ()), source)
    return found


def holds_on(form_key: str) -> tuple[tuple[str, Hold], ...]:
    """The balances of other forms that records of ``form_key`` must cover, each with the form that keeps it."""
    return definitions.derived(KIND, _holds).get(form_key, ())


def _holds(everything: Iterable[Stored]) -> dict[str, tuple[tuple[str, Hold], ...]]:
    found: dict[str, tuple[tuple[str, Hold], ...]] = {}
    for stored in everything:
        read = _form(stored)
        for hold in holds_of(read) if read else ():
            found[hold.target] = (*found.get(hold.target, ()), (stored.key, hold))
    return found


def check_document(document: Mapping[str, Any], together: Mapping[str, Form] | None = None) -> Checked:
    """All problems of a ``form/1`` document; ``together`` are forms that are to be published with it.

    With ``together`` its flow is not looked at, for that may come along, too.
    """
    read, problems = read_form(document)
    if read is None:
        return Checked(None, tuple(problems))
    given = {**(together or {}), read.key: read}
    compiled, more = compile_form(read, forms=lambda key: given.get(key) or form(key))
    beyond = () if together is not None or compiled is None else lifecycle.current().broken_by(compiled)
    return Checked(compiled, (*problems, *more, *_broken_by(read, given), *_lost_by(read), *beyond))


def _lost_by(new: Form) -> list[Problem]:
    """Values of records that would be lost to another type."""
    before = form(new.key)
    if before is None:
        return []
    with db.reading() as conn:
        return retyping.problems(conn, before, new)


def _broken_by(new: Form, given: Mapping[str, Form]) -> list[Problem]:
    """What of other forms in force would no longer hold."""
    found: list[Problem] = []
    for stored in definitions.in_force(KIND):
        other = None if stored.key in given else _form(stored)
        if other is None or new.key not in referred(other):
            continue
        before = {(each.path, each.code) for each in compile_form(other, forms=form)[1]}
        after = compile_form(other, forms=lambda key: given.get(key) or form(key))[1]
        found += [
            Problem(
                "",
                "used_elsewhere",
                msg("The form %(form)s would break: %(problem)s", form=other.key, problem=problem.message),
                problem.severity,
            )
            for problem in after
            if (problem.path, problem.code) not in before
        ]
    return found


def referred(form: Form) -> frozenset[str]:
    """The keys of the forms that ``form`` looks up or sums."""
    found: set[str] = set()
    for field in (*form.fields, *(column for each in form.fields for column in each.columns)):
        target = field.options.get("form") if field.type == "lookup" else None
        if isinstance(target, str):
            found.add(target)
        if field.total is not None:
            found.add(field.total.form)
    return frozenset(found)


def publish_form(
    document: Mapping[str, Any],
    *,
    by: str | None,
    note: str = "",
    base_version: int | None = None,
    together: Mapping[str, Form] | None = None,
) -> Stored:
    """Put a form in force, with its indexes and totals, or nothing; the same document again changes nothing.

    ``together``: forms that the same transaction puts in force, and that may be referred to before they are; who
    gives it sees to the flows afterwards.

    Raises:
        Refused: with all errors of the document.
        Conflict: ``base_version`` is not the newest: somebody published meanwhile.
    """
    checked = check_document(document, together)
    if checked.program is None or errors_of(checked.problems):
        raise Refused.because(errors_of(checked.problems))
    new = checked.program.form
    with db.transaction() as conn:
        before = definitions.current(KIND, new.key)
        stored = definitions.publish(KIND, new.key, dict(document), by=by, note=note, base_version=base_version)
        # a rolled-back publish may have left a program under this version
        cache("forms.filed").pop((new.key, stored.version), None)
        if before is None or before.version != stored.version:
            _prepare(conn, new, _form(before) if before else None)
    return stored


def _prepare(conn: Connection, new: Form, before: Form | None) -> None:
    problems = indexes.sync(conn, new, before)
    if problems:
        raise Refused.because(problems)
    old = {field.key: field.total for field in before.fields} if before else {}
    for field in new.fields:
        if field.total is not None and old.get(field.key) != field.total:
            source = Source(new.key, field.key, field.total.sum, field.total.match)
            totals.rebuild(conn, source, field.total.form)


def warnings_of(problems: Iterable[Problem]) -> tuple[Problem, ...]:
    return tuple(problem for problem in problems if problem.severity is Severity.WARNING)
