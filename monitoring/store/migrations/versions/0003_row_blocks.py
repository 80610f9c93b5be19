"""Pack the content of rows into blocks, in the place of JSON with every row.

All of it is one transaction: killed on the way, it leaves the store as it was, and begins anew.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import Any

import numpy as np
import pandas as pd
import sqlalchemy as sa
from alembic import op

from monitoring.rows.rows import NO_TIME, UNLABELLED, Rows, moment64
from monitoring.store.intake import insert_blocks
from monitoring.store.schema import JsonText

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

_PORTION = 20_000
"""Rows in memory at once."""

_OLD = sa.table(
    "production_rows_as_json",
    sa.column("use_case", sa.String),
    sa.column("row_id", sa.Text),
    sa.column("event_time", sa.DateTime(timezone=True)),
    sa.column("arrival_time", sa.DateTime(timezone=True)),
    sa.column("amount", sa.Double),
    sa.column("features", JsonText),
)


def upgrade() -> None:
    """Make the tables of blocks, move the rows into them, and drop what held them."""
    connection = op.get_bind()
    op.rename_table("production_rows", _OLD.name)
    if connection.dialect.name == "postgresql":
        op.execute(
            f"ALTER TABLE {_OLD.name} RENAME CONSTRAINT pk_production_rows TO pk_{_OLD.name}"
        )
    _make_tables()
    for use_case, records in _portions(connection):
        insert_blocks(connection, use_case, _rows(records))
    op.drop_table(_OLD.name)
    op.create_index(
        "ix_production_rows_use_case_event_time",
        "production_rows",
        ["use_case", "event_time"],
        postgresql_using="brin",
        postgresql_with={"autosummarize": "on"},
    )


def _make_tables() -> None:
    moment = sa.DateTime(timezone=True)
    op.create_table(
        "row_layouts",
        sa.Column("id", sa.String(64), nullable=False),
        sa.Column("columns", sa.JSON, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_row_layouts"),
    )
    op.create_table(
        "row_blocks",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer, "sqlite"), nullable=False),
        sa.Column("use_case", sa.String(31), nullable=False),
        sa.Column("first_event", moment, nullable=False),
        sa.Column("last_event", moment, nullable=False),
        sa.Column("rows", sa.Integer, nullable=False),
        sa.Column("layout", sa.String(64), nullable=False),
        sa.Column("words", sa.Text),
        sa.Column("ids", sa.LargeBinary, nullable=False),
        sa.Column("facts", sa.LargeBinary, nullable=False),
        sa.Column("features", sa.LargeBinary, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_row_blocks"),
    )
    if op.get_bind().dialect.name == "postgresql":
        for column in ("ids", "facts", "features"):  # compressing takes longer than writing
            op.execute(f"ALTER TABLE row_blocks ALTER COLUMN {column} SET STORAGE EXTERNAL")
    op.create_index("ix_row_blocks_use_case_first_event", "row_blocks", ["use_case", "first_event"])
    op.create_table(
        "production_rows",
        sa.Column("use_case", sa.String(31), nullable=False),
        sa.Column("row_id", sa.Text, nullable=False),
        sa.Column("event_time", moment, nullable=False),
        sa.Column("arrival_time", moment, nullable=False),
        sa.Column("block", sa.BigInteger, nullable=False),
        sa.Column("place", sa.Integer, nullable=False),
        sa.PrimaryKeyConstraint("use_case", "row_id", name="pk_production_rows"),
    )


def _portions(connection: sa.Connection) -> Iterator[tuple[str, Sequence[sa.Row[Any]]]]:
    """Yield the rows of each use case, in order of event time, some at a time."""
    old = _OLD.c
    cases = connection.execute(sa.select(old.use_case).distinct().order_by(old.use_case))
    for use_case in cases.scalars().all():
        after: tuple[datetime, str] | None = None
        while True:
            statement = sa.select(_OLD).where(old.use_case == use_case)
            if after is not None:
                statement = statement.where(
                    old.event_time >= after[0],
                    sa.or_(old.event_time > after[0], old.row_id > after[1]),
                )
            in_order = statement.order_by(old.event_time, old.row_id).limit(_PORTION)
            records = connection.execute(in_order).all()
            if not records:
                break
            yield use_case, records
            after = records[-1].event_time, records[-1].row_id


def _rows(records: Sequence[sa.Row[Any]]) -> Rows:
    contents = [json.loads(record.features) for record in records]
    names = dict.fromkeys(name for content in contents for name in content)
    return Rows(
        features=pd.DataFrame(
            {name: _feature([content.get(name) for content in contents]) for name in names}
        ),
        row_id=np.array([record.row_id for record in records], np.str_),
        event_time=np.array([_moment(record.event_time) for record in records]),
        arrival_time=np.array([_moment(record.arrival_time) for record in records]),
        label=np.full(len(records), UNLABELLED, np.int8),
        label_time=np.full(len(records), NO_TIME),
        amount=np.array([record.amount for record in records], np.float64),
    )


def _moment(time: datetime) -> np.datetime64:
    """Return a moment that SQLite, unlike PostgreSQL, has kept without its zone."""
    return moment64(time if time.tzinfo else time.replace(tzinfo=UTC))


def _feature(values: Sequence[object]) -> Any:
    """Return a feature as a frame holds it: words if one of its values is a word."""
    if any(isinstance(value, str) for value in values):
        texts = [None if value is None else str(value) for value in values]
        return pd.array(texts, dtype="str")
    return np.array(values, np.float64)
