"""Tables of runs and tasks: the run's state answers now, the record's audit chain proves how it came about."""

import sqlalchemy as sa

from ..platform.db import Id, Json, Key, Utc, metadata

runs = sa.Table(
    "signoff_run",
    metadata,
    sa.Column("id", Id, primary_key=True),
    sa.Column("record_id", Id, nullable=False, unique=True),
    sa.Column("flow", Key, nullable=False),
    sa.Column("version", sa.Integer, nullable=False),
    sa.Column("status", sa.String(16), nullable=False),  # open approved rejected returned withdrawn
    sa.Column("state", Json, nullable=False),  # flows.codec
    sa.Column("revision", sa.Integer, nullable=False),
    sa.Column("started_at", Utc, nullable=False),
    sa.Column("ended_at", Utc),
    sa.Index("ix_signoff_run_flow", "flow", "status", "id"),
)

tasks = sa.Table(
    "signoff_task",
    metadata,
    sa.Column("id", Id, primary_key=True),
    sa.Column("run_id", Id, nullable=False),
    sa.Column("record_id", Id, nullable=False),
    sa.Column("name", sa.String(40), nullable=False),  # the engine's own id of it, unique in the run
    sa.Column("form", Key, nullable=False),
    sa.Column("step", Key, nullable=False),
    sa.Column("principal", sa.String(140), nullable=False),  # p:amy, r:finance, r:finance@service
    sa.Column("claimed_by", Key),  # of a pool, who took it
    sa.Column("excluded", Key),  # of a pool, the member who may not (the submitter)
    sa.Column("open", sa.Boolean, nullable=False),
    sa.Column("assigned_at", Utc, nullable=False),
    # NULL is written as the end of time, so that one index orders all
    sa.Column("due_at", Utc, nullable=False),
    sa.Column("why", Json, nullable=False),  # how it came to this principal
    sa.Column("closed_at", Utc),
    sa.Column("verdict", sa.String(16)),
    sa.Column("decided_by", Key),
    sa.Column("decided_as", sa.String(16)),  # person delegate timer rule
    sa.UniqueConstraint("run_id", "name"),
    sa.Index("ix_signoff_task_record", "record_id"),
    sa.Index(
        "ix_signoff_task_inbox",
        "principal",
        "due_at",
        "id",
        sqlite_where=sa.text("open"),
        postgresql_where=sa.text("open"),
    ),
    sa.Index("ix_signoff_task_decided", "decided_by", "closed_at", "id"),
)
