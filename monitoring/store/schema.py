"""Tables of the production store, all keyed by use case."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import FunctionElement
from sqlalchemy.types import TypeDecorator, UserDefinedType

from monitoring.errors import InputError

if TYPE_CHECKING:
    from sqlalchemy.engine import Dialect
    from sqlalchemy.sql.compiler import SQLCompiler


EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

ID = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
"""Ids in the order of their bytes, as SQLite has them.

The order of a language, which most PostgreSQL servers are set to, takes more than twice the CPU per
record, and an upgrade of the system's library may change it under an index.
"""

_MICROSECOND = timedelta(microseconds=1)


class _Number(UserDefinedType[int]):
    """What SQLite's columns of times hold; their name is one that a column of numbers may have."""

    cache_ok = True

    def get_col_spec(self, **_: Any) -> str:
        """Return the column's type."""
        return "DATETIME"


class UtcTime(TypeDecorator[datetime]):
    """A moment to the microsecond, UTC on both sides; SQLite keeps microseconds since 1970."""

    impl = sa.DateTime(timezone=True)
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> sa.types.TypeEngine[Any]:
        """Return what the database calls it."""
        known: sa.types.TypeEngine[Any] = (
            sa.DateTime(timezone=True) if dialect.name == "postgresql" else _Number()
        )
        return dialect.type_descriptor(known)

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> Any:
        """Turn a zoned moment into UTC; one without a zone is a `ValueError`."""
        if value is None:
            return None
        if value.tzinfo is None:
            msg = f"{value!r} has no time zone"
            raise InputError(msg)
        utc = value.astimezone(UTC)
        return utc if dialect.name == "postgresql" else (utc - EPOCH) // _MICROSECOND

    def process_result_value(self, value: Any, dialect: Dialect) -> datetime | None:
        """Return the moment in UTC."""
        if value is None:
            return None
        postgresql = dialect.name == "postgresql"
        moment: datetime = value.astimezone(UTC) if postgresql else EPOCH + value * _MICROSECOND
        return moment


class JsonText(UserDefinedType[str]):
    """JSON that goes in and comes out as text: many are decoded at once."""

    cache_ok = True

    def get_col_spec(self, **_: Any) -> str:
        """Return the column's type, which both databases call by this name."""
        return "JSON"

    def column_expression(self, column: sa.ColumnElement[Any]) -> sa.ColumnElement[Any]:
        """Select as text, since PostgreSQL's driver would decode each value."""
        return sa.cast(column, sa.Text)


class Microseconds(FunctionElement[int]):
    """A moment as microseconds since 1970: many become an array at once."""

    type = sa.BigInteger()
    inherit_cache = True


@compiles(Microseconds, "sqlite")
def _as_it_is_kept(element: Microseconds, compiler: SQLCompiler, **kwargs: Any) -> str:
    return compiler.process(element.clauses, **kwargs)


@compiles(Microseconds, "postgresql")
def _counted(element: Microseconds, compiler: SQLCompiler, **kwargs: Any) -> str:
    time = compiler.process(element.clauses, **kwargs)
    return f"CAST(EXTRACT(EPOCH FROM {time}) * 1000000 AS BIGINT)"


metadata = sa.MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)


def _use_case() -> sa.Column[str]:
    return sa.Column("use_case", sa.String(31), primary_key=True)


# Rows that came to be scored, once each: when, and where their content lies.
production_rows = sa.Table(
    "production_rows",
    metadata,
    _use_case(),
    sa.Column("row_id", ID, primary_key=True),
    sa.Column("event_time", UtcTime, nullable=False),
    sa.Column("arrival_time", UtcTime, nullable=False),
    sa.Column("block", sa.BigInteger, nullable=False),  # of `row_blocks`
    sa.Column("place", sa.Integer, nullable=False),  # in it, counted from 0
    # Rows come about in order of time, so in PostgreSQL a range per page does for an index.
    sa.Index(
        None,
        "use_case",
        "event_time",
        postgresql_using="brin",
        postgresql_with={"autosummarize": "on"},
        info={"dialect": "postgresql"},
    ),
    # In SQLite all that is asked of the rows of a window: it need not look each up by its id.
    sa.Index(
        "ix_production_rows_window",
        *("use_case", "event_time", "arrival_time", "block", "place"),
        info={"dialect": "sqlite"},
    ),
    sqlite_with_rowid=False,  # its key is where its records lie: one tree less to write
)

# The content of rows, some thousands of one UTC day in one block; see `row_blocks.py`.
row_blocks = sa.Table(
    "row_blocks",
    metadata,
    sa.Column("id", sa.BigInteger().with_variant(sa.Integer, "sqlite"), primary_key=True),
    sa.Column("use_case", sa.String(31), nullable=False),
    sa.Column("first_event", UtcTime, nullable=False),
    sa.Column("last_event", UtcTime, nullable=False),  # within the same UTC day
    sa.Column("rows", sa.Integer, nullable=False),
    sa.Column("layout", sa.String(64), nullable=False),  # of `row_layouts`
    sa.Column("words", sa.Text),  # JSON: the words of each categorical feature; null without one
    sa.Column("ids", sa.LargeBinary, nullable=False),
    sa.Column("facts", sa.LargeBinary, nullable=False),  # event time, arrival time and amount
    sa.Column("features", sa.LargeBinary, nullable=False),
    sa.Index(None, "use_case", "first_event"),
)

# Which features rows have, and in what order: one record for as long as that stays.
row_layouts = sa.Table(
    "row_layouts",
    metadata,
    sa.Column("id", sa.String(64), primary_key=True),  # SHA-256 of the columns
    sa.Column("columns", JsonText, nullable=False),
)

# What history features see of rows, by each column of keys; see `key_history.py`.
key_history = sa.Table(
    "key_history",
    metadata,
    _use_case(),
    sa.Column("key_column", sa.String(200), primary_key=True),
    sa.Column("key_hash", sa.String(32), primary_key=True),  # of the key itself
    sa.Column("event_time", UtcTime, primary_key=True),
    sa.Column("row_id", ID, primary_key=True),
    sa.Column("columns", sa.Text, nullable=False),  # JSON: which ones the numbers are of
    sa.Column("numbers", sa.LargeBinary, nullable=False),  # float64 each, little-endian
    sa.Index("ix_key_history_row", "use_case", "row_id", "key_column", unique=True),
    sqlite_with_rowid=False,  # the rows of a key lie together, in order of time
)

# Scores, and whether each was an alarm.
scores = sa.Table(
    "scores",
    metadata,
    _use_case(),
    sa.Column("row_id", ID, primary_key=True),
    sa.Column("role", sa.String(10), primary_key=True),  # champion, arm or shadow
    sa.Column("model_version", sa.String(64), primary_key=True),
    sa.Column("score", sa.Double, nullable=False),
    sa.Column("alarmed", sa.Boolean, nullable=False),  # the decision at that time
    sa.Column("scored_at", UtcTime, nullable=False),
    sa.Column("probabilities", JsonText),  # by class name; null where the target has two values
    sqlite_with_rowid=False,
)

# What was done about flagged rows, where the use case says that decisions block: first of each.
decisions = sa.Table(
    "decisions",
    metadata,
    _use_case(),
    sa.Column("row_id", ID, primary_key=True),
    sa.Column("blocked", sa.Boolean, nullable=False),  # else it was let through, as control
    sa.Column("control_probability", sa.Double, nullable=False),  # that it would be let through
    sa.Column("decided_at", UtcTime, nullable=False),
)

# Labels: the first of each id, whether or not its row has come.
labels = sa.Table(
    "labels",
    metadata,
    _use_case(),
    sa.Column("row_id", ID, primary_key=True),
    sa.Column("label", sa.SmallInteger, nullable=False),  # 1 positive, 0 negative
    sa.Column("label_time", UtcTime, nullable=False),  # when the label came
    sa.Column("true_class", sa.Text),  # its name; null where the target has two values
    sqlite_with_rowid=False,
)

# Labels that contradict the first one of their id.
label_conflicts = sa.Table(
    "label_conflicts",
    metadata,
    _use_case(),
    sa.Column("row_id", ID, primary_key=True),
    sa.Column("label_time", UtcTime, primary_key=True),
    sa.Column("label", sa.SmallInteger, nullable=False),
    sa.Column("true_class", sa.Text),
)

# Rows set aside by a check, with the reason.
quarantined_rows = sa.Table(
    "quarantined_rows",
    metadata,
    _use_case(),
    sa.Column("key", sa.String(64), primary_key=True),  # so that a retry adds nothing
    sa.Column("row_id", ID, nullable=False),
    sa.Column("reason", sa.String(80), nullable=False),
    sa.Column("detail", sa.Text, nullable=False),
    sa.Column("payload", sa.Text, nullable=False),  # the row as received
    sa.Column("seen_at", UtcTime, nullable=False),
    sa.Index(None, "use_case", "seen_at"),
)

# The rows that each retrain consumed, and the file of the labelled ones.
archives = sa.Table(
    "archives",
    metadata,
    _use_case(),
    sa.Column("run_key", sa.String(250), primary_key=True),  # the retrain that consumed
    sa.Column("as_of", UtcTime, nullable=False),
    sa.Column("state", sa.String(10), nullable=False),  # claimed or complete
    sa.Column("rows_archived", sa.Integer, nullable=False),
    sa.Column("rows_consumed", sa.Integer, nullable=False),
    sa.Column("file", sa.Text),  # name in the archive folder; null without rows
    sa.Column("sha256", sa.String(64)),  # of the file, once complete
    sa.Column("first_event", UtcTime),
    sa.Column("last_event", UtcTime),
)


def _taken_once(name: str) -> sa.Table:
    """Return a table in which a row can stand once, whoever tries: its key is the guarantee."""
    return sa.Table(
        name,
        metadata,
        _use_case(),
        sa.Column("row_id", ID, primary_key=True),
        sa.Column("run_key", sa.String(250), nullable=False),
        sa.ForeignKeyConstraint(["use_case", "run_key"], ["archives.use_case", "archives.run_key"]),
        sa.Index(None, "use_case", "run_key"),
    )


# The watermark: rows that have counted once towards a retrain.
consumed_rows = _taken_once("consumed_rows")

# Labelled rows, and the archive that each is in.
archived_rows = _taken_once("archived_rows")

# Drift verdicts: each made once, then only read.
verdicts = sa.Table(
    "verdicts",
    metadata,
    _use_case(),
    sa.Column("id", sa.String(200), primary_key=True),
    sa.Column("window_start", UtcTime, nullable=False),
    sa.Column("window_end", UtcTime, nullable=False),
    sa.Column("as_of", UtcTime, nullable=False),
    sa.Column("model_version", sa.String(64)),
    sa.Column("payload", JsonText, nullable=False),
    sa.Index(None, "use_case", "window_end"),
)

# Summaries of windows of prediction logs: what was read once is merged from then on.
window_summaries = sa.Table(
    "window_summaries",
    metadata,
    _use_case(),
    sa.Column("part", sa.String(10), primary_key=True),  # features or scores
    sa.Column("model_version", sa.String(64), primary_key=True),
    sa.Column("window_start", UtcTime, primary_key=True),
    sa.Column("window_end", UtcTime, primary_key=True),
    sa.Column("as_of", UtcTime, nullable=False),
    sa.Column("inputs", sa.String(64), nullable=False),  # hash of what was read, and how
    sa.Column("payload", JsonText, nullable=False),
)


def same_row(table: sa.FromClause) -> sa.ColumnElement[bool]:
    """Return the condition that a record is of a production row."""
    mine = production_rows.c
    return sa.and_(table.c.use_case == mine.use_case, table.c.row_id == mine.row_id)


def exists(table: sa.FromClause, *where: sa.ColumnElement[bool]) -> sa.Exists:
    """Return the condition that a production row has its like in `table`."""
    like = sa.select(sa.literal(1)).select_from(table).where(*where)
    return like.correlate(production_rows).exists()
