"""Tables that every floor stands on: definitions, audit, timers, outbox, notifications, files, calendars."""

import sqlalchemy as sa

from .db import Id, Json, Key, Utc, metadata

definitions = sa.Table(
    "signoff_definition",
    metadata,
    sa.Column("id", Id, primary_key=True),
    sa.Column("kind", sa.String(16), nullable=False),  # form, flow, template, schedule
    sa.Column("key", Key, nullable=False),
    sa.Column("version", sa.Integer, nullable=False),  # 1, 2, …; the highest is in force
    sa.Column("document", sa.Text, nullable=False),  # the JSON as it was published
    sa.Column("digest", sa.String(64), nullable=False),  # sha256, hex, of the canonical JSON
    sa.Column("note", sa.Text, nullable=False, default=""),
    sa.Column("published_by", Key),
    sa.Column("published_at", Utc, nullable=False),
    sa.UniqueConstraint("kind", "key", "version"),
)

drafts = sa.Table(
    "signoff_draft",
    metadata,
    sa.Column("kind", sa.String(16), primary_key=True),
    sa.Column("key", Key, primary_key=True),
    sa.Column("document", sa.Text, nullable=False),
    sa.Column("base_version", sa.Integer, nullable=False),
    sa.Column("revision", sa.Integer, nullable=False),
    sa.Column("saved_by", Key),
    sa.Column("saved_at", Utc, nullable=False),
)

publish_requests = sa.Table(
    "signoff_publish_request",
    metadata,
    sa.Column("kind", sa.String(16), primary_key=True),
    sa.Column("key", Key, primary_key=True),
    sa.Column("document", sa.Text, nullable=False),
    sa.Column("note", sa.Text, nullable=False),
    sa.Column("base_version", sa.Integer, nullable=False),
    sa.Column("asked_by", Key, nullable=False),
    sa.Column("asked_at", Utc, nullable=False),
)

audit_chains = sa.Table(
    "signoff_audit_chain",
    metadata,
    sa.Column("chain", sa.String(80), primary_key=True),  # record:17, people, definitions, …
    sa.Column("length", sa.Integer, nullable=False),
    sa.Column("hash", sa.String(64), nullable=False),  # of the last entry
    sqlite_with_rowid=False,  # the key is the table
)

audit_entries = sa.Table(
    "signoff_audit",
    metadata,
    sa.Column("id", Id, primary_key=True),
    sa.Column("chain", sa.String(80), nullable=False),
    sa.Column("position", sa.Integer, nullable=False),  # 1, 2, … in its chain
    sa.Column("at", Utc, nullable=False),
    sa.Column("actor", Key),  # a person's key; NULL where no person acted
    sa.Column("acting_as", sa.String(16), nullable=False),  # person, delegate, timer, rule, system, customer
    sa.Column("event", sa.String(64), nullable=False),  # record.submitted, task.decided, …
    sa.Column("data", sa.Text, nullable=False),  # canonical JSON, the bytes that were hashed
    sa.Column("hash", sa.String(64), nullable=False),  # of the last entry of the row
    sa.Column("more", sa.Text),  # platform.audit: entries behind the first; NULL: of a time when a row held one
    sa.UniqueConstraint("chain", "position"),
)

timers = sa.Table(
    "signoff_timer",
    metadata,
    sa.Column("id", Id, primary_key=True),
    sa.Column("key", sa.String(160), nullable=False, unique=True),
    sa.Column("kind", sa.String(40), nullable=False),  # names the handler
    sa.Column("due_at", Utc, nullable=False),
    sa.Column("payload", Json, nullable=False),
    sa.Column("claimed_until", Utc),  # a worker has it; after this time another may take it
    sa.Column("attempts", sa.Integer, nullable=False, default=0),
    sa.Column("last_error", sa.Text),
    sa.Index("ix_signoff_timer_due", "due_at", "id"),
)

outbox = sa.Table(
    "signoff_outbox",
    metadata,
    sa.Column("id", Id, primary_key=True),
    sa.Column("key", sa.String(160), unique=True),  # the stable id; NULL: none is needed
    sa.Column("kind", sa.String(40), nullable=False),  # names the handler
    sa.Column("payload", Json, nullable=False),
    sa.Column("due_at", Utc, nullable=False),
    sa.Column("created_at", Utc, nullable=False),
    sa.Column("claimed_until", Utc),
    sa.Column("attempts", sa.Integer, nullable=False, default=0),
    sa.Column("last_error", sa.Text),
    sa.Column("dead_at", Utc),  # given up; an operator can send it again
    sa.Column("lane", sa.String(16), nullable=False, server_default="inside"),  # whose threads do it
    sa.Index(
        "ix_signoff_outbox_lane",
        "lane",
        "due_at",
        "id",
        sqlite_where=sa.text("dead_at IS NULL"),
        postgresql_where=sa.text("dead_at IS NULL"),
    ),
)

notifications = sa.Table(
    "signoff_notification",
    metadata,
    sa.Column("id", Id, primary_key=True),
    sa.Column("person", Key, nullable=False),
    sa.Column("at", Utc, nullable=False),
    sa.Column("template", Key, nullable=False),
    sa.Column("title", sa.Text, nullable=False),
    sa.Column("body", sa.Text, nullable=False, default=""),
    sa.Column("link", sa.Text),  # a path of this site
    sa.Column("key", sa.String(160), unique=True),
    sa.Column("read_at", Utc),
    sa.Index("ix_signoff_notification_person", "person", "id"),
    sa.Index(
        "ix_signoff_notification_unread",
        "person",
        sqlite_where=sa.text("read_at IS NULL"),
        postgresql_where=sa.text("read_at IS NULL"),
    ),
)

bundled = sa.Table(
    "signoff_bundled",
    metadata,
    sa.Column("id", Id, primary_key=True),
    sa.Column("receiver", sa.String(120), nullable=False, index=True),  # email:amy
    sa.Column("delivery", Json, nullable=False),  # waits to be sent together with others
)

files = sa.Table(
    "signoff_file",
    metadata,
    sa.Column("id", sa.String(32), primary_key=True),  # random: not guessable
    sa.Column("name", sa.String(255), nullable=False),
    sa.Column("media_type", sa.String(100), nullable=False),  # by content, not by name
    sa.Column("size_bytes", sa.BigInteger, nullable=False),
    sa.Column("sha256", sa.String(64), nullable=False),
    sa.Column("uploaded_by", Key),
    sa.Column("uploaded_at", Utc, nullable=False),
    sa.Column("owner", sa.String(80)),  # record:17 once it is attached; NULL: abandoned after a day
    sa.Column("has_thumbnail", sa.Boolean, nullable=False, default=False),
    sa.Index("ix_signoff_file_owner", "owner"),
)

calendars = sa.Table(
    "signoff_calendar",
    metadata,
    sa.Column("key", Key, primary_key=True),
    sa.Column("document", Json, nullable=False),
)

webhooks = sa.Table(
    "signoff_webhook",
    metadata,
    sa.Column("key", Key, primary_key=True),
    sa.Column("url", sa.Text, nullable=False),
    sa.Column("events", Json, nullable=False),  # names; empty: all
    sa.Column("forms", Json, nullable=False),  # keys; empty: all
    sa.Column("active", sa.Boolean, nullable=False, default=True),
    sa.Column("secret", sa.String(80), nullable=False),  # whsec_…; messages are signed with it, so it must be readable
    sa.Column("old_secret", sa.String(80)),  # signs too until old_until
    sa.Column("old_until", Utc),
    sa.Column("created_by", Key),
    sa.Column("created_at", Utc, nullable=False),
    sa.Column("last_at", Utc),  # of the last attempt
    sa.Column("last_status", sa.Integer),  # of HTTP; NULL: no answer
    sa.Column("last_error", sa.Text),  # NULL: it was taken
)

schedule_runs = sa.Table(
    "signoff_schedule_run",
    metadata,
    sa.Column("schedule", Key, primary_key=True),
    sa.Column("zone", sa.String(64), primary_key=True),
    sa.Column("due_at", Utc, nullable=False),  # of the last run
    sa.Column("at", Utc, nullable=False),
    sa.Column("count", sa.Integer, nullable=False),
    sa.Column("error", sa.Text),
)

schedule_seen = sa.Table(
    "signoff_schedule_seen",
    metadata,
    sa.Column("schedule", Key, primary_key=True),
    sa.Column("subject", sa.String(80), primary_key=True),  # record:17:3, which it told somebody about
    sa.Column("at", Utc, nullable=False, index=True),
)

limits = sa.Table(
    "signoff_limit",
    metadata,
    sa.Column("key", sa.String(64), primary_key=True),  # sha256, hex
    sa.Column("count", sa.Integer, nullable=False),
    sa.Column("expires_at", Utc, nullable=False, index=True),
)

used_links = sa.Table(
    "signoff_used_link",
    metadata,
    sa.Column("digest", sa.String(64), primary_key=True),  # sha256, hex, of the token
    sa.Column("at", Utc, nullable=False, index=True),
)

sequences = sa.Table(
    "signoff_sequence",
    metadata,
    sa.Column("key", sa.String(160), primary_key=True),
    sa.Column("value", sa.BigInteger, nullable=False),
)

idempotency_keys = sa.Table(
    "signoff_idempotency",
    metadata,
    sa.Column("person", Key, primary_key=True),
    sa.Column("key", sa.String(200), primary_key=True),
    sa.Column("fingerprint", sa.String(64), nullable=False),  # of method, path and body
    sa.Column("status", sa.Integer, nullable=False),
    sa.Column("body", sa.Text, nullable=False),
    sa.Column("at", Utc, nullable=False, index=True),
)

settings = sa.Table(
    "signoff_setting",
    metadata,
    sa.Column("key", sa.String(80), primary_key=True),  # people.revision, installation.id, …
    sa.Column("value", Json, nullable=False),
)
