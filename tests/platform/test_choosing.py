"""Whom lists offer to choose from."""

from signoff.platform.people.choosing import MOST_LISTED, choosable
from signoff.platform.people.directory import Directory, Person


def of(*persons: Person) -> Directory:
    return Directory.of(persons, (), ())


def many(count: int) -> list[Person]:
    return [Person(key=f"p{number}", name=f"Person {number:05}") for number in reversed(range(count))]


def test_people_come_by_name_without_those_who_left() -> None:
    found = choosable(
        of(Person(key="b", name="bo"), Person(key="a", name="Amy"), Person(key="c", name="C", active=False))
    )
    assert found == [("a", "Amy"), ("b", "bo")]
    assert choosable(of(*many(3)), without={"p1"}) == [("p0", "Person 00000"), ("p2", "Person 00002")]


def test_a_list_ends_but_holds_who_is_chosen() -> None:
    found = choosable(of(*many(1000)), chosen="p999")
    assert len(found) == MOST_LISTED + 1
    assert found[0] == ("p0", "Person 00000")
    assert found[-1] == ("p999", "Person 00999")
    assert len(choosable(of(*many(1000)), chosen="p1")) == MOST_LISTED
    assert choosable(of(Person(key="c", name="C", active=False)), chosen="c") == [("c", "C")]
