"""People in the database: reading everybody at once, and writing what changed."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import Connection

from .. import clock
from . import roles as named_roles
from .directory import Delegation, Department, Directory, Person
from .models import delegations, departments, person_limits, person_roles, persons


@dataclass(frozen=True)
class Everybody:
    """The directory, and beside it what only sign-in asks: ``epochs``, the session epoch of each person."""

    directory: Directory
    epochs: Mapping[str, int]


def upsert(conn: Connection, table: sa.Table, row: Mapping[str, Any]) -> None:
    """Insert ``row``, or change the row of the same primary key into it."""
    dialect = postgresql if conn.dialect.name == "postgresql" else sqlite
    keys = [column.name for column in table.primary_key]
    statement = dialect.insert(table).values(**row)
    changes = {name: statement.excluded[name] for name in row if name not in keys}
    conn.execute(statement.on_conflict_do_update(index_elements=keys, set_=changes))


def load(conn: Connection, at_revision: int) -> Everybody:
    """Everybody, in the order of the definition."""
    roles = _grouped(conn.execute(sa.select(person_roles.c.person, person_roles.c.role)))
    limits: dict[str, dict[str, Decimal]] = {}
    for person, form, amount in conn.execute(sa.select(person_limits).order_by(person_limits.c.form)):
        limits.setdefault(person, {})[form] = Decimal(amount)
    rows = conn.execute(sa.select(persons).order_by(persons.c.position, persons.c.key)).all()
    directory = Directory.of(
        [_person(row, frozenset(roles.get(row.key, ())), limits.get(row.key, {})) for row in rows],
        _departments(conn),
        _delegations(conn),
        at_revision,
        named_roles.names(),
    )
    return Everybody(directory, {row.key: row.session_epoch for row in rows})


def _grouped(rows: Iterable[Any]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for key, value in rows:
        found.setdefault(key, []).append(value)
    return found


def _person(row: Any, roles: frozenset[str], limits: Mapping[str, Decimal]) -> Person:
    return Person(
        key=row.key,
        name=row.name,
        email=row.email,
        department=row.department,
        manager=row.manager,
        roles=roles,
        limits=limits,
        language=row.language,
        zone=row.zone,
        active=row.active,
        theme=row.theme,
    )


def _departments(conn: Connection) -> list[Department]:
    rows = conn.execute(sa.select(departments).order_by(departments.c.position, departments.c.key))
    return [Department(row.key, row.name, row.parent, row.head, row.calendar) for row in rows]


def _delegations(conn: Connection) -> list[Delegation]:
    rows = conn.execute(sa.select(delegations).order_by(delegations.c.person))
    return [
        Delegation(
            row.person,
            row.delegate,
            row.from_at,
            row.until_at,
            Decimal(row.max_amount) if row.max_amount is not None else None,
        )
        for row in rows
    ]


def write_department(conn: Connection, department: Department, *, position: int | None = None) -> None:
    """``position``: the place of a new one; ``None`` keeps that of one that is there."""
    name = department.name if isinstance(department.name, str) else dict(department.name)
    row = {
        "key": department.key,
        "name": name,
        "parent": department.parent,
        "head": department.head,
        "calendar": department.calendar,
    }
    upsert(conn, departments, row | ({} if position is None else {"position": position}))


def write_person(conn: Connection, person: Person, *, position: int | None = None) -> None:
    """Write everything the directory knows of ``person``; ``position`` is given for a new one only."""
    row = {
        "key": person.key,
        "name": person.name,
        "email": person.email,
        "department": person.department,
        "manager": person.manager,
        "language": person.language,
        "zone": person.zone,
        "theme": person.theme,
        "active": person.active,
    }
    if position is None:
        conn.execute(persons.update().where(persons.c.key == person.key).values(**row))
    else:
        conn.execute(persons.insert().values(**row, position=position, created_at=clock.now()))
    _write_roles(conn, person)
    _write_limits(conn, person)


def _write_roles(conn: Connection, person: Person) -> None:
    conn.execute(person_roles.delete().where(person_roles.c.person == person.key))
    if person.roles:
        conn.execute(person_roles.insert(), [{"person": person.key, "role": role} for role in sorted(person.roles)])


def _write_limits(conn: Connection, person: Person) -> None:
    conn.execute(person_limits.delete().where(person_limits.c.person == person.key))
    if person.limits:
        conn.execute(
            person_limits.insert(),
            [
                {"person": person.key, "form": form, "amount": format(amount, "f")}
                for form, amount in person.limits.items()
            ],
        )


def end_sessions(conn: Connection, key: str) -> None:
    """Every session of the person ends: their epoch is another."""
    conn.execute(persons.update().where(persons.c.key == key).values(session_epoch=persons.c.session_epoch + 1))
