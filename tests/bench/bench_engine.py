"""The engine alone, in memory: lifecycles (submit and three approvals) a second, with and without storing the state."""

import json
import time
from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

from signoff.flows import codec, engine
from signoff.flows.compile import compile_flow
from signoff.flows.effects import Actor
from signoff.flows.events import Decided
from signoff.flows.program import FlowProgram
from signoff.flows.run import World
from signoff.flows.schema import read_flow
from signoff.platform.business_time import standard
from signoff.platform.people.directory import Directory, Person
from tests.bench import spiff_peer

PEOPLE = Directory.of(
    [
        Person("amy", "Amy", manager="li", roles=frozenset({"staff"})),
        Person("li", "Li", manager="zhou", limits={"claim": Decimal(5000)}),
        Person("zhou", "Zhou", manager="gao", limits={"claim": Decimal(50000)}),
        Person("gao", "Gao", roles=frozenset({"director"}), limits={"claim": Decimal(1000000)}),
        Person("fei", "Fei", manager="gao", roles=frozenset({"finance"})),
        Person("fang", "Fang", manager="gao", roles=frozenset({"finance"})),
    ]
)
DUE = {"in": "PT12H", "remind": ["-PT1H", "PT0S"]}
SMALL = {"id": "small", "when": {"urgent": True}, "steps": []}


def document(due: dict[str, object] | None) -> dict[str, object]:
    timed = {"due": due} if due else {}
    large = [{"id": "b", "kind": "approve", "who": [{"manager": 2}], "reason_on": ["reject"], **timed}]
    return {
        "schema": "flow/1", "key": "claim", "title": "Claim", "form": "claim",
        "settings": {"self_approval": "escalate", "repeat_approver": "skip", "material": ["amount"]},
        "steps": [
            {"id": "a", "kind": "approve", "who": [{"manager": 1}], "reason_on": ["reject"], **timed},
            {"id": "size", "kind": "route", "branches": [SMALL, {"id": "large", "otherwise": True, "steps": large}]},
            {"id": "c", "kind": "approve", "who": [{"role": "finance"}], "reason_on": ["reject"], **timed},
        ],
    }  # fmt: skip


def program(due: dict[str, object] | None) -> FlowProgram:
    flow, problems = read_flow(document(due), None)
    assert flow is not None, problems
    made, problems = compile_flow(flow, None, 1)
    assert made is not None, problems
    return made


WORLD = World(
    PEOPLE,
    standard(ZoneInfo("Asia/Shanghai"), "CN"),
    datetime(2026, 3, 2, 2, tzinfo=UTC),
    {"amount": Decimal(300)},
    "claim",
)
APPROVALS = tuple(Decided(task, Actor(by), "approve") for task, by in (("t1", "li"), ("t2", "zhou"), ("t3", "fei")))


def lifecycle(made: FlowProgram) -> None:
    """Submit, and three approvals."""
    run = engine.start(made, "amy", WORLD).run
    for event in APPROVALS:
        run = engine.step(made, run, event, WORLD).run
    assert run.status == "approved"


def stored_lifecycle(made: FlowProgram) -> None:
    """The same, with the state written to JSON text and read again between."""
    text = json.dumps(codec.dump(engine.start(made, "amy", WORLD).run))
    for event in APPROVALS:
        text = json.dumps(codec.dump(engine.step(made, codec.load(json.loads(text)), event, WORLD).run))


def rate(what: Callable[[], None], seconds: float = 2.0) -> float:
    """How often a second: the best of three spans."""
    best = 0.0
    for _ in range(3):
        count, begun = 0, time.process_time()
        while time.process_time() - begun < seconds / 3:
            for _ in range(50):
                what()
            count += 50
        best = max(best, count / (time.process_time() - begun))
    return best


def peer_rate() -> float | None:
    """SpiffWorkflow's figure of the same run, ``None`` where it is not installed."""
    try:
        spec = spiff_peer.specification()
    except ImportError:
        return None
    return rate(lambda: spiff_peer.lifecycle(spec))


def main(database_url: str = "") -> None:
    plain, timed = program(None), program(DUE)
    sizes = json.dumps(codec.dump(engine.start(timed, "amy", WORLD).run))
    rows = [
        ("engine alone", rate(lambda: lifecycle(plain))),
        ("with deadlines", rate(lambda: lifecycle(timed))),
        ("state stored as JSON between", rate(lambda: stored_lifecycle(plain))),
    ]
    peer = peer_rate()
    print("engine: lifecycles (submit + 3 approvals) a second, one core; aim 10,000 and 6 x SpiffWorkflow")
    for label, found in rows:
        ratio = f"{found / peer:8.1f} x SpiffWorkflow" if peer else ""
        print(f"  {label:32} {found:10,.0f}{ratio}")
    print(f"  {'SpiffWorkflow':32} {peer:10,.0f}" if peer else "  SpiffWorkflow is not installed: make bench")
    print(f"  a state after submitting takes {len(sizes)} bytes")


if __name__ == "__main__":
    main()
