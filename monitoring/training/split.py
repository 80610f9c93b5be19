"""The split of rows in time into a train, a validation and a test part."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from monitoring.rows.rows import NEGATIVE, POSITIVE, Rows
from monitoring.training import TrainingError
from monitoring.use_case import Split


@dataclass(frozen=True, eq=False)
class TimeSplit:
    """Rows in three parts, each wholly later than the one before.

    Attributes
    ----------
    train
        Search, fit and calibration.
    validation
        Decision threshold only.
    test
        Untouched until the end.
    """

    train: Rows
    validation: Rows
    test: Rows


def split_in_time(rows: Rows, split: Split) -> TimeSplit:
    """Cut rows, which are in order of event time, by their shares.

    Rows of the same event time stay together, so a part may be a few rows larger than its share.

    Raises
    ------
    TrainingError
        A part has no positives, no negatives, or spans no time.
    """
    first = time_border(rows.event_time, split.train)
    second = time_border(rows.event_time, split.train + split.validation)
    parts = TimeSplit(
        train=rows.take(slice(0, first)),
        validation=rows.take(slice(first, second)),
        test=rows.take(slice(second, len(rows))),
    )
    for name in ("train", "validation", "test"):
        _check(name, getattr(parts, name), rows, getattr(split, name))
    return parts


def time_border(times: NDArray[np.datetime64], share: float) -> int:
    """Return the position nearest to `share` of the rows that no equal event times straddle."""
    wanted = round(share * len(times))
    if wanted in (0, len(times)):
        return wanted
    left = int(np.searchsorted(times, times[wanted], side="left"))
    right = int(np.searchsorted(times, times[wanted], side="right"))
    return left if wanted - left <= right - wanted else right


def days_of(rows: Rows) -> float:
    """Return the days that rows span, from the first to the last event time."""
    return float((rows.event_time[-1] - rows.event_time[0]) / np.timedelta64(1, "D"))


def _check(name: str, part: Rows, rows: Rows, share: float) -> None:
    """Check that a part has what training needs of it."""
    counts = {
        word: int((part.label == label).sum())
        for word, label in (("positives", POSITIVE), ("negatives", NEGATIVE))
    }
    lacking = [f"no {word}" for word, count in counts.items() if count == 0]
    if not lacking and days_of(part) == 0:
        lacking = ["only rows of one moment"]
    if lacking:
        positives = int((rows.label == POSITIVE).sum())
        msg = (
            f"the {name} part ({share:.0%} of time) has {len(part):,} rows and "
            f"{' and '.join(lacking)}: all {len(rows):,} rows have {positives:,} positives; "
            "wait for more labelled rows, reach further back with `retrain.span`, or change "
            "the shares under `split`"
        )
        raise TrainingError(msg)
