"""Tables of runs, tasks and what belongs to them: the state answers now, the audit chain proves how it came about."""

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

amounts = sa.Table(
    "signoff_amount",
    metadata,
    sa.Column("run_id", Id, primary_key=True, autoincrement=False),
    sa.Column("name", sa.String(64), primary_key=True),  # of a sum of the flow's authority; empty: of the run alone
    sa.Column("form", Key, nullable=False),
    sa.Column("mark", sa.String(64), nullable=False),  # what requests have in common: the order, the customer …
    sa.Column("micros", sa.BigInteger, nullable=False),
    sa.Column("at", Utc, nullable=False),  # when it was filed
    sa.Column("counts", sa.Boolean, nullable=False),  # not once it was rejected or withdrawn
    sa.Index("ix_signoff_amount_sum", "form", "name", "mark", "at"),
)

subrequests = sa.Table(
    "signoff_subrequest",
    metadata,
    sa.Column("record_id", Id, primary_key=True, autoincrement=False),  # what was asked for
    sa.Column("run_id", Id, nullable=False),  # who waits for it
    sa.Column("step", Key, nullable=False),
    sa.Column("name", sa.String(80), nullable=False),  # the call that opened it
    sa.Column("waits", sa.Boolean, nullable=False),
    sa.Index("ix_signoff_subrequest_run", "run_id"),
)

moves = sa.Table(
    "signoff_move",
    metadata,
    sa.Column("id", Id, primary_key=True),
    sa.Column("flow", Key, nullable=False),
    sa.Column("to_version", sa.Integer, nullable=False),
    sa.Column("moved_by", Key),
    sa.Column("moved_at", Utc, nullable=False),
    sa.Column("note", sa.String(500), nullable=False),
    sa.Column("undone_at", Utc),
    sa.Index("ix_signoff_move_flow", "flow", "id"),
)

moved_runs = sa.Table(
    "signoff_moved_run",
    metadata,
    sa.Column("move_id", Id, primary_key=True, autoincrement=False),
    sa.Column("run_id", Id, primary_key=True, autoincrement=False),
    sa.Column("from_version", sa.Integer, nullable=False),
    sa.Index("ix_signoff_moved_run_run", "run_id"),
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
    sa.Index(
        "ix_signoff_task_claimed",
        "claimed_by",
        "id",
        sqlite_where=sa.text("open"),
        postgresql_where=sa.text("open"),
    ),
)
