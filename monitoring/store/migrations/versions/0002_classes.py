"""Add the probability of each class to scores, and the name of the true class to labels."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the columns; they stay empty for targets of two values."""
    op.add_column("scores", sa.Column("probabilities", sa.JSON))
    op.add_column("labels", sa.Column("true_class", sa.Text))
    op.add_column("label_conflicts", sa.Column("true_class", sa.Text))
