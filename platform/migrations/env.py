"""Alembic's environment: the connection comes from :mod:`signoff.platform.migrating`."""

from alembic import context

from signoff.platform.db import metadata
from signoff.platform.migrating import VERSION_TABLE

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    version_table=VERSION_TABLE,
    render_as_batch=True,
    transaction_per_migration=False,
)
with context.begin_transaction():
    context.run_migrations()
