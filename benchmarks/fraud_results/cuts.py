"""Which rows are learned from, which choose, and which are only scored at the end."""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray
from sklearn.model_selection import StratifiedKFold, train_test_split

from benchmarks.fraud_results.cards import Cards
from monitoring.training.folds import FIRST
from monitoring.training.split import time_border
from monitoring.use_case_split import Split

Places = NDArray[np.intp]


@dataclass(frozen=True, eq=False)
class Fold:
    """Rows to learn from, and rows to score with what was learned."""

    learn: Places
    score: Places


@dataclass(frozen=True, eq=False)
class Cut:
    """One way to cut the payments; all places are ascending.

    Attributes
    ----------
    folds
        Inside `learn`: they choose parameters, calibration and experiment.
    learn
        What the model is fitted on that scores `tune`.
    tune
        Rows that choose the threshold; None where the folds' own scores do.
    learned
        What the model is fitted on that scores the test rows.
    test
        Looked at once, after everything is chosen.
    """

    name: str
    words: str
    folds: tuple[Fold, ...]
    learn: Places
    tune: Places | None
    learned: Places
    test: Places


def in_time(cards: Cards, split: Split) -> Cut:
    """Return the product's own cut: train, validation, test, and the folds of its search."""
    first, second = _borders(cards, split)
    return Cut(
        name="time",
        words="the product's: fitted on the first 80% of time; threshold by the last 20 of these, "
        "as what learned the first 60% scored them",
        folds=_time_folds(cards, first, split.folds),
        learn=np.arange(first),
        tune=np.arange(first, second),
        learned=np.arange(second),
        test=np.arange(second, len(cards.rows)),
    )


def in_time_wider(cards: Cards, split: Split) -> Cut:
    """Return a cut whose model learns from validation too: folds in time choose the threshold."""
    _, second = _borders(cards, split)
    return Cut(
        name="time-80",
        words="fitted on the first 80% of time, threshold by its folds",
        folds=_time_folds(cards, second, split.folds),
        learn=np.arange(second),
        tune=None,
        learned=np.arange(second),
        test=np.arange(second, len(cards.rows)),
    )


def at_random(cards: Cards) -> Cut:
    """Return the stratified 80/20 cut with random_state 42, as it is common for these data."""
    everything = np.arange(len(cards.rows))
    learn, test = train_test_split(everything, test_size=0.2, stratify=cards.label, random_state=42)
    learn = np.sort(learn)
    folds = StratifiedKFold(3, shuffle=True, random_state=0).split(learn, cards.label[learn])
    return Cut(
        name="random",
        words="fitted on a stratified random 80% (random_state 42), threshold by its folds",
        folds=tuple(Fold(learn[a], learn[b]) for a, b in folds),
        learn=learn,
        tune=None,
        learned=learn,
        test=np.sort(test),
    )


def without(cut: Cut, places: NDArray[np.bool_]) -> Cut:
    """Return a cut that does not learn from rows at `places`; what is scored stays the same."""
    return replace(
        cut,
        folds=tuple(replace(f, learn=f.learn[~places[f.learn]]) for f in cut.folds),
        learn=cut.learn[~places[cut.learn]],
        learned=cut.learned[~places[cut.learned]],
    )


def _borders(cards: Cards, split: Split) -> tuple[int, int]:
    times = cards.rows.event_time
    return time_border(times, split.train), time_border(times, split.train + split.validation)


def _time_folds(cards: Cards, end: int, folds: int) -> tuple[Fold, ...]:
    """Return the folds of `monitoring.training.folds` on the first `end` rows."""
    times = cards.rows.event_time[:end]
    borders = [time_border(times, share) for share in np.linspace(FIRST, 1, folds + 1)]
    return tuple(Fold(np.arange(a), np.arange(a, b)) for a, b in pairwise(borders))
