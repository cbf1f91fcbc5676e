"""Owners of forms, who may change them and their flows beside the administrators."""

import sqlalchemy as sa
from alembic import op

revision = "owners"
down_revision = "figures"
branch_labels = None
depends_on = None

KEY = sa.String(length=64)


def upgrade() -> None:
    op.create_table(
        "signoff_definition_owner",
        sa.Column("subject", KEY, nullable=False),
        sa.Column("person", KEY, nullable=False),
        sa.PrimaryKeyConstraint("subject", "person", name=op.f("pk_signoff_definition_owner")),
    )
    op.create_index(op.f("ix_signoff_definition_owner_person"), "signoff_definition_owner", ["person"])


def downgrade() -> None:
    op.drop_index(op.f("ix_signoff_definition_owner_person"), table_name="signoff_definition_owner")
    op.drop_table("signoff_definition_owner")
