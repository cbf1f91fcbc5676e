"""What is known along a flow: branches taken, fields filled and changed on the way, order, deadlines."""

from datetime import timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from signoff.flows.check import report
from signoff.flows.check.deadlines import length_of
from signoff.flows.check.deriving import ground_of
from signoff.flows.definition import Flow
from signoff.flows.schema import read_flow
from signoff.forms.definition import Form
from signoff.forms.schema import read_form
from signoff.platform.business_time import standard

OFFICE = standard(ZoneInfo("Asia/Shanghai"), None)
DUE = {"due": {"in": "PT1H"}}


def choice(key: str, *values: str, **more: Any) -> dict[str, Any]:
    options = [{"value": value, "label": value} for value in values]
    return {"key": key, "type": "choice", "label": key, "options": options, **more}


FIELDS = [
    choice("path", "back", "gone", required=True),
    choice("inspection", "ok", "worn"),
    {"key": "amount", "type": "money", "currency": "CNY", "label": "amount", "required": True, "min": "0"},
    {"key": "fee", "type": "money", "currency": "CNY", "label": "fee", "min": "0"},
    {"key": "net", "type": "money", "currency": "CNY", "label": "net", "compute": "amount - fee"},
    {"key": "note", "type": "text", "label": "note"},
    {"key": "begins_on", "type": "date", "label": "begins"},
    {"key": "ends_on", "type": "date", "label": "ends"},
    {"key": "paid_at", "type": "datetime", "label": "paid at"},
    {"key": "owner", "type": "person", "label": "owner"},
]
RULES = [{"when": {"path": "back"}, "show": ["inspection"]}]


def form() -> Form:
    made, problems = read_form(
        {"schema": "form/1", "key": "case", "title": "Case", "fields": FIELDS, "rules": RULES, "summary": ["amount"]}
    )
    assert made is not None, problems
    return made


def flow(steps: list[Any], **settings: Any) -> Flow:
    document = {"schema": "flow/1", "key": "f", "title": "F", "form": "case", "settings": settings, "steps": steps}
    made, problems = read_flow(document, form())
    assert made is not None, problems
    return made


def found(steps: list[Any], **settings: Any) -> list[tuple[str, str]]:
    return [(each.code, each.path) for each in report(flow(steps, **settings), form()).problems]


def work(step: str, **more: Any) -> dict[str, Any]:
    return {"id": step, "kind": "work", "who": [{"role": "warehouse"}], **DUE, **more}


def route(step: str, *branches: tuple[Any, list[Any]], **more: Any) -> dict[str, Any]:
    made = [
        {"id": f"{step}{number}", "steps": steps, **({"otherwise": True} if when is None else {"when": when})}
        for number, (when, steps) in enumerate(branches)
    ]
    return {"id": step, "kind": "route", "branches": made, **more}


BY_INSPECTION = route("inside", ({"inspection": "ok"}, []), ({"inspection": "worn"}, []))
AFTERWARDS = route("after", ({"path": "gone"}, []), ({"inspection": "ok"}, []), ({"inspection": "worn"}, []))
INSPECT = work("inspect", fields={"inspection": "required"})
IN_BRANCH = "/steps/0/branches/0/steps"


TIMED = {"due": {"in": "PT1H", "then": {"do": "approve"}}}


def parallel(*branches: Any, join: str = "all") -> dict[str, Any]:
    made = [{"id": f"side{number}", "steps": [step]} for number, step in enumerate(branches)]
    return {"id": "p", "kind": "parallel", "join": join, "branches": made}


def paths(*inner: Any) -> dict[str, Any]:
    """Goods that come back go through ``inner``."""
    return route("paths", ({"path": "back"}, list(inner)), ({"path": "gone"}, []))


@pytest.mark.parametrize(("steps", "expected"), [
    ([paths(BY_INSPECTION)], [("gap", f"{IN_BRANCH}/0")]),
    ([paths(INSPECT, BY_INSPECTION)], []),
    ([paths(work("inspect", fields={"inspection": "edit"}), BY_INSPECTION)], [("gap", f"{IN_BRANCH}/1")]),
    ([paths({**INSPECT, "nobody": "skip"}, BY_INSPECTION)], [("gap", f"{IN_BRANCH}/1")]),
    ([paths({**INSPECT, **TIMED}, BY_INSPECTION)], [("gap", f"{IN_BRANCH}/1")]),
    ([paths(INSPECT, work("lose", fields={"inspection": "edit"}), BY_INSPECTION)], [("gap", f"{IN_BRANCH}/2")]),
    ([paths(INSPECT, work("turn", fields={"path": "edit"}), BY_INSPECTION)], [("gap", f"{IN_BRANCH}/2")]),
    ([paths(INSPECT), AFTERWARDS], []),
    ([paths(INSPECT), work("turn", fields={"path": "edit"}), AFTERWARDS], [("gap", "/steps/2")]),
    ([paths(parallel(INSPECT, work("x"))), AFTERWARDS], []),
    ([paths(parallel(INSPECT, work("x"), join="any")), AFTERWARDS], [("gap", "/steps/1")]),
], ids=range(11))  # fmt: skip
def test_what_is_filled_on_the_way_is_known_behind_it(steps, expected):
    assert found(steps) == expected


FEE = work("w", fields={"fee": "edit"})
NET = {"net": {"gte": "100"}}
LOW, HIGH = {"amount": {"lt": "100"}}, {"amount": {"gte": "100"}}
NEVER = route("x", (LOW, []), (HIGH, []))
FINER = route("finer", ({"amount": {"gte": "100", "lt": "200"}}, []), ({"amount": {"gte": "200"}}, []))


@pytest.mark.parametrize(("steps", "expected"), [
    ([FINER], [("gap", "/steps/0")]),
    ([route("r", (LOW, []), (HIGH, [FINER]))], []),
    ([route("r", (HIGH, [FINER]), (None, []))], []),
    ([route("r", (LOW, []), (None, [FINER]))], []),
    ([route("r", (LOW, []), ({}, [FINER]), hit="first")], []),
    ([route("r", (HIGH, [work("w", fields={"amount": "edit"}), FINER]), (None, []))], [("gap", f"{IN_BRANCH}/1")]),
    ([route("r", (HIGH, [work("w", fields={"note": "edit"}), FINER]), (None, []))], []),
    ([route("r", (LOW, [{"id": "no", "kind": "auto", "verdict": "reject", "reason": "x"}]), (HIGH, [])), FINER], []),
    ([route("r", (NET, [FEE, route("n", (NET, []))]), (None, []))], [("gap", f"{IN_BRANCH}/1")]),
    ([route("r", (HIGH, [NEVER]), (None, []))], [("unreachable", f"{IN_BRANCH}/0/branches/0")]),
], ids=range(10))  # fmt: skip
def test_the_branches_around_a_route_are_known_in_it(steps, expected):
    assert found(steps) == expected


NO = {"id": "no", "kind": "auto", "verdict": "reject", "reason": "x"}
OK = route("ok", ({"inspection": "ok"}, []), (None, []))
PAY = {"id": "pay", "kind": "action", "do": "record.update", "into": {"paid_at": "at"}}
USE = {"id": "use", "kind": "action", "do": "record.update", "with": {"note": {"field": "paid_at"}}}
BY_OWNER = {"id": "own", "kind": "work", "who": [{"field": "owner"}], **DUE}


@pytest.mark.parametrize(("steps", "expected"), [
    ([OK, INSPECT], [("unfilled_field", "/steps/0/branches/0/when")]),
    ([INSPECT, OK], []),
    ([work("may", fields={"inspection": "edit"}), OK, INSPECT], []),
    ([USE, PAY], [("unfilled_field", "/steps/0/with/note")]),
    ([PAY, USE], []),
    ([BY_OWNER, work("name", fields={"owner": "required"})], [("unfilled_field", "/steps/0/who")]),
    ([work("name", fields={"owner": "required"}), BY_OWNER], []),
    ([NO, work("w")], [("unreachable", "/steps/1")]),
    ([paths(NO, work("w")), work("x")], [("unreachable", f"{IN_BRANCH}/1")]),
    ([route("r", (LOW, [NO]), (HIGH, [{**NO, "id": "no2"}])), work("x")], [("unreachable", "/steps/1")]),
    ([{"id": "w", "kind": "work", "who": [{"role": "x"}]}], [("no_deadline", "/steps/0")]),
], ids=range(11))  # fmt: skip
def test_order_and_deadlines(steps, expected):
    assert found(steps) == expected


LONG = work("b", due={"in": "PT3H"})
HOUR, DAY = timedelta(hours=1), timedelta(hours=9)  # a working day of the office


@pytest.mark.parametrize(("steps", "shortest", "longest", "open_ended"), [
    ([work("a"), work("b", due={"in": "PT2H"})], 3 * HOUR, 3 * HOUR, ()),
    ([work("a", due={"in": "P1D"})], DAY, DAY, ()),
    ([work("a", due={"in": "P1D", "clock": "always"})], DAY, DAY, ()),
    ([route("r", (LOW, []), (HIGH, [work("a")]))], timedelta(0), HOUR, ()),
    ([parallel(work("a"), LONG)], 3 * HOUR, 3 * HOUR, ()),
    ([parallel(work("a"), LONG, join="any")], HOUR, HOUR, ()),
    ([{"id": "w", "kind": "work", "who": [{"role": "x"}]}, work("a")], HOUR, HOUR, ("w",)),
    ([{"id": "w", "kind": "wait", "for": "PT2H"}], 2 * HOUR, 2 * HOUR, ()),
    ([{"id": "w", "kind": "wait", "event": "came", "limit": "PT2H"}], timedelta(0), 2 * HOUR, ()),
    ([route("r", (LOW, [NO, work("b")]), (HIGH, [work("a")]))], timedelta(0), HOUR, ()),
], ids=range(10))  # fmt: skip
def test_the_shortest_and_the_longest_way(steps, shortest, longest, open_ended):
    length = length_of(flow(steps), OFFICE)
    assert (length.shortest, length.longest, length.open_ended) == (shortest, longest, open_ended)


def test_the_report_has_lengths_only_with_a_calendar():
    assert report(flow([work("a")]), form(), None, OFFICE).length is not None
    assert report(flow([work("a")]), form()).length is None


def ground(*fields: dict[str, Any], rules: list[Any] | None = None) -> Any:
    made, problems = read_form(
        {"schema": "form/1", "key": "g", "title": "G", "fields": [*FIELDS, *fields], "rules": rules or []}
    )
    assert made is not None, problems
    return ground_of(made)


def computed(formula: str, type_: str = "number") -> dict[str, Any]:
    return {"key": "made", "type": type_, "label": "made", "compute": formula}


@pytest.mark.parametrize(("field", "filled"), [
    (computed("amount - fee"), True),
    (computed("amount / fee"), False),
    (computed("amount / 4"), True),
    (computed("amount / 0"), False),
    (computed("ROUND(amount / fee, 2)"), True),
    (computed("fee"), False),
    (computed("net"), True),
    (computed("IF(amount > 5, 1, 2)"), True),
    (computed("IF(amount > 5, 1)"), False),
    (computed("COALESCE(fee, 0)"), True),
    (computed("MAX(fee, 0)"), True),
    (computed("MAX(fee, amount)"), False),
    (computed("TODAY() + fee", "date"), False),
    (computed("amount > fee", "boolean"), True),
    (computed("note & note", "text"), False),
    (computed("DAYS(ends_on, begins_on)"), False),
    (computed("DAYS(ends_on, begins_on) + 1"), True),
    (computed("begins_on + 1", "date"), False),
], ids=lambda value: value["compute"] if isinstance(value, dict) else str(value))  # fmt: skip
def test_which_formulas_always_give_something(field, filled):
    assert (ground(field).blank_when.get("made") == ()) is filled


def test_what_changes_with_a_field():
    made = ground(rules=RULES)
    assert made.changed_by(["fee"]) == {"fee", "net"}
    assert made.changed_by(["path"]) == {"path", "inspection"}
    assert made.sources["net"] == {"amount", "fee"}


def test_rules_by_formula_are_read_where_they_compare():
    clear = ground(rules=[{"when": "amount >= 5", "show": ["note"]}, {"check": "0 < fee", "message": "x"}])
    assert "note" in clear.shows
    assert len(clear.checks) == 1
    unclear = ground(rules=[{"when": "amount > fee", "show": ["note"]}, {"check": "amount > fee", "message": "x"}])
    assert unclear.unclear == {"note"}
    assert unclear.checks == ()
    assert unclear.laws("note") == ()
