"""Label maturity: what a label means that is absent when its time has passed."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import numpy as np

from monitoring.rows.rows import NEGATIVE, UNLABELLED, Rows, moment64
from monitoring.rows.window import Window, utc

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from monitoring.use_case import Labels


def matured(rows: Rows, labels: Labels, as_of: datetime) -> Rows:
    """Give absent labels of mature rows their meaning.

    Where the use case says that an absent label means `negative`, a row without label counts as
    negative from `mature_after` past its event time on, and that is its label time. Where it
    says `unknown`, rows are returned as they are. A row that was blocked stays without a label:
    none could come, so its absence means nothing.

    Parameters
    ----------
    rows
        Rows as they were known at `as_of`.
    """
    if labels.absent_at_maturity == "unknown":
        return rows
    matures = rows.event_time + np.timedelta64(labels.mature_after)
    unlabelled = (rows.label == UNLABELLED) & (matures <= moment64(as_of)) & ~hidden(rows)
    return replace(
        rows,
        label=np.where(unlabelled, np.int8(NEGATIVE), rows.label),
        label_time=np.where(unlabelled, matures, rows.label_time),
    )


def hidden(rows: Rows) -> NDArray[np.bool_]:
    """Return which rows have a truth that nobody will see: they were blocked, and not reviewed."""
    if rows.weight is None:
        return np.zeros(len(rows), np.bool_)
    hides: NDArray[np.bool_] = (rows.weight == 0) & (rows.label == UNLABELLED)
    return hides


def settled(rows: Rows, labels: Labels, as_of: datetime) -> Rows:
    """Return the rows whose labels are final: a model may learn from them or be evaluated on them.

    Where an absent label means `negative`, that is every row past its maturity: before it,
    labels have come for positives above all, and rows that only have one because they are
    positive would make positives look common. Elsewhere it is every row whose label has come.

    Parameters
    ----------
    rows
        Rows as they were known at `as_of`.
    """
    if labels.absent_at_maturity == "unknown":
        return rows.labelled
    known = matured(rows, labels, as_of)
    matures = known.event_time + np.timedelta64(labels.mature_after)
    return known.take(matures <= moment64(as_of)).labelled


def newest_mature_window(end: datetime, length: timedelta, mature_after: timedelta) -> Window:
    """Return the newest window, in step with the one that ends at `end`, that is mature then.

    Windows lie end to end, `length` each; in a mature one every row, the last included, had its
    `mature_after` by `end`.
    """
    skipped = -(-mature_after // length)
    last = utc(end) - skipped * length
    return Window(last - length, last)
