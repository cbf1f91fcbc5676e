"""``people/1``: every wrong document is refused with all of its problems at once."""

import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from signoff.platform import json as signoff_json
from signoff.platform.people.definition import merge, read_people, write_people

EXAMPLE = Path(__file__).parents[1] / "definitions" / "people.json"


def example() -> dict[str, Any]:
    document: dict[str, Any] = json.loads(EXAMPLE.read_text(encoding="utf-8"))
    return document


def people(*entries: dict[str, Any], departments: list[dict[str, Any]] | None = None) -> dict[str, Any]:
    return {"schema": "people/1", "departments": departments or [], "people": list(entries)}


def person(key: str = "amy", **more: Any) -> dict[str, Any]:
    return {"key": key, "name": key.title(), **more}


def found(document: object) -> list[tuple[str, str]]:
    _, problems = read_people(document)
    return [(each.path, each.code) for each in problems]


def test_the_example_reads() -> None:
    definition, problems = read_people(example())
    assert problems == []
    assert definition is not None
    directory = definition.directory
    assert directory.persons["amy"].limits == {"refund": Decimal("200")}
    assert directory.persons["ma"].roles == {"warehouse", "quality", "carrier"}
    assert directory.departments["service"].name == {"en": "Customer service", "zh": "客服部"}
    assert [each.key for each in directory.line("amy")] == ["li", "zhou", "gao"]


def test_writing_and_reading_gives_the_same_people() -> None:
    definition, _ = read_people(example())
    assert definition is not None
    written = write_people(definition.directory, definition.calendars)
    again, problems = read_people(json.loads(signoff_json.dumps(written)))
    assert problems == []
    assert again is not None
    assert again.directory == definition.directory
    assert write_people(again.directory, again.calendars) == written


@pytest.mark.parametrize(
    ("document", "problems"),
    [
        ([], [("", "not_an_object")]),
        ({}, [("/schema", "wrong_schema")]),
        ({"schema": "people/2"}, [("/schema", "wrong_schema")]),
        ({"schema": "people/1", "persons": []}, [("/persons", "unknown_key")]),
        ({"schema": "people/1", "people": {}}, [("/people", "wrong_type")]),
        (people(7), [("/people/0", "not_an_object")]),  # type: ignore[arg-type]
        (people({}), [("/people/0/key", "missing"), ("/people/0/name", "missing")]),
        (people(person("Amy")), [("/people/0/key", "wrong_key")]),
        (people(person("__class__")), [("/people/0/key", "wrong_key")]),
        (people(person("amy\n")), [("/people/0/key", "wrong_key")]),
        (people(person(), person()), [("/people/1/key", "duplicate_key")]),
        (people(person(name="  ")), [("/people/0/name", "wrong_type")]),
        (people(person(name="x" * 121)), [("/people/0/name", "too_long")]),
        (people(person(email="amy")), [("/people/0/email", "wrong_email")]),
        (people(person(boss="li")), [("/people/0/boss", "unknown_key")]),
        (people(person(manager="li")), [("/people/0/manager", "unknown_person")]),
        (people(person(manager="amy")), [("/people/0/manager", "manager_ring")]),
        (people(person(department="moon")), [("/people/0/department", "unknown_department")]),
        (people(person(roles="staff")), [("/people/0/roles", "wrong_type")]),
        (people(person(roles=["staff", 3])), [("/people/0/roles/1", "wrong_key")]),
        (people(person(active="yes")), [("/people/0/active", "wrong_type")]),
        (people(person(language="fr")), [("/people/0/language", "wrong_value")]),
        (people(person(zone="Mars/Base")), [("/people/0/zone", "unknown_zone")]),
        (people(person(limits=["200"])), [("/people/0/limits", "wrong_type")]),
        (people(person(limits={"refund": 200.5})), [("/people/0/limits/refund", "not_exact")]),
        (people(person(limits={"refund": Decimal("200.5")})), [("/people/0/limits/refund", "not_exact")]),
        (people(person(limits={"refund": "1e400"})), [("/people/0/limits/refund", "wrong_amount")]),
        (people(person(limits={"refund": "NaN"})), [("/people/0/limits/refund", "wrong_amount")]),
        (people(person(limits={"refund": "1,000.00"})), [("/people/0/limits/refund", "wrong_amount")]),
        (people(person(limits={"refund": "-1"})), [("/people/0/limits/refund", "wrong_amount")]),
        (people(person(limits={"refund": True})), [("/people/0/limits/refund", "wrong_amount")]),
        (people(person(limits={"Refund": "1"})), [("/people/0/limits/Refund", "wrong_key")]),
        (
            people(departments=[{"key": "a", "name": {"fr": "A"}}]),
            [("/departments/0/name/fr", "wrong_value")],
        ),
        (
            people(departments=[{"key": "a", "name": "A", "parent": "b", "head": "amy"}]),
            [("/departments/0/parent", "unknown_department"), ("/departments/0/head", "unknown_person")],
        ),
        (
            people(departments=[{"key": "a", "name": "A", "parent": "b"}, {"key": "b", "name": "B", "parent": "a"}]),
            [("/departments/0/parent", "department_ring"), ("/departments/1/parent", "department_ring")],
        ),
        (
            people(person("amy", manager="bo"), person("bo", manager="cay"), person("cay", manager="amy")),
            [(f"/people/{index}/manager", "manager_ring") for index in range(3)],
        ),
        (
            {"schema": "people/1", "calendars": [{"key": "office"}, {"key": "office"}, {"key": "x", "zone": "Mars"}]},
            [("/calendars/1/key", "duplicate_key"), ("/calendars/2/zone", "unknown_zone")],
        ),
    ],
)
def test_problems(document: object, problems: list[tuple[str, str]]) -> None:
    assert found(document) == problems


def test_all_problems_are_told_at_once() -> None:
    document = people(person("amy", manager="nobody", limits={"refund": 1.5}), person("B"), person("cay", extra=1))
    assert len(found(document)) == 4
    assert read_people(document)[0] is None


def test_full_width_digits_are_digits() -> None:
    definition, problems = read_people(people(person(limits={"refund": "２００．５".replace("．", ".")})))
    assert problems == []
    assert definition is not None
    assert definition.directory.persons["amy"].limits == {"refund": Decimal("200.5")}


def test_whoever_is_known_already_may_be_named() -> None:
    known, _ = read_people(example())
    assert known is not None
    definition, problems = read_people(people(person("new", manager="li", department="service")), known.directory)
    assert problems == []
    assert definition is not None
    assert set(definition.directory.persons) == {"new"}
    assert "amy" in merge(known.directory, definition.directory).persons


def test_a_ring_through_those_who_are_known_is_found() -> None:
    known, _ = read_people(example())
    assert known is not None
    _, problems = read_people(people(person("gao", manager="amy")), known.directory)
    assert [(each.path, each.code) for each in problems] == [("/people/0/manager", "manager_ring")]
    assert "amy → li → zhou → gao → amy" in problems[0].message


def test_messages_name_the_value_and_the_way_out() -> None:
    _, problems = read_people(people(person(limits={"refund": 200.5})))
    assert problems[0].message == '200.5 is not exact as a number. Write "200.5" in quotes.'
