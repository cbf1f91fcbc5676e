"""Whether every step finds somebody, for everybody who may send a request."""

from bisect import bisect_left
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from itertools import product
from typing import Any

from ...platform.people.directory import ADMIN, Directory, Person
from ...platform.problems import Problem, Severity
from ...platform.text import Message, msg
from ..definition import Kind, Mode, Selector, Step
from ..engine_assign import Candidate, candidates
from ..engine_draft import Draft
from ..program import FlowProgram
from ..run import Closed, Run, Status, World
from ..selectors import limit_of
from ..timeless import EPOCH, TIMELESS
from ..values import plain
from .facts import facts_of, submitters
from .feasible import Feasible
from .ground import Ground
from .timeline import Timeline

MAX_NAMED = 5
SMALL = 3  # a pool of so many is not empty without the submitter
MAX_TRIES = 200
ACTED = (Kind.APPROVE, Kind.WORK)


class Lost(StrEnum):
    """How a step can find nobody: it refuses then; nobody is an administrator; the only one who is asks themselves."""

    REFUSED = "refused"
    NOBODY = "nobody"
    OWN = "own"


Asked = str | tuple[Candidate, ...]
"""Whom a step asks, or ``skip``, ``refuse``."""


@dataclass(frozen=True, slots=True)
class Try:
    """One submitter and the values that a step's selectors read."""

    submitter: Person | None
    values: Mapping[str, Any]


class Company:
    """Whom each step of a flow finds for each submitter there is; asked once for all checks."""

    def __init__(self, program: FlowProgram, ground: Ground, timeline: Timeline, people: Directory) -> None:
        self.program = program
        self.people = people
        self.groups = grouped(program, ground, people)
        self.limits = Limits.of(people, program.flow.form)
        self.steps = [step for step in program.flow.walk() if step.kind in ACTED and step.id in timeline.before]
        known: dict[Any, Asked] = {}
        self.finders = {
            step.id: Finder(program, step, ground, timeline, people, self.limits, known) for step in self.steps
        }


def check_people(company: Company) -> Iterator[Problem]:
    """Steps that find nobody for some submitter."""
    for step in company.steps:
        if step.nobody != "skip":
            yield from _nobody(step, company.finders[step.id], company.groups)


@dataclass(frozen=True, slots=True)
class Limits:
    """All personal limits on a form, in order; who has none has 0."""

    places: tuple[Decimal, ...]

    @classmethod
    def of(cls, people: Directory, form: str) -> "Limits":
        return cls(tuple(sorted({limit_of(person, form) for person in people.persons.values()})))

    def rank(self, amount: Any) -> int | None:
        """The same for amounts that the same persons may approve; ``None`` of a blank."""
        return None if amount is None else bisect_left(self.places, amount)


class Finder:
    """Asks the engine whom one step would ask, for one submitter and the values that matter to it.

    ``known``: what it said of steps of the same flow that ask by the same selectors.
    """

    def __init__(
        self,
        program: FlowProgram,
        step: Step,
        ground: Ground,
        timeline: Timeline,
        people: Directory,
        limits: Limits,
        known: dict[Any, Asked],
    ) -> None:
        self.program = program
        self.step = step
        self.people = people
        self.limits = limits
        self._found: dict[str | None, list[tuple[Try, Asked]]] = {}
        selectors = selectors_of(step)
        self.amounts = {str(each.value) for each in selectors if each.kind == "manager_with_limit"}
        cuts = dict.fromkeys(self.amounts, self.limits.places)
        self.feasible = Feasible(step, ground, timeline, people, cuts, fields_asked(step))
        self._known = known
        # of other selectors nobody knows what they look at
        plain_kinds = all(each.kind in _PLAIN for each in selectors)
        self._like = repr((step.kind, step.mode is Mode.ANY, step.who, step.nobody)) if plain_kinds else None

    def found(self, submitter: Person | None) -> list[tuple[Try, Asked]]:
        """For the combinations of values that can be there, whom the step asks; not those it cannot matter to."""
        key = submitter.key if submitter is not None else None
        if key not in self._found:
            self._found[key] = [(attempt, self._asked(attempt)) for attempt in self._tries(submitter)]
        return self._found[key]

    def _tries(self, submitter: Person | None) -> Iterator[Try]:
        """The combinations of values that can be there, as far as the selectors read them."""
        if not self.feasible.comes(submitter):
            return
        columns = [self._values(key, submitter) for key in self.feasible.keys]
        for number, row in enumerate(product(*columns)):
            if number >= MAX_TRIES:
                return
            yield Try(submitter, dict(zip(self.feasible.keys, row, strict=True)))

    def _values(self, key: str, submitter: Person | None) -> Iterable[Any]:
        """Values of ``key`` that can be there; of amounts only one between two personal limits."""
        values = self.feasible.values(key, submitter)
        if key not in self.amounts:
            return values
        distinct: dict[int | None, Any] = {}
        for value in values:
            distinct.setdefault(self.limits.rank(value), value)
        return distinct.values()

    def _asked(self, attempt: Try) -> Asked:
        """As :func:`~..engine_assign.candidates`: whom the step asks, or ``skip``, ``refuse``."""
        if self._like is None:
            return candidates(self._draft(attempt), self.step)
        submitter = attempt.submitter.key if attempt.submitter is not None else None
        values = [self.limits.rank(each) if key in self.amounts else each for key, each in attempt.values.items()]
        question = (self._like, submitter, *values)
        if question not in self._known:
            self._known[question] = candidates(self._draft(attempt), self.step)
        return self._known[question]

    def _draft(self, attempt: Try) -> Draft:
        world = World(self.people, TIMELESS, EPOCH, attempt.values, self.program.flow.form)
        key = attempt.submitter.key if attempt.submitter is not None else None
        draft = Draft(self.program, Run(key, Status.OPEN), world)
        for selector in selectors_of(self.step):
            if selector.kind == "approver_of":
                draft.closed.extend(self._earlier(draft, str(selector.value)))
        return draft

    def _earlier(self, draft: Draft, step_id: str) -> Iterator[Closed]:
        """Somebody approved the step that ``approver_of`` names: the first who could."""
        earlier = self.program.steps.get(step_id)
        if earlier is None or earlier is self.step:
            return
        asked = candidates(draft, earlier)
        found = [key for each in asked for key in each.people] if not isinstance(asked, str) else []
        for key in found[:1]:
            yield Closed("t0", step_id, "approve", EPOCH, key)


def selectors_of(step: Step) -> tuple[Selector, ...]:
    """All selectors that may decide who acts on the step."""
    return step.who if isinstance(step.nobody, str) else (*step.who, *step.nobody)


def fields_asked(step: Step) -> frozenset[str]:
    """The fields of the form that the step's selectors read."""
    found: set[str] = set()
    for selector in selectors_of(step):
        if selector.kind in ("manager_with_limit", "field"):
            found.add(str(selector.value))
        if isinstance(selector.value, Mapping) and isinstance(selector.value.get("field"), str):
            found.add(selector.value["field"])
    return frozenset(found)


def grouped(program: FlowProgram, ground: Ground, people: Directory) -> list[list[Person | None]]:
    """Submitters for whom all selectors of the flow find the same, put together; ``None`` is a customer."""
    used = [selector for step in program.flow.walk() for selector in selectors_of(step)]
    pools = [people.members(ADMIN), *_pools(used, people)]
    missing = {member.key for members in pools if len(members) < SMALL for member in members}
    special = {str(selector.value) for selector in used if selector.kind == "person"}
    if any(selector.kind == "head_of" for selector in used):
        special |= {department.head for department in people.departments.values() if department.head}
    plain_kinds = all(selector.kind in _PLAIN for selector in used)
    found: dict[Any, list[Person | None]] = {}
    for person in submitters(people, ground):
        own = person.key if person.key in special or not plain_kinds else None
        line = tuple(above.key for above in people.line(person.key))
        asked = facts_of(person, people) if program.uses_facts else {}
        key = (line, person.department, own, person.key if person.key in missing else None, *asked.values())
        found.setdefault(key, []).append(person)
    groups = list(found.values())
    return [*groups, [None]] if ground.public else groups


def _pools(used: Iterable[Selector], people: Directory) -> Iterator[tuple[Person, ...]]:
    """All pools that the selectors can find."""
    for selector in used:
        if selector.kind == "role":
            fact = selector.of is not None and "." in selector.of
            for department in people.departments if fact else (selector.of,):
                yield people.members(str(selector.value), department)


_PLAIN = frozenset({"role", "manager", "manager_with_limit", "head_of", "person"})


def _nobody(step: Step, finder: Finder, groups: Iterable[list[Person | None]]) -> Iterator[Problem]:
    lost: dict[Lost, list[Person | None]] = {}
    examples: dict[Lost, dict[str, Any]] = {}
    for group in groups:
        for attempt, asked in finder.found(group[0]):
            kind = _lost(asked)
            if kind is not None:
                lost.setdefault(kind, []).extend(group)
                examples.setdefault(kind, _example(group[0], attempt))
                break
    for kind, people in lost.items():
        severity = Severity.WARNING if kind is Lost.OWN else Severity.ERROR
        yield Problem(step.path, "nobody", _sentence(kind, step, people), severity, examples[kind])


def _lost(asked: Asked) -> Lost | None:
    """How a step ends up with nobody; ``None`` if it finds somebody."""
    if asked == "refuse":
        return Lost.REFUSED
    if isinstance(asked, str) or any(each.people for each in asked):
        return None
    return Lost.OWN if any(each.excluded for each in asked) else Lost.NOBODY


def _example(submitter: Person | None, attempt: Try) -> dict[str, Any]:
    values = {key: plain(value) for key, value in attempt.values.items()}
    return {"submitter": submitter.key if submitter else None, **values}


def _sentence(kind: Lost, step: Step, lost: list[Person | None]) -> Message:
    who = _named(lost)
    if kind is Lost.REFUSED:
        return msg(
            "The step “%(step)s” finds nobody for requests of %(who)s, so that they are refused. Add a selector that "
            'finds somebody, or say under "nobody" who stands in.',
            step=step.id,
            who=who,
        )
    if kind is Lost.OWN:
        return msg(
            "The step “%(step)s” finds nobody but the administrator %(who)s for their own request. Give a second "
            'person the role admin, or name others under "nobody".',
            step=step.id,
            who=who,
        )
    return msg(
        "The step “%(step)s” finds nobody for requests of %(who)s, not even an administrator. Add a selector that "
        'finds somebody, name others under "nobody", or give somebody the role admin.',
        step=step.id,
        who=who,
    )


def _named(lost: list[Person | None]) -> Message:
    names = ", ".join(person.name if person else "—" for person in lost[:MAX_NAMED])
    if len(lost) > MAX_NAMED:
        return msg("%(names)s and %(count)s more", names=names, count=len(lost) - MAX_NAMED)
    return msg("%(names)s", names=names)
