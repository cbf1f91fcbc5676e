"""Tables of people: persons, departments, roles, limits, delegations, tokens. Keys are what definitions use."""

import sqlalchemy as sa

from ..db import Id, Key, Utc, metadata

departments = sa.Table(
    "signoff_department",
    metadata,
    sa.Column("key", Key, primary_key=True),
    sa.Column("name", sa.JSON, nullable=False),  # LocalText
    sa.Column("parent", Key),
    sa.Column("head", Key),
    sa.Column("calendar", Key),  # NULL: that of the parent
    sa.Column("position", sa.Integer, nullable=False, default=0),  # order of the definition
)

persons = sa.Table(
    "signoff_person",
    metadata,
    sa.Column("key", Key, primary_key=True),
    sa.Column("name", sa.String(120), nullable=False),
    sa.Column("email", sa.String(254), index=True),
    sa.Column("department", Key),
    sa.Column("manager", Key),
    sa.Column("language", sa.String(8)),  # en, zh; NULL: the installation's
    sa.Column("zone", sa.String(64)),  # IANA name; NULL: the installation's
    sa.Column("theme", sa.String(8)),  # light, dark; NULL: the system's
    sa.Column("active", sa.Boolean, nullable=False, default=True),
    sa.Column("password_hash", sa.String(256)),  # argon2id; NULL: cannot sign in with a password
    sa.Column("session_epoch", sa.Integer, nullable=False, default=0),  # raised to end all sessions
    sa.Column("channels", sa.JSON, nullable=False, default=dict),  # {event: [channel, …]}
    sa.Column("quiet", sa.JSON),  # {"from": "22:00", "until": "08:00"}: nothing is sent then
    sa.Column("position", sa.Integer, nullable=False, default=0),  # order of the definition
    sa.Column("created_at", Utc, nullable=False),
)

person_roles = sa.Table(
    "signoff_person_role",
    metadata,
    sa.Column("person", Key, primary_key=True),
    sa.Column("role", Key, primary_key=True, index=True),
)

person_limits = sa.Table(
    "signoff_person_limit",
    metadata,
    sa.Column("person", Key, primary_key=True),
    sa.Column("form", Key, primary_key=True),
    sa.Column("amount", sa.String(40), nullable=False),  # a decimal
)

delegations = sa.Table(
    "signoff_delegation",
    metadata,
    sa.Column("person", Key, primary_key=True),  # who is away
    sa.Column("delegate", Key, nullable=False, index=True),
    sa.Column("from_at", Utc, nullable=False),
    sa.Column("until_at", Utc, nullable=False),
    sa.Column("max_amount", sa.String(40)),  # a decimal; NULL: no limit of its own
)

tokens = sa.Table(
    "signoff_token",
    metadata,
    sa.Column("id", Id, primary_key=True),
    sa.Column("person", Key, nullable=False, index=True),
    sa.Column("name", sa.String(120), nullable=False),
    sa.Column("hash", sa.String(64), nullable=False, unique=True),  # sha256, hex: tokens are random, not guessable
    sa.Column("created_at", Utc, nullable=False),
    sa.Column("expires_at", Utc),
    sa.Column("revoked_at", Utc),
    sa.Column("last_used_on", sa.Date),
)

definition_owners = sa.Table(
    "signoff_definition_owner",
    metadata,
    sa.Column("subject", Key, primary_key=True),  # a form's key: the form and the flows for it
    sa.Column("person", Key, primary_key=True, index=True),
)
