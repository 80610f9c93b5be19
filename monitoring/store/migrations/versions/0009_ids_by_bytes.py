"""Order ids by their bytes in PostgreSQL: in a language's order each record took twice the CPU.

SQLite has had them so from the first. Indexes are built anew, tables are not rewritten.
"""

from alembic import op

from monitoring.store.schema import ID

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

_TABLES = (
    *("production_rows", "key_history", "scores", "decisions", "labels", "label_conflicts"),
    *("quarantined_rows", "consumed_rows", "archived_rows"),
)


def upgrade() -> None:
    """Change the columns of ids."""
    if op.get_bind().dialect.name != "postgresql":
        return
    for table in _TABLES:
        op.alter_column(table, "row_id", type_=ID, existing_nullable=False)
