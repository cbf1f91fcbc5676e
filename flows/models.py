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
    sa.Column("excluded", Key),  # who may not, whoever they stand for (the submitter)
    sa.Column("open", sa.Boolean, nullable=False),
    sa.Column("assigned_at", Utc, nullable=False),
    # NULL is written as the end of time, so that one index orders all
    sa.Column("due_at", Utc, nullable=False),
    sa.Column("why", Json, nullable=False),  # how it came to this principal
    sa.Column("closed_at", Utc),
    sa.Column("verdict", sa.String(16)),
    sa.Column("decided_by", Key),
    sa.Column("decided_as", sa.String(16)),  # person delegate timer rule
    sa.Column("vip", sa.Boolean, nullable=False, server_default=sa.false()),
    sa.Column("returned", sa.Boolean, nullable=False, server_default=sa.false()),
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
    *(
        sa.Index(
            f"ix_signoff_task_{mark}",
            "principal",
            "due_at",
            "id",
            sqlite_where=sa.text(f"open AND {mark}"),
            postgresql_where=sa.text(f"open AND {mark}"),
        )
        for mark in ("vip", "returned")
    ),
    sa.Index(
        "ix_signoff_task_decided",
        "decided_by",
        "closed_at",
        "id",
        sqlite_where=sa.text("decided_by IS NOT NULL"),
        postgresql_where=sa.text("decided_by IS NOT NULL"),
    ),
    sa.Index(
        "ix_signoff_task_late",
        "form",
        "step",
        "due_at",
        "principal",
        sqlite_where=sa.text("open"),
        postgresql_where=sa.text("open"),
    ),
    sa.Index(
        "ix_signoff_task_claimed",
        "claimed_by",
        "id",
        sqlite_where=sa.text("open AND claimed_by IS NOT NULL"),
        postgresql_where=sa.text("open AND claimed_by IS NOT NULL"),
    ),
)

surveys = sa.Table(
    "signoff_survey",
    metadata,
    sa.Column("record_id", Id, primary_key=True, autoincrement=False),  # one answer a request
    sa.Column("form", Key, nullable=False),
    sa.Column("score", sa.SmallInteger, nullable=False),  # 1 (bad) to 5 (very good)
    sa.Column("words", sa.Text, nullable=False),
    sa.Column("language", sa.String(8), nullable=False),
    sa.Column("answered_by", Key),  # the submitter; NULL: a customer
    sa.Column("answered_at", Utc, nullable=False),
    sa.Index("ix_signoff_survey_form", "form", "answered_at"),
)

figures = sa.Table(
    "signoff_figure",
    metadata,
    sa.Column("form", Key, primary_key=True),
    sa.Column("whose", Key, primary_key=True),  # whoever filed them; empty: everybody together
    sa.Column("axis", Key, primary_key=True),  # a choice of the form, "status"; empty: all of the day
    sa.Column("day", sa.Date, primary_key=True),  # on which they were filed, in the zone of the installation
    sa.Column("member", sa.String(64), primary_key=True),  # the choice
    sa.Column("requests", sa.Integer, nullable=False),
    sa.Column("micros", sa.BigInteger, nullable=False),  # money in millionths
    sa.Column("approved", sa.Integer, nullable=False),
    sa.Column("approved_micros", sa.BigInteger, nullable=False),
    sa.Column("rejected", sa.Integer, nullable=False),
    sa.Column("ended", sa.Integer, nullable=False),
    sa.Column("ended_seconds", sa.BigInteger, nullable=False),
    sa.Column("answered", sa.Integer, nullable=False),  # by a person, at whatever step
    sa.Column("in_time", sa.Integer, nullable=False),  # answered within 30 minutes
    sa.Column("answer_seconds", sa.BigInteger, nullable=False),
    sa.Column("surveyed", sa.Integer, nullable=False),
    sa.Column("score", sa.Integer, nullable=False),  # the sum
    sa.Column("content", sa.Integer, nullable=False),
    sa.Column("unhappy", sa.Integer, nullable=False),
    sa.Index("ix_signoff_figure_day", "form", "day"),
    sqlite_with_rowid=False,
)

work_figures = sa.Table(
    "signoff_work_figure",
    metadata,
    sa.Column("form", Key, primary_key=True),
    sa.Column("whose", Key, primary_key=True),
    sa.Column("day", sa.Date, primary_key=True),  # on which the requests were filed
    sa.Column("step", Key, primary_key=True),
    sa.Column("person", Key, primary_key=True),  # who decided
    sa.Column("decided", sa.Integer, nullable=False),
    sa.Column("approved", sa.Integer, nullable=False),
    sa.Column("rejected", sa.Integer, nullable=False),
    sa.Column("returned", sa.Integer, nullable=False),
    sa.Column("late", sa.Integer, nullable=False),
    sa.Column("seconds", sa.BigInteger, nullable=False),
    sa.Column("slowest", sa.BigInteger, nullable=False),
    sa.Index("ix_signoff_work_figure_day", "form", "day"),
    sqlite_with_rowid=False,
)

figure_state = sa.Table(
    "signoff_figure_state",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True, autoincrement=False),  # there is one row
    sa.Column("revision", sa.Integer, nullable=False),
    sa.Column("audit_id", Id, nullable=False),  # the last entry of the history that was counted
    sa.Column("shapes", Json, nullable=False),  # {form: digest of what is counted of it}
    sa.Column("backlog", Json, nullable=False),  # [[form, day]] that are to be counted again
    sa.Column("at", Utc, nullable=False),
)
