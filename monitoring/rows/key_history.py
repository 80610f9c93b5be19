"""History features: statistics of the earlier rows of a key, each from its window alone.

A value depends on nothing but the times and values of the rows in its window: neither on what else
is there nor on where a row stands among others. So it is the same number, to the last bit,
whether a whole file is computed at once or a single row when it is scored.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from monitoring.errors import InputError
from monitoring.rows.quarantine import is_usable_time
from monitoring.rows.rows import Rows
from monitoring.use_case import UseCase
from monitoring.use_case_columns import Features
from monitoring.use_case_derive import HistoryFeature

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

    Numbers = NDArray[np.float64]
    Places = NDArray[np.intp]


@dataclass(frozen=True, eq=False)
class KeyRows:
    """What history features see of rows, in any order; each array as long as the others.

    Attributes
    ----------
    key
        `object`: a word; missing as None or NaN.
    numbers
        The aggregated columns by name, float64, missing as NaN.
    """

    key: NDArray[np.object_]
    event_time: NDArray[np.datetime64]
    numbers: Mapping[str, NDArray[np.float64]]

    def take(self, index: NDArray[np.bool_] | NDArray[np.intp]) -> KeyRows:
        """Return the rows at `index` (a mask or positions)."""
        return KeyRows(
            self.key[index],
            self.event_time[index],
            {name: values[index] for name, values in self.numbers.items()},
        )

    @property
    def usable(self) -> NDArray[np.bool_]:
        """Which rows have a key, and a time that rows may have."""
        import pandas as pd

        there: NDArray[np.bool_] = ~pd.isna(self.key) & is_usable_time(self.event_time)
        return there


def first_of_each(
    row_id: NDArray[np.str_], usable: NDArray[np.bool_] | None = None
) -> NDArray[np.bool_]:
    """Return which ids, of the usable ones, no earlier usable one equals."""
    import pandas as pd

    first = np.ones(len(row_id), np.bool_) if usable is None else usable.copy()
    ids = row_id[first]
    if len(set(ids.tolist())) < len(ids):
        first[first] = ~pd.Series(ids.astype(object)).duplicated().to_numpy()
    return first


def together(parts: Sequence[KeyRows]) -> KeyRows:
    """Return the rows of at least one part, part after part."""
    return KeyRows(
        np.concatenate([part.key for part in parts]),
        np.concatenate([part.event_time for part in parts]),
        {name: np.concatenate([part.numbers[name] for part in parts]) for name in parts[0].numbers},
    )


class StoredHistory(Protocol):
    """Where the rows before those at hand are known."""

    def earlier(
        self,
        by: str,
        keys: Sequence[str],
        since: np.datetime64,
        until: np.datetime64,
        but: NDArray[np.str_],
    ) -> KeyRows:
        """Return the rows of some keys with event times in [since, until).

        Parameters
        ----------
        but
            Ids of rows that are at hand: what is known of them otherwise is left out.
        """

    def kept(self, row_id: NDArray[np.str_]) -> tuple[NDArray[np.bool_], pd.DataFrame | None]:
        """Return which rows are stored, and what those hold in features made of earlier rows.

        None where none is stored.
        """


def aggregated(case: UseCase) -> dict[str, tuple[str, ...]]:
    """Return the key columns of a use case, and which columns are aggregated by each."""
    found: dict[str, dict[str, None]] = {}
    for feature in case.history.values():
        column = feature.column(case.columns)
        found.setdefault(feature.by, {}).update({} if column is None else {column: None})
    return {by: tuple(columns) for by, columns in found.items()}


def longest(case: UseCase, by: str) -> np.timedelta64:
    """Return how far back the features of a key column reach."""
    return np.timedelta64(max(each.over for each in case.history.values() if each.by == by), "us")


def key_rows(rows: Rows, case: UseCase, by: str) -> KeyRows:
    """Return what the history features of a key column see of rows.

    Raises
    ------
    InputError
        The rows do not have its columns: they were not read as a use case's rows are.
    """
    return KeyRows(
        np.asarray(_column(rows, case, by), object),
        rows.event_time,
        {name: np.asarray(_column(rows, case, name), np.float64) for name in aggregated(case)[by]},
    )


def _column(rows: Rows, case: UseCase, name: str) -> Any:
    if name in rows.features:
        return rows.features[name]
    if rows.inputs is not None and name in rows.inputs:
        return rows.inputs[name]
    if name == case.columns.amount and rows.amount is not None:
        return rows.amount
    msg = (
        f"use case {case.name}: rows without {name!r}, of which `derive` makes history features: "
        "read them by its columns, as `tocsin ingest` and /predict do"
    )
    raise InputError(msg)


def history_inputs(case: UseCase, content: Mapping[str, Any]) -> pd.DataFrame | None:
    """Return the columns that history features are made of and that are no features."""
    if not case.history:
        return None
    import pandas as pd

    features = case.columns.features
    names = {name for by, columns in aggregated(case).items() for name in (by, *columns)}
    if isinstance(features, Features):
        names -= {*features.names}
    return pd.DataFrame({name: content[name] for name in sorted(names)}) if names else None


def history_values(
    case: UseCase, by: str, past: KeyRows, asking: KeyRows
) -> dict[str, NDArray[np.float64]]:
    """Return the history features of a key column for the rows that ask.

    Of a row with key k at time t they are made of the rows of k in `past` with event times in
    [t - over, t): strictly earlier, so no row knows itself or another one of its moment. Without
    any, count and sum are 0 and all else is missing, as all is without a key. Missing values, and
    results beyond what a number can hold, are left out.
    """
    windows = _Windows(past.take(past.usable), asking)
    values = {}
    for name, feature in case.history.items():
        if feature.by == by:
            column = feature.column(case.columns)
            values[name] = windows.values(feature, column)
    return values


@dataclass(frozen=True, eq=False)
class _Windows:
    """The windows of rows that ask, as ranges of rows in order of key and time."""

    past: KeyRows
    asking: KeyRows

    @cached_property
    def _codes(self) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """The key of each row in `past`, and of each that asks, as a number; -1 for none."""
        import pandas as pd

        codes, _ = pd.factorize(np.concatenate([self.past.key, self.asking.key]))
        codes[len(self.past.key) :][~self.asking.usable] = -1
        return codes[: len(self.past.key)], codes[len(self.past.key) :]

    @cached_property
    def _moments(self) -> NDArray[np.datetime64]:
        return np.unique(self.past.event_time)

    def _places(self, codes: NDArray[np.int64], times: NDArray[np.datetime64]) -> NDArray[np.int64]:
        """Return numbers that are ordered as keys and times are."""
        return codes * (len(self._moments) + 1) + np.searchsorted(self._moments, times)

    def values(self, feature: HistoryFeature, column: str | None) -> NDArray[np.float64]:
        """Return a feature of each row that asks."""
        of_past, of_asking = self._codes
        time = self.past.event_time
        numbers = np.zeros(len(time)) if column is None else self.past.numbers[column]
        there = np.flatnonzero(~np.isnan(numbers))
        # Equal times are ordered by value: by what they hold alone, not by how they came.
        places, numbers = self._places(of_past[there], time[there]), numbers[there] + 0.0
        order = np.lexsort((numbers, places))
        places, numbers = places[order], numbers[order]
        until = self.asking.event_time
        first = np.searchsorted(
            places, self._places(of_asking, until - np.timedelta64(feature.over, "us"))
        )
        end = np.searchsorted(places, self._places(of_asking, until))
        # In order of their beginning, so that what lies between two windows is passed over once.
        asked = np.argsort(first, kind="stable")
        found = np.empty(len(until))
        with np.errstate(all="ignore"):  # beyond what a number can hold: missing, below
            found[asked] = _STATISTICS[feature.statistic](numbers, first[asked], end[asked])
        found[(of_asking < 0) | ~np.isfinite(found)] = np.nan
        return found


def _count(_: Numbers, first: Places, end: Places) -> Numbers:
    return (end - first).astype(np.float64)


def _reduced(
    ufunc: np.ufunc,
    empty: float,
    values: Numbers,
    first: Places,
    end: Places,
) -> Numbers:
    """Return what a ufunc makes of each range of values, by itself: no running totals."""
    made = np.full(len(first), empty)
    filled = end > first
    if filled.any():
        bounds = np.column_stack([first[filled], end[filled]]).ravel()
        made[filled] = ufunc.reduceat(np.append(values, 0.0), bounds)[::2]
    return made


def _sum(values: Numbers, first: Places, end: Places) -> Numbers:
    return _reduced(np.add, 0.0, values, first, end)


def _mean(values: Numbers, first: Places, end: Places) -> Numbers:
    return _sum(values, first, end) / (end - first)


def _min(values: Numbers, first: Places, end: Places) -> Numbers:
    return _reduced(np.minimum, np.nan, values, first, end)


def _max(values: Numbers, first: Places, end: Places) -> Numbers:
    return _reduced(np.maximum, np.nan, values, first, end)


def _std(values: Numbers, first: Places, end: Places) -> Numbers:
    """Return the sample standard deviation of each range, by its distances from its mean."""
    means, squares = _mean(values, first, end), np.empty(len(first))
    for some in _portions(end - first):
        counts = (end - first)[some]
        starts = np.cumsum(counts) - counts
        places = np.arange(counts.sum()) + np.repeat(first[some] - starts, counts)
        distances = values[places] - np.repeat(means[some], counts)
        squares[some] = _sum(distances * distances, starts, starts + counts)
    others = end - first - 1
    return np.sqrt(squares / np.where(others > 0, others, np.nan))


_PORTION = 1_000_000
"""Values of windows that are held at once, each as often as a window holds it."""


def _portions(counts: NDArray[np.intp]) -> Iterator[slice]:
    """Yield the windows that are worked on together: at least one."""
    ends = np.cumsum(counts)
    start = 0
    while start < len(counts):
        before = ends[start - 1] if start else 0
        stop = max(start + 1, int(np.searchsorted(ends, before + _PORTION, side="right")))
        yield slice(start, stop)
        start = stop


_STATISTICS = {
    "count": _count,
    "sum": _sum,
    "mean": _mean,
    "min": _min,
    "max": _max,
    "std": _std,
}
