"""The rows of a query on a database, by the SQLAlchemy URL that an environment variable holds."""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import numpy as np

from monitoring.rows.parsing import is_text, parse_words
from monitoring.secrecy import masked, secrets_of_url
from monitoring.sources.closed_sql import interrupted_after
from monitoring.sources.location import SourceError
from monitoring.sources.query_rows import (
    ONE_SELECT,
    SECONDS,
    first_lines,
    named_by_content,
    query_place,
    unordered,
)
from monitoring.sources.source_file import LARGEST
from monitoring.sources.source_rows import SourceRows
from monitoring.use_case import UseCase
from monitoring.use_case_columns import ArrivalOrder, EventTime

if TYPE_CHECKING:
    import pandas as pd
    from sqlalchemy.engine import URL, Connection

CONNECT_SECONDS = 15
"""How long a PostgreSQL server may take to answer, where the URL does not say."""

_PORTION = 20_000

_BEGINS = re.compile(
    r"(?:\s|--[^\n]*\n|/\*.*?\*/)*+(SELECT|WITH|VALUES)\b", re.IGNORECASE | re.DOTALL
)

_EXAMPLE = "postgresql://USER:PASSWORD@HOST:PORT/NAME or sqlite:////FOLDER/FILE"

_UNREACHED = "check that it runs, and host, port, user, password and name in {name}"


def check_database_query(case: UseCase) -> None:
    """Check the query of a use case as far as that goes without its database.

    Raises
    ------
    SourceError
        It does not begin as a query, is several statements, or orders no rows where nothing else
        does.
    """
    place, query = query_place(case), case.source.query
    if _BEGINS.match(query) is None or ";" in query.rstrip().removesuffix(";"):
        msg = f"{place}: {ONE_SELECT}; in a database's, no `;` but at its end"
        raise SourceError(msg)
    is_ordered = re.search(r"\bORDER\s+BY\b", query, re.IGNORECASE) is not None
    if isinstance(case.columns.event_time, ArrivalOrder) and not is_ordered:
        raise unordered(place)


def rows_of_database(case: UseCase) -> SourceRows:
    """Run the query of a use case on its database, which is only read.

    Raises
    ------
    SourceError
        The variable is not set or holds no URL, the database can't be reached, or the query is
        not allowed, fails, takes too long, or gives more than `LARGEST`.
    """
    check_database_query(case)
    place = query_place(case)
    given = _given(case)
    with _readable_errors(case, given), _connection(case, given) as connection:
        frame = _result(place, case.source.query.rstrip().removesuffix(";"), connection)
    ids = named_by_content(frame, case)(np.arange(len(frame)))
    order = _order(frame, case, ids)
    ordered = [ids[row] for row in order]
    return SourceRows(
        place=place,
        frame=frame.iloc[order].reset_index(drop=True),
        malformed=(),
        sha256=hashlib.sha256("\n".join(sorted(ids)).encode()).hexdigest(),
        called=lambda numbers: [ordered[number] for number in numbers.tolist()],
    )


def rows_asked_for(case: UseCase) -> Iterator[Any]:
    """Yield the rows of a use case's query as they come, in no order.

    Raises
    ------
    SourceError
        As `rows_of_database`; a stream may be of any length.
    """
    given = _given(case)
    with _readable_errors(case, given), _connection(case, given) as connection:
        options: dict[str, Any] = {"stream_results": True, "no_parameters": True}
        result = connection.execution_options(**options).exec_driver_sql(case.source.query)
        for rows in result.partitions(_PORTION):
            yield from rows


def _order(frame: pd.DataFrame, case: UseCase, ids: Sequence[str]) -> list[int]:
    """Return the rows by event time, and those of one time by their ids: databases promise none."""
    time = case.columns.event_time
    if not isinstance(time, EventTime) or list(frame.columns).count(time.name) != 1:
        return list(range(len(frame)))
    column = frame[time.name]
    words = is_text(column)
    key = parse_words(column).fillna("") if words else column.to_numpy()
    return [int(row) for row in np.lexsort((np.asarray(ids, np.str_), np.asarray(key)))]


def _given(case: UseCase) -> str:
    """Return the URL that the environment holds."""
    name = str(case.source.database)
    given = os.environ.get(name, "").strip()
    if not given:
        msg = (
            f"use case {case.name}: source.database: the environment variable {name} is not set: "
            f"put a SQLAlchemy URL there, such as {_EXAMPLE}"
        )
        raise SourceError(msg)
    return given


def _parsed(case: UseCase, given: str) -> URL:
    import sqlalchemy as sa
    from sqlalchemy.exc import ArgumentError

    try:
        url = sa.make_url(given)
    except (ArgumentError, ValueError):
        url = None
    if url is None or "@" in (url.host or ""):
        msg = (
            f"use case {case.name}: source.database: {case.source.database} holds no SQLAlchemy "
            f"URL, such as {_EXAMPLE}; `@`, `/`, `:` and `%` in a password are written %40, %2F, "
            "%3A and %25"
        )
        raise SourceError(msg) from None  # the cause may show the password
    if url.drivername == "postgresql":
        # Without a driver's name SQLAlchemy would take one that is not installed.
        return url.set(drivername="postgresql+psycopg2")
    if url.get_backend_name() == "sqlite":
        # Opened for reading alone: else a file that is not there would be made.
        file = f"file:{quote(str(url.database or ''))}"
        return url.set(database=file, query={**url.query, "mode": "ro", "uri": "true"})
    return url


@contextmanager
def _connection(case: UseCase, given: str) -> Iterator[Connection]:
    """Connect for reading; whatever was done is rolled back."""
    import sqlalchemy as sa

    url = _parsed(case, given)
    is_postgres = url.get_backend_name() == "postgresql"
    wait = {"connect_timeout": url.query.get("connect_timeout", str(CONNECT_SECONDS))}
    engine = sa.create_engine(
        url,
        hide_parameters=True,
        poolclass=sa.NullPool,
        connect_args=wait if is_postgres else {},
    )
    with engine.connect() as connection:
        if is_postgres:
            connection.execution_options(postgresql_readonly=True)
            connection.exec_driver_sql(f"SET LOCAL statement_timeout = {int(SECONDS * 1000)}")
            yield connection
        elif url.get_backend_name() == "sqlite":
            driver: Any = connection.connection.driver_connection
            with interrupted_after(driver, SECONDS):
                yield connection
        else:
            yield connection


def _result(place: str, query: str, connection: Connection) -> pd.DataFrame:
    import pandas as pd

    # Without parameters the driver leaves `%` in a query as it is.
    options: dict[str, Any] = {"stream_results": True, "no_parameters": True}
    result = connection.execution_options(**options).exec_driver_sql(query)
    names = list(result.keys())
    held, size = [pd.DataFrame(columns=names, dtype=object)], 0
    for rows in result.partitions(_PORTION):
        # As objects: whole numbers beside missing ones stay whole.
        held.append(pd.DataFrame([tuple(row) for row in rows], columns=names, dtype=object))
        size += int(held[-1].memory_usage(deep=True).sum())
        if size > LARGEST:
            msg = f"{place}: its rows take more than {LARGEST:,} bytes: select fewer of them"
            raise SourceError(msg)
    frame = pd.concat(held, ignore_index=True)
    return pd.DataFrame(
        {place: _typed(frame.iloc[:, place]) for place in range(len(names))}
    ).set_axis(names, axis=1)


def _typed(column: pd.Series) -> pd.Series:
    """Return a column by the type of its values; whole numbers beside missing ones stay whole."""
    typed = column.infer_objects()
    is_whole = typed.dtype == "float64" and any(type(value) is int for value in column)
    return column if is_whole else typed


@contextmanager
def _readable_errors(case: UseCase, given: str) -> Iterator[None]:
    """Raise what a database says, without the password, with its place and what to do."""
    from sqlalchemy.exc import DBAPIError, SQLAlchemyError

    name = case.source.database
    try:
        yield
    except DBAPIError as error:
        code = str(getattr(error.orig, "pgcode", None) or "")
        said = _shown(str(error.orig), given)
        unreached = code == "" and error.statement is None
        where, cure = (
            (f"use case {case.name}: source.database", _UNREACHED.format(name=name))
            if unreached
            else (query_place(case), _cure(code, said))
        )
        raise SourceError(f"{where}: {said}\n{cure}") from None
    except (SQLAlchemyError, ImportError) as error:
        msg = (
            f"use case {case.name}: source.database: {_shown(str(error), given)}\n"
            f"{name} names a database that SQLAlchemy has no driver for here: install one, or "
            f"name another, such as {_EXAMPLE}"
        )
        raise SourceError(msg) from None


def _shown(said: str, given: str) -> str:
    lines = masked(said, secrets_of_url(given)).splitlines()
    return first_lines(line.strip() for line in lines)


def _cure(code: str, said: str) -> str:
    if code == "57014" or said == "interrupted":
        return f"a query may take {SECONDS:,.0f} s: make it a smaller one"
    if code in ("25006", "42501"):
        return "a query only reads, and only what the user of the URL may read"
    return "correct the query"
