"""Counts by decided and true class: what figures of a target of classes are made of."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from monitoring.summary.types import ClassCounts

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from monitoring.rows.rows import Rows

SCORE_GRID = 2.0**26
"""Parts of one to which a row's score, or a class's probability, is rounded before it is summed."""


def decided_classes(
    score: NDArray[np.float64],
    probabilities: NDArray[np.float64],
    watched: NDArray[np.bool_],
    threshold: float,
) -> NDArray[np.intp]:
    """Return the place of the class that is decided for each row.

    The most likely watched class where the score reaches the threshold, else the most likely of
    the others: a row is decided watched exactly where it raises an alarm.

    Parameters
    ----------
    probabilities
        (rows, classes).
    watched
        (classes,): which are watched; at least one is, and one is not.
    """
    best_watched = np.where(watched, probabilities, -1.0).argmax(axis=1)
    best_other = np.where(watched, -1.0, probabilities).argmax(axis=1)
    decided: NDArray[np.intp] = np.where(score >= threshold, best_watched, best_other)
    return decided


def class_counts(
    rows: Rows, names: Sequence[str], watched: Sequence[str], threshold: float
) -> ClassCounts | None:
    """Count scored rows by decided and true class; None where rows have no probabilities."""
    if rows.probabilities is None or rows.score is None or rows.true_class is None:
        return None
    scored = ~np.isnan(rows.score)
    score, probabilities = rows.score[scored], rows.probabilities[scored]
    true = rows.true_class[scored].astype(np.intp)
    classes = len(names)
    is_watched = np.isin(names, watched)
    decided = decided_classes(score, probabilities, is_watched, threshold)
    counts = np.zeros((classes, classes + 1), np.int64)
    np.add.at(counts, (decided, true), 1)  # the place of an absent label, -1, is the last
    shape = (2, classes, classes)
    probability, variance = np.zeros(shape), np.zeros(shape)
    where = ((true < 0).astype(np.intp), decided)
    np.add.at(probability, where, np.rint(probabilities * SCORE_GRID) / SCORE_GRID)
    spread = probabilities * (1 - probabilities)
    np.add.at(variance, where, np.rint(spread * SCORE_GRID) / SCORE_GRID)
    return ClassCounts(tuple(names), tuple(watched), counts, probability, variance)


def merge_classes(parts: Sequence[ClassCounts]) -> ClassCounts:
    """Return the counts of all rows together; `parts` are of one target."""
    first = parts[0]
    return ClassCounts(
        names=first.names,
        watched=first.watched,
        rows=sum((part.rows for part in parts[1:]), start=first.rows),
        probability=sum((part.probability for part in parts[1:]), start=first.probability),
        variance=sum((part.variance for part in parts[1:]), start=first.variance),
    )
