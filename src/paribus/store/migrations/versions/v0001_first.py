"""Version 0001: the first schema."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create every table."""
    op.create_table(
        "registration",
        sa.Column("id", sa.Integer, primary_key=True, autoincrement=True),
        sa.Column("study", sa.Text, nullable=False),
        sa.Column("content", sa.String(64), nullable=False, unique=True),
        sa.Column("study_yaml", sa.Text, nullable=False),
        sa.Column("manifest", sa.Text, nullable=False),
        sa.Column("at", sa.String(40), nullable=False),
    )
    op.create_table(
        "trial",
        sa.Column("identity", sa.String(64), primary_key=True),
        sa.Column("variant", sa.Text, nullable=False),
        sa.Column("levels", sa.Text, nullable=False),
        sa.Column("seed", sa.Integer, nullable=False),
        sa.Column("fit_on", sa.String(20), nullable=False),
        sa.Column("status", sa.String(10), nullable=False),
        sa.Column("attempts", sa.Integer, nullable=False),
        sa.Column("epochs", sa.Integer, nullable=False),
        sa.Column("wall_seconds", sa.Float, nullable=False),
        sa.Column("metrics", sa.Text, nullable=False),
        sa.Column("reason", sa.Text),
        sa.Column("first_nonfinite", sa.Text),
        sa.Column("observed", sa.Text, nullable=False),
        sa.Column("environment", sa.Text, nullable=False),
    )
    op.create_table(
        "epoch",
        sa.Column("identity", sa.String(64), sa.ForeignKey("trial.identity"), primary_key=True),
        sa.Column("epoch", sa.Integer, primary_key=True),
        sa.Column("metrics", sa.Text, nullable=False),
        sa.Column("wall_seconds", sa.Float, nullable=False),
        sa.Column("samples_per_second", sa.Float, nullable=False),
        sa.Column("learning_rate", sa.Float, nullable=False),
    )
    op.create_table(
        "look",
        sa.Column("id", sa.Integer, primary_key=True, autoincrement=True),
        sa.Column("identity", sa.String(64), sa.ForeignKey("trial.identity"), nullable=False),
        sa.Column("variant", sa.Text, nullable=False),
        sa.Column("seed", sa.Integer, nullable=False),
        sa.Column("purpose", sa.Text, nullable=False),
        sa.Column("at", sa.String(40), nullable=False),
    )


def downgrade() -> None:
    """Drop every table."""
    for table in ("look", "epoch", "trial", "registration"):
        op.drop_table(table)
