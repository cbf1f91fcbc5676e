"""The first shape."""

import sqlalchemy as sa
from alembic import op

from signoff.platform.db import Json, Utc

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
# byte order, so that a prefix is a range on every database
TERM = sa.String(40).with_variant(sa.String(40, collation="C"), "postgresql")

# the database itself refuses to rewrite the history
GUARDS = {
    "sqlite": (
        "CREATE TRIGGER signoff_audit_no_update BEFORE UPDATE ON signoff_audit BEGIN SELECT RAISE(ABORT,"
        " 'signoff_audit is append-only'); END",
        "CREATE TRIGGER signoff_audit_no_delete BEFORE DELETE ON signoff_audit BEGIN SELECT RAISE(ABORT,"
        " 'signoff_audit is append-only'); END",
        "CREATE TRIGGER signoff_audit_chain_grows BEFORE UPDATE ON signoff_audit_chain WHEN NEW.length <"
        " OLD.length BEGIN SELECT RAISE(ABORT, 'signoff_audit_chain only grows'); END",
    ),
    "postgresql": (
        "CREATE OR REPLACE FUNCTION signoff_audit_refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
        "RAISE EXCEPTION 'signoff_audit is append-only'; END $$",
        "CREATE TRIGGER signoff_audit_append_only BEFORE UPDATE OR DELETE ON signoff_audit FOR EACH ROW "
        "EXECUTE FUNCTION signoff_audit_refuse()",
        "CREATE OR REPLACE FUNCTION signoff_audit_chain_refuse() RETURNS trigger LANGUAGE plpgsql AS $$ "
        "BEGIN RAISE EXCEPTION 'signoff_audit_chain only grows'; END $$",
        "CREATE TRIGGER signoff_audit_chain_grows BEFORE UPDATE ON signoff_audit_chain FOR EACH ROW WHEN"
        " (NEW.length < OLD.length) EXECUTE FUNCTION signoff_audit_chain_refuse()",
    ),
}


def upgrade() -> None:
    op.create_table(
        "signoff_amount",
        sa.Column("run_id", ID, autoincrement=False, nullable=False),
        sa.Column("name", sa.String(length=64), nullable=False),
        sa.Column("form", sa.String(length=64), nullable=False),
        sa.Column("mark", sa.String(length=64), nullable=False),
        sa.Column("micros", sa.BigInteger(), nullable=False),
        sa.Column("at", Utc(), nullable=False),
        sa.Column("counts", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("run_id", "name", name=op.f("pk_signoff_amount")),
    )
    op.create_index("ix_signoff_amount_sum", "signoff_amount", ["form", "name", "mark", "at"], unique=False)
    op.create_table(
        "signoff_audit",
        sa.Column("id", ID, nullable=False),
        sa.Column("chain", sa.String(length=80), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("at", Utc(), nullable=False),
        sa.Column("actor", sa.String(length=64), nullable=True),
        sa.Column("acting_as", sa.String(length=16), nullable=False),
        sa.Column("event", sa.String(length=64), nullable=False),
        sa.Column("data", sa.Text(), nullable=False),
        sa.Column("hash", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_signoff_audit")),
        sa.UniqueConstraint("chain", "position", name=op.f("uq_signoff_audit_chain_position")),
    )
    op.create_table(
        "signoff_audit_chain",
        sa.Column("chain", sa.String(length=80), nullable=False),
        sa.Column("length", sa.Integer(), nullable=False),
        sa.Column("hash", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("chain", name=op.f("pk_signoff_audit_chain")),
    )
    op.create_table(
        "signoff_bundled",
        sa.Column("id", ID, nullable=False),
        sa.Column("receiver", sa.String(length=120), nullable=False),
        sa.Column("delivery", Json(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_signoff_bundled")),
    )
    op.create_index(op.f("ix_signoff_bundled_receiver"), "signoff_bundled", ["receiver"], unique=False)
    op.create_table(
        "signoff_calendar",
        sa.Column("key", sa.String(length=64), nullable=False),
        sa.Column("document", Json(), nullable=False),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_signoff_calendar")),
    )
    op.create_table(
        "signoff_definition",
        sa.Column("id", ID, nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("key", sa.String(length=64), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("document", sa.Text(), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("published_by", sa.String(length=64), nullable=True),
        sa.Column("published_at", Utc(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_signoff_definition")),
        sa.UniqueConstraint("kind", "key", "version", name=op.f("uq_signoff_definition_kind_key_version")),
    )
    op.create_table(
        "signoff_delegation",
        sa.Column("person", sa.String(length=64), nullable=False),
        sa.Column("delegate", sa.String(length=64), nullable=False),
        sa.Column("from_at", Utc(), nullable=False),
        sa.Column("until_at", Utc(), nullable=False),
        sa.Column("max_amount", sa.String(length=40), nullable=True),
        sa.PrimaryKeyConstraint("person", name=op.f("pk_signoff_delegation")),
    )
    op.create_index(op.f("ix_signoff_delegation_delegate"), "signoff_delegation", ["delegate"], unique=False)
    op.create_table(
        "signoff_department",
        sa.Column("key", sa.String(length=64), nullable=False),
        sa.Column("name", sa.JSON(), nullable=False),
        sa.Column("parent", sa.String(length=64), nullable=True),
        sa.Column("head", sa.String(length=64), nullable=True),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_signoff_department")),
    )
    op.create_table(
        "signoff_draft",
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("key", sa.String(length=64), nullable=False),
        sa.Column("document", sa.Text(), nullable=False),
        sa.Column("base_version", sa.Integer(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("saved_by", sa.String(length=64), nullable=True),
        sa.Column("saved_at", Utc(), nullable=False),
        sa.PrimaryKeyConstraint("kind", "key", name=op.f("pk_signoff_draft")),
    )
    op.create_table(
        "signoff_file",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("name", sa.String(length=255), nullable=False),
        sa.Column("media_type", sa.String(length=100), nullable=False),
        sa.Column("size_bytes", sa.BigInteger(), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("uploaded_by", sa.String(length=64), nullable=True),
        sa.Column("uploaded_at", Utc(), nullable=False),
        sa.Column("owner", sa.String(length=80), nullable=True),
        sa.Column("has_thumbnail", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_signoff_file")),
    )
    op.create_index("ix_signoff_file_owner", "signoff_file", ["owner"], unique=False)
    op.create_table(
        "signoff_idempotency",
        sa.Column("person", sa.String(length=64), nullable=False),
        sa.Column("key", sa.String(length=200), nullable=False),
        sa.Column("fingerprint", sa.String(length=64), nullable=False),
        sa.Column("status", sa.Integer(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("at", Utc(), nullable=False),
        sa.PrimaryKeyConstraint("person", "key", name=op.f("pk_signoff_idempotency")),
    )
    op.create_index(op.f("ix_signoff_idempotency_at"), "signoff_idempotency", ["at"], unique=False)
    op.create_table(
        "signoff_limit",
        sa.Column("key", sa.String(length=64), nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.Column("expires_at", Utc(), nullable=False),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_signoff_limit")),
    )
    op.create_index(op.f("ix_signoff_limit_expires_at"), "signoff_limit", ["expires_at"], unique=False)
    op.create_table(
        "signoff_move",
        sa.Column("id", ID, nullable=False),
        sa.Column("flow", sa.String(length=64), nullable=False),
        sa.Column("to_version", sa.Integer(), nullable=False),
        sa.Column("moved_by", sa.String(length=64), nullable=True),
        sa.Column("moved_at", Utc(), nullable=False),
        sa.Column("note", sa.String(length=500), nullable=False),
        sa.Column("undone_at", Utc(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_signoff_move")),
    )
    op.create_index("ix_signoff_move_flow", "signoff_move", ["flow", "id"], unique=False)
    op.create_table(
        "signoff_moved_run",
        sa.Column("move_id", ID, autoincrement=False, nullable=False),
        sa.Column("run_id", ID, autoincrement=False, nullable=False),
        sa.Column("from_version", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("move_id", "run_id", name=op.f("pk_signoff_moved_run")),
    )
    op.create_index("ix_signoff_moved_run_run", "signoff_moved_run", ["run_id"], unique=False)
    op.create_table(
        "signoff_notification",
        sa.Column("id", ID, nullable=False),
        sa.Column("person", sa.String(length=64), nullable=False),
        sa.Column("at", Utc(), nullable=False),
        sa.Column("template", sa.String(length=64), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("link", sa.Text(), nullable=True),
        sa.Column("key", sa.String(length=160), nullable=True),
        sa.Column("read_at", Utc(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_signoff_notification")),
        sa.UniqueConstraint("key", name=op.f("uq_signoff_notification_key")),
    )
    op.create_index("ix_signoff_notification_person", "signoff_notification", ["person", "id"], unique=False)
    op.create_index(
        "ix_signoff_notification_unread",
        "signoff_notification",
        ["person"],
        unique=False,
        sqlite_where=sa.text("read_at IS NULL"),
        postgresql_where=sa.text("read_at IS NULL"),
    )
    op.create_table(
        "signoff_outbox",
        sa.Column("id", ID, nullable=False),
        sa.Column("key", sa.String(length=160), nullable=True),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("payload", Json(), nullable=False),
        sa.Column("due_at", Utc(), nullable=False),
        sa.Column("created_at", Utc(), nullable=False),
        sa.Column("claimed_until", Utc(), nullable=True),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("last_error", sa.Text(), nullable=True),
        sa.Column("dead_at", Utc(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_signoff_outbox")),
        sa.UniqueConstraint("key", name=op.f("uq_signoff_outbox_key")),
    )
    op.create_index(
        "ix_signoff_outbox_due",
        "signoff_outbox",
        ["due_at", "id"],
        unique=False,
        sqlite_where=sa.text("dead_at IS NULL"),
        postgresql_where=sa.text("dead_at IS NULL"),
    )
    op.create_table(
        "signoff_person",
        sa.Column("key", sa.String(length=64), nullable=False),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("email", sa.String(length=254), nullable=True),
        sa.Column("department", sa.String(length=64), nullable=True),
        sa.Column("manager", sa.String(length=64), nullable=True),
        sa.Column("language", sa.String(length=8), nullable=True),
        sa.Column("zone", sa.String(length=64), nullable=True),
        sa.Column("theme", sa.String(length=8), nullable=True),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("password_hash", sa.String(length=256), nullable=True),
        sa.Column("session_epoch", sa.Integer(), nullable=False),
        sa.Column("channels", sa.JSON(), nullable=False),
        sa.Column("quiet", sa.JSON(), nullable=True),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("created_at", Utc(), nullable=False),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_signoff_person")),
    )
    op.create_index(op.f("ix_signoff_person_email"), "signoff_person", ["email"], unique=False)
    op.create_table(
        "signoff_person_limit",
        sa.Column("person", sa.String(length=64), nullable=False),
        sa.Column("form", sa.String(length=64), nullable=False),
        sa.Column("amount", sa.String(length=40), nullable=False),
        sa.PrimaryKeyConstraint("person", "form", name=op.f("pk_signoff_person_limit")),
    )
    op.create_table(
        "signoff_person_role",
        sa.Column("person", sa.String(length=64), nullable=False),
        sa.Column("role", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("person", "role", name=op.f("pk_signoff_person_role")),
    )
    op.create_index(op.f("ix_signoff_person_role_role"), "signoff_person_role", ["role"], unique=False)
    op.create_table(
        "signoff_record",
        sa.Column("id", ID, nullable=False),
        sa.Column("form", sa.String(length=64), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("number", sa.String(length=80), nullable=True),
        sa.Column("status", sa.String(length=16), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("values", Json(), nullable=False),
        sa.Column("links", Json(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("submitted_by", sa.String(length=64), nullable=True),
        sa.Column("submitted_at", Utc(), nullable=True),
        sa.Column("created_at", Utc(), nullable=False),
        sa.Column("updated_at", Utc(), nullable=False),
        sa.Column("access_code", sa.String(length=16), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_signoff_record")),
        sa.UniqueConstraint("form", "number", name=op.f("uq_signoff_record_form_number")),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_signoff_record_form", "signoff_record", ["form", "id"], unique=False)
    op.create_index("ix_signoff_record_status", "signoff_record", ["form", "status", "id"], unique=False)
    op.create_index("ix_signoff_record_submitter", "signoff_record", ["submitted_by", "id"], unique=False)
    op.create_table(
        "signoff_record_link",
        sa.Column("record_id", ID, nullable=False),
        sa.Column("path", sa.String(length=140), nullable=False),
        sa.Column("target_id", ID, nullable=False),
        sa.PrimaryKeyConstraint("record_id", "path", name=op.f("pk_signoff_record_link")),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_signoff_record_link_target", "signoff_record_link", ["target_id", "record_id"], unique=False)
    op.create_table(
        "signoff_record_term",
        sa.Column("form", sa.String(length=64), nullable=False),
        sa.Column("term", TERM, nullable=False),
        sa.Column("record_id", ID, nullable=False),
        sa.PrimaryKeyConstraint("form", "term", "record_id", name=op.f("pk_signoff_record_term")),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_signoff_record_term_record", "signoff_record_term", ["record_id"], unique=False)
    op.create_table(
        "signoff_record_total",
        sa.Column("record_id", ID, nullable=False),
        sa.Column("field", sa.String(length=64), nullable=False),
        sa.Column("micros", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("record_id", "field", name=op.f("pk_signoff_record_total")),
        sqlite_with_rowid=False,
    )
    op.create_index(
        "ix_signoff_record_total_order", "signoff_record_total", ["field", "micros", "record_id"], unique=False
    )
    op.create_table(
        "signoff_record_viewer",
        sa.Column("principal", sa.String(length=140), nullable=False),
        sa.Column("record_id", ID, nullable=False),
        sa.PrimaryKeyConstraint("principal", "record_id", name=op.f("pk_signoff_record_viewer")),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_signoff_record_viewer_record", "signoff_record_viewer", ["record_id"], unique=False)
    op.create_table(
        "signoff_run",
        sa.Column("id", ID, nullable=False),
        sa.Column("record_id", ID, nullable=False),
        sa.Column("flow", sa.String(length=64), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("status", sa.String(length=16), nullable=False),
        sa.Column("state", Json(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("started_at", Utc(), nullable=False),
        sa.Column("ended_at", Utc(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_signoff_run")),
        sa.UniqueConstraint("record_id", name=op.f("uq_signoff_run_record_id")),
    )
    op.create_index("ix_signoff_run_flow", "signoff_run", ["flow", "status", "id"], unique=False)
    op.create_table(
        "signoff_sandbox_payment",
        sa.Column("id", ID, nullable=False),
        sa.Column("key", sa.String(length=160), nullable=False),
        sa.Column("amount", sa.String(length=40), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("method", sa.String(length=40), nullable=False),
        sa.Column("account", sa.String(length=80), nullable=True),
        sa.Column("reference", sa.String(length=80), nullable=False),
        sa.Column("paid_at", Utc(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_signoff_sandbox_payment")),
        sa.UniqueConstraint("key", name=op.f("uq_signoff_sandbox_payment_key")),
    )
    op.create_table(
        "signoff_schedule_run",
        sa.Column("schedule", sa.String(length=64), nullable=False),
        sa.Column("zone", sa.String(length=64), nullable=False),
        sa.Column("due_at", Utc(), nullable=False),
        sa.Column("at", Utc(), nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.Column("error", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("schedule", "zone", name=op.f("pk_signoff_schedule_run")),
    )
    op.create_table(
        "signoff_schedule_seen",
        sa.Column("schedule", sa.String(length=64), nullable=False),
        sa.Column("subject", sa.String(length=80), nullable=False),
        sa.Column("at", Utc(), nullable=False),
        sa.PrimaryKeyConstraint("schedule", "subject", name=op.f("pk_signoff_schedule_seen")),
    )
    op.create_index(op.f("ix_signoff_schedule_seen_at"), "signoff_schedule_seen", ["at"], unique=False)
    op.create_table(
        "signoff_sequence",
        sa.Column("key", sa.String(length=160), nullable=False),
        sa.Column("value", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_signoff_sequence")),
    )
    op.create_table(
        "signoff_setting",
        sa.Column("key", sa.String(length=80), nullable=False),
        sa.Column("value", Json(), nullable=False),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_signoff_setting")),
    )
    op.create_table(
        "signoff_subrequest",
        sa.Column("record_id", ID, autoincrement=False, nullable=False),
        sa.Column("run_id", ID, nullable=False),
        sa.Column("step", sa.String(length=64), nullable=False),
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column("waits", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("record_id", name=op.f("pk_signoff_subrequest")),
    )
    op.create_index("ix_signoff_subrequest_run", "signoff_subrequest", ["run_id"], unique=False)
    op.create_table(
        "signoff_task",
        sa.Column("id", ID, nullable=False),
        sa.Column("run_id", ID, nullable=False),
        sa.Column("record_id", ID, nullable=False),
        sa.Column("name", sa.String(length=40), nullable=False),
        sa.Column("form", sa.String(length=64), nullable=False),
        sa.Column("step", sa.String(length=64), nullable=False),
        sa.Column("principal", sa.String(length=140), nullable=False),
        sa.Column("claimed_by", sa.String(length=64), nullable=True),
        sa.Column("excluded", sa.String(length=64), nullable=True),
        sa.Column("open", sa.Boolean(), nullable=False),
        sa.Column("assigned_at", Utc(), nullable=False),
        sa.Column("due_at", Utc(), nullable=False),
        sa.Column("why", Json(), nullable=False),
        sa.Column("closed_at", Utc(), nullable=True),
        sa.Column("verdict", sa.String(length=16), nullable=True),
        sa.Column("decided_by", sa.String(length=64), nullable=True),
        sa.Column("decided_as", sa.String(length=16), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_signoff_task")),
        sa.UniqueConstraint("run_id", "name", name=op.f("uq_signoff_task_run_id_name")),
    )
    op.create_index(
        "ix_signoff_task_claimed",
        "signoff_task",
        ["claimed_by", "id"],
        unique=False,
        sqlite_where=sa.text("open"),
        postgresql_where=sa.text("open"),
    )
    op.create_index("ix_signoff_task_decided", "signoff_task", ["decided_by", "closed_at", "id"], unique=False)
    op.create_index(
        "ix_signoff_task_inbox",
        "signoff_task",
        ["principal", "due_at", "id"],
        unique=False,
        sqlite_where=sa.text("open"),
        postgresql_where=sa.text("open"),
    )
    op.create_index("ix_signoff_task_record", "signoff_task", ["record_id"], unique=False)
    op.create_table(
        "signoff_timer",
        sa.Column("id", ID, nullable=False),
        sa.Column("key", sa.String(length=160), nullable=False),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("due_at", Utc(), nullable=False),
        sa.Column("payload", Json(), nullable=False),
        sa.Column("claimed_until", Utc(), nullable=True),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("last_error", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_signoff_timer")),
        sa.UniqueConstraint("key", name=op.f("uq_signoff_timer_key")),
    )
    op.create_index("ix_signoff_timer_due", "signoff_timer", ["due_at", "id"], unique=False)
    op.create_table(
        "signoff_token",
        sa.Column("id", ID, nullable=False),
        sa.Column("person", sa.String(length=64), nullable=False),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("hash", sa.String(length=64), nullable=False),
        sa.Column("created_at", Utc(), nullable=False),
        sa.Column("expires_at", Utc(), nullable=True),
        sa.Column("revoked_at", Utc(), nullable=True),
        sa.Column("last_used_on", sa.Date(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_signoff_token")),
        sa.UniqueConstraint("hash", name=op.f("uq_signoff_token_hash")),
    )
    op.create_index(op.f("ix_signoff_token_person"), "signoff_token", ["person"], unique=False)
    op.create_table(
        "signoff_view",
        sa.Column("id", ID, nullable=False),
        sa.Column("form", sa.String(length=64), nullable=False),
        sa.Column("owner", sa.String(length=64), nullable=False),
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column("shared", sa.Boolean(), nullable=False),
        sa.Column("query", Json(), nullable=False),
        sa.Column("saved_at", Utc(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_signoff_view")),
        sa.UniqueConstraint("form", "owner", "name", name=op.f("uq_signoff_view_form_owner_name")),
    )
    op.create_table(
        "signoff_webhook",
        sa.Column("key", sa.String(length=64), nullable=False),
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("events", Json(), nullable=False),
        sa.Column("forms", Json(), nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("secret", sa.String(length=80), nullable=False),
        sa.Column("old_secret", sa.String(length=80), nullable=True),
        sa.Column("old_until", Utc(), nullable=True),
        sa.Column("created_by", sa.String(length=64), nullable=True),
        sa.Column("created_at", Utc(), nullable=False),
        sa.Column("last_at", Utc(), nullable=True),
        sa.Column("last_status", sa.Integer(), nullable=True),
        sa.Column("last_error", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_signoff_webhook")),
    )
    for statement in GUARDS[op.get_bind().dialect.name]:
        op.execute(statement)


def downgrade() -> None:
    op.drop_table("signoff_webhook")
    op.drop_table("signoff_view")
    op.drop_index(op.f("ix_signoff_token_person"), table_name="signoff_token")
    op.drop_table("signoff_token")
    op.drop_index("ix_signoff_timer_due", table_name="signoff_timer")
    op.drop_table("signoff_timer")
    op.drop_index("ix_signoff_task_record", table_name="signoff_task")
    op.drop_index(
        "ix_signoff_task_inbox",
        table_name="signoff_task",
        sqlite_where=sa.text("open"),
        postgresql_where=sa.text("open"),
    )
    op.drop_index("ix_signoff_task_decided", table_name="signoff_task")
    op.drop_index(
        "ix_signoff_task_claimed",
        table_name="signoff_task",
        sqlite_where=sa.text("open"),
        postgresql_where=sa.text("open"),
    )
    op.drop_table("signoff_task")
    op.drop_index("ix_signoff_subrequest_run", table_name="signoff_subrequest")
    op.drop_table("signoff_subrequest")
    op.drop_table("signoff_setting")
    op.drop_table("signoff_sequence")
    op.drop_index(op.f("ix_signoff_schedule_seen_at"), table_name="signoff_schedule_seen")
    op.drop_table("signoff_schedule_seen")
    op.drop_table("signoff_schedule_run")
    op.drop_table("signoff_sandbox_payment")
    op.drop_index("ix_signoff_run_flow", table_name="signoff_run")
    op.drop_table("signoff_run")
    op.drop_index("ix_signoff_record_viewer_record", table_name="signoff_record_viewer")
    op.drop_table("signoff_record_viewer")
    op.drop_index("ix_signoff_record_total_order", table_name="signoff_record_total")
    op.drop_table("signoff_record_total")
    op.drop_index("ix_signoff_record_term_record", table_name="signoff_record_term")
    op.drop_table("signoff_record_term")
    op.drop_index("ix_signoff_record_link_target", table_name="signoff_record_link")
    op.drop_table("signoff_record_link")
    op.drop_index("ix_signoff_record_submitter", table_name="signoff_record")
    op.drop_index("ix_signoff_record_status", table_name="signoff_record")
    op.drop_index("ix_signoff_record_form", table_name="signoff_record")
    op.drop_table("signoff_record")
    op.drop_index(op.f("ix_signoff_person_role_role"), table_name="signoff_person_role")
    op.drop_table("signoff_person_role")
    op.drop_table("signoff_person_limit")
    op.drop_index(op.f("ix_signoff_person_email"), table_name="signoff_person")
    op.drop_table("signoff_person")
    op.drop_index(
        "ix_signoff_outbox_due",
        table_name="signoff_outbox",
        sqlite_where=sa.text("dead_at IS NULL"),
        postgresql_where=sa.text("dead_at IS NULL"),
    )
    op.drop_table("signoff_outbox")
    op.drop_index(
        "ix_signoff_notification_unread",
        table_name="signoff_notification",
        sqlite_where=sa.text("read_at IS NULL"),
        postgresql_where=sa.text("read_at IS NULL"),
    )
    op.drop_index("ix_signoff_notification_person", table_name="signoff_notification")
    op.drop_table("signoff_notification")
    op.drop_index("ix_signoff_moved_run_run", table_name="signoff_moved_run")
    op.drop_table("signoff_moved_run")
    op.drop_index("ix_signoff_move_flow", table_name="signoff_move")
    op.drop_table("signoff_move")
    op.drop_index(op.f("ix_signoff_limit_expires_at"), table_name="signoff_limit")
    op.drop_table("signoff_limit")
    op.drop_index(op.f("ix_signoff_idempotency_at"), table_name="signoff_idempotency")
    op.drop_table("signoff_idempotency")
    op.drop_index("ix_signoff_file_owner", table_name="signoff_file")
    op.drop_table("signoff_file")
    op.drop_table("signoff_draft")
    op.drop_table("signoff_department")
    op.drop_index(op.f("ix_signoff_delegation_delegate"), table_name="signoff_delegation")
    op.drop_table("signoff_delegation")
    op.drop_table("signoff_definition")
    op.drop_table("signoff_calendar")
    op.drop_index(op.f("ix_signoff_bundled_receiver"), table_name="signoff_bundled")
    op.drop_table("signoff_bundled")
    op.drop_table("signoff_audit_chain")
    op.drop_table("signoff_audit")
    op.drop_index("ix_signoff_amount_sum", table_name="signoff_amount")
    op.drop_table("signoff_amount")
    if op.get_bind().dialect.name == "postgresql":
        op.execute("DROP FUNCTION signoff_audit_refuse(), signoff_audit_chain_refuse()")
