"""Keep times as numbers in SQLite, and the rows of a key together in both databases.

SQLite kept each time as a text of 26 letters, and each record of the large tables twice: where it
came to lie, and in its key.
"""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

_TIMES = {
    "row_blocks": ("first_event", "last_event"),
    "decisions": ("decided_at",),
    "label_conflicts": ("label_time",),
    "quarantined_rows": ("seen_at",),
    "archives": ("as_of", "first_event", "last_event"),
    "verdicts": ("window_start", "window_end", "as_of"),
}
"""Columns of times of tables that stay as they are."""


def upgrade() -> None:
    """Convert what is there; all of it is one transaction."""
    if op.get_bind().dialect.name == "postgresql":
        op.drop_constraint("pk_key_history", "key_history")
        op.drop_index("ix_key_history_key", "key_history")
        key = ["use_case", "key_column", "key_hash", "event_time", "row_id"]
        op.create_primary_key("pk_key_history", "key_history", key)
    else:
        for table, columns in _TIMES.items():
            sets = ", ".join(f"{column} = {_as_number(column)}" for column in columns)
            op.execute(f"UPDATE {table} SET {sets}")  # noqa: S608 # nosec B608 # names of the schema
        _make_anew()
    op.create_index(
        "ix_key_history_row", "key_history", ["use_case", "row_id", "key_column"], unique=True
    )


def _as_number(column: str) -> str:
    """Return SQL for microseconds since 1970 of a text; what is a number already stays so."""
    seconds = f"CAST(strftime('%s', substr({column}, 1, 19)) AS INTEGER)"
    fraction = f"CAST(substr({column}, 21, 6) AS INTEGER)"
    return (
        f"CASE typeof({column}) WHEN 'text' THEN {seconds} * 1000000 + {fraction} ELSE {column} END"
    )


def _make_anew() -> None:
    """Make the large tables anew, each of which lies in the order of its key."""
    number, text = sa.DateTime(timezone=True), sa.Text  # the type's name alone: see `UtcTime`
    _table(
        "production_rows",
        ("use_case", "row_id"),
        sa.Column("row_id", text, nullable=False),
        sa.Column("event_time", number, nullable=False),
        sa.Column("arrival_time", number, nullable=False),
        sa.Column("block", sa.BigInteger, nullable=False),
        sa.Column("place", sa.Integer, nullable=False),
    )
    op.create_index(
        "ix_production_rows_use_case_event_time", "production_rows", ["use_case", "event_time"]
    )
    _table(
        "scores",
        ("use_case", "row_id", "role", "model_version"),
        sa.Column("row_id", text, nullable=False),
        sa.Column("role", sa.String(10), nullable=False),
        sa.Column("model_version", sa.String(64), nullable=False),
        sa.Column("score", sa.Double, nullable=False),
        sa.Column("alarmed", sa.Boolean, nullable=False),
        sa.Column("scored_at", number, nullable=False),
        sa.Column("probabilities", sa.JSON),
    )
    _table(
        "labels",
        ("use_case", "row_id"),
        sa.Column("row_id", text, nullable=False),
        sa.Column("label", sa.SmallInteger, nullable=False),
        sa.Column("label_time", number, nullable=False),
        sa.Column("true_class", text),
    )
    _table(
        "key_history",
        ("use_case", "key_column", "key_hash", "event_time", "row_id"),
        sa.Column("key_column", sa.String(200), nullable=False),
        sa.Column("key_hash", sa.String(32), nullable=False),
        sa.Column("event_time", number, nullable=False),
        sa.Column("row_id", text, nullable=False),
        sa.Column("columns", text, nullable=False),
        sa.Column("numbers", sa.LargeBinary, nullable=False),
    )


def _table(name: str, key: tuple[str, ...], *columns: sa.Column) -> None:  # type: ignore[type-arg]
    before = f"{name}_with_texts"
    op.rename_table(name, before)
    op.create_table(
        name,
        sa.Column("use_case", sa.String(31), nullable=False),
        *columns,
        sa.PrimaryKeyConstraint(*key, name=f"pk_{name}"),
        sqlite_with_rowid=False,
    )
    names = ["use_case", *(str(column.name) for column in columns)]
    moments = ("event_time", "arrival_time", "scored_at", "label_time")
    values = [_as_number(column) if column in moments else column for column in names]
    op.execute(  # nothing but names of the schema's own is in the statement
        f"INSERT INTO {name} ({', '.join(names)}) "  # noqa: S608 # nosec B608
        f"SELECT {', '.join(values)} FROM {before} ORDER BY {', '.join(key)}"
    )
    op.drop_table(before)
