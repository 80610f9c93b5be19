"""Add what history features see of rows: their keys, times and aggregated numbers."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the table; it stays empty where no use case has history features."""
    op.create_table(
        "key_history",
        sa.Column("use_case", sa.String(31), nullable=False),
        sa.Column("row_id", sa.Text, nullable=False),
        sa.Column("key_column", sa.String(200), nullable=False),
        sa.Column("key_hash", sa.String(32), nullable=False),
        sa.Column("event_time", sa.DateTime(timezone=True), nullable=False),
        sa.Column("columns", sa.Text, nullable=False),
        sa.Column("numbers", sa.LargeBinary, nullable=False),
        sa.PrimaryKeyConstraint("use_case", "row_id", "key_column", name="pk_key_history"),
    )
    op.create_index(
        "ix_key_history_key",
        "key_history",
        ["use_case", "key_column", "key_hash", "event_time"],
    )
