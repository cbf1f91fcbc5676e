"""Lists of records: filtered by conditions, searched by words, in an indexed order, paged by key, with rights."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Row

from ..platform import db
from ..platform.errors import Malformed, Refused
from ..platform.paging import Page, Position, decode_cursor, encode_cursor
from ..platform.people.directory import Person
from ..platform.problems import Problem
from ..platform.text import msg
from . import catalogue, conditions, filing, lifecycle, records, rights, search
from .columns import Column, column
from .definition import Form
from .kinds import Kind
from .models import record_links
from .models import records as table
from .records import COLUMNS, STATUSES, Record
from .types import kinds_of
from .where import clause, of_form

COUNT_CAP = 1000
BY_NUMBER = "number"


@dataclass(frozen=True, slots=True)
class Count:
    """How many; ``capped`` means that there are more."""

    value: int
    capped: bool


@dataclass(frozen=True, slots=True)
class Order:
    """``column`` is ``None`` of the order in which records were made; ``name`` is how a request asked for it."""

    name: str
    column: Column | None
    descending: bool


def find(
    form_key: str,
    *,
    by: Person | None,
    where: Any = None,
    sort: str | None = None,
    q: str | None = None,
    status: str | None = None,
    to: int | None = None,
    after: str | None = None,
    limit: int = 50,
    newest: int | None = None,
) -> Page[Record]:
    """Records of a form that ``by`` may see (``None``: the system), the newest first unless ``sort`` says otherwise.

    ``to``: only those that look up the record of that id. ``newest``: as :func:`.search.narrow` has it.

    Raises:
        Refused: a condition that cannot be searched by, an order that is not offered.
        Malformed: a cursor of another list.
    """
    form = catalogue.program(form_key).form
    dialect = db.engine().dialect.name
    order = order_of(form, sort, dialect)
    query = _filtered(form, by=by, where=where, status=status, to=to, dialect=dialect)
    with db.reading() as conn:
        narrowed = search.narrow(conn, query, form.key, q or "", newest=newest)
        rows = conn.execute(_ordered(narrowed, order, after, limit + 1)).all()
        shown = rows[:limit]
        items = _without_answers(form, records.complete(conn, shown), by, where, sort, q)
        items = _without_hidden_links(items, by, to)
    following = _cursor(order, shown[-1]) if len(rows) > limit else None
    return Page(tuple(items), following)


def _without_answers(
    form: Form, found: list[Record], by: Person | None, where: Any, sort: str | None, q: str | None
) -> list[Record]:
    """Leave out records that were found by fields hidden from ``by``: that they are found says what stands there."""
    hidden = lifecycle.current().hidden(found, by) if by is not None and (where or sort or q) else {}
    if not hidden:
        return found
    asked = {sort.lstrip("-")} if sort else set()
    if where:
        condition, _ = conditions.parse(where, kinds_of(form), "/where")
        asked |= {name for key in conditions.fields_of(condition) for name in (key, key.partition(".")[0])}
    terms = search.query_terms(q or "")
    return [each for each in found if not _answers(form, each, hidden.get(each.id, frozenset()), asked, terms)]


def _without_hidden_links(found: list[Record], by: Person | None, to: int | None) -> list[Record]:
    """Leave out records that point to ``to`` by fields alone that are hidden from ``by``."""
    hidden = lifecycle.current().hidden(found, by) if by is not None and to is not None else {}
    if not hidden:
        return found
    return [
        each
        for each in found
        if any(
            link["id"] == to and path.split("/")[1] not in hidden.get(each.id, frozenset())
            for path, link in each.links.items()
        )
    ]


def _answers(form: Form, record: Record, hidden: frozenset[str], asked: set[str], terms: Sequence[str]) -> bool:
    if not hidden:
        return False
    if not hidden.isdisjoint(asked):
        return True
    words = filing.words_of(form, record, hidden) if terms else ()
    return not all(any(word.startswith(term) for word in words) for term in terms)


def count(
    form_key: str,
    *,
    by: Person | None,
    where: Any = None,
    q: str | None = None,
    status: str | None = None,
    to: int | None = None,
) -> Count:
    """How many records :func:`find` would give in all, counted up to :data:`COUNT_CAP`."""
    form = catalogue.program(form_key).form
    dialect = db.engine().dialect.name
    query = _filtered(form, by=by, where=where, status=status, to=to, dialect=dialect)
    query = query.with_only_columns(table.c.id)
    with db.reading() as conn:
        query = search.narrow(conn, query, form.key, q or "").query
        found = conn.execute(sa.select(sa.func.count()).select_from(query.limit(COUNT_CAP + 1).subquery())).scalar_one()
    return Count(min(found, COUNT_CAP), found > COUNT_CAP)


def orders(form: Form) -> list[str]:
    """The names by which lists of the form can be ordered."""
    named = [BY_NUMBER] if form.number and form.field(BY_NUMBER) is None else []
    kept = [field.key for field in form.fields if field.indexed or field.key in form.summary or field.unique]
    return named + [key for key in kept if (field := form.field(key)) and column("sqlite", field) is not None]


def order_of(form: Form, sort: str | None, dialect: str) -> Order:
    """The order that a request names: ``amount``, ``-amount``; the newest first where it names none.

    Raises:
        Refused: it is not offered.
    """
    if not sort:
        return Order("", None, True)
    name, descending = sort.lstrip("-"), sort.startswith("-")
    known = orders(form)
    if name not in known:
        raise Refused.because(
            [
                Problem(
                    "/sort",
                    "unknown_sort",
                    msg(
                        "The list cannot be sorted by %(sort)s. Known: %(known)s.",
                        sort=repr(name[:64]),
                        known=", ".join(known),
                    ),
                )
            ]
        )
    field = form.field(name)
    if field is None:
        number = '"signoff_record"."number"'
        return Order(sort, Column("text", number, number), descending)
    return Order(sort, column(dialect, field), descending)


def _filtered(
    form: Form, *, by: Person | None, where: Any, status: str | None, to: int | None, dialect: str
) -> sa.Select[Any]:
    query = sa.select(*COLUMNS).where(of_form(form.key), rights.visible(form, by))
    if to is not None:
        query = query.where(table.c.id.in_(sa.select(record_links.c.record_id).where(record_links.c.target_id == to)))
    if status:
        query = query.where(table.c.status == _known_status(status))
    if where is not None:
        query = query.where(_condition(form, where, dialect))
    return query


def _known_status(status: str) -> str:
    if status in STATUSES:
        return status
    message = msg("No status %(status)s. Known: %(known)s.", status=repr(status[:40]), known=", ".join(STATUSES))
    raise Refused.because([Problem("/status", "unknown_status", message)])


def _condition(form: Form, where: Any, dialect: str) -> sa.ColumnElement[bool]:
    kinds: Mapping[str, Kind] = kinds_of(form)
    condition, problems = conditions.parse(where, kinds, "/where")
    if condition is None or problems:
        raise Refused.because(problems)
    return clause(condition, form.fields, dialect)


def _ordered(narrowed: search.Narrowed, order: Order, after: str | None, limit: int) -> sa.Select[Any]:
    query: sa.Select[Any] = narrowed.query
    ident: sa.ColumnElement[Any] = table.c.id
    position = order.column.position if order.column else None
    if after:
        query = query.where(_beyond(order, position, _values(order, after)))
    by = (position, narrowed.order(ident))
    turned = [each.desc() if order.descending else each.asc() for each in by if each is not None]
    if position is not None:
        query = query.add_columns(position.label("position"))
    return query.order_by(*turned).limit(limit)


def _values(order: Order, after: str) -> Sequence[Position]:
    values = decode_cursor(after)
    if len(values) != (3 if order.column else 2) or values[0] != order.name:
        raise other_order()
    if order.column is not None and order.column.kind == "number" and isinstance(values[1], str):
        return [Decimal(values[1]), values[2]]
    return values[1:]


def other_order() -> Malformed:
    """Says that a cursor is of another list."""
    return Malformed(msg("The cursor belongs to a list in another order. Start from the first page."), code="cursor")


def _beyond(order: Order, position: Any, values: Sequence[Position]) -> sa.ColumnElement[bool]:
    ident = table.c.id
    last = values[-1]
    if position is None:
        return ident < last if order.descending else ident > last
    if order.descending:
        return sa.and_(position <= values[0], sa.or_(position < values[0], ident < last))
    return sa.and_(position >= values[0], sa.or_(position > values[0], ident > last))


def _cursor(order: Order, row: Row[Any]) -> str:
    if order.column is None:
        return encode_cursor([order.name, row.id])
    value = row.position
    return encode_cursor([order.name, str(value) if isinstance(value, float) else value, row.id])
