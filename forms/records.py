"""Rows of records as plain values: reading, writing and locking them; what a record means is decided elsewhere."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import field, replace
from datetime import datetime
from typing import Any, NamedTuple

import sqlalchemy as sa
from sqlalchemy.engine import Connection, Row

from ..platform import db, statements
from ..platform.errors import NotFound
from ..platform.statements import Statement
from ..platform.text import msg
from ..platform.value import value
from . import catalogue
from .models import record_links, record_terms, record_totals, record_viewers, records


@value
class Record:
    """A record as one sees it: ``values`` are typed (totals among them), ``links`` say what each lookup pointed at.

    ``number`` is ``None`` of a draft and of forms without numbering; ``submitted_by`` of a customer or an import.
    ``stored`` are the JSON values of the row.
    """

    id: int
    form: str
    version: int
    number: str | None
    status: str
    revision: int
    values: Mapping[str, Any]
    links: Mapping[str, Any]
    title: str
    submitted_by: str | None
    submitted_at: datetime | None
    created_at: datetime
    updated_at: datetime
    access_code: str | None
    stored: Mapping[str, Any] = field(default_factory=dict, repr=False)

    @property
    def chain(self) -> str:
        """The audit chain of its history."""
        return chain_of(self.id)

    @property
    def name(self) -> str:
        """What people call it: its number, else its title, else its id."""
        return self.number or self.title or f"#{self.id}"


DRAFT, OPEN, KEPT = "draft", "open", "kept"
STATUSES = ("draft", "open", "approved", "rejected", "returned", "withdrawn", "kept")

COLUMNS = tuple(records.c)
_ONE = sa.select(*COLUMNS).where(records.c.id == sa.bindparam("id"))
_BY_ID = Statement(_ONE)
_BY_ID_LOCKED = Statement(db.for_update(_ONE))
_BY_IDS = sa.select(*COLUMNS).where(records.c.id.in_(sa.bindparam("ids", expanding=True)))
_BY_NUMBER = sa.select(*COLUMNS).where(
    records.c.form == sa.bindparam("form"), records.c.number == sa.bindparam("number")
)
_INSERT = statements.insert(records, returning=["id"])
_INSERT_AS = statements.insert(records, *records.c.keys(), row=("record", "id"))
statements.hand_out(records)
_INSERT_MANY = sa.insert(records).returning(records.c.id, sort_by_parameter_order=True)
_UPDATE = Statement(
    sa.update(records)
    .where(records.c.id == sa.bindparam("record"), records.c.revision == sa.bindparam("seen"))
    .values(
        {
            name: sa.bindparam(f"new_{name}")
            for name in (
                "version",
                "number",
                "status",
                "revision",
                "values",
                "links",
                "title",
                "submitted_by",
                "submitted_at",
                "updated_at",
                "access_code",
            )
        }
    )
)
_SET_STATUS = Statement(
    sa.update(records)
    .where(records.c.id == sa.bindparam("record"))
    .values(status=sa.bindparam("new_status"), updated_at=sa.bindparam("at")),
    row=("record", "record"),
)
_TOTALS = sa.select(record_totals.c.record_id, record_totals.c.field, record_totals.c.micros).where(
    record_totals.c.record_id.in_(sa.bindparam("ids", expanding=True))
)
_SHOW = statements.rows(record_viewers, "record_id", "principal", skip_existing=True)
_VIEWERS = sa.select(record_viewers.c.principal).where(record_viewers.c.record_id == sa.bindparam("id"))


def chain_of(record_id: int) -> str:
    return f"record:{record_id}"


def not_found(record_id: int | str) -> NotFound:
    """Said alike of what does not exist and of what one may not see."""
    return NotFound(msg("There is no record %(id)s, or you may not see it.", id=str(record_id)))


class RecordRow(NamedTuple):
    """A row with all :data:`COLUMNS`, in their order."""

    id: int
    form: str
    version: int
    number: str | None
    status: str
    revision: int
    values: dict[str, Any]
    links: dict[str, Any]
    title: str
    submitted_by: str | None
    submitted_at: datetime | None
    created_at: datetime
    updated_at: datetime
    access_code: str | None

    @property
    def _mapping(self) -> Mapping[str, Any]:
        """As rows of Core have it."""
        return self._asdict()


def row(conn: Connection, record_id: int, *, lock: bool = False) -> RecordRow | None:
    """The row of a record; ``lock`` holds it until the transaction ends."""
    found = (_BY_ID_LOCKED if lock else _BY_ID).first(conn, {"id": record_id})
    return RecordRow(*found) if found is not None else None


def rows(conn: Connection, ids: Iterable[int]) -> dict[int, Row[Any]]:
    wanted = sorted(set(ids))
    return {each.id: each for each in conn.execute(_BY_IDS, {"ids": wanted})} if wanted else {}


def row_by_number(conn: Connection, form: str, number: str) -> Row[Any] | None:
    return conn.execute(_BY_NUMBER, {"form": form, "number": number}).first()


def totals(conn: Connection, ids: Sequence[int]) -> dict[int, dict[str, int]]:
    """The totals of records in millionths, by record and field."""
    found: dict[int, dict[str, int]] = {}
    if ids:
        for record_id, key, micros in conn.execute(_TOTALS, {"ids": list(ids)}):
            found.setdefault(record_id, {})[key] = micros
    return found


def fetch(conn: Connection, record_id: int, *, lock: bool = False) -> Record:
    """The record with its typed values and totals, whoever asks.

    Raises:
        NotFound: there is none.
    """
    found = row(conn, record_id, lock=lock)
    if found is None:
        raise not_found(record_id)
    return complete(conn, [found])[0]


def complete(conn: Connection, found: Sequence[Row[Any] | RecordRow]) -> list[Record]:
    """The records of rows; totals are read for those forms alone that have some."""
    having = {place for place in {(each.form, each.version) for each in found} if _has_totals(*place)}
    summed = [each.id for each in found if (each.form, each.version) in having] if having else []
    sums = totals(conn, summed)
    return [record_of(each, catalogue.values_of(each, sums.get(each.id, {}))) for each in found]


def _has_totals(form: str, version: int) -> bool:
    return any(field.total for field in catalogue.program(form, version).form.fields)


def record_of(row: Row[Any] | RecordRow, values: Mapping[str, Any]) -> Record:
    """The record of a row, with its typed values."""
    return Record(
        id=row.id,
        form=row.form,
        version=row.version,
        number=row.number,
        status=row.status,
        revision=row.revision,
        values=values,
        links=row.links,
        title=row.title,
        submitted_by=row.submitted_by,
        submitted_at=row.submitted_at,
        created_at=row.created_at,
        updated_at=row.updated_at,
        access_code=row.access_code,
        # "values" is a method of a row
        stored=row._mapping["values"],
    )


def _columns(record: Record) -> dict[str, Any]:
    return {
        "form": record.form,
        "version": record.version,
        "number": record.number,
        "status": record.status,
        "revision": record.revision,
        "values": record.stored,
        "links": record.links,
        "title": record.title,
        "submitted_by": record.submitted_by,
        "submitted_at": record.submitted_at,
        "created_at": record.created_at,
        "updated_at": record.updated_at,
        "access_code": record.access_code,
    }


def insert(conn: Connection, record: Record) -> Record:
    """Store a new record (its ``id`` is ignored); the record with its id."""
    new = statements.new_id(conn, records, alone=record.status != OPEN)
    if new is None:
        return replace(record, id=_INSERT.one(conn, _columns(record))[0])
    _INSERT_AS.later(conn, {**_columns(record), "id": new})
    return replace(record, id=new)


def insert_many(conn: Connection, new: Sequence[Record]) -> list[Record]:
    """Store new records with one statement, in their order."""
    ids = conn.execute(_INSERT_MANY, [_columns(each) for each in new]).scalars().all()
    return [replace(each, id=int(id)) for each, id in zip(new, ids, strict=True)]


def store(conn: Connection, record: Record, *, seen: int) -> bool:
    """Overwrite the row if its revision is still ``seen``; ``False``: somebody was first."""
    columns = _columns(record)
    del columns["form"], columns["created_at"]
    parameters = {f"new_{name}": value for name, value in columns.items()}
    return _UPDATE.run(conn, {"record": record.id, "seen": seen, **parameters}) == 1


def store_status(conn: Connection, record_id: int, status: str, at: datetime) -> None:
    _SET_STATUS.later(conn, {"record": record_id, "new_status": status, "at": at})


def remove(conn: Connection, record_id: int) -> None:
    """Delete the row and everything that finds, links or sums it; the history stays."""
    for table in (record_terms, record_viewers, record_links, record_totals):
        conn.execute(sa.delete(table).where(table.c.record_id == record_id))
    conn.execute(sa.delete(records).where(records.c.id == record_id))


def add_viewers(conn: Connection, pairs: Iterable[tuple[int, str]]) -> None:
    """Let principals see records: pairs of record and principal; those who may already are passed over."""
    new = dict.fromkeys(pairs)
    _SHOW.later_many(conn, ({"record_id": record_id, "principal": principal} for record_id, principal in new))


def viewers(conn: Connection, record_id: int) -> frozenset[str]:
    return frozenset(conn.execute(_VIEWERS, {"id": record_id}).scalars())
