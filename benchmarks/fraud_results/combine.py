"""Scores calibrated, and models that speak together, without any new fit of a model."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from sklearn.isotonic import IsotonicRegression
from sklearn.linear_model import LogisticRegression

from benchmarks.fraud_results.cards import Cards
from benchmarks.fraud_results.cuts import Cut
from benchmarks.fraud_results.run import Scored
from monitoring.training.calibration import BetaCalibration

Floats = NDArray[np.float64]
Labels = NDArray[np.int8]
Calibrate = Callable[[Floats, Labels], Callable[[Floats], Floats]]
_EDGE = 1e-6


@dataclass(frozen=True, eq=False)
class Scores:
    """Probabilities of the folds' rows (out of fold), of the tune rows and of the test rows."""

    folds: Floats
    tune: Floats
    test: Floats


def fold_labels(cards: Cards, cut: Cut) -> Labels:
    """Return the labels of the folds' rows, in the order of the folds."""
    return np.concatenate([cards.label[fold.score] for fold in cut.folds])


def known_labels(cards: Cards, cut: Cut) -> Labels:
    """Return the labels of the folds' rows, then of those that choose the threshold."""
    tune = cards.label[:0] if cut.tune is None else cards.label[cut.tune]
    return np.concatenate([fold_labels(cards, cut), tune])


def calibrated(scored: Scored, labels: Labels, how: Calibrate) -> Scores:
    """Return scores calibrated by those out of fold, and of the rows that choose the threshold."""
    recalibrate = how(np.concatenate([scored.folds, scored.tune]), labels)
    return Scores(recalibrate(scored.folds), recalibrate(scored.tune), recalibrate(scored.test))


def nothing(_: Floats, __: Labels) -> Callable[[Floats], Floats]:
    """Leave scores as they are."""
    return lambda scores: scores


def beta(scores: Floats, labels: Labels) -> Callable[[Floats], Floats]:
    """Calibrate as the product does."""
    return BetaCalibration().fit(scores, labels).predict


def sigmoid(scores: Floats, labels: Labels) -> Callable[[Floats], Floats]:
    """Calibrate by a logistic regression on the log-odds (Platt, 1999)."""
    model = LogisticRegression(C=1e6).fit(_odds(scores)[:, None], labels)
    return lambda more: np.asarray(model.predict_proba(_odds(more)[:, None])[:, 1])


def isotonic(scores: Floats, labels: Labels) -> Callable[[Floats], Floats]:
    """Calibrate by steps that never fall (Zadrozny and Elkan, 2002)."""
    model = IsotonicRegression(out_of_bounds="clip", y_min=0, y_max=1).fit(scores, labels)
    return lambda more: np.asarray(model.predict(more), dtype=np.float64)


def mean_of(members: Sequence[Scores]) -> Scores:
    """Return the mean probability."""
    return _each(members, lambda parts: np.mean(parts, axis=0))


def ranks_of(members: Sequence[Scores]) -> Scores:
    """Return the mean rank, a rank being the share of out-of-fold scores that lie below.

    So that a row can be scored alone, as in production: ranks among the rows of its own part
    would look at all of them.
    """
    known = [np.sort(member.folds) for member in members]

    def ranked(parts: Sequence[Floats]) -> Floats:
        shares = [
            (np.searchsorted(k, p) + np.searchsorted(k, p, side="right")) / (2 * len(k))
            for k, p in zip(known, parts, strict=True)
        ]
        # Shares of alarms are all near 1: the logarithm of the share above separates them.
        above = np.mean([np.log(np.clip(1 - share, _EDGE, 1)) for share in shares], axis=0)
        return np.asarray(above / np.log(_EDGE))

    return _each(members, ranked)


def stacked(members: Sequence[Scores], cards: Cards, cut: Cut) -> Scores:
    """Return a logistic regression's word on the members' log-odds (Wolpert, 1992).

    Each fold's rows are scored by what the other folds' rows taught; in time, by those before,
    and the first fold by the plain mean.
    """
    labels = fold_labels(cards, cut)
    which = np.repeat(np.arange(len(cut.folds)), [len(fold.score) for fold in cut.folds])
    columns = np.column_stack([_odds(member.folds) for member in members])
    folds = mean_of(members).folds.copy()
    for number in range(len(cut.folds)):
        known = which < number if cut.name != "random" else which != number
        if known.any():
            model = _stack(columns[known], labels[known])
            folds[which == number] = model.predict_proba(columns[which == number])[:, 1]
    final = _stack(columns, labels)

    def word(parts: Sequence[Floats]) -> Floats:
        odds = np.column_stack([_odds(part) for part in parts])
        return np.asarray(final.predict_proba(odds)[:, 1]) if len(odds) else np.empty(0)

    return Scores(
        folds, word([member.tune for member in members]), word([member.test for member in members])
    )


def _stack(columns: Floats, labels: Labels) -> LogisticRegression:
    return LogisticRegression(C=0.1, max_iter=1000).fit(columns, labels)


def _each(members: Sequence[Scores], how: Callable[[Sequence[Floats]], Floats]) -> Scores:
    return Scores(
        folds=how([member.folds for member in members]),
        tune=how([member.tune for member in members]),
        test=how([member.test for member in members]),
    )


def _odds(scores: Floats) -> Floats:
    near = np.clip(scores, _EDGE, 1 - _EDGE)
    return np.asarray(np.log(near) - np.log1p(-near))
