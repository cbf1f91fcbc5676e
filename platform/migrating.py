"""Bringing a database to the shape this version needs: Alembic, without an ini file to edit."""

from pathlib import Path

import sqlalchemy as sa
from alembic import command
from alembic.config import Config as AlembicConfig
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory

from . import background, db

FOLDER = Path(__file__).parent / "migrations"
VERSION_TABLE = "signoff_migration"


def _config() -> AlembicConfig:
    config = AlembicConfig()
    config.set_main_option("script_location", str(FOLDER))
    return config


def newest() -> str:
    """The revision that this code needs."""
    head = ScriptDirectory.from_config(_config()).get_current_head()
    if head is None:
        raise RuntimeError("the package holds no migrations")
    return head


def present() -> str | None:
    """The revision of the database, ``None`` if it is empty."""
    with db.translated(), db.engine().connect() as connection:
        context = MigrationContext.configure(connection, opts={"version_table": VERSION_TABLE})
        return context.get_current_revision()


def is_ahead(revision: str | None) -> bool:
    """Whether a newer version made the tables: they serve this one too while its nodes are replaced."""
    known = {each.revision for each in ScriptDirectory.from_config(_config()).walk_revisions()}
    return revision is not None and revision not in known


def is_current() -> bool:
    """Whether this version can work with the tables that are there."""
    found = present()
    return (found == newest() and _carries()) or is_ahead(found)


def _carries() -> bool:
    """Whether the tables of procrastinate are there, where it finds the jobs."""
    if not background.is_carried():
        return True
    from . import distributed

    with db.translated(), db.engine().connect() as connection:
        return distributed.is_prepared(connection)


def upgrade() -> bool:
    """Migrate to the newest revision, one process at a time; whether there was anything to do.

    Tables of a newer version are left as they are.
    """
    if is_current():
        return False
    with (
        db.translated(),
        db.engine().connect().execution_options(signoff_writes=True) as connection,
        connection.begin(),
    ):
        if connection.dialect.name == "postgresql":
            # the nodes of a rolling start wait here for the first of them
            connection.execute(sa.text("SELECT pg_advisory_xact_lock(734001)"))
        config = _config()
        config.attributes["connection"] = connection
        command.upgrade(config, "head")
        if background.is_carried():
            from . import distributed

            distributed.prepare(connection)
    return True
