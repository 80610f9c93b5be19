"""The folds of a search: each learns from some rows of the train part and scores others."""

from __future__ import annotations

from itertools import pairwise
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from monitoring.rows.rows import NEGATIVE, POSITIVE, Rows
from monitoring.training import TrainingError
from monitoring.training.split import time_border
from monitoring.use_case_split import Split
from monitoring.wording import several

FIRST = 0.4
"""Share of the rows that every fold learns from; the rest is divided among the folds."""


class Fold(NamedTuple):
    """A fold in time learns from the rows before `start` and scores those from there to `end`."""

    start: int
    end: int


Places = slice | NDArray[np.intp]
"""Positions of rows."""


class Parts(NamedTuple):
    """The rows that a fold learns from, and those that it scores."""

    learned: Places
    scored: Places


def folds_of(rows: Rows, split: Split) -> tuple[Parts, ...]:
    """Return the folds that a use case declares, of labelled rows in order of event time.

    Raises
    ------
    TrainingError
        The rows don't hold a fold with positives to score and every class to learn from, or some
        have no label.
    """
    if split.by == "time":
        cut = time_folds(rows, split.folds)
        return tuple(Parts(slice(0, fold.start), slice(fold.start, fold.end)) for fold in cut)
    return random_folds(rows, split.random_state or 0, split.folds)


def random_folds(rows: Rows, random_state: int, folds: int) -> tuple[Parts, ...]:
    """Return folds that together score every row once, each learning from all of the others.

    Each has its share of every class, drawn by `random_state`.

    Raises
    ------
    TrainingError
        A class has fewer rows than there are folds, or a row has no label.
    """
    from sklearn.model_selection import StratifiedKFold

    _check_labelled(rows)
    truth = rows.truth
    every = np.union1d(truth, [NEGATIVE, POSITIVE])
    fewest = min(int((truth == one).sum()) for one in every)
    if fewest < folds:
        positives = int((rows.label == POSITIVE).sum())
        msg = (
            f"{several(len(rows), 'training row')} with {several(positives, 'positive')} "
            f"can't be searched: each of {folds} folds needs rows of every class; "
            "wait for more labelled rows"
        )
        raise TrainingError(msg)
    drawn = StratifiedKFold(folds, shuffle=True, random_state=random_state)
    return tuple(Parts(*places) for places in drawn.split(truth, truth))


def time_folds(rows: Rows, folds: int) -> tuple[Fold, ...]:
    """Return folds that together score the newest rows, each learning from all rows before it.

    Rows of the same event time stay together. Where the oldest rows lack a class, the folds that
    would have to learn from them alone are left out.

    Raises
    ------
    TrainingError
        No fold has both classes to learn from and a positive to score, or a row has no label.
    """
    _check_labelled(rows)
    truth = rows.truth
    every = np.union1d(truth, [NEGATIVE, POSITIVE])
    shares = np.linspace(FIRST, 1, folds + 1)
    borders = sorted({time_border(rows.event_time, share) for share in shares})
    cut = tuple(
        Fold(start, end)
        for start, end in pairwise(borders)
        if len(np.unique(truth[:start])) == len(every)
    )
    if not cut or not (rows.label[cut[0].start :] == POSITIVE).any():
        positives = int((rows.label == POSITIVE).sum())
        msg = (
            f"{several(len(rows), 'training row')} with {several(positives, 'positive')} "
            f"can't be searched: the first {FIRST:.0%} need rows of every class and the "
            "rest need positives; wait for more labelled rows, or raise `retrain.max_rows_search` "
            "or the candidate's `max_rows`"
        )
        raise TrainingError(msg)
    return cut


def _check_labelled(rows: Rows) -> None:
    known = (rows.label == POSITIVE) | (rows.label == NEGATIVE)
    if not known.all():
        msg = (
            f"{int((~known).sum()):,} of {several(len(rows), 'training row')} without a label: "
            "leave out what has none"
        )
        raise TrainingError(msg)
