"""Words of records, so that they are found as one types: prefixes of words, and pairs of neighbours in Chinese."""

import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from ..platform import statements
from .models import record_terms, records

MAX_LENGTH = 40
MAX_TERMS = 60
MAX_QUERY_TERMS = 6
RARE = 2000
"""A term that stands in no more records is looked up; commoner ones are asked of records."""
LOOKED_THROUGH = 10_000
"""So many of the newest records are asked, where the first few are wanted at once."""
_LAST = "\U0010ffff"

_INSERT = statements.rows(record_terms, "form", "term", "record_id")
_OF_RECORD = sa.select(record_terms.c.term).where(record_terms.c.record_id == sa.bindparam("id"))
_DELETE = sa.delete(record_terms).where(
    record_terms.c.form == sa.bindparam("in_form"),
    record_terms.c.term == sa.bindparam("old"),
    record_terms.c.record_id == sa.bindparam("record"),
)


def normal(text: str) -> str:
    """Full-width and half-width, upper and lower case are the same word."""
    return unicodedata.normalize("NFKC", text).casefold()


def is_ideograph(character: str) -> bool:
    """Whether words of this script stand without spaces between them."""
    return "\u3040" <= character <= "\u30ff" or "\u3400" <= character <= "\u9fff" or character >= "\U00020000"


def _kind(character: str) -> int:
    if is_ideograph(character):
        return 2
    return 1 if character.isalnum() else 0


def _pieces(chunk: str) -> Iterator[tuple[int, str]]:
    for kind, run in groupby(chunk, _kind):
        if kind:
            yield kind, "".join(run)


def terms_of(texts: Iterable[str]) -> list[str]:
    """The terms under which a record with ``texts`` is found, at most :data:`MAX_TERMS`, the first texts first.

    ``SO-2026-7 退款单`` gives ``so-2026-7 so 2026 7 退款 款单 单``.
    """
    found: dict[str, None] = {}
    for text in texts:
        for chunk in normal(text).split():
            pieces = list(_pieces(chunk))
            if len(pieces) > 1 and not any(kind == 2 for kind, _ in pieces):
                found[chunk.strip("'\"()[]<>,.;:")[:MAX_LENGTH]] = None
            for kind, run in pieces:
                found.update(dict.fromkeys(_bigrams(run) if kind == 2 else [run[:MAX_LENGTH]]))
        if len(found) >= MAX_TERMS:
            break
    return [term for term in found if term][:MAX_TERMS]


def _bigrams(run: str) -> list[str]:
    """Pairs, and the last sign alone, so that every single sign is the prefix of some term."""
    return [run[place : place + 2] for place in range(len(run))]


def query_terms(q: str) -> list[str]:
    """What all must be prefixes of a record's terms for ``q`` to find it."""
    found: dict[str, None] = {}
    for chunk in normal(q).split():
        pieces = list(_pieces(chunk))
        if len(pieces) > 1 and any(sign.isdigit() for sign in chunk) and not any(kind == 2 for kind, _ in pieces):
            found[chunk[:MAX_LENGTH]] = None
            continue
        for kind, run in pieces:
            pairs = _bigrams(run)[:-1] if kind == 2 and len(run) > 1 else [run[:MAX_LENGTH]]
            found.update(dict.fromkeys(pairs))
    return list(found)[:MAX_QUERY_TERMS]


@dataclass(frozen=True, slots=True)
class Narrowed:
    """``query`` gives only what all terms find. Where one of them is rare, it is found by ``ids`` and must then be put
    in order: :meth:`order`."""

    query: sa.Select[Any]
    by_ids: bool

    def order(self, ident: sa.ColumnElement[Any]) -> sa.ColumnElement[Any]:
        """``ident`` to order by, in a way that does not tempt a database to walk along it instead."""
        return ident + 0 if self.by_ids else ident


def narrow(conn: Connection, query: sa.Select[Any], form: str, q: str, *, newest: int | None = None) -> Narrowed:
    """Of ``query`` over records, in the order of their ids, what has words that begin as those of ``q``.

    A term that few records have is looked up, and the others are asked of what it finds. Where all are common, records
    are asked one after another: the first come soon, the rest only if there are ``newest`` at most to look through.
    """
    terms = query_terms(q)
    counted = sorted((_how_many(conn, form, term), term) for term in terms)
    is_rare = bool(counted) and counted[0][0] <= RARE
    for place, (_number, term) in enumerate(counted):
        if is_rare and place == 0:
            query = query.where(records.c.id.in_(conn.scalars(_of_term(form, term)).all()))
        else:
            query = query.where(
                sa.exists(_of_term(form, term).where(record_terms.c.record_id == records.c.id).correlate(records))
            )
    if counted and not is_rare and newest is not None:
        oldest = sa.select(records.c.id).where(records.c.form == form).order_by(records.c.id.desc()).offset(newest)
        query = query.where(records.c.id > sa.func.coalesce(oldest.limit(1).scalar_subquery(), 0))
    return Narrowed(query, is_rare)


def _of_term(form: str, term: str) -> sa.Select[tuple[int]]:
    return sa.select(record_terms.c.record_id).where(
        record_terms.c.form == form, record_terms.c.term >= term, record_terms.c.term < term + _LAST
    )


def _how_many(conn: Connection, form: str, term: str) -> int:
    """How often the term stands in records, counted until it is not rare."""
    found = _of_term(form, term).limit(RARE + 1).subquery()
    return int(conn.execute(sa.select(sa.func.count()).select_from(found)).scalar_one())


def index(conn: Connection, form: str, terms: Sequence[tuple[int, Sequence[str]]]) -> None:
    """Write the terms of new records: pairs of id and terms."""
    rows = ({"form": form, "term": term, "record_id": record_id} for record_id, words in terms for term in words)
    _INSERT.later_many(conn, rows)


def reindex(conn: Connection, form: str, record_id: int, words: Sequence[str]) -> None:
    """Write what changed of a record's terms."""
    before = set(conn.execute(_OF_RECORD, {"id": record_id}).scalars())
    gone = before.difference(words)
    if gone:
        conn.execute(_DELETE, [{"in_form": form, "old": term, "record": record_id} for term in gone])
    index(conn, form, [(record_id, [term for term in words if term not in before])])
