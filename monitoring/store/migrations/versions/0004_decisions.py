"""Add what was done about flagged rows; nothing is known of earlier ones: none was blocked."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the table; it stays empty where no decision blocks."""
    op.create_table(
        "decisions",
        sa.Column("use_case", sa.String(31), nullable=False),
        sa.Column("row_id", sa.Text, nullable=False),
        sa.Column("blocked", sa.Boolean, nullable=False),
        sa.Column("control_probability", sa.Double, nullable=False),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("use_case", "row_id", name="pk_decisions"),
    )
