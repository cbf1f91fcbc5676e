"""Finding the records that lookups point to: by id, number or unique value when read, by words as one types."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection, Row

from ..platform import db
from ..platform.people.directory import Person
from . import catalogue, conditions, indexes, records, rights, search, where
from .columns import column
from .conditions.tree import Condition
from .definition import Field
from .display import Reader
from .models import records as table
from .program import FormProgram
from .reading import Found
from .records import COLUMNS, DRAFT

SUGGESTIONS = 20
_CHUNK = 400
_BETWEEN = " · "
"""Between the number of a record and what else it is called by: such a name, as lists and exports have it, is read."""

Key = tuple[str, Any]


class Finder:
    """Finds records for one reading, or for a batch of readings: what was found is remembered.

    ``by``: whose rights hold; ``None`` is the system, which finds all. ``known`` are ids that the record being read
    points to already: whoever may edit it keeps them, even where they may not see them.
    """

    def __init__(self, by: Person | None, known: Iterable[int] = ()) -> None:
        self.by = by
        self.known = frozenset(known)
        self._found: dict[Key, Found | None] = {}

    def __call__(self, form: str, raw: Any) -> Found | None:
        key = (form, wanted(raw))
        if key not in self._found:
            self.prefetch(form, [raw])
        return self._found[key]

    def prefetch(self, form: str, raws: Sequence[Any]) -> None:
        """Look for all of ``raws`` with few statements."""
        missing = {wanted(raw) for raw in raws}
        missing = {each for each in missing if (form, each) not in self._found}
        if not missing:
            return
        self._found.update(dict.fromkeys((form, each) for each in missing))
        program = catalogue.program(form)
        with db.reading() as conn:
            hits = self._rows(conn, program, missing)
            ids = [row.id for row in hits.values()]
            allowed = self._allowed(conn, program, hits.values())
            sums = records.totals(conn, ids) if any(field.total for field in program.form.fields) else {}
        for each, row in hits.items():
            if row.id in allowed:
                self._found[form, each] = found_of(program, row, sums.get(row.id, {}))

    def _rows(self, conn: Connection, program: FormProgram, missing: set[int | str]) -> dict[int | str, Row[Any]]:
        form = program.form
        ids = [each for each in missing if isinstance(each, int)]
        found: dict[int | str, Row[Any]] = {
            row.id: row for row in records.rows(conn, ids).values() if row.form == form.key
        }
        texts = sorted(each for each in missing if isinstance(each, str))
        for part in range(0, len(texts), _CHUNK):
            chunk = texts[part : part + _CHUNK]
            for row in conn.execute(_BY_NUMBERS, {"form": form.key, "numbers": chunk}):
                found[row.number] = row
            for field in indexes.unique_fields(form.fields):
                for value, row in _holding(conn, form.key, field, [each for each in chunk if each not in found]):
                    found.setdefault(value, row)
        heads = {text: text.partition(_BETWEEN)[0] for text in texts if text not in found and _BETWEEN in text}
        if heads:
            named = self._rows(conn, program, set(heads.values()))
            found.update((text, named[head]) for text, head in heads.items() if head in named)
        return {each: row for each, row in found.items() if row.status != DRAFT}

    def _allowed(self, conn: Connection, program: FormProgram, rows: Iterable[Row[Any]]) -> set[int]:
        ids = {row.id for row in rows}
        if self.by is None or rights.may_read_all(program.form, self.by) or not ids - self.known:
            return ids
        clause = sa.and_(table.c.id.in_(ids), rights.visible(program.form, self.by))
        return set(conn.execute(sa.select(table.c.id).where(clause)).scalars()) | (ids & self.known)


def wanted(raw: Any) -> int | str:
    """What a raw value asks for: an id (``17``, ``"#17"``, ``{"id": 17}``), else a number or a unique value."""
    if isinstance(raw, Mapping):
        raw = raw.get("id")
    if isinstance(raw, int):
        return raw
    text = str(raw).strip()
    return int(text[1:]) if text[:1] == "#" and text[1:].isascii() and text[1:].isdigit() and len(text) < 19 else text


_BY_NUMBERS = sa.select(*COLUMNS).where(
    table.c.form == sa.bindparam("form"), table.c.number.in_(sa.bindparam("numbers", expanding=True))
)


def _holding(conn: Connection, form: str, field: Field, texts: Sequence[str]) -> list[tuple[str, Row[Any]]]:
    """The records that hold one of ``texts`` in a unique field of text, with what they hold."""
    dialect = conn.dialect.name
    one = column(dialect, field)
    if one is None or one.kind != "text" or not texts:
        return []
    return [(row.held, row) for row in conn.execute(indexes.holders(form, one, dialect, texts))]


def found_of(program: FormProgram, row: Row[Any], sums: Mapping[str, int]) -> Found:
    """What a lookup learns of a record: its values, totals and number among them."""
    values = catalogue.values_of(row, sums)
    if program.form.field("number") is None:
        values["number"] = row.number
    return Found(row.id, row.form, row.revision, name_of(row), values)


def name_of(row: Any) -> str:
    """A record in one line: its number and its title."""
    return _BETWEEN.join(part for part in (row.number, row.title) if part) or f"#{row.id}"


def suggest(
    form_key: str, q: str, *, by: Person | None, limit: int = SUGGESTIONS, only: Condition | None = None
) -> list[Found]:
    """Records whose number or unique value is ``q``, then those of which words begin with it, the newest first.

    ``only``: those that meet it; it compares with nothing of another form any more.
    """
    program = catalogue.program(form_key)
    with db.reading() as conn:
        rows: dict[int, Row[Any]] = {}
        finder = Finder(by)
        exact = finder(form_key, q) if q.strip() else None
        if exact is not None and only is not None and not conditions.evaluate(only, exact.values):
            exact = None
        query = sa.select(*COLUMNS).where(where.of_form(program.form.key), table.c.status != DRAFT)
        if by is not None and not rights.may_read_all(program.form, by):
            query = query.where(rights.visible(program.form, by))
        if only is not None:
            query = query.where(where.clause(only, program.form.fields, conn.dialect.name))
        narrowed = search.narrow(conn, query, program.form.key, q, newest=search.LOOKED_THROUGH)
        for row in conn.execute(narrowed.query.order_by(narrowed.order(table.c.id).desc()).limit(limit)):
            rows[row.id] = row
        sums = records.totals(conn, list(rows))
    others = [found_of(program, row, sums.get(row.id, {})) for row in rows.values() if not exact or row.id != exact.id]
    return ([exact] if exact else []) + others[: limit - (1 if exact else 0)]


def shown(one: Field, found: Found, reader: Reader) -> dict[str, Any]:
    """A suggestion: what is kept (``id``, ``text``) and the fields that help to choose."""
    program = catalogue.program(found.form)
    details = []
    for key in one.options.get("show") or program.form.summary:
        field = program.form.field(key)
        text = reader.text(field, found.values.get(key)) if field else str(found.values.get(key) or "")
        if text:
            details.append(text)
    return {"id": found.id, "text": found.title, "details": details}
