"""Who may what, and in whose names a person acts."""

from datetime import UTC, datetime, timedelta

import pytest

from signoff.platform.errors import Forbidden
from signoff.platform.people import policy
from signoff.platform.people.directory import Delegation, Department, Directory, Person

NOW = datetime(2026, 3, 2, 2, 0, tzinfo=UTC)
DAY = timedelta(days=1)
AMY = Person("amy", "Amy", department="service", roles=frozenset({"staff", "service"}))
BO = Person("bo", "Bo", department="finance", roles=frozenset({"finance"}))
CAY = Person("cay", "Cay")
ADA = Person("ada", "Ada", roles=frozenset({"admin"}))
DEPARTMENTS = [
    Department("company", "Company"),
    Department("service", "Service", "company"),
    Department("finance", "Finance", "company"),
]


def directory(*delegations: Delegation) -> Directory:
    return Directory.of([AMY, BO, CAY, ADA], DEPARTMENTS, delegations)


@pytest.mark.parametrize(
    ("person", "principals"),
    [
        (CAY, "p:cay"),
        (BO, "p:bo r:finance r:finance@finance r:finance@company"),
        (
            AMY,
            "p:amy r:service r:staff r:service@service r:service@company r:staff@service r:staff@company",
        ),
    ],
)
def test_principals(person: Person, principals: str) -> None:
    assert policy.principals(person, directory(), NOW) == tuple(principals.split())


def test_whoever_stands_in_acts_for_the_other_too() -> None:
    people = directory(Delegation("bo", "cay", NOW - DAY, NOW + DAY))
    assert policy.principals(CAY, people, NOW) == (
        "p:cay",
        "p:bo",
        "r:finance",
        "r:finance@finance",
        "r:finance@company",
    )


@pytest.mark.parametrize("at", [NOW - 2 * DAY, NOW + DAY, NOW + 2 * DAY])
def test_a_delegation_holds_only_in_its_time(at: datetime) -> None:
    people = directory(Delegation("bo", "cay", NOW - DAY, NOW + DAY))
    assert policy.principals(CAY, people, at) == ("p:cay",)


def test_whoever_stands_in_for_a_delegate_acts_for_the_first_one_too() -> None:
    chain = directory(Delegation("amy", "bo", NOW - DAY, NOW + DAY), Delegation("bo", "cay", NOW - DAY, NOW + DAY))
    assert {"p:amy", "p:bo", "p:cay"} <= set(policy.principals(CAY, chain, NOW))
    assert "p:cay" not in policy.principals(AMY, chain, NOW)


def test_delegations_in_a_ring_end() -> None:
    ring = directory(Delegation("amy", "bo", NOW - DAY, NOW + DAY), Delegation("bo", "amy", NOW - DAY, NOW + DAY))
    assert policy.principals(AMY, ring, NOW).count("p:amy") == 1


def test_departments_in_a_ring_end() -> None:
    ring = [Department("service", "Service", "company"), Department("company", "Company", "service")]
    assert "r:staff@company" in policy.principals(AMY, Directory.of([AMY], ring), NOW)


@pytest.mark.parametrize(
    ("person", "roles", "allowed"),
    [(AMY, ["*"], True), (AMY, ["finance", "staff"], True), (AMY, ["finance"], False), (AMY, [], False)],
)
def test_has_any(person: Person, roles: list[str], allowed: bool) -> None:
    assert policy.has_any(person, roles) is allowed


def test_a_denial_says_which_right_is_missing() -> None:
    policy.require(ADA, "admin")
    with pytest.raises(Forbidden, match="needs the role admin") as denied:
        policy.require(AMY, "admin")
    assert denied.value.details == {"right": "admin"}


def test_admins_may_read_what_auditors_may() -> None:
    assert policy.is_auditor(ADA)
    assert not policy.is_auditor(AMY)
    assert policy.is_admin(ADA)
    assert not policy.is_admin(BO)
