"""What the columns of a file that nobody declared look like: target, time, id, money, features."""

from __future__ import annotations

import logging
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from monitoring.field_types import did_you_mean
from monitoring.rows.parsing import ColumnTypeError, is_text, parse_numbers, parse_times
from monitoring.sources.location import FoundFile, SourceError
from monitoring.sources.source_csv import DETECTED, DeclaredCsv
from monitoring.sources.source_rows import rows_of_files
from monitoring.summary.csv_layout import is_unnamed
from monitoring.use_case_columns import MOST_CLASSES, EventTime, Target

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

_log = logging.getLogger(__name__)

_MOSTLY = 0.9  # share of a column's values that are numbers, or times

YES, NO = frozenset({"1", "true", "yes", "y", "t"}), frozenset({"0", "false", "no", "n", "f"})
"""Values that say whether something is so, in small letters."""

_YES_UP_TO = 2 / 3  # of rows; a yes beyond that is the rule, and the exception is watched for

_NAMES_FROM = 0.5  # share of a text column's values that differ: names of rows, not categories

_FEW, _SURELY = 0.05, 0.999
"""Most different values, as a share of the rows, of a column that may reveal the target, and the
share of rows that it must reveal."""

_IDS = frozenset({"id", "uuid", "guid", "index"})

_TIMES = frozenset({"time", "timestamp", "date", "datetime", "ts", "epoch", "unix"})

_EPOCH: dict[Literal["s", "ms"], tuple[float, float]] = {
    "s": (946_684_800.0, 4_102_444_800.0),
    "ms": (946_684_800_000.0, 4_102_444_800_000.0),
}
"""Numbers since 1970 that are times of this century."""

_OTHER_DATE = re.compile(
    r"\s*(?:\d{1,2}[./-]\d{1,2}[./-](?:\d{4}|\d\d)|\d{4}[./]\d{1,2}[./]\d{1,2})(?:[ T,].*)?",
    re.DOTALL,
)

_RISING = 20  # steps; fewer are between groups that a file is sorted by

_SELDOM = 0.01  # falls to a rise, as where a clock was set back

_GROUPS = 100  # ids of so few different things may be a feature: branches, shops

_MONEY = frozenset({"amount", "amt", "price", "total", "payment", "value", "revenue", "cost"})


class NoFeature(StrEnum):
    """Why a column is taken for no feature."""

    DIFFERS = "most values differ"
    REVEALING = "each value goes with one value of the target, so it may be known too late"
    OTHER_ID = "its name is that of an id, and it has many values"
    NUMBERING = "it numbers the rows"
    RISING = "it rises through the file, as a clock or a running number does"
    OTHER_TIME = "it looks like a date, but is not ISO 8601"


@dataclass(frozen=True)
class FirstLook:
    """What the columns of a file look like.

    Attributes
    ----------
    target
        The last column, or the one that was named; of its values the rarest one is watched.
    share
        Of the rows that have that value.
    event_time
        The first column of times, in ISO 8601 or as a number since 1970, if there is one.
    span
        From the first of these times to the last one.
    id
        The first column that is called so and names each row once, if there is one.
    amount
        The first column of numbers that is called as money is, if there is one.
    numeric, categorical
        The other columns, but for those left out.
    left_out
        Which columns are no features, and why.
    """

    rows: int
    target: Target
    share: float
    event_time: EventTime | None
    span: timedelta | None
    id: str | None
    amount: str | None
    numeric: tuple[str, ...]
    categorical: tuple[str, ...]
    left_out: Mapping[NoFeature, tuple[str, ...]]

    @property
    def in_order(self) -> str | None:
        """Return what shows that rows stand in the order of time: a time, or what rises."""
        if self.event_time is not None:
            return self.event_time.name
        return next(iter(self.left_out.get(NoFeature.RISING, ())), None)


def first_look(path: Path, target: str | None = None) -> FirstLook:
    """Return what the columns of a CSV or Parquet file look like.

    Parameters
    ----------
    target
        Name of the column of labels; the last one if unset.

    Raises
    ------
    SourceError
        It can't be read, has no rows or no feature, no such target, or one of a single value or
        of too many.
    """
    frame, others = columns_of(path, DETECTED, target)
    times = ((frame[name], time) for name in others if (time := _time(frame[name])) is not None)
    column, event_time = next(times, (None, None))
    row_id = next((name for name in others if _is_id(frame[name])), None)
    used = (row_id, None if event_time is None else event_time.name)
    found, share = target_of(frame.iloc[:, -1], path, yes_up_to=_YES_UP_TO)
    left_out: dict[NoFeature, list[str]] = {}
    free: list[str] = []
    for name in others:
        if not name or name in used:
            continue
        why = _why_no_feature(frame[name], frame.iloc[:, -1])
        (free if why is None else left_out.setdefault(why, [])).append(name)
    numeric, categorical, differing = kinds(frame, free)
    if not numeric and not categorical:
        msg = f"{path}: no column but the target, {frame.columns[-1]!r}, can be a feature"
        raise SourceError(msg)
    if differing:
        left_out[NoFeature.DIFFERS] = [*differing]
    return FirstLook(
        rows=len(frame),
        target=found,
        share=share,
        event_time=event_time,
        span=None if column is None or event_time is None else _span(column, event_time),
        id=row_id,
        amount=next((name for name in numeric if _is_money(name)), None),
        numeric=numeric,
        categorical=categorical,
        left_out={why: tuple(left_out[why]) for why in NoFeature if why in left_out},
    )


def columns_of(
    path: Path, declared: DeclaredCsv, target: str | None = None
) -> tuple[pd.DataFrame, list[str]]:
    """Return a file's rows, the target last, and the names of the others but those of an index."""
    files = [FoundFile(str(path), path.name)]
    frame = rows_of_files(str(path), files, declared=declared).frame
    if target is not None:
        if target not in frame.columns:
            msg = f"{path}: no column {did_you_mean(target, [*map(str, frame.columns)])}"
            raise SourceError(msg)
        frame = frame[[*(name for name in frame.columns if name != target), target]]
    others = [str(name) for name in frame.columns[:-1]]
    if not len(frame) or not others:
        msg = f"{path}: `auto` needs rows, and a feature column before the target"
        raise SourceError(msg)
    twice = sorted({name for name in frame.columns if list(frame.columns).count(name) > 1})
    if twice:
        msg = f"{path}: several columns are called {', '.join(map(repr, twice))}: rename them"
        raise SourceError(msg)
    index = [name for name in others if _is_index(name, frame[name])]
    if index:
        _log.warning("%s: column %s only numbers rows: not used", path, ", ".join(map(repr, index)))
    return frame, [name for name in others if name not in index]


def _is_index(name: str, column: pd.Series) -> bool:
    """Whether a column is an index that `to_csv` wrote without a name."""
    return is_unnamed(name) and column.is_unique and _is_numeric(column)


def kinds(
    frame: pd.DataFrame, names: Sequence[str]
) -> tuple[tuple[str, ...], tuple[str, ...], tuple[str, ...]]:
    """Return the columns of numbers, those of categories, and those that name rows."""
    numeric = tuple(name for name in names if _is_numeric(frame[name]))
    words = [name for name in names if name not in numeric]
    left_out = tuple(name for name in words if frame[name].nunique() > _NAMES_FROM * len(frame))
    return numeric, tuple(name for name in words if name not in left_out), left_out


def _is_numeric(column: pd.Series) -> bool:
    try:
        numbers = parse_numbers(column)
    except ColumnTypeError:
        return False
    return bool(numbers.unparsable.mean() <= 1 - _MOSTLY)


def _why_no_feature(column: pd.Series, target: pd.Series) -> NoFeature | None:
    if _reveals(column, target):
        return NoFeature.REVEALING
    if _is_called_id(column) and column.nunique() > _GROUPS:
        return NoFeature.OTHER_ID
    if _is_numeric(column):
        return _rises(parse_numbers(column).values)
    present = column.dropna().astype(str)
    dates = present.str.fullmatch(_OTHER_DATE).mean() if len(present) else 0.0
    return NoFeature.OTHER_TIME if dates >= _MOSTLY else None


def _rises(values: NDArray[np.float64]) -> NoFeature | None:
    steps = np.diff(values)
    rises, falls = np.count_nonzero(steps > 0), np.count_nonzero(steps < 0)
    if np.isnan(values).any() or rises < _RISING or falls > _SELDOM * rises:
        return None
    return NoFeature.NUMBERING if (steps == 1).all() else NoFeature.RISING


def _time(column: pd.Series) -> EventTime | None:
    """Return what event time a column is; None where it looks like none."""
    name = str(column.name) or "time"
    if not _is_numeric(column):
        iso = EventTime(name=name)
        return iso if _are_times(column, iso) else None
    if _TIMES.isdisjoint(_words(name)):
        return None
    values = parse_numbers(column).values
    for unit, (first, last) in _EPOCH.items():
        if ((values >= first) & (values < last)).mean() >= _MOSTLY:
            return EventTime(name=name, unit=unit, origin=datetime(1970, 1, 1, tzinfo=UTC))
    return None


def _are_times(column: pd.Series, declared: EventTime) -> bool:
    try:
        times = parse_times(column, declared)
    except ColumnTypeError:
        return False
    return bool((~np.isnat(times.values)).mean() >= _MOSTLY)


def _span(column: pd.Series, declared: EventTime) -> timedelta:
    values = parse_times(column, declared).values
    there = values[~np.isnat(values)]
    return timedelta(microseconds=int((there.max() - there.min()) / np.timedelta64(1, "us")))


def _is_id(column: pd.Series) -> bool:
    return _is_called_id(column) and bool(column.notna().all()) and column.is_unique


def _is_called_id(column: pd.Series) -> bool:
    whole = is_text(column) or str(column.dtype).casefold().startswith(("int", "uint"))
    return whole and not _IDS.isdisjoint(_words(str(column.name)))


def _is_money(name: str) -> bool:
    return not _MONEY.isdisjoint(_words(name))


def _words(name: str) -> set[str]:
    """Return the words of a name such as `order id`, `id_order`, `OrderId` or `orderID`."""
    words: list[str] = re.findall(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+", name)
    return {word.casefold() for word in words}


def _reveals(column: pd.Series, target: pd.Series) -> bool:
    """Whether each of a column's few values goes with one value of the target."""
    different = column.nunique()
    if not 2 <= different <= _FEW * len(column):
        return False
    pairs = column.to_frame("value").assign(target=target).dropna().value_counts()
    best = pairs.groupby(level="value").max().sum()
    most = pairs.groupby(level="target").sum().max()
    return bool(best >= _SURELY * pairs.sum() and most < _SURELY * pairs.sum())


def target_of(column: pd.Series, path: Path, *, yes_up_to: float = 0) -> tuple[Target, float]:
    """Return the target that a column is, and the share of what is watched: its rarest value.

    Of a pair that says yes and no it is the yes, where that is at most a share `yes_up_to`.
    """
    present = column[column.notna() & (column.astype(object) != "")]
    # How a target is read, letter case and spaces around a word don't matter.
    spelled = present.map(
        lambda value: value.strip().casefold() if isinstance(value, str) else value
    )
    counts = spelled.value_counts()
    if not 2 <= len(counts) <= MOST_CLASSES:
        some = ", ".join(str(value) for value in counts.index[:10])
        msg = (
            f"{path}: column {column.name!r} is taken as the target, which has two to "
            f"{MOST_CLASSES} values, not {len(counts):,} ({some}): name the target and its values"
        )
        raise SourceError(msg)
    values = [
        (present[spelled == value].mode().iloc[0], rows)
        for value, rows in counts.sort_index(ascending=False).items()
    ]
    value, rows = min(values, key=lambda pair: pair[1])
    yes = next((pair for pair in values if str(_plain(pair[0])).casefold() in YES), None)
    if yes is not None and len(values) == 2 and yes[1] <= yes_up_to * len(present):
        value, rows = yes
    rarest, share = _plain(value), rows / len(present)
    if len(values) == 2:
        return Target(name=str(column.name), positive=rarest), share
    classes = tuple(_plain(value) for value, _ in reversed(values))
    return Target(name=str(column.name), classes=classes, watch=(rarest,)), share


def _plain(value: Any) -> int | str | bool:
    """Return a value as a use-case file would name it."""
    if isinstance(value, bool | np.bool_):
        return bool(value)
    if isinstance(value, int | np.integer | float | np.floating) and value == int(value):
        return int(value)
    return str(value).strip()
