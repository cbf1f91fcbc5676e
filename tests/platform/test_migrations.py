"""The migrations make the very schema that the code describes, on both databases, from nothing and back."""

from pathlib import Path

import sqlalchemy as sa
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from flask import Flask

from signoff import create_app
from signoff.platform import db, migrating
from signoff.platform.db import metadata


def test_the_migrated_schema_is_what_the_code_describes(app: Flask) -> None:
    with app.app_context(), db.engine().connect() as connection:
        context = MigrationContext.configure(
            connection, opts={"version_table": migrating.VERSION_TABLE, "compare_type": False}
        )
        assert compare_metadata(context, metadata) == []


def test_every_index_and_guard_of_the_code_is_there(app: Flask) -> None:
    """Partial indexes by their conditions, which a comparison of schemas does not look at."""
    with app.app_context():
        inspector = sa.inspect(db.engine())
        for table in metadata.sorted_tables:
            present = {index["name"] for index in inspector.get_indexes(table.name)}
            assert {index.name for index in table.indexes} <= present, table.name


def test_a_database_goes_up_and_down_again(tmp_path: Path) -> None:
    app = create_app(data_dir=tmp_path, testing=True)
    with app.app_context():
        assert migrating.present() is None
        assert migrating.upgrade()
        assert migrating.is_current()
        assert not migrating.upgrade()
        with db.engine().connect().execution_options(signoff_writes=True) as connection, connection.begin():
            config = migrating._config()
            config.attributes["connection"] = connection
            command.downgrade(config, "base")
        assert set(sa.inspect(db.engine()).get_table_names()) <= {migrating.VERSION_TABLE}
