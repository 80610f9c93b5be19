"""Derived columns: with the same value wherever a row is read.

An expression of SQL knows its row alone; a history feature knows earlier rows of the same key.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np

from monitoring.field_types import did_you_mean
from monitoring.rows.key_history import (
    KeyRows,
    StoredHistory,
    aggregated,
    first_of_each,
    history_values,
    longest,
    together,
)
from monitoring.rows.parsing import parse_words
from monitoring.sources.closed_sql import closed_connection, parts_of, syntax_tree
from monitoring.sources.location import SourceError
from monitoring.use_case import UseCase
from monitoring.use_case_columns import EventTime, Features, Target
from monitoring.use_case_derive import AMOUNT, expressions_of
from monitoring.wording import shortened

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection
    from numpy.typing import NDArray

EVENT_TIME = "event_time"
"""What expressions call the time of a row, in UTC, where no column is called so."""

_SCALAR = frozenset(
    {"BETWEEN", "CASE", "CAST", "COLLATE", "COLUMN_REF", "COMPARISON", "CONJUNCTION", "CONSTANT"}
    | {"FUNCTION", "OPERATOR", "TYPE"}
)
"""Classes of DuckDB's expressions that know one row alone."""

_REFUSED = {"STAR": "`*`", "SUBQUERY": "a subquery", "WINDOW": "a window function"}

_NUMBERS = ("BOOLEAN", "DECIMAL", "DOUBLE", "FLOAT", "BIGINT", "HUGEINT", "INTEGER", "INT")

_WORDS = (*_NUMBERS, "VARCHAR", "DATE", "TIME")


@dataclass(frozen=True)
class _Derivation:
    """The expressions of a use case.

    Attributes
    ----------
    columns
        Name and expression of each, and whether it is a number.
    inputs
        What an expression may name: the name, its type in SQL, and the column that it stands for.
    """

    case: str
    columns: tuple[tuple[str, str, bool], ...]
    inputs: tuple[tuple[str, str, str], ...]
    target: str | None


def file_columns(case: UseCase) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return the features and inputs that a file holds, numbers and words: not the derived."""
    given = (case.columns.features, case.columns.inputs)
    kinds = [each for each in given if isinstance(each, Features)]
    numeric = dict.fromkeys(name for each in kinds for name in each.numeric)
    categorical = dict.fromkeys(name for each in kinds for name in each.categorical)
    return (
        tuple(name for name in numeric if name not in case.derive),
        tuple(name for name in categorical if name not in case.derive),
    )


def sends_amount(case: UseCase) -> bool:
    """Whether rows have an amount beside their features."""
    name = case.columns.amount
    return not (name is None or name in case.derive or any(name in k for k in file_columns(case)))


def check_derive(case: UseCase) -> None:
    """Check the expressions of a use case, without any rows.

    Raises
    ------
    SourceError
        One is not a scalar expression of its row's columns alone, or not of its declared kind.
    """
    if case.derive:
        _selects(_derivation(case))


@dataclass(frozen=True, eq=False)
class Known:
    """What derived columns are made of, beside the columns of a row.

    Attributes
    ----------
    usable
        Which rows may count in the history of others; all if unset.
    stored
        Where earlier rows are known; the rows at hand alone if unset.
    """

    row_id: NDArray[np.str_]
    event_time: NDArray[np.datetime64]
    usable: NDArray[np.bool_] | None = None
    stored: StoredHistory | None = None


def derived_columns(case: UseCase, content: Mapping[str, Any], known: Known) -> dict[str, Any]:
    """Return the derived columns: numbers as float64, words as a pandas `str` array.

    What can't be computed for a row, such as a division by 0, is missing. A row that is stored
    keeps what it arrived with, so that it is the same whenever it is sent again.

    Parameters
    ----------
    content
        The columns of the file, parsed, by their names.

    Raises
    ------
    SourceError
        As `check_derive`.
    """
    if not case.history:
        return _expressions(case, content, known.event_time)
    stored = known.stored
    again, kept = (None, None) if stored is None else stored.kept(known.row_id)
    history = _history(case, content, known, again)
    derived = history | _expressions(case, {**content, **history}, known.event_time)
    if again is not None and kept is not None:
        for name in kept:
            derived[name] = derived[name].copy()
            derived[name][again] = kept[name].array
    return derived


def _history(
    case: UseCase, content: Mapping[str, Any], known: Known, again: NDArray[np.bool_] | None
) -> dict[str, NDArray[np.float64]]:
    """Return the history features: of rows that are stored too, and of those at hand."""
    counts = first_of_each(known.row_id, known.usable)
    if again is not None:
        counts = counts & ~again  # they are among the stored
    found: dict[str, NDArray[np.float64]] = {}
    for by, columns in aggregated(case).items():
        numbers = {name: np.asarray(content[name], np.float64) for name in columns}
        asking = KeyRows(np.asarray(content[by], object), known.event_time, numbers)
        parts = [asking.take(counts)]
        asks = np.flatnonzero(asking.usable)
        if known.stored is not None and len(asks):
            times = known.event_time[asks]
            keys = list(dict.fromkeys(asking.key[asks].tolist()))
            since = times.min() - longest(case, by)
            at_hand = known.row_id[counts]
            parts.append(known.stored.earlier(by, keys, since, times.max(), at_hand))
        found |= history_values(case, by, together(parts), asking)
    return found


def _expressions(
    case: UseCase, content: Mapping[str, Any], event_time: NDArray[np.datetime64]
) -> dict[str, Any]:
    derivation = _derivation(case)
    if not derivation.columns:
        return {}
    import pyarrow as pa

    selects = _selects(derivation)
    arrays = {
        name: pa.array(event_time if kind == "TIMESTAMP" else content[column], from_pandas=True)
        for name, kind, column in derivation.inputs
    }
    with closed_connection(ieee=False) as connection:
        connection.register("input", pa.table(arrays))
        rows = connection.sql(_query(selects)).to_arrow_table()
    frame = rows.to_pandas(integer_object_nulls=True)
    return {
        name: frame[name].to_numpy(np.float64) if is_number else parse_words(frame[name])
        for name, _, is_number in derivation.columns
    }


def _derivation(case: UseCase) -> _Derivation:
    columns = case.columns
    numeric, categorical = file_columns(case)
    inputs = [(name, "DOUBLE", name) for name in numeric]
    inputs += [(name, "VARCHAR", name) for name in categorical]
    inputs += [(name, "DOUBLE", name) for name in case.history]
    time = columns.event_time.name if isinstance(columns.event_time, EventTime) else EVENT_TIME
    named = [(time, "TIMESTAMP", time), (EVENT_TIME, "TIMESTAMP", time)]
    if columns.amount is not None and columns.amount not in case.derive:
        named += [(name, "DOUBLE", columns.amount) for name in (columns.amount, AMOUNT)]
    taken = {name.casefold() for name, _, _ in inputs}
    for each in named:
        if each[0].casefold() not in taken:
            taken.add(each[0].casefold())
            inputs.append(each)
    numbers = columns.features.numeric if isinstance(columns.features, Features) else ()
    kinds = {*numbers, columns.amount}
    return _Derivation(
        case.name,
        tuple(
            (name, expression, name in kinds)
            for name, expression in expressions_of(case.derive).items()
        ),
        tuple(inputs),
        columns.target.name if isinstance(columns.target, Target) else None,
    )


@lru_cache(maxsize=100)
def _selects(derivation: _Derivation) -> tuple[str, ...]:
    """Return the derived columns as items of a SELECT, once each has been checked."""
    import duckdb

    selects = []
    with closed_connection(ieee=False) as connection:
        fields = ", ".join(f"{_quoted(name)} {kind}" for name, kind, _ in derivation.inputs)
        try:
            connection.execute(f"CREATE TABLE input ({fields})").fetchall()
        except duckdb.Error as error:
            raise _wrong(derivation, "", f"{_first_line(error)}: SQL is blind to case") from error
        for name, expression, is_number in derivation.columns:
            try:
                for problem in _problems(connection, expression, derivation):
                    raise _wrong(derivation, name, problem)
                kind = str(connection.sql(_query([f"({expression}\n)"])).types[0])
            except duckdb.Error as error:
                raise _wrong(derivation, name, _first_line(error)) from error
            if not kind.startswith(_NUMBERS if is_number else _WORDS) or "[" in kind:
                wanted = (
                    "a number: name it under `categorical`, or CAST it" if is_number else "a word"
                )
                raise _wrong(derivation, name, f"gives {kind}, not {wanted}")
            value = f"CAST(({expression}\n) AS DOUBLE)" if is_number else f"({expression}\n)"
            selects.append(f"TRY({value}) AS {_quoted(name)}")
    return tuple(selects)


def _query(selects: Iterator[str] | list[str] | tuple[str, ...]) -> str:
    return f"FROM input SELECT {', '.join(selects)}"


def _problems(
    connection: DuckDBPyConnection, expression: str, derivation: _Derivation
) -> Iterator[str]:
    """Yield what an expression is made of that is not its row's alone."""
    trees = syntax_tree(connection, f"SELECT {expression}")
    whole = trees[0] if len(trees) == 1 else {}
    items = whole.get("select_list", [])
    bare = {"select_list", "type", "aggregate_handling", "from_table"}
    more = any(
        value not in (None, [], {"map": []}) for key, value in whole.items() if key not in bare
    )
    if len(items) != 1 or more or items[0].get("alias") or whole["from_table"]["type"] != "EMPTY":
        yield "not one expression, such as `amount / items` or `hour(event_time)`"
        return
    known = {name.casefold() for name, _, _ in derivation.inputs}
    for part in parts_of(items):
        kind = part.get("class")
        if kind is not None and kind not in _SCALAR:
            yield f"{_REFUSED.get(kind, kind.lower())}: an expression knows one row alone"
        elif kind == "FUNCTION":
            yield from _problems_of_function(connection, part)
        elif kind == "COLUMN_REF":
            name = ".".join(part["column_names"])
            if name.casefold() not in known:
                yield _unknown(name, derivation)


def _unknown(name: str, derivation: _Derivation) -> str:
    if derivation.target is not None and name.casefold() == derivation.target.casefold():
        return f"`{name}` is the target: it is not known when a row is scored"
    names = [name for name, _, _ in derivation.inputs]
    return (
        f"no column {did_you_mean(name, names)}: an expression names features of the file, "
        f"`columns.inputs`, {AMOUNT}, {EVENT_TIME} and history features, and no other derived "
        "column"
    )


def _problems_of_function(connection: DuckDBPyConnection, part: Mapping[str, Any]) -> Iterator[str]:
    """Yield why a function may not be called; nothing where DuckDB does not know it, or it may."""
    name = str(part["function_name"])
    found = connection.execute(
        "SELECT DISTINCT function_type, stability, macro_definition FROM duckdb_functions() "
        "WHERE lower(function_name) = lower($1)",
        [name],
    ).fetchall()
    types = {kind for kind, _, _ in found}
    if types - {"scalar", "macro"}:
        yield f"{name}() is of several rows: an expression knows one row alone"
        return
    unsteady = {stability for kind, stability, _ in found if kind == "scalar"} - {"CONSISTENT"}
    # DuckDB calls age() steady, which asks for the day where one time is given.
    if unsteady or (name == "age" and len(part["arguments"]) == 1):
        yield f"{name}() gives another value at another time or place"
    for definition in {text for kind, _, text in found if kind == "macro"}:
        for tree in syntax_tree(connection, f"SELECT {definition}"):
            inner = (each for each in parts_of(tree["select_list"]) if "class" in each)
            for each in inner:
                if each["class"] == "FUNCTION":
                    yield from _problems_of_function(connection, each)
                elif each["class"] not in _SCALAR:
                    yield f"{name}() is of several rows: an expression knows one row alone"


def _wrong(derivation: _Derivation, name: str, problem: str) -> SourceError:
    place = f"derive.{name}" if name else "derive"
    return SourceError(f"use case {derivation.case}: {place}: {problem}")


def _first_line(error: Exception) -> str:
    return shortened(str(error).splitlines()[0], 200)


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'
