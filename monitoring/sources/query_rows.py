"""The rows of a query over named tables of files, run by DuckDB that sees nothing else."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from functools import cache
from typing import TYPE_CHECKING

from monitoring.rows.parsing import parse_words
from monitoring.sources.closed_sql import (
    MEMORY,
    closed_connection,
    interrupted_after,
    parts_of,
    syntax_tree,
)
from monitoring.sources.location import SourceError
from monitoring.sources.source_file import LARGEST
from monitoring.sources.source_rows import SourceRows
from monitoring.use_case import UseCase
from monitoring.use_case_columns import ArrivalOrder, EventTime
from monitoring.wording import shortened

if TYPE_CHECKING:
    import duckdb
    import numpy as np
    import pandas as pd
    import pyarrow as pa
    from duckdb import DuckDBPyConnection, DuckDBPyRelation
    from numpy.typing import NDArray

SECONDS = 600.0
"""How long a query may take."""

ONE_SELECT = (
    "a query is one SELECT, which may begin with WITH: not several statements, and none that "
    "changes, loads, sets or copies anything"
)

TABLE_FUNCTIONS = frozenset({"generate_series", "json_each", "json_tree", "range", "unnest"})
"""Functions that a query may read from: none of them knows anything but what it is given."""

_PORTION = 100_000

_LINES, _LETTERS = 6, 200
"""Lines of a database's error that are shown, and letters of each."""


def query_place(case: UseCase) -> str:
    """Return what errors call the query of a use case."""
    return f"use case {case.name}: source.{'sql' if case.source.sql else 'sql_file'}"


def check_query(case: UseCase) -> None:
    """Check the query of a use case, without its tables.

    Raises
    ------
    SourceError
        It is not one SELECT of DuckDB's SQL, reads from a function that is not allowed, or gives
        rows in no order where nothing else orders them.
    """
    with closed_connection() as connection:
        _check(case, connection)


def rows_of_query(case: UseCase, tables: Mapping[str, SourceRows]) -> SourceRows:
    """Run the query of a use case.

    Rows of the tables that could not be put into columns come along as they are.

    Raises
    ------
    SourceError
        The query is not allowed, fails, takes too long, or gives more than `LARGEST`; or a
        table's column is not of one type.
    """
    import duckdb

    place = query_place(case)
    with closed_connection() as connection, interrupted_after(connection, SECONDS):
        _check(case, connection)
        for name, table in tables.items():
            connection.register(name, _as_arrow(name, table))
        try:
            frame = _result(place, _in_order(connection.sql(case.source.query), case))
        except duckdb.Error as error:
            raise _failed(place, error, tables) from error
    malformed = [
        replace(row, row_number=len(frame) + place, detail=f"{table.place}: {row.detail}")
        for place, (table, row) in enumerate(
            (table, row) for table in tables.values() for row in table.malformed
        )
    ]
    hashes = [f"{name} {table.sha256}" for name, table in sorted(tables.items())]
    return SourceRows(
        place=place,
        frame=frame,
        malformed=tuple(malformed),
        sha256=hashlib.sha256("\n".join([case.source.query, *hashes]).encode()).hexdigest(),
        called=named_by_content(frame, case, [row.text for row in malformed]),
    )


def named_by_content(
    frame: pd.DataFrame, case: UseCase, others: Sequence[str] = ()
) -> Callable[[NDArray[np.int64]], list[str]]:
    """Return ids of rows that stand in no file: of what they hold but the target, which may come.

    They stay when rows are added, and whatever order the rows come in; equal rows are counted.

    Parameters
    ----------
    others
        Rows after those of the frame, as text.
    """
    target = case.columns.target

    @cache
    def ids() -> list[str]:
        # By their places: a query may give two columns one name, which the schema check refuses.
        places = [
            n for n, name in enumerate(frame.columns) if name != getattr(target, "name", None)
        ]
        words = [parse_words(frame.iloc[:, place]).tolist() for place in places]
        seen: Counter[str] = Counter()
        found = []
        for content in [*(zip(*words, strict=True)), *others]:
            key = hashlib.sha256(repr(content).encode()).hexdigest()[:16]
            found.append(f"{key}-{seen[key]}")
            seen[key] += 1
        return found

    return lambda numbers: [ids()[number] for number in numbers.tolist()]


def _check(case: UseCase, connection: DuckDBPyConnection) -> None:
    import duckdb

    place = query_place(case)
    try:
        trees = syntax_tree(connection, case.source.query)
    except duckdb.Error as error:
        raise _failed(place, error, case.source.tables or {}) from error
    if len(trees) != 1:
        msg = f"{place}: {ONE_SELECT}"
        raise SourceError(msg)
    functions = (part for part in parts_of(trees) if part.get("type") == "TABLE_FUNCTION")
    names = {str(part["function"]["function_name"]) for part in functions}
    if names - TABLE_FUNCTIONS:
        allowed = [*(case.source.tables or {}), *sorted(TABLE_FUNCTIONS)]
        msg = (
            f"{place}: reads from {', '.join(sorted(names - TABLE_FUNCTIONS))}: what a query may "
            f"read is {', '.join(allowed)}"
        )
        raise SourceError(msg)
    is_ordered = any(each["type"] == "ORDER_MODIFIER" for each in trees[0]["modifiers"])
    if isinstance(case.columns.event_time, ArrivalOrder) and not is_ordered:
        raise unordered(place)


def unordered(place: str) -> SourceError:
    """Return the error that rows come in no order, where nothing else orders them."""
    return SourceError(
        f"{place}: the use case has no event time, so the order of the rows stands in for it: end "
        "the query with an ORDER BY of what no two rows share"
    )


def _as_arrow(name: str, table: SourceRows) -> pa.Table:
    import pyarrow as pa

    try:
        return pa.Table.from_pandas(table.frame, preserve_index=False)
    except (pa.ArrowException, TypeError, ValueError) as error:
        msg = f"{table.place}: table {name} has a column of several types: {error}"
        raise SourceError(msg) from error


def _in_order(rows: DuckDBPyRelation, case: UseCase) -> DuckDBPyRelation:
    """Order rows by event time, and those of one time by all they hold: DuckDB promises none."""
    time = case.columns.event_time
    if not isinstance(time, EventTime) or time.name not in rows.columns:
        return rows
    names = [time.name, *(name for name in rows.columns if name != time.name)]
    return rows.order(", ".join('"' + name.replace('"', '""') + '"' for name in names))


def _result(place: str, rows: DuckDBPyRelation) -> pd.DataFrame:
    import pyarrow as pa

    reader = rows.to_arrow_reader(_PORTION)
    held, size = [], 0
    for batch in reader:
        held.append(batch)
        size += batch.nbytes
        if size > LARGEST:
            msg = f"{place}: its rows take more than {LARGEST:,} bytes: select fewer of them"
            raise SourceError(msg)
    frame: pd.DataFrame = pa.Table.from_batches(held, schema=reader.schema).to_pandas(
        integer_object_nulls=True
    )
    return frame


def _failed(place: str, error: duckdb.Error, tables: Mapping[str, object]) -> SourceError:
    import duckdb

    cures: tuple[tuple[type[duckdb.Error], str], ...] = (
        (duckdb.PermissionException, "a query reads nothing but the tables of the use case"),
        (duckdb.CatalogException, f"the tables are {', '.join(tables)}"),
        (duckdb.InterruptException, f"a query may take {SECONDS:,.0f} s: make it a smaller one"),
        (
            duckdb.OutOfMemoryException,
            f"a query may take {MEMORY:,} bytes: sort, group and join fewer rows or columns",
        ),
        (duckdb.ConversionException, "TRY_CAST gives NULL for what is no such value"),
    )
    cure = next((cure for kind, cure in cures if isinstance(error, kind)), "correct the query")
    return SourceError(f"{place}: {first_lines(str(error).splitlines())}\n{cure}")


def first_lines(lines: Iterable[str]) -> str:
    """Return the first lines of what a database says, each shortened: it may hold rows."""
    there = [line for line in lines if line.strip()][:_LINES]
    return "\n".join(shortened(line, _LETTERS) for line in there)
