"""Row numbers, running ids and clocks: columns that number or date rows and never drift."""

from __future__ import annotations

from monitoring.summary.csv_layout import is_unnamed
from monitoring.summary.types import ColumnStatus, FeatureBins, FeatureSummary, Runs

UNNAMED = "(unnamed)"
"""What a column is called whose name is empty."""


def why_set_aside(
    bins: FeatureBins, reference: FeatureSummary, window: FeatureSummary
) -> str | None:
    """Return why a column is set aside; None where it is judged.

    An index without a name is, whether or not the window was written with one.

    Of a reference alone, a clock can't be told from what its file was sorted by. So the window
    decides: a clock and a running id go on where the reference ended, or lie all before its
    begin; row numbers begin anew, and have no gaps. What does neither is judged, and so is what
    stands still: a clock that stopped shows as drift.
    """
    if bins.runs is None or reference.counts[0] or not reference.span:
        return None
    gone = window.status is ColumnStatus.MISSING_COLUMN
    stands_still = not window.span or window.span[0] == window.span[1]
    if is_unnamed(bins.name) and (gone or not stands_still):
        return "an index without a name, which only numbers rows"
    if stands_still or window.span is None:
        return None
    if bins.runs is Runs.DISTINCT:
        return "whole numbers that never repeat: an id"
    if all(map(_numbers_rows, (reference, window))):
        return "row numbers"
    return _goes_on(bins, reference.span, window.span)


def _goes_on(
    bins: FeatureBins, before: tuple[float, float], now: tuple[float, float]
) -> str | None:
    """Return why what rises in the reference is an id or a clock; None where it begins anew."""
    kind = "a clock" if bins.times else "a running id or clock"
    last = bins.spelled(before[1])
    if now[0] >= before[1]:
        return f"{kind}: it rises from row to row, and goes on from {last}"
    if now[1] <= before[0] or (bins.times and now[1] > before[1]):
        return f"{kind}: it rises from row to row, up to {last} in the reference"
    return None


def _numbers_rows(part: FeatureSummary) -> bool:
    """Whether values are as many whole numbers in a row as there are rows."""
    if part.span is None:
        return False
    low, high = part.span
    return low.is_integer() and high - low + 1 == part.counts.sum()
