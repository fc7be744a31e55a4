"""Version 0002: checksums of rows; existing rows get none."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

SEALED = ("trial", "epoch", "look")


def upgrade() -> None:
    """Add the column ``seal`` to the tables."""
    for table in SEALED:
        op.add_column(table, sa.Column("seal", sa.String(64)))


def downgrade() -> None:
    """Remove the column ``seal`` from the tables."""
    for table in SEALED:
        op.drop_column(table, "seal")
