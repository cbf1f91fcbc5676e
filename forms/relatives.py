"""What formulas ask of other records: of the one that a lookup points to, and of all that point to the same one."""

from collections.abc import Mapping, Sequence
from typing import Any

import sqlalchemy as sa

from ..platform import db
from . import catalogue
from .formulas.relations import values_of
from .indexes import FREE
from .lookup import Finder
from .models import record_links, records
from .records import COLUMNS

_POINTING = (
    sa.select(*COLUMNS)
    .where(
        records.c.id.in_(
            sa.select(record_links.c.record_id).where(
                record_links.c.target_id == sa.bindparam("target"),
                record_links.c.path.like(sa.bindparam("path"), escape="!"),
            )
        ),
        records.c.form == sa.bindparam("form"),
        records.c.status.not_in(FREE),
    )
    .order_by(records.c.id)
)


class Relatives:
    """Answers for one reading; what was found is remembered.

    A looked-up record is found with the rights of who reads. Of the records that point to it all are counted, as totals
    and balances do: a sum is told, not the records. ``without`` is the record that is being changed.
    """

    def __init__(self, finder: Finder, without: int | None) -> None:
        self.finder = finder
        self.without = without
        self._found: dict[tuple[str, str, int], list[Mapping[str, Any]]] = {}

    def value(self, form: str, record: int, name: str) -> Any:
        """What a field of a record holds, of a column its values; blank where the record may not be seen."""
        found = self.finder(form, record)
        held = values_of(found.values, name) if found is not None else []
        return held if "." in name else next(iter(held), None)

    def linked(self, form: str, match: str, record: int, name: str) -> Sequence[Any]:
        """What ``name`` holds in all records of ``form`` that count and whose lookup ``match`` points to ``record``.

        Where both are columns of one table, only rows that point there are asked.
        """
        table, _, column = match.rpartition(".")
        found: list[Any] = []
        for values in self._pointing(form, match, record):
            if table and name.startswith(f"{table}."):
                rows = [row for row in values.get(table) or () if row.get(column) == record]
                values = {**values, table: rows}
            found += values_of(values, name)
        return found

    def _pointing(self, form: str, match: str, record: int) -> list[Mapping[str, Any]]:
        place = (form, match, record)
        if place not in self._found:
            table, dot, column = match.partition(".")
            path = f"{_plain(table)}/%/{_plain(column)}" if dot else _plain(match)
            asked = {"target": record, "form": form, "path": path}
            with db.reading() as conn:
                rows = conn.execute(_POINTING, asked).all()
            self._found[place] = [catalogue.values_of(row, {}) for row in rows if row.id != self.without]
        return self._found[place]


def _plain(key: str) -> str:
    return key.replace("_", "!_")
