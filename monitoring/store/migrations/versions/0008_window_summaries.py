"""Add summaries of windows of prediction logs; of what lies in the store there are none."""

import sqlalchemy as sa
from alembic import op

from monitoring.store.schema import JsonText, UtcTime

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the table."""
    op.create_table(
        "window_summaries",
        sa.Column("use_case", sa.String(31), nullable=False),
        sa.Column("part", sa.String(10), nullable=False),
        sa.Column("model_version", sa.String(64), nullable=False),
        sa.Column("window_start", UtcTime, nullable=False),
        sa.Column("window_end", UtcTime, nullable=False),
        sa.Column("as_of", UtcTime, nullable=False),
        sa.Column("inputs", sa.String(64), nullable=False),
        sa.Column("payload", JsonText, nullable=False),
        sa.PrimaryKeyConstraint(
            "use_case",
            "part",
            "model_version",
            "window_start",
            "window_end",
            name="pk_window_summaries",
        ),
    )
