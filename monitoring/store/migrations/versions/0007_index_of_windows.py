"""Have SQLite's index of windows hold all that is looked up in it.

A window looked up each of its rows by its id besides, to learn when it arrived and where it lies.
"""

from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the index anew; what is there stays as it is."""
    if op.get_bind().dialect.name == "sqlite":
        op.drop_index("ix_production_rows_use_case_event_time", "production_rows")
        columns = ["use_case", "event_time", "arrival_time", "block", "place"]
        op.create_index("ix_production_rows_window", "production_rows", columns)
