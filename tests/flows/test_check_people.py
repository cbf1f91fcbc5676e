"""Whether steps find somebody for everybody, and whether anybody could decide alone what is above their limit."""

from collections.abc import Iterable
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from signoff.flows.check import check_flow
from signoff.platform.people.directory import Directory
from signoff.platform.problems import Problem

from .playing import DEPARTMENTS, DIRECTORY, FORM, PEOPLE, approve, auto, parallel, program, route, work

HEADLESS = Directory.of([person for person in PEOPLE if person.key != "eve"], DEPARTMENTS)
DUE = {"due": {"in": "PT1H"}}


def problems(steps: list[Any], people: Directory = DIRECTORY, **settings: Any) -> list[Problem]:
    compiled = program(steps, **settings)
    return check_flow(compiled, FORM, people)


def codes(found: Iterable[Problem], *wanted: str) -> list[tuple[str, str, str]]:
    return [(each.severity.value, each.code, each.path) for each in found if each.code in wanted]


@pytest.mark.parametrize(("step", "people", "settings", "expected"), [
    (approve("s", {"manager": 1}, **DUE), DIRECTORY, {}, []),
    (approve("s", {"manager": 1}, **DUE), HEADLESS, {}, ["boss"]),
    (approve("s", {"manager": 1}, nobody="refuse", **DUE), DIRECTORY, {}, ["boss"]),
    (approve("s", {"manager": 1}, nobody="skip", **DUE), HEADLESS, {}, []),
    (approve("s", {"manager": 1}, nobody=[{"person": "dan"}], **DUE), HEADLESS, {}, []),
    (approve("s", {"manager": 1}, nobody=[{"person": "boss"}], **DUE), HEADLESS, {}, ["boss"]),
    (approve("s", {"manager": 2}, **DUE), HEADLESS, {}, ["boss", "dan"]),
    (approve("s", "dan", **DUE), HEADLESS, {}, ["dan"]),
    (approve("s", "dan", **DUE), HEADLESS, {"self_approval": "escalate"}, []),
    (approve("s", "boss", **DUE), HEADLESS, {"self_approval": "escalate"}, ["boss"]),
    (approve("s", "dan", **DUE), HEADLESS, {"self_approval": "allow"}, []),
    (work("s", "dan", **DUE), HEADLESS, {}, []),
    (approve("s", {"role": "finance"}, **DUE), HEADLESS, {}, []),
    (approve("s", {"role": "lonely"}, nobody="refuse", **DUE), HEADLESS, {}, ["ann", "bob", "boss", "cay", "dan"]),
    (approve("s", {"head_of": "submitter.department"}, **DUE), HEADLESS, {}, ["bob", "boss"]),
    (approve("s", {"head_of": "empty"}, {"role": "director"}, **DUE), HEADLESS, {}, []),
    (approve("s", {"field": "owner"}, **DUE), HEADLESS, {}, ["ann", "bob", "boss", "cay", "dan"]),
    (approve("s", {"field": "owner"}, nobody=[{"role": "director"}], **DUE), HEADLESS, {}, []),
    (approve("s", {"submitter": True}, **DUE), HEADLESS, {}, ["ann", "bob", "boss", "cay", "dan"]),
])  # fmt: skip
def test_a_step_that_finds_nobody_names_the_submitters(step, people, settings, expected):
    found = [each for each in problems([step], people, **settings) if each.code == "nobody"]
    named = sorted(person.key for person in people.persons.values() if found and person.name in found[0].message)
    assert [each.path for each in found] == (["/steps/0"] if expected else [])
    assert named == expected
    assert not found or found[0].example["submitter"] in expected


def test_only_amounts_that_get_there_count():
    step = approve("s", {"manager_with_limit": "amount"}, **DUE)
    small = route("r", ("small", {"amount": {"lte": "100000"}}, [step]), ("rest", None, []))
    assert codes(problems([step], HEADLESS), "nobody") == [("error", "nobody", "/steps/0")]
    at_most = codes(problems([small], replace_people(HEADLESS, boss={"manager": "dan"})), "nobody")
    assert at_most == [("error", "nobody", "/steps/0/branches/0/steps/0")]
    found = problems([step], HEADLESS)
    boss = next(each for each in found if each.code == "nobody")
    assert boss.example["submitter"] in HEADLESS.persons


def replace_people(people: Directory, **changes: dict[str, Any]) -> Directory:
    changed = [replace(person, **changes.get(person.key, {})) for person in people.persons.values()]
    return Directory.of(changed, people.departments.values())


def test_only_submitters_who_get_there_count():
    inner = approve("s", {"manager": 1}, **DUE)
    by_role = route("r", ("staff", {"submitter.role": "staff"}, [inner]), ("rest", None, []))
    assert codes(problems([inner], HEADLESS), "nobody") != []
    assert codes(problems([by_role], HEADLESS), "nobody") == []


def test_the_only_administrator_cannot_stand_in_for_themselves():
    found = problems([approve("s", "gone", **DUE)])
    assert codes(found, "nobody") == [("warning", "nobody", "/steps/0")]
    assert next(each for each in found if each.code == "nobody").example == {"submitter": "eve"}


def by_fact(fact: str, *values: str) -> list[Any]:
    """A route with one branch for each value of a fact."""
    return [route("r", *((value, {fact: value}, []) for value in values))]


def test_facts_are_those_of_the_persons_there_are():
    both = problems(by_fact("submitter.role", "staff", "finance"))
    overlap = next(each for each in both if each.code == "overlap")
    assert overlap.example == {"submitter.role": ["finance", "staff"]}
    assert codes(problems(by_fact("submitter.role", "staff", "director")), "overlap") == []
    departments = by_fact("submitter.department", "shop", "company")
    assert codes(problems(departments), "gap") == []
    assert codes(problems(departments, replace_people(DIRECTORY, cay={"department": None})), "gap") != []


LEAD = approve("lead", {"manager": 1}, **DUE)
MONEY = approve("money", {"role": "finance"}, **DUE)


BOB = approve("bob", "bob", nobody="refuse", **DUE)
DAN = approve("dan", "dan", nobody="refuse", **DUE)
EVE = approve("eve", "eve", nobody="refuse", **DUE)
LIMITED = {"who": [{"manager_with_limit": "amount"}], "nobody": "refuse", **DUE}
VOTE = approve("vote", "dan", "bob", "cay", "eve", mode="vote", nobody="refuse", **DUE)


def upto(amount: str) -> list[Any]:
    """Bob approves up to ``amount``; more is rejected."""
    return [route("r", ("low", {"amount": {"lte": amount}}, [BOB]), ("rest", None, [auto("no", "reject")]))]


@pytest.mark.parametrize(("steps", "alone"), [
    ([LEAD], True),
    ([LEAD, MONEY], True),
    ([LEAD, EVE], True),  # for Boss, Eve stands in as the administrator, and approves again
    ([{**LEAD, "nobody": "refuse"}, EVE], False),
    ([approve("lead", **LIMITED)], False),
    ([approve("lead", **{**LIMITED, "nobody": "admin"})], True),
    ([approve("lead", **{**LIMITED, "nobody": "skip"}), BOB], True),
    ([auto("rule")], False),
    (upto("1000"), False),
    (upto("1000.01"), True),
    ([DAN, BOB], False),
    ([DAN, approve("again", "dan", nobody="refuse", **DUE)], True),
    ([approve("all", "dan", "bob", mode="all", nobody="refuse", **DUE), EVE], False),
    ([parallel("p", [DAN], [EVE])], False),
    ([parallel("p", [DAN], [EVE], join="any")], True),
    ([DAN, parallel("p", [BOB], [EVE], join="any")], False),
    ([{**VOTE, "share": "0.6"}], False),
    ([{**VOTE, "share": "0.25"}], True),
])  # fmt: skip
def test_whoever_could_approve_alone_above_the_limit_is_found(steps, alone):
    found = [each for each in problems(steps) if each.code == "alone_above_limit"]
    assert bool(found) is alone
    for each in found:
        person = DIRECTORY.persons[each.example["approver"]]
        assert Decimal(each.example["amount"]) > person.limits.get("claim", 0)
        assert person.name in each.message


@pytest.mark.parametrize(
    ("two_above", "highest"), [(None, "more"), ("2000", "2000"), ("1000", None), ("999.99", None), ("0", None)]
)
def test_above_the_threshold_of_two_persons_nobody_approves_alone(two_above, highest):
    authority = {"amount": "amount"} if two_above is None else {"amount": "amount", "two_above": two_above}
    found = [each for each in problems([BOB], authority=authority) if each.code == "alone_above_limit"]
    assert bool(found) is (highest is not None)
    if highest == "2000":
        assert Decimal(1000) < Decimal(found[0].example["amount"]) <= Decimal(2000)


def test_where_nobody_has_a_limit_none_is_asked_for():
    free = Directory.of([replace(person, limits={}) for person in PEOPLE], DEPARTMENTS)
    assert codes(problems([LEAD], free), "alone_above_limit") == []


def test_names_that_the_company_does_not_have():
    step = approve("s", "bobb", {"role": "finanse"}, {"head_of": "shopp"}, **DUE)
    found = [(each.code, each.path, each.message.split(". ")[1]) for each in problems([step]) if "unknown" in each.code]
    assert found == [
        ("unknown_person", "/steps/0/who/0", "Did you mean “bob”?"),
        ("unknown_role", "/steps/0/who/1", "Did you mean “finance”?"),
        ("unknown_department", "/steps/0/who/2", "Did you mean “shop”?"),
    ]
