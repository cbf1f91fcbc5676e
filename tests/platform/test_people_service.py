"""People in the database: applied, exported, changed, each change in the history."""

import json
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask

from signoff.platform import audit, caches, calendar_store, clock, db, revisions
from signoff.platform.errors import NotFound, Refused
from signoff.platform.people import passwords, service, sign_in, tokens
from signoff.platform.people.definition import read_people, write_people
from signoff.platform.people.directory import Delegation, Department, Person
from signoff.platform.statements import watched

EXAMPLE = Path(__file__).parents[1] / "definitions" / "people.json"


def example() -> dict[str, Any]:
    document: dict[str, Any] = json.loads(EXAMPLE.read_text(encoding="utf-8"))
    return document


def apply(document: dict[str, Any]) -> list[str]:
    definition, problems = read_people(document, service.directory())
    assert definition is not None, problems
    return service.apply_people(definition, by=None)


@pytest.fixture
def people(context: Flask) -> Flask:
    apply(example())
    return context


def change(key: str, **values: Any) -> dict[str, Any]:
    """The example, with one person's entry changed; ``None`` takes a value away."""
    document = example()
    entry = next(each for each in document["people"] if each["key"] == key)
    entry.update(values)
    return document


def test_nobody_is_there_at_first(context: Flask) -> None:
    assert service.directory().persons == {}


def test_everybody_comes_back_in_the_order_of_the_definition(people: Flask) -> None:
    definition, _ = read_people(example())
    assert definition is not None
    directory = service.directory()
    assert directory.persons == definition.directory.persons
    assert list(directory.persons) == [each["key"] for each in example()["people"]]
    assert list(directory.departments) == ["company", "service", "warehouse", "finance"]


def test_applying_an_export_changes_nothing(people: Flask) -> None:
    before = service.directory()
    exported = write_people(before, calendar_store.documents())
    assert apply(json.loads(json.dumps(exported))) == []
    assert service.directory() == before


def test_changes_are_told_in_sentences(people: Flask) -> None:
    changed = change("amy", name="Amy Zhou", roles=["service", "lead"], limits={"refund": "300"}, active=False)
    assert apply(changed) == [
        "Person amy: name changes from Amy Chen to Amy Zhou.",
        "Person amy is no longer active.",
        "Person amy gets the role lead.",
        "Person amy loses the role staff.",
        "Person amy: the limit on refund changes from 200 to 300.",
    ]
    amy = service.directory().persons["amy"]
    assert (amy.name, amy.roles, dict(amy.limits), amy.active) == (
        "Amy Zhou",
        frozenset({"service", "lead"}),
        {"refund": Decimal(300)},
        False,
    )


def test_a_preview_changes_nothing(people: Flask) -> None:
    definition, _ = read_people(change("amy", name="Amy Zhou"))
    assert definition is not None
    assert service.preview_people(definition) == ["Person amy: name changes from Amy Chen to Amy Zhou."]
    assert service.directory().persons["amy"].name == "Amy Chen"


def test_whoever_is_not_named_is_left_alone(people: Flask) -> None:
    added = {"schema": "people/1", "people": [{"key": "new", "name": "New", "manager": "li", "department": "service"}]}
    assert apply(added) == ["Person new (New) is new."]
    assert len(service.directory().persons) == 10


def test_silence_leaves_what_a_person_chose(people: Flask) -> None:
    service.save_preferences("amy", language="zh", zone="Europe/Berlin", theme="dark")
    assert apply(example()) == []
    amy = service.directory().persons["amy"]
    assert (amy.language, amy.zone, amy.theme) == ("zh", "Europe/Berlin", "dark")


def test_calendars_are_applied_and_exported(people: Flask) -> None:
    office = {"key": "office", "name": "Office", "hours": {"mon": [["09:00", "18:00"]]}}
    document = example() | {"calendars": [office]}
    assert apply(document) == ["Calendar office is new."]
    assert apply(document) == []
    assert write_people(service.directory(), calendar_store.documents())["calendars"] == [office]


def test_a_ring_through_those_who_are_there_is_refused(people: Flask) -> None:
    definition, _ = read_people(
        {"schema": "people/1", "people": [{"key": "gao", "name": "Gao", "manager": "x"}, {"key": "x", "name": "X"}]}
    )
    assert definition is not None
    service.apply_people(definition, by=None)
    definition, _ = read_people(
        {"schema": "people/1", "people": [{"key": "x", "name": "X", "manager": "l"}, {"key": "l", "name": "L"}]}
    )
    assert definition is not None
    service.apply_people(definition, by=None)
    with pytest.raises(Refused) as refused:
        service.save_person(replace(service.person("l"), manager="amy"), by="ada")
    assert [each.path for each in refused.value.problems] == ["/manager"]
    assert service.person("l").manager is None


def test_people_are_read_again_only_when_they_changed(people: Flask) -> None:
    service.directory()
    with people.app_context(), watched() as statements:
        service.directory()
    assert len([each for each in statements if each.startswith("SELECT")]) == 1
    service.save_preferences("amy", language="zh", zone=None, theme=None)
    assert service.directory().persons["amy"].language == "zh"


def test_what_a_rolled_back_transaction_saw_is_forgotten(people: Flask) -> None:
    class PowerCut(Exception): ...

    def fails() -> None:
        with db.transaction():
            service.save_person(replace(service.person("amy"), name="Nobody"), by=None)
            assert service.directory().persons["amy"].name == "Nobody"
            raise PowerCut

    with pytest.raises(PowerCut):
        fails()
    assert service.directory().persons["amy"].name == "Amy Chen"
    service.save_person(replace(service.person("bo"), name="Bo"), by=None)
    assert service.directory().persons["amy"].name == "Amy Chen"


def test_another_process_sees_the_change(people: Flask) -> None:
    stale = service.everybody()
    service.save_person(replace(service.person("amy"), name="Amy"), by="ada")
    caches.cache("people")["everybody"] = stale
    with people.app_context():
        assert service.directory().persons["amy"].name == "Amy"


def test_every_change_stands_in_the_history(people: Flask) -> None:
    service.save_person(replace(service.person("amy"), roles=frozenset({"admin"})), by="ada")
    last = audit.entries("people")[-1]
    assert (last.event, last.actor, last.acting_as) == ("person.saved", "ada", "person")
    assert last.data["before"]["roles"] == ["service", "staff"]
    assert last.data["after"]["roles"] == ["admin"]
    assert audit.verify().ok


def test_a_department_is_saved(people: Flask) -> None:
    service.save_department(Department("returns", "Returns", "warehouse", "ma"), by="ada")
    assert service.directory().departments["returns"].parent == "warehouse"
    with pytest.raises(Refused) as refused:
        service.save_department(Department("company", "Company", "returns", "nobody"), by="ada")
    assert [(each.path, each.code) for each in refused.value.problems] == [
        ("/head", "unknown_person"),
        ("/parent", "department_ring"),
    ]


def test_an_unknown_person_is_named(people: Flask) -> None:
    with pytest.raises(NotFound, match="'zoe'"):
        service.person("zoe")


@pytest.mark.parametrize(
    ("password", "code"),
    [("short", "too_short"), ("x" * 201, "too_long"), ("AMY CHEN", "guessable")],
)
def test_a_password_that_is_no_good_is_refused(people: Flask, password: str, code: str) -> None:
    with pytest.raises(Refused) as refused:
        service.set_password("amy", password)
    assert [each.code for each in refused.value.problems] == [code]


def test_signing_in_asks_for_the_right_password(people: Flask) -> None:
    service.set_password("amy", "correct horse")
    amy = sign_in.authenticate(" Amy ", "correct horse")
    assert amy is not None
    assert amy.key == "amy"
    assert sign_in.authenticate("amy", "correct horse ") is None
    assert sign_in.authenticate("bo", "correct horse") is None
    assert sign_in.authenticate("nobody", "correct horse") is None


def test_an_address_signs_in_who_alone_has_it(people: Flask) -> None:
    service.save_person(replace(service.person("amy"), email="amy@example.com"), by=None)
    service.set_password("amy", "correct horse")
    assert sign_in.authenticate("amy@example.com", "correct horse") is not None
    service.save_person(replace(service.person("bo"), email="amy@example.com"), by=None)
    assert sign_in.authenticate("amy@example.com", "correct horse") is None


def test_inactive_people_do_not_sign_in(people: Flask) -> None:
    service.set_password("amy", "correct horse")
    service.set_active("amy", False, by="ada")
    assert sign_in.authenticate("amy", "correct horse") is None


def test_a_password_hashed_with_old_parameters_is_hashed_anew(people: Flask) -> None:
    from argon2 import PasswordHasher

    old = PasswordHasher(time_cost=1, memory_cost=1024, parallelism=1).hash("correct horse")
    with db.transaction() as conn:
        conn.execute(sa.text("UPDATE signoff_person SET password_hash = :old WHERE key = 'amy'"), {"old": old})
    assert sign_in.authenticate("amy", "correct horse") is not None
    with db.reading() as conn:
        new = conn.execute(sa.text("SELECT password_hash FROM signoff_person WHERE key = 'amy'")).scalar_one()
    assert new != old
    assert passwords.matches(new, "correct horse")


def test_a_token_stands_for_its_person_until_it_is_revoked(people: Flask) -> None:
    token = tokens.create("amy", "Script", days=30, by="amy")
    assert token.startswith("so_")
    owner = tokens.resolve(token)
    assert owner is not None
    assert owner.key == "amy"
    (listed,) = tokens.tokens_of("amy")
    assert listed.name == "Script"
    with pytest.raises(NotFound):
        tokens.revoke("bo", listed.id, by="bo")
    tokens.revoke("amy", listed.id, by="amy")
    assert tokens.resolve(token) is None
    assert tokens.tokens_of("amy") == []


def test_a_token_is_kept_as_a_hash(people: Flask) -> None:
    token = tokens.create("amy", "Script")
    with db.reading() as conn:
        row = conn.execute(sa.text("SELECT * FROM signoff_token")).one()
    assert token not in map(str, row)


def test_tokens_end(people: Flask, at: Any) -> None:
    token = tokens.create("amy", "Script", days=1)
    at.move(hours=23)
    assert tokens.resolve(token) is not None
    at.move(hours=2)
    assert tokens.resolve(token) is None


def test_the_token_of_somebody_inactive_does_not_hold(people: Flask) -> None:
    token = tokens.create("amy", "Script")
    service.set_active("amy", False, by="ada")
    assert tokens.resolve(token) is None
    assert tokens.resolve("so_unknown") is None


@pytest.mark.parametrize(("name", "days", "path"), [(" ", None, "/name"), ("x", 0, "/days"), ("x", 9999, "/days")])
def test_a_token_without_sense_is_refused(people: Flask, name: str, days: int | None, path: str) -> None:
    with pytest.raises(Refused) as refused:
        tokens.create("amy", name, days=days)
    assert [each.path for each in refused.value.problems] == [path]


def test_somebody_acts_for_another_between_two_times(people: Flask, at: Any) -> None:
    now = at.now()
    delegation = Delegation("amy", "bo", now + timedelta(days=1), now + timedelta(days=3), Decimal("100.50"))
    service.set_delegation(delegation, by="amy")
    assert service.directory().delegate("amy", now) is None
    assert service.directory().delegate("amy", now + timedelta(days=2)) == delegation
    service.end_delegation("amy", by="amy")
    assert service.directory().delegations == ()


@pytest.mark.parametrize(
    ("delegate", "start", "end", "amount", "problems"),
    [
        ("amy", 0, 1, None, [("/delegate", "self")]),
        ("zoe", 0, 1, None, [("/delegate", "unknown_person")]),
        ("bo", 2, 1, None, [("/until_at", "wrong_order")]),
        ("bo", -3, -1, None, [("/until_at", "over")]),
        ("bo", 0, 1, Decimal(-1), [("/max_amount", "wrong_amount")]),
    ],
)
def test_a_delegation_without_sense_is_refused(
    people: Flask, delegate: str, start: int, end: int, amount: Decimal | None, problems: list[tuple[str, str]]
) -> None:
    now = clock.now()
    wrong = Delegation("amy", delegate, now + timedelta(days=start), now + timedelta(days=end), amount)
    with pytest.raises(Refused) as refused:
        service.set_delegation(wrong, by="amy")
    assert [(each.path, each.code) for each in refused.value.problems] == problems


def test_somebody_who_leaves_is_signed_out(people: Flask) -> None:
    before = service.everybody().epochs["amy"]
    service.set_active("amy", False, by="ada")
    assert service.everybody().epochs["amy"] == before + 1


def test_new_people_are_added_at_the_end(people: Flask) -> None:
    service.save_person(Person("abe", "Abe"), by="ada")
    assert list(service.directory().persons)[-1] == "abe"


def test_the_revision_is_never_that_of_other_people(people: Flask) -> None:
    assert revisions.current(revisions.PEOPLE) == service.directory().revision > 0
