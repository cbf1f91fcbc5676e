"""Tables of records: one JSON column of values each, and what makes them found, linked, seen and summed."""

import sqlalchemy as sa

from ..platform.db import Id, Json, Key, Utc, metadata

records = sa.Table(
    "signoff_record",
    metadata,
    sa.Column("id", Id, primary_key=True),
    sa.Column("form", Key, nullable=False),
    sa.Column("version", sa.Integer, nullable=False),  # of the form, when it was filed
    sa.Column("number", sa.String(80)),  # NULL: the form has no numbering, or a draft
    sa.Column("status", sa.String(16), nullable=False),  # draft open approved rejected returned withdrawn kept
    sa.Column("revision", sa.Integer, nullable=False),
    sa.Column("values", Json, nullable=False),
    sa.Column("links", Json, nullable=False),  # {pointer: {"id", "form", "revision", "title"}} of lookups
    sa.Column("title", sa.Text, nullable=False, default=""),  # what lookups and search show
    sa.Column("submitted_by", Key),  # NULL: a customer, an import
    sa.Column("submitted_at", Utc),
    sa.Column("created_at", Utc, nullable=False),
    sa.Column("updated_at", Utc, nullable=False),
    sa.Column("access_code", sa.String(16)),  # with the number, opens the customer's page
    sa.UniqueConstraint("form", "number"),
    sa.Index("ix_signoff_record_form", "form", "id"),
    sa.Index("ix_signoff_record_status", "form", "status", "id"),
    sa.Index("ix_signoff_record_submitter", "submitted_by", "id"),
    sa.Index("ix_signoff_record_submitted", "form", "submitted_at", "id"),
    sqlite_autoincrement=True,  # a deleted record's id is never given again: its history still has it
)

record_terms = sa.Table(
    "signoff_record_term",
    metadata,
    sa.Column("form", Key, primary_key=True),
    # byte order, so that a prefix is a range on every database
    sa.Column("term", sa.String(40).with_variant(sa.String(40, collation="C"), "postgresql"), primary_key=True),
    sa.Column("record_id", Id, primary_key=True),
    sa.Index("ix_signoff_record_term_record", "record_id"),
    sqlite_with_rowid=False,  # the key is the table: half the bytes and half the writes
)

record_viewers = sa.Table(
    "signoff_record_viewer",
    metadata,
    sa.Column("principal", sa.String(140), primary_key=True),  # p:amy, r:finance, r:finance@service
    sa.Column("record_id", Id, primary_key=True),
    sa.Index("ix_signoff_record_viewer_record", "record_id"),
    sqlite_with_rowid=False,
)

record_links = sa.Table(
    "signoff_record_link",
    metadata,
    sa.Column("record_id", Id, primary_key=True),  # the one that looks up
    sa.Column("path", sa.String(140), primary_key=True),  # field, or table/row/column
    sa.Column("target_id", Id, nullable=False),
    sa.Index("ix_signoff_record_link_target", "target_id", "record_id"),
    sqlite_with_rowid=False,
)

record_totals = sa.Table(
    "signoff_record_total",
    metadata,
    sa.Column("record_id", Id, primary_key=True),  # the record that shows the total
    sa.Column("field", Key, primary_key=True),
    sa.Column("micros", sa.BigInteger, nullable=False),  # the sum in millionths: exact on every database
    sa.Index("ix_signoff_record_total_order", "field", "micros", "record_id"),
    sqlite_with_rowid=False,
)

views = sa.Table(
    "signoff_view",
    metadata,
    sa.Column("id", Id, primary_key=True),
    sa.Column("form", Key, nullable=False),
    sa.Column("owner", Key, nullable=False),
    sa.Column("name", sa.String(80), nullable=False),
    sa.Column("shared", sa.Boolean, nullable=False),
    sa.Column("query", Json, nullable=False),  # {name: [values]} of the list's address
    sa.Column("saved_at", Utc, nullable=False),
    sa.UniqueConstraint("form", "owner", "name"),
)
