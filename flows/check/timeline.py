"""What is known wherever a request has got to: branches it took, fields that were filled, fields that changed since."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from ...forms.conditions import fields_of
from ...forms.conditions.tree import All, AnyOf, Condition, Not, Op, Test
from ..definition import Branch, Flow, Kind, Right, Step
from .facts import FACT
from .ground import Ground

WRITES = (Right.EDIT, Right.REQUIRED)


@dataclass(frozen=True, slots=True)
class Knowledge:
    """Conditions that hold at one point of the flow, each with the fields whose change would end that."""

    facts: Mapping[Condition, frozenset[str]] = field(default_factory=dict)

    def with_facts(self, *conditions: Condition) -> "Knowledge":
        return Knowledge({**self.facts, **{condition: read_by(condition) for condition in conditions}})

    def without(self, changed: frozenset[str]) -> "Knowledge":
        """What is left once the fields ``changed`` may have other values."""
        if not changed:
            return self
        return Knowledge({fact: keys for fact, keys in self.facts.items() if not keys & changed})


@dataclass
class Timeline:
    """``before`` is what is known when each step opens; ``ways`` the branch conditions that lead to it, as they were
    when they were asked; steps that no request reaches (behind a rejection by rule) are missing."""

    ground: Ground
    skips_repeats: bool = False
    before: dict[str, Knowledge] = field(default_factory=dict)
    ways: dict[str, tuple[Condition, ...]] = field(default_factory=dict)

    @classmethod
    def of(cls, flow: Flow, ground: Ground) -> "Timeline":
        timeline = cls(ground, skips_repeats=flow.settings.repeat_approver == "skip")
        timeline._walk(flow.steps, Knowledge(), ())
        return timeline

    def _walk(self, steps: Iterable[Step], known: Knowledge, way: tuple[Condition, ...]) -> Knowledge | None:
        """What is known after ``steps``; ``None`` if the request never gets past them."""
        for step in steps:
            self.before[step.id] = known
            self.ways[step.id] = way
            after = self._past(step, known, way)
            if after is None:
                return None
            known = after
        return known

    def _past(self, step: Step, known: Knowledge, way: tuple[Condition, ...]) -> Knowledge | None:
        if step.kind is Kind.ROUTE:
            return self._past_route(step, known, way)
        if step.kind is Kind.PARALLEL:
            return self._past_parallel(step, known, way)
        if step.kind is Kind.AUTO and step.verdict == "reject":
            return None
        after = known.without(self.ground.changed_by(written_by(step)))
        filled = [_filled(self.ground, key) for key in self._surely_filled(step)]
        return after.with_facts(*filled) if filled else after

    def _past_route(self, step: Step, known: Knowledge, way: tuple[Condition, ...]) -> Knowledge | None:
        ends = [
            (condition, self._walk(branch.steps, known.with_facts(condition), (*way, condition)))
            for branch, condition in taken_when(step)
            if branch.steps
        ]
        if ends and all(end is None for _, end in ends) and all(branch.steps for branch in step.branches):
            return None
        changed = self.ground.changed_by(_written_below(step))
        learned: list[Condition] = []
        for condition, end in ends:
            if not read_by(condition) & changed:
                learned.extend(_learned(condition, end, known))
        return known.without(changed).with_facts(*learned)

    def _past_parallel(self, step: Step, known: Knowledge, way: tuple[Condition, ...]) -> Knowledge | None:
        changed = self.ground.changed_by(_written_below(step))
        inside = known.without(changed)
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


def taken_when(step: Step) -> list[tuple[Branch, Condition]]:
    """The branches of a route, each with the condition under which a request takes it."""
    asked: list[Condition] = []
    found: list[tuple[Branch, Condition]] = []
    for branch in step.branches:
        if branch.otherwise or branch.when is None:
            continue
        earlier = tuple(Not(condition) for condition in asked) if step.hit == "first" else ()
        found.append((branch, All((branch.when, *earlier)) if earlier else branch.when))
        asked.append(branch.when)
    for branch in step.branches:
        if branch.otherwise or branch.when is None:
            found.append((branch, Not(AnyOf(tuple(asked)))))
    return found


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


def _learned(condition: Condition, end: Knowledge | None, known: Knowledge) -> Iterator[Condition]:
    """What a branch teaches those behind the route: where its condition holds, so does all that it ended with."""
    if end is None:
        yield Not(condition)
        return
    for fact in end.facts:
        if fact != condition and fact not in known.facts:
            yield AnyOf((Not(condition), fact))


def _filled(ground: Ground, key: str) -> Condition:
    """That a field holds something, wherever it shows."""
    return AnyOf((Not(ground.visible(key)), Test(key, Op.EMPTY, False)))


def _shared(ends: list[Knowledge], *, every: bool) -> list[Condition]:
    """Facts of all ``ends``, or of any of them."""
    if not every:
        return [fact for end in ends for fact in end.facts]
    return [fact for fact in ends[0].facts if all(fact in end.facts for end in ends[1:])] if ends else []


def read_by(condition: Condition) -> frozenset[str]:
    """The fields and facts that ``condition`` asks; of a column its table."""
    return frozenset(key if key.startswith(FACT) else key.split(".")[0] for key in fields_of(condition))
