"""Requests that would ask for requests of their own kind again."""

from typing import Any

import pytest

from signoff.flows.check.rings import check_rings
from signoff.flows.definition import Flow
from signoff.flows.schema import read_flow
from signoff.platform.problems import Severity


def ask(form: Any, do: str = "request.open", **more: Any) -> dict[str, Any]:
    return {"id": "ask", "kind": "action", "do": do, "with": {"form": form, **more}}


def maybe(*steps: Any) -> dict[str, Any]:
    dear = {"id": "dear", "when": {"amount": {"gt": "5"}}, "steps": list(steps)}
    return {"id": "some", "kind": "route", "branches": [dear, {"id": "rest", "otherwise": True, "steps": []}]}


def both(*steps: Any, join: str = "all") -> dict[str, Any]:
    branches = [{"id": "one", "steps": list(steps)}, {"id": "two", "steps": [{**LEAD, "id": "other"}]}]
    return {"id": "both", "kind": "parallel", "join": join, "branches": branches}


LEAD = {"id": "lead", "kind": "approve", "who": [{"manager": 1}]}


def flow(form: str, *steps: Any) -> Flow:
    read, problems = read_flow(
        {"schema": "flow/1", "key": f"{form}_flow", "title": form, "form": form, "steps": [*steps, LEAD]}, None
    )
    assert read is not None, problems
    return read


@pytest.mark.parametrize(
    ("first", "others", "expected"),
    [
        ([], [], []),
        ([ask("check")], [], []),
        ([ask("check")], [flow("check")], []),
        ([ask("claim")], [], [("endless_requests", "/steps/0/with/form")]),
        ([maybe(ask("claim"))], [], [("requests_in_a_ring", "/steps/0/branches/0/steps/0/with/form")]),
        ([ask("check")], [flow("check", ask("claim"))], [("endless_requests", "/steps/0/with/form")]),
        ([ask("check")], [flow("check", maybe(ask("claim")))], [("requests_in_a_ring", "/steps/0/with/form")]),
        ([ask("check")], [flow("check", ask("check"))], []),  # the other's own ring, and its own problem
        ([ask("a")], [flow("a", ask("b")), flow("b", ask("claim"))], [("endless_requests", "/steps/0/with/form")]),
        ([both(ask("claim"))], [], [("endless_requests", "/steps/0/branches/0/steps/0/with/form")]),
        ([both(ask("claim"), join="any")], [], [("requests_in_a_ring", "/steps/0/branches/0/steps/0/with/form")]),
        ([ask("claim", "record.create")], [], []),  # nobody waits for it
        ([ask("claim", "record.create", wait=True)], [], [("endless_requests", "/steps/0/with/form")]),
        ([ask({"field": "form"})], [], []),
    ],
)
def test_a_ring_of_requests_is_found(first: list[Any], others: list[Flow], expected: list[tuple[str, str]]) -> None:
    found = list(check_rings(flow("claim", *first), others))
    assert [(each.code, each.path) for each in found] == expected
    for each in found:
        assert each.severity is (Severity.ERROR if each.code == "endless_requests" else Severity.WARNING)
        assert "claim → " in each.message
