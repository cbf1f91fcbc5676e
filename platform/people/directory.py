"""Everybody at one moment, as plain values: what the engine, the proofs and the pages ask about people."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from functools import cached_property
from types import MappingProxyType

from ..text import LocalText

ADMIN = "admin"
AUDITOR = "auditor"


@dataclass(frozen=True, slots=True)
class Person:
    """``limits``: what they may approve alone, by form.

    ``language`` and ``zone`` are ``None`` where the installation's hold; ``theme`` is ``light``, ``dark`` or, for that
    of their device, ``None``.
    """

    key: str
    name: str
    email: str | None = None
    department: str | None = None
    manager: str | None = None
    roles: frozenset[str] = frozenset()
    limits: Mapping[str, Decimal] = field(default_factory=dict)
    language: str | None = None
    zone: str | None = None
    active: bool = True
    theme: str | None = None


@dataclass(frozen=True, slots=True)
class Department:
    key: str
    name: LocalText
    parent: str | None = None
    head: str | None = None
    calendar: str | None = None
    """``None``: that of its parent."""


@dataclass(frozen=True, slots=True)
class Delegation:
    """``delegate`` acts for ``person`` from ``from_at`` until ``until_at``, up to ``max_amount``.

    ``None``: no limit of its own.
    """

    person: str
    delegate: str
    from_at: datetime
    until_at: datetime
    max_amount: Decimal | None = None


@dataclass(frozen=True)
class Directory:
    """All persons and departments; order is that of the definition, so that answers are the same every time."""

    persons: Mapping[str, Person]
    departments: Mapping[str, Department] = field(default_factory=dict)
    delegations: tuple[Delegation, ...] = ()
    revision: int = 0
    role_names: Mapping[str, LocalText] = field(default_factory=dict, compare=False)

    @classmethod
    def of(
        cls,
        persons: Iterable[Person],
        departments: Iterable[Department] = (),
        delegations: Iterable[Delegation] = (),
        revision: int = 0,
        role_names: Mapping[str, LocalText] = MappingProxyType({}),
    ) -> "Directory":
        return cls(
            {each.key: each for each in persons},
            {each.key: each for each in departments},
            tuple(delegations),
            revision,
            role_names,
        )

    @cached_property
    def _members(self) -> dict[str, tuple[Person, ...]]:
        found: dict[str, list[Person]] = {}
        for person in self.persons.values():
            if person.active:
                for role in person.roles:
                    found.setdefault(role, []).append(person)
        return {role: tuple(members) for role, members in found.items()}

    @cached_property
    def calendars(self) -> Mapping[str, str]:
        """The calendar of each department that has one, its own or the nearest above."""
        return {key: found for key in self.departments if (found := self._calendar(key)) is not None}

    def _calendar(self, department: str | None) -> str | None:
        seen: set[str] = set()
        while department is not None and department not in seen:
            seen.add(department)
            found = self.departments.get(department)
            if found is None or found.calendar is not None:
                return found.calendar if found else None
            department = found.parent
        return None

    def calendar(self, key: str | None) -> str | None:
        """The calendar of a person: that of their department; ``None``: they have none of their own."""
        found = self.person(key)
        return self.calendars.get(found.department) if found is not None and found.department else None

    def role(self, key: str) -> LocalText:
        """What a role is called; its key where nobody named it."""
        return self.role_names.get(key, key)

    def person(self, key: str | None) -> Person | None:
        return self.persons.get(key) if key is not None else None

    def active(self, key: str | None) -> Person | None:
        """The person, if there is such and they are active."""
        found = self.person(key)
        return found if found is not None and found.active else None

    def members(self, role: str, department: str | None = None) -> tuple[Person, ...]:
        """Active persons with ``role``; with ``department``, those of it and of departments below it."""
        members = self._members.get(role, ())
        if department is None:
            return members
        return tuple(each for each in members if self.belongs(each.department, department))

    def belongs(self, department: str | None, to: str) -> bool:
        """Whether ``department`` is ``to`` or lies below it."""
        seen: set[str] = set()
        while department is not None and department not in seen:
            if department == to:
                return True
            seen.add(department)
            found = self.departments.get(department)
            department = found.parent if found else None
        return False

    def line(self, key: str) -> Iterator[Person]:
        """The managers above a person, nearest first, active or not; ends even where managers form a ring."""
        seen = {key}
        person = self.persons.get(key)
        while person is not None and person.manager is not None and person.manager not in seen:
            seen.add(person.manager)
            person = self.persons.get(person.manager)
            if person is not None:
                yield person

    def manager(self, key: str, level: int = 1) -> Person | None:
        """The manager ``level`` steps up (1 is the direct one), ``None`` above the top or if inactive."""
        person = self.persons.get(key)
        seen = {key}
        for _ in range(level):
            above = person.manager if person is not None else None
            if above is None or above in seen:
                return None
            seen.add(above)
            person = self.persons.get(above)
        return person if person is not None and person.active else None

    def level(self, key: str) -> int:
        """How many managers stand above a person: 0 is the top."""
        return sum(1 for _ in self.line(key))

    def head(self, department: str | None) -> Person | None:
        """The active head of a department, ``None`` if it has none."""
        found = self.departments.get(department) if department else None
        return self.active(found.head) if found else None

    def admins(self) -> tuple[Person, ...]:
        return self.members(ADMIN)

    def delegate(self, key: str, now: datetime) -> Delegation | None:
        """The delegation of ``key`` in force at ``now``, if its delegate is active."""
        for each in self.delegations:
            if each.person == key and each.from_at <= now < each.until_at and self.active(each.delegate):
                return each
        return None

    def delegation_of(self, key: str, now: datetime) -> Delegation | None:
        """The delegation that ``key`` made and that is not over at ``now``, begun or not."""
        return next((each for each in self.delegations if each.person == key and now < each.until_at), None)

    def delegated_to(self, key: str, now: datetime) -> tuple[Delegation, ...]:
        """The delegations in force at ``now`` under which ``key`` acts for others."""
        return tuple(each for each in self.delegations if each.delegate == key and each.from_at <= now < each.until_at)
