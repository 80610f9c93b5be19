"""Drift scenarios: covariate, prior and concept drift injected into rows, and others."""

from __future__ import annotations

import math
from dataclasses import replace
from enum import StrEnum
from typing import TYPE_CHECKING, Any

import numpy as np

from monitoring.errors import InputError
from monitoring.rows.rows import NEGATIVE, POSITIVE, Rows

if TYPE_CHECKING:
    import pandas as pd
    from numpy.random import Generator
    from numpy.typing import NDArray

UNSEEN_WORD = "word of a new kind"

_FEATURE_SHARE = 0.5  # of all features: well above the 30% that ask for a retrain
_PRIOR_FACTOR = 4
_PRIOR_LIMIT = 0.9
_CONCEPT_SHARE = 0.7
_MISSING_SHARE = 0.3
_NEW_SHARE = 0.2
_NEWCOMERS = 0.5
_NEARER, _OF_THE_WAY = 1.5, 0.25  # standard deviations, or of the way to the positives


class Scenario(StrEnum):
    """A kind of drift.

    Half of the features change in `covariate`, `missing_surge` and, where there are no
    categorical ones, `new_category`. The feature that is the row's amount never changes by
    itself, so that money stays what it was.
    """

    COVARIATE = "covariate"
    """Numbers shift by a standard deviation; where these are too few, half of a categorical
    feature's rows take its most frequent word."""

    NEWCOMERS = "newcomers"
    """Half of the negative rows come from new customers who look more like positives in half of
    the features, which is every other one by how far the classes lie apart in it: a number lies
    nearer to the positives' mean, by a quarter of the way or 1.5 standard deviations, whichever is
    more, and a word is the positives' most frequent one. They raise false alarms until a model
    has learned, by the other features, that they are harmless."""

    PRIOR = "prior"
    """There are four times as many positives, up to 90% of the rows: negative rows become
    copies of positive ones."""

    CONCEPT = "concept"
    """The labels of 70% of the rows are dealt out anew among them: features stay as they are,
    and say little about the label."""

    MISSING_SURGE = "missing_surge"
    """30% of the values are missing."""

    NEW_CATEGORY = "new_category"
    """20% of the rows have a word never seen before in each categorical feature; without any
    such feature, a number above all seen before, the same in all rows."""


def drifted(rows: Rows, scenario: Scenario, *, seed: int, from_share: float = 0.5) -> Rows:
    """Return the rows with drift planted from a share of them on, in order of event time.

    Ids, times and the number of rows stay; what was scored before is not scored any more.

    Parameters
    ----------
    from_share
        Share of rows, in 0 to 1, that come before the drift.

    Raises
    ------
    InputError
        The share is not in 0 to 1, or the scenario needs labels of both classes among the
        rows from there on and they are not there.
    """
    if not 0 <= from_share <= 1:
        msg = f"`from_share` must be in 0 to 1, not {from_share}"
        raise InputError(msg)
    start = int(len(rows) * from_share)
    rng = np.random.default_rng(seed)
    planted = _PLANT[scenario](rows, start, rng)
    return replace(planted, score=None, model_version=None)


def _covariate(rows: Rows, start: int, rng: Generator) -> Rows:
    features = rows.features.copy()
    for name in _some_features(rows, rng):
        column: pd.Series = features[name]
        if _is_numeric(column):
            changed = column.to_numpy(copy=True)
            changed[start:] += rng.choice((-1, 1)) * _step(column)
            features[name] = changed
        elif column.notna().any():
            usual = np.flatnonzero(rng.random(len(column) - start) < 0.5) + start
            features[name] = _with(column, usual, column.mode()[0])
    return replace(rows, features=features)


def _newcomers(rows: Rows, start: int, rng: Generator) -> Rows:
    _, negative = _of_both_classes(rows, start, Scenario.NEWCOMERS)
    new = rng.choice(negative, round(_NEWCOMERS * negative.size), replace=False)
    positives = rows.features[rows.label == POSITIVE]
    nearer = {
        str(name): _towards(column, positives[name])
        for name, column in rows.features.items()
        if not _is_amount(column, rows)
    }
    # A word is no number of steps away: words come last.
    in_order = sorted(nearer, key=lambda name: -nearer[name])
    features = rows.features.copy()
    for name in in_order[::2]:
        column: pd.Series = features[name]
        if _is_numeric(column):
            changed = column.to_numpy(copy=True)
            way = float(positives[name].mean() - column.mean())
            changed[new] += math.copysign(max(_NEARER * _step(column), _OF_THE_WAY * abs(way)), way)
            features[name] = changed
        elif positives[name].notna().any():
            features[name] = _with(column, new, positives[name].mode()[0])
    return replace(rows, features=features)


def _towards(column: pd.Series, positives: pd.Series) -> float:
    """Return how many standard deviations the positives lie from all; -1 of words."""
    if not _is_numeric(column):
        return -1.0
    apart = float(abs(positives.mean() - column.mean())) / (_step(column) or 1.0)
    return apart if np.isfinite(apart) else 0.0


def _prior(rows: Rows, start: int, rng: Generator) -> Rows:
    positive, negative = _of_both_classes(rows, start, Scenario.PRIOR)
    wanted = int(min(_PRIOR_FACTOR * positive.size, _PRIOR_LIMIT * (positive.size + negative.size)))
    count = min(max(wanted - positive.size, 0), negative.size)
    source = np.arange(len(rows))
    source[rng.choice(negative, count, replace=False)] = rng.choice(positive, count)
    return replace(
        rows,
        features=rows.features.iloc[source].reset_index(drop=True),
        label=rows.label[source],
        true_class=None if rows.true_class is None else rows.true_class[source],
        amount=None if rows.amount is None else rows.amount[source],
    )


def _concept(rows: Rows, start: int, rng: Generator) -> Rows:
    labelled = np.concatenate(_of_both_classes(rows, start, Scenario.CONCEPT))
    dealt = rng.choice(labelled, round(_CONCEPT_SHARE * labelled.size), replace=False)
    source = np.arange(len(rows))
    source[dealt] = rng.permutation(dealt)
    true_class = None if rows.true_class is None else rows.true_class[source]
    return replace(rows, label=rows.label[source], true_class=true_class)


def _missing_surge(rows: Rows, start: int, rng: Generator) -> Rows:
    features = rows.features.copy()
    for name in _some_features(rows, rng):
        blank = np.flatnonzero(rng.random(len(rows) - start) < _MISSING_SHARE) + start
        features[name] = _with(features[name], blank, np.nan)
    return replace(rows, features=features)


def _new_category(rows: Rows, start: int, rng: Generator) -> Rows:
    features = rows.features.copy()
    words = [name for name in features.columns if not _is_numeric(features[name])]
    for name in words or _some_features(rows, rng):
        column = features[name]
        value = UNSEEN_WORD if words else column.max() + _step(column)
        new = np.flatnonzero(rng.random(len(rows) - start) < _NEW_SHARE) + start
        features[name] = _with(column, new, value)
    return replace(rows, features=features)


_PLANT = {
    Scenario.COVARIATE: _covariate,
    Scenario.NEWCOMERS: _newcomers,
    Scenario.PRIOR: _prior,
    Scenario.CONCEPT: _concept,
    Scenario.MISSING_SURGE: _missing_surge,
    Scenario.NEW_CATEGORY: _new_category,
}


def _some_features(rows: Rows, rng: Generator) -> list[str]:
    """Draw half of all features, numeric ones first; not the one that is the amount."""
    free = {
        str(name): _is_numeric(column)
        for name, column in rows.features.items()
        if not _is_amount(column, rows)
    }
    drawn = [str(name) for name in rng.permutation(list(free))]
    drawn.sort(key=lambda name: not free[name])
    return drawn[: math.ceil(_FEATURE_SHARE * rows.features.shape[1])]


def _is_amount(column: pd.Series, rows: Rows) -> bool:
    return (
        rows.amount is not None
        and _is_numeric(column)
        and np.array_equal(column.to_numpy(), rows.amount, equal_nan=True)
    )


def _is_numeric(column: pd.Series) -> bool:
    return column.dtype == np.float64


def _step(column: pd.Series) -> float:
    """Return the standard deviation; for whole numbers a whole number, 1 at least."""
    values = column.to_numpy()
    values = values[~np.isnan(values)]
    if values.size == 0:
        return 0.0
    spread = float(values.std())
    return max(round(spread), 1) if (values == np.round(values)).all() else spread


def _with(column: pd.Series, where: NDArray[np.intp], value: Any) -> pd.Series:
    changed = column.copy()
    changed.iloc[where] = value
    return changed


def _of_both_classes(
    rows: Rows, start: int, scenario: Scenario
) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    label = rows.label[start:]
    positive = np.flatnonzero(label == POSITIVE) + start
    negative = np.flatnonzero(label == NEGATIVE) + start
    if positive.size == 0 or negative.size == 0:
        msg = (
            f"scenario {scenario} needs rows of both classes, and from row {start} on there are "
            f"{positive.size} positive and {negative.size} negative ones"
        )
        raise InputError(msg)
    return positive, negative
