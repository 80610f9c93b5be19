"""Measure what PostgreSQL itself takes for the records of rows: a floor for the store.

Run it with `python -m benchmarks.store_floor`. What the store keeps of each row under its id,
without its features, goes by COPY in binary form into a table of the same columns: with the store's
key and index, with the key alone, with the key in English order as docker's image of PostgreSQL has
it by default, and with neither. Processor time is that of all of PostgreSQL's processes; that of
making the records is not in it. The least of three turns counts.
"""

from __future__ import annotations

import io
from collections.abc import Iterator, Sequence

import numpy as np
import psycopg2

from benchmarks.machine import machine
from benchmarks.store import PORTION, made, of_server
from benchmarks.table import table
from monitoring.store.bulk_columns import Columns, copy_format, in_order_of_ids
from monitoring.store.row_blocks import LARGEST
from monitoring.store.schema import production_rows
from tests.fixtures.postgres import Server, running_server

ROWS = 200_000

_TABLE = """CREATE TABLE floor (
    use_case varchar(31) NOT NULL, row_id text NOT NULL, event_time timestamptz NOT NULL,
    arrival_time timestamptz NOT NULL, block bigint NOT NULL, place integer NOT NULL)"""
_KEY = "ALTER TABLE floor ADD PRIMARY KEY (use_case, row_id)"
_INDEX = "CREATE INDEX ON floor USING brin (use_case, event_time) WITH (autosummarize = on)"

_ENGLISH = 'ALTER TABLE floor ALTER COLUMN row_id TYPE text COLLATE "en_US.utf8"'
_TURNS = 3

TABLES = {
    "key and index of the store": (_TABLE, _KEY, _INDEX),
    "key alone": (_TABLE, _KEY),
    "key alone, in English order": (_TABLE, _ENGLISH, _KEY),
    "neither": (_TABLE,),
}


def records() -> list[bytes]:
    """Return the records of rows, as COPY takes them, some thousands of rows each."""
    contents = []
    for start in range(0, ROWS, PORTION):
        rows = made(PORTION, start)
        places = np.arange(start, start + PORTION)
        columns: Columns = {
            "use_case": "fraud",
            "row_id": rows.row_id,
            "event_time": rows.event_time,
            "arrival_time": rows.arrival_time,
            "block": places // LARGEST,
            "place": places % LARGEST,
        }
        parts = copy_format(production_rows, in_order_of_ids(columns))
        contents.append(b"".join(parts))
    return contents


def copied(server: Server, statements: Sequence[str], contents: Sequence[bytes]) -> float:
    """Return the CPU seconds of a server that takes records into a new table.

    Raises
    ------
    psycopg2.errors.UndefinedObject
        The machine has no locale en_US.utf8: `localedef -i en_US -f UTF-8 en_US.UTF-8` makes it.
    """
    connection = psycopg2.connect(server.url.replace("+psycopg2", ""))
    with connection, connection.cursor() as cursor:
        for statement in ("DROP TABLE IF EXISTS floor", *statements):
            cursor.execute(statement)
    before = of_server(server.url, server.pid)
    for content in contents:
        with connection, connection.cursor() as cursor:
            cursor.copy_expert("COPY floor FROM STDIN (FORMAT binary)", io.BytesIO(content))
    seconds = of_server(server.url, server.pid) - before
    connection.close()
    return seconds


def figures() -> Iterator[Sequence[object]]:
    """Yield a line per table."""
    contents = records()
    with running_server() as server:
        turns = [
            [copied(server, statements, contents) for statements in TABLES.values()]
            for _ in range(_TURNS)
        ]
        for name, seconds in zip(TABLES, map(min, zip(*turns, strict=True)), strict=True):
            yield (name, f"{seconds / ROWS * 1e6:.2f}", f"{ROWS / seconds:,.0f}")


def main() -> None:
    """Print the table, with the machine it was measured on."""
    print(f"{machine()}\n")
    print(f"## The floor of PostgreSQL: {ROWS:,} records of rows, without their features\n")
    table(("table with", "database's CPU, µs a row", "rows a CPU second"), figures())


if __name__ == "__main__":
    main()
