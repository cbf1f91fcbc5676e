"""What is known wherever a request has got to: branches it took, fields that were filled, fields that changed since."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from ...forms.conditions.tree import All, AnyOf, Not, Op, Test
from ..definition import Branch, Flow, Kind, Right, Step
from .ground import Ground
from .known import Known, both, known

WRITES = (Right.EDIT, Right.REQUIRED)


@dataclass(frozen=True, slots=True)
class Knowledge:
    """Conditions that hold at one point of the flow."""

    facts: tuple[Known, ...] = ()

    def with_facts(self, *facts: Known) -> "Knowledge":
        return Knowledge((*self.facts, *(fact for fact in facts if fact not in self.facts)))

    def without(self, changed: frozenset[str]) -> "Knowledge":
        """What is left once the fields ``changed`` may have other values."""
        return Knowledge(tuple(fact for fact in self.facts if not fact.keys & changed)) if changed else self


@dataclass
class Timeline:
    """``before`` is what is known when each step opens; ``ways`` the branch conditions that lead to it, as they were
    when they were asked; steps that no request reaches (behind a rejection by rule) are missing."""

    ground: Ground
    skips_repeats: bool = False
    before: dict[str, Knowledge] = field(default_factory=dict)
    ways: dict[str, tuple[Known, ...]] = field(default_factory=dict)
    _filled: dict[str, Known] = field(default_factory=dict)

    @classmethod
    def of(cls, flow: Flow, ground: Ground) -> "Timeline":
        timeline = cls(ground, skips_repeats=flow.settings.repeat_approver == "skip")
        timeline._walk(flow.steps, Knowledge(), ())
        return timeline

    def _walk(self, steps: Iterable[Step], before: Knowledge, way: tuple[Known, ...]) -> Knowledge | None:
        """What is known after ``steps``; ``None`` if the request never gets past them."""
        for step in steps:
            self.before[step.id] = before
            self.ways[step.id] = way
            after = self._past(step, before, way)
            if after is None:
                return None
            before = after
        return before

    def _past(self, step: Step, before: Knowledge, way: tuple[Known, ...]) -> Knowledge | None:
        if step.kind is Kind.ROUTE:
            return self._past_route(step, before, way)
        if step.kind is Kind.PARALLEL:
            return self._past_parallel(step, before, way)
        if step.kind is Kind.AUTO and step.verdict == "reject":
            return None
        after = before.without(self.ground.changed_by(written_by(step)))
        return after.with_facts(*(self._filling(key) for key in self._surely_filled(step)))

    def _filling(self, key: str) -> Known:
        """That a field holds something, wherever it shows."""
        if key not in self._filled:
            self._filled[key] = known(AnyOf((Not(self.ground.visible(key)), Test(key, Op.EMPTY, False))))
        return self._filled[key]

    def _past_route(self, step: Step, before: Knowledge, way: tuple[Known, ...]) -> Knowledge | None:
        ends = [
            (fact, self._walk(branch.steps, before.with_facts(fact), (*way, fact)))
            for branch, fact in taken_when(step)
            if branch.steps
        ]
        if ends and all(end is None for _, end in ends) and all(branch.steps for branch in step.branches):
            return None
        changed = self.ground.changed_by(_written_below(step))
        learned: list[Known] = []
        for fact, end in ends:
            if not fact.keys & changed:
                learned.extend(_learned(fact, end, before))
        return before.without(changed).with_facts(*learned)

    def _past_parallel(self, step: Step, before: Knowledge, way: tuple[Known, ...]) -> Knowledge | None:
        changed = self.ground.changed_by(_written_below(step))
        inside = before.without(changed)
        ends = [self._walk(branch.steps, inside, way) for branch in step.branches]
        if step.join == "all" and None in ends:
            return None
        reached = [end for end in ends if end is not None]
        if not reached and step.branches:
            return None
        return inside.with_facts(*_shared(reached, every=step.join != "all"))

    def _surely_filled(self, step: Step) -> Iterator[str]:
        """Fields that are filled whenever the step was passed: not where it may be skipped or agreed to by time."""
        if step.kind not in (Kind.APPROVE, Kind.WORK) or step.nobody == "skip":
            return
        if self.skips_repeats and step.kind is Kind.APPROVE:
            return
        if step.due is not None and step.due.then is not None and step.due.then.do == "approve":
            return
        for key, right in step.fields.items():
            if right is Right.REQUIRED and key in self.ground.fields:
                yield key


def taken_when(step: Step) -> list[tuple[Branch, Known]]:
    """The branches of a route, each with the condition under which a request takes it."""
    asked: list[Known] = []
    failed: list[Known] = []
    found: list[tuple[Branch, Known]] = []
    for branch in step.branches:
        if branch.otherwise or branch.when is None:
            continue
        own = known(branch.when)
        if step.hit == "first" and failed:
            parts = [own, *failed]
            found.append((branch, both(All(tuple(part.condition for part in parts)), parts)))
        else:
            found.append((branch, own))
        asked.append(own)
        failed.append(both(Not(own.condition), [own]))
    rest = both(All(tuple(part.condition for part in failed)), asked)
    return found + [(branch, rest) for branch in step.branches if branch.otherwise or branch.when is None]


def written_by(step: Step) -> frozenset[str]:
    """The fields of the form that a step may change; of a column its table."""
    keys: set[str] = set(step.into)
    if step.kind in (Kind.APPROVE, Kind.WORK):
        keys |= {key for key, right in step.fields.items() if right in WRITES}
    return frozenset(key.split(".")[0] for key in keys)


def _written_below(step: Step) -> frozenset[str]:
    found: set[str] = set()
    for branch in step.branches:
        for inner in branch.steps:
            found |= written_by(inner) | _written_below(inner)
    return frozenset(found)


def _learned(fact: Known, end: Knowledge | None, before: Knowledge) -> Iterator[Known]:
    """What a branch teaches those behind the route: where its condition holds, so does all that it ended with."""
    failed = both(Not(fact.condition), [fact])
    if end is None:
        yield failed
        return
    for each in end.facts:
        if each is not fact and each not in before.facts:
            yield both(AnyOf((failed.condition, each.condition)), [fact, each])


def _shared(ends: list[Knowledge], *, every: bool) -> list[Known]:
    """Facts of all ``ends``, or of any of them."""
    if not every:
        return [fact for end in ends for fact in end.facts]
    return [fact for fact in ends[0].facts if all(fact in end.facts for end in ends[1:])] if ends else []
