"""The route a request would take if everybody agrees: the engine itself, run forward, with nothing carried out."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from ..platform.acting import ActingAs
from ..platform.errors import SignoffError
from ..platform.people.directory import Directory
from ..platform.problems import Problem
from ..platform.text import msg
from . import engine, words
from .definition import Flow, Kind, Step
from .effects import Actor, Note, OpenTask, Reason
from .engine_grace import without_pending
from .engine_walk import call_name
from .events import Arrived, Completed, Decided, Event, Expired
from .program import FlowProgram
from .run import Run, State, Task, Transition, World
from .values import plain

MAX_EVENTS = 2_000
AGREEMENT = "—"  # stands where a step wants a reason for agreeing


@dataclass(frozen=True, slots=True)
class PredictedStep:
    """One step on the way. ``people`` are all who may act, ``pool`` the role (``finance``, ``finance@service``) whose
    members they are; ``due_at`` is when it must be done if everything before it takes all of its time; ``skipped`` is
    why it is passed over: nobody, approved, repeat."""

    step: Step
    people: tuple[str, ...] = ()
    pool: str | None = None
    due_at: datetime | None = None
    why: tuple[Reason, ...] = ()
    skipped: str | None = None


@dataclass(frozen=True, slots=True)
class Prediction:
    """``outcome``: approved, rejected, or open where it cannot go on; ``problems`` say why it cannot.

    ``ends_at`` is when it would be over, if everybody took all of their time.
    """

    outcome: str
    steps: tuple[PredictedStep, ...]
    problems: tuple[Problem, ...] = ()
    ends_at: datetime | None = None
    people: Directory = field(repr=False, default_factory=lambda: Directory({}))
    flow: Flow | None = field(repr=False, default=None)


def predict(program: FlowProgram, submitter: str | None, values: Mapping[str, Any], world: World) -> Prediction:
    """Where a request of ``submitter`` with these typed ``values`` would go, sent at ``world.now``."""
    return _Forward(program, replace(world, values=values)).started(submitter)


def predict_rest(program: FlowProgram, run: Run, world: World) -> Prediction:
    """How a request that is under way would go on from here: the steps that are open, and those to come."""
    return _Forward(program, world).going_on(run)


class _Forward:
    """One run forward. Each task is decided, each wait ends, at its deadline: the earliest first."""

    def __init__(self, program: FlowProgram, world: World) -> None:
        self.program = program
        self.world = world
        self.steps: dict[str, PredictedStep] = {}
        self.problems: list[Problem] = []
        self.past: set[str] = set()  # steps that are over, and stay so

    def started(self, submitter: str | None) -> Prediction:
        moved = engine.start(self.program, submitter, self.world)
        self._keep(moved)
        return self._to_the_end(moved.run)

    def going_on(self, run: Run) -> Prediction:
        """From where ``run`` stands: what is over already is left out."""
        run = without_pending(run)
        self.past = {step for step, each in run.steps.items() if each.state in (State.DONE, State.PASSED)}
        for task in run.open_tasks:
            people = engine.people_of(task, self.world.people)
            self._asked(task.step, task.principal, people, _due_of(run, task.step), task.why)
        self._keep(Transition(run, ()))
        return self._to_the_end(run)

    def _to_the_end(self, run: Run) -> Prediction:
        for _ in range(MAX_EVENTS):
            moved = None if run.finished else self._moved(run)
            if moved is None:
                break
            self._keep(moved)
            run = moved.run
        return Prediction(
            run.status.value if run.finished else "open",
            tuple(self.steps.values()),
            tuple(self.problems),
            self.world.now if run.finished else None,
            self.world.people,
            self.program.flow,
        )

    def _moved(self, run: Run) -> Transition | None:
        """The next thing that happens; ``None`` if nothing can."""
        for at, event in sorted(self._coming(run), key=lambda each: each[0]):
            self.world = replace(self.world, now=max(self.world.now, at))
            if not isinstance(event, Task):
                return engine.step(self.program, run, event, self.world)
            moved = self._decided(run, event)
            if moved is not None:
                return moved
        return None

    def _coming(self, run: Run) -> Iterator[tuple[datetime, Event | Task]]:
        """What may happen next, each with its time: tasks, actions, ends of waiting."""
        for task in run.open_tasks:
            yield _due_of(run, task.step) or self.world.now, task
        asked = {task.step for task in run.open_tasks}
        for step_id in run.open_steps:
            step = self.program.steps[step_id]
            due_at = _due_of(run, step_id)
            if step_id in asked:
                continue
            if step.kind is Kind.ACTION:
                yield self.world.now, Completed(step_id, call_name(step_id, run.steps[step_id].round))
            elif step.kind is Kind.WAIT and due_at is not None:
                yield due_at, Expired(step_id)
            elif step.kind is Kind.WAIT and step.event is not None:
                yield self.world.now, Arrived(step.event, Actor(None, ActingAs.SYSTEM))

    def _decided(self, run: Run, task: Task) -> Transition | None:
        """The task agreed to by the first who may; ``None`` if nobody may."""
        step = self.program.steps.get(task.step)
        if step is not None and step.kind is Kind.ROUTE:
            return None
        for key in engine.people_of(task, self.world.people):
            try:
                decision = Decided(task.name, Actor(key), _agreement(step), AGREEMENT)
                return engine.step(self.program, run, decision, self.world)
            except SignoffError:
                continue
        if step is not None:
            self._problem(step, "nobody", msg("The step “%(step)s” finds nobody who may act.", step=step.id))
        return None

    def _keep(self, moved: Transition) -> None:
        """Note the steps that were reached, in order."""
        for effect in moved.effects:
            if isinstance(effect, OpenTask):
                self._asked(effect.step, effect.principal, effect.people, effect.due_at, effect.why)
            elif isinstance(effect, Note) and "step" in effect.data:
                self._noted(effect)
        for step_id, progress in moved.run.steps.items():
            if progress.state is not State.UNDONE and step_id not in self.past:
                self._reached(step_id)
            if progress.due_at is not None and step_id in self.steps:
                self._change(step_id, due_at=progress.due_at)

    def _reached(self, step_id: str) -> bool:
        """Note the step, after the routes and parallels around it; ``False`` of the correction of a return."""
        if step_id not in self.program.steps:
            return False
        for around, _ in self.program.trail.get(step_id, ()):
            self._reached(around)
        self.past.discard(step_id)
        self.steps.setdefault(step_id, PredictedStep(self.program.steps[step_id]))
        return True

    def _change(self, step_id: str, **changes: Any) -> None:
        self.steps[step_id] = replace(self.steps[step_id], **changes)

    def _asked(
        self, step_id: str, principal: str, people: tuple[str, ...], due_at: datetime | None, why: tuple[Reason, ...]
    ) -> None:
        if not self._reached(step_id):
            return
        before = self.steps[step_id]
        sort, _, name = principal.partition(":")
        told = tuple(reason for reason in why if reason.code not in ("step", "branch") and reason not in before.why)
        self._change(
            step_id,
            people=tuple(dict.fromkeys((*before.people, *people))),
            pool=before.pool or (name if sort == "r" else None),
            due_at=due_at,
            why=(*before.why, *told),
        )

    def _noted(self, note: Note) -> None:
        step_id, data = str(note.data["step"]), note.data
        if note.event not in _TELLING or not self._reached(step_id):
            return
        step = self.program.steps[step_id]
        match note.event:
            case "step.skipped":
                self._change(step_id, skipped=str(data.get("because", "")))
            case "route.taken":
                self._change(step_id, why=(Reason("branch", data),))
            case "route.stuck":
                self._stuck(step, int(data.get("matches", 0)))
            case "step.auto":
                self._change(step_id, why=(Reason("auto", {"reason": step.reason}),))
            case "people.told":
                self._change(step_id, people=tuple(data.get("people", ())))
            case "run.finished" if data.get("because") == "nobody":
                self._problem(step, "nobody", msg("The step “%(step)s” finds nobody, so it is refused.", step=step.id))

    def _stuck(self, step: Step, matches: int) -> None:
        if matches:
            message = msg("%(count)s branches of “%(step)s” take these values.", count=matches, step=step.id)
            self._problem(step, "overlap", message)
        else:
            self._problem(step, "gap", msg("No branch of “%(step)s” takes these values.", step=step.id))

    def _problem(self, step: Step, code: str, message: str) -> None:
        problem = Problem(step.path, code, message)
        if problem not in self.problems:
            self.problems.append(problem)


_TELLING = frozenset(
    {
        "step.skipped", "route.taken", "route.stuck", "step.auto", "action.called", "people.told", "wait.started",
        "wait.over", "run.finished",
    }
)  # fmt: skip


def _agreement(step: Step | None) -> str:
    if step is None or step.kind is Kind.WORK:
        return "complete"
    return "retry" if step.kind is Kind.ACTION else "approve"


def _due_of(run: Run, step: str) -> datetime | None:
    progress = run.steps.get(step)
    return progress.due_at if progress else None


def route_json(prediction: Prediction, language: str) -> dict[str, Any]:
    """The prediction exactly as ``signoff route --json`` and ``POST /route`` give it."""
    return {
        "outcome": prediction.outcome,
        "steps": [_step_json(each, prediction, language) for each in prediction.steps],
        "problems": [
            {
                "path": problem.path,
                "code": problem.code,
                "severity": problem.severity.value,
                "message": str(problem.message),
            }
            for problem in prediction.problems
        ],
    }


def _step_json(each: PredictedStep, prediction: Prediction, language: str) -> dict[str, Any]:
    return {
        "id": each.step.id,
        "kind": each.step.kind.value,
        "people": list(each.people),
        "pool": each.pool,
        "due": plain(each.due_at),
        "why": words.why(each.why, prediction.people, language, prediction.flow),
        "skipped": None if each.skipped is None else words.skipped(each.skipped, language),
    }
