"""DuckDB closed to everything but the tables it is given, and what its SQL consists of."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import closing, contextmanager
from threading import Timer
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

MEMORY = 2 * 10**9
"""Bytes that a query may take beside its tables and its result; nothing is spilled to disk."""

THREADS = 2


class Interruptible(Protocol):
    """A connection whose work another thread may end."""

    def interrupt(self) -> None:
        """End what it is doing, with an error."""


@contextmanager
def closed_connection(*, ieee: bool = True) -> Iterator[DuckDBPyConnection]:
    """Open a database in memory that reads and writes no file, loads nothing and can't be set.

    Parameters
    ----------
    ieee
        Whether a division by 0 is infinite; else it fails, as TRY tells.
    """
    import duckdb

    with closing(
        duckdb.connect(
            ":memory:",
            config={
                "enable_external_access": False,
                "autoload_known_extensions": False,
                "autoinstall_known_extensions": False,
                "allow_community_extensions": False,
                # Else a query would read the variables of whoever called.
                "python_enable_replacements": False,
                # Else it would spill into the working directory, external access or not.
                "temp_directory": "",
                "max_temp_directory_size": "0B",
                "memory_limit": f"{MEMORY}B",
                "threads": THREADS,
                "ieee_floating_point_ops": ieee,
            },
        )
    ) as connection:
        connection.execute("SET TimeZone = 'UTC'")
        connection.execute("SET lock_configuration = true")
        yield connection


@contextmanager
def interrupted_after(connection: Interruptible, seconds: float) -> Iterator[None]:
    """End what the connection does in the block, with an error, when it takes longer."""
    timer = Timer(seconds, connection.interrupt)
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()


def syntax_tree(connection: DuckDBPyConnection, sql: str) -> list[dict[str, Any]]:
    """Return the SELECT statements of a text as trees; empty where it has others than those.

    Raises
    ------
    duckdb.ParserException
        It is not SQL.
    """
    import duckdb

    ((text,),) = connection.execute("SELECT json_serialize_sql($1)", [sql]).fetchall()
    whole = json.loads(text)
    if whole.get("error_type") == "parser":
        raise duckdb.ParserException(whole["error_message"])
    return [] if whole["error"] else [each["node"] for each in whole["statements"]]


def parts_of(tree: object) -> Iterator[dict[str, Any]]:
    """Yield every part of a tree, from the top."""
    waiting = [tree]
    while waiting:
        part = waiting.pop()
        if isinstance(part, dict):
            yield part
            waiting += part.values()
        elif isinstance(part, list):
            waiting += part
