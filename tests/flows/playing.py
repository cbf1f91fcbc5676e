"""Playing flows in memory: a small company, a form, and scripts such as ``lead/ann:approve cfo/cay:reject``."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from signoff.flows import codec, engine
from signoff.flows.compile import compile_flow
from signoff.flows.effects import Actor, Effect, Note
from signoff.flows.events import Decided, Event
from signoff.flows.program import FlowProgram
from signoff.flows.run import Run, Task, World
from signoff.flows.schema import read_flow
from signoff.forms.definition import Access, Field, Form, Public
from signoff.platform.business_time import standard
from signoff.platform.people.directory import Delegation, Department, Directory, Person

NOW = datetime(2026, 3, 2, 2, 0, tzinfo=UTC)  # a Monday, 10:00 in Shanghai
CALENDAR = standard(ZoneInfo("Asia/Shanghai"), None)


def person(key: str, manager: str | None = None, *roles: str, limit: str | None = None, **more: Any) -> Person:
    limits = {"claim": Decimal(limit)} if limit else {}
    return Person(key, key.title(), manager=manager, roles=frozenset(roles), limits=limits, **more)


# boss ← dan ← bob, and below Bob: ann, cay. Ann asks.
PEOPLE = (
    person("ann", "bob", "staff", department="shop", limit="100"),
    person("bob", "dan", "staff", department="shop", limit="1000"),
    person("cay", "bob", "staff", "finance", department="shop"),
    person("dan", "boss", "finance", "director", department="company", limit="5000"),
    person("boss", None, "director", department="company", limit="100000"),
    person("eve", "boss", "admin", department="company"),
    person("gone", "bob", "finance", "lonely", active=False),
)
DEPARTMENTS = (
    Department("company", "Company", head="boss"),
    Department("shop", "Shop", parent="company", head="bob"),
    Department("empty", "Nobody's"),
)
DIRECTORY = Directory.of(PEOPLE, DEPARTMENTS)

KINDS = ({"value": "a", "label": "A"}, {"value": "b", "label": "B"})
FORM = Form(
    key="claim", title="Claim", description=None, number=None,
    fields=(
        Field("amount", "money", "Amount", options={"currency": "CNY"}),
        Field("kind", "choice", "Kind", options={"options": KINDS}),
        Field("note", "text", "Note"),
        Field("ends_on", "date", "Ends on"),
        Field("owner", "person", "Owner"),
        Field("email", "email", "E-mail"),
        Field("paid", "text", "Paid"),
        Field("double", "money", "Double", compute="amount * 2", options={"currency": "CNY"}),
        Field("lines", "table", "Lines", columns=(Field("quantity", "integer", "Quantity"),)),
    ),
    layout=(), rules=(), summary=("amount",), access=Access(), public=Public(),
)  # fmt: skip

VALUES: Mapping[str, Any] = {"amount": Decimal("500"), "kind": "a", "note": "n", "ends_on": date(2026, 3, 5)}


def approve(step: str, *who: Any, **more: Any) -> dict[str, Any]:
    """An approve step; names are persons, anything else is a selector."""
    selectors = [{"person": each} if isinstance(each, str) else each for each in who]
    return {"id": step, "kind": "approve", "who": selectors, "reason_on": [], **more}


def work(step: str, *who: Any, **more: Any) -> dict[str, Any]:
    return {**approve(step, *who, **more), "kind": "work"}


def route(step: str, *branches: Any, **more: Any) -> dict[str, Any]:
    """Branches are (id, condition or ``None`` for otherwise, steps)."""
    made = [
        {"id": name, "steps": steps, **({"otherwise": True} if when is None else {"when": when})}
        for name, when, steps in branches
    ]
    return {"id": step, "kind": "route", "branches": made, **more}


def parallel(step: str, *branches: Any, join: str = "all") -> dict[str, Any]:
    made = [{"id": f"b{number}", "steps": steps} for number, steps in enumerate(branches, start=1)]
    return {"id": step, "kind": "parallel", "join": join, "branches": made}


def auto(step: str, verdict: str = "approve") -> dict[str, Any]:
    return {"id": step, "kind": "auto", "verdict": verdict, "reason": "By rule"}


def action(step: str, do: str = "pay", **more: Any) -> dict[str, Any]:
    return {"id": step, "kind": "action", "do": do, **more}


def wait(step: str, **more: Any) -> dict[str, Any]:
    return {"id": step, "kind": "wait", **more}


def tell(step: str, *to: Any) -> dict[str, Any]:
    return {"id": step, "kind": "notify", "to": list(to), "template": "done"}


def document(steps: list[dict[str, Any]], **settings: Any) -> dict[str, Any]:
    return {"schema": "flow/1", "key": "claim", "title": "Claim", "form": "claim", "settings": settings, "steps": steps}


@dataclass(frozen=True)
class Compiled:
    """As much of a form's program as a flow asks for."""

    form: Form


def program(steps: list[dict[str, Any]], **settings: Any) -> FlowProgram:
    flow, problems = read_flow(document(steps, **settings), FORM)
    assert flow is not None, problems
    made, problems = compile_flow(flow, Compiled(FORM), 1)  # type: ignore[arg-type]
    assert made is not None, problems
    return made


@dataclass
class Play:
    """A run on a stage: everything that happens goes through :meth:`happen`, and every state through JSON."""

    program: FlowProgram
    submitter: str | None = "ann"
    directory: Directory = DIRECTORY
    values: dict[str, Any] = field(default_factory=lambda: dict(VALUES))
    now: datetime = NOW
    effects: list[Effect] = field(default_factory=list)
    history: list[Effect] = field(default_factory=list)
    events: list[tuple[Event, World]] = field(default_factory=list)
    run: Run = field(init=False)

    def __post_init__(self) -> None:
        self.begun = self.world
        self._take(engine.start(self.program, self.submitter, self.world))

    @property
    def world(self) -> World:
        return World(self.directory, CALENDAR, self.now, dict(self.values), "claim")

    def _take(self, transition: engine.Transition) -> list[Effect]:
        state = json.loads(json.dumps(codec.dump(transition.run)))
        self.run = codec.load(state)
        assert self.run == transition.run, "a state must survive JSON"
        self.effects = list(transition.effects)
        self.history += self.effects
        return self.effects

    def happen(self, event: Event, **values: Any) -> list[Effect]:
        """Let ``event`` happen, after which the record has these ``values``."""
        before = dict(self.values)
        self.values |= values
        try:
            transition = engine.step(self.program, self.run, event, self.world)
        except Exception:
            self.values = before
            raise
        self.events.append((event, self.world))
        return self._take(transition)

    def task(self, step: str, person: str | None = None) -> Task:
        """The open task of a step that waits for this person, or any."""
        found = [
            each
            for each in self.run.open_tasks
            if each.step == step and (person is None or person in engine.people_of(each, self.directory))
        ]
        assert found, f"no task of {step} for {person}; open: {self.waiting()}"
        return found[0]

    def decide(self, step: str, by: str, verdict: str = "approve", **more: Any) -> list[Effect]:
        values = more.pop("values", {})
        task = more.pop("task", None) or self.task(step, by).name
        comment = more.pop("comment", "")
        return self.happen(Decided(task, Actor(by), verdict, comment, values, **more), **values)

    def act(self, script: str) -> "Play":
        """``step/person:verdict`` (of a return ``:return>step``), one after the other."""
        for line in script.split():
            where, _, verdict = line.partition(":")
            step, _, by = where.partition("/")
            verdict, _, to = verdict.partition(">")
            self.decide(step, by, verdict, to=to or None)
        return self

    def waiting(self) -> list[str]:
        """``step principal`` of each open task."""
        return [f"{each.step} {each.principal}" for each in self.run.open_tasks]

    def wait(self, **length: float) -> "Play":
        self.now += timedelta(**length)
        return self

    def notes(self, name: str) -> list[Mapping[str, Any]]:
        return [each.data for each in self.history if isinstance(each, Note) and each.event == name]

    def last(self, kind: type) -> list[Any]:
        """The effects of one kind of the last transition."""
        return [each for each in self.effects if isinstance(each, kind)]


def play(steps: list[dict[str, Any]], script: str = "", *, submitter: str | None = "ann", **settings: Any) -> Play:
    """Run ``script`` on a flow of ``steps``."""
    return Play(program(steps, **settings), submitter).act(script)


def delegating(*delegations: tuple[str, str, str | None]) -> Directory:
    """The company while (person, delegate, limit) hold."""
    made = tuple(
        Delegation(who, delegate, NOW - timedelta(days=1), NOW + timedelta(days=30), Decimal(limit) if limit else None)
        for who, delegate, limit in delegations
    )
    return Directory.of(PEOPLE, DEPARTMENTS, made)
