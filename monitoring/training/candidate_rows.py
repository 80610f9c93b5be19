"""The rows of the train part that a candidate is searched and fitted on."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from monitoring.rows.rows import Rows
    from monitoring.use_case import UseCase

_log = logging.getLogger(__name__)

Positions = NDArray[np.intp]


def candidate_rows(case: UseCase, name: str, train: Rows, *, seed: int) -> Positions:
    """Return the positions of the rows that candidate `name` learns from, in order.

    All, or as many as its `max_rows`: drawn by the seed, each class with its share.
    """
    from sklearn.utils import resample

    every = np.arange(len(train))
    most = case.candidates[name].max_rows
    if most is None or len(train) <= most:
        return every
    truth = train.truth
    drawn = np.sort(
        resample(every, replace=False, n_samples=most, stratify=truth, random_state=seed)
    )
    _log.info(
        "%s: searched and fitted on %s of %s training rows (`max_rows`), by class %s of %s",
        name,
        f"{most:,}",
        f"{len(train):,}",
        *(_counts(part) for part in (truth[drawn], truth)),
    )
    return drawn


def searched_rows(case: UseCase, own: Positions) -> Positions:
    """Return which of its rows are searched: the newest, or some drawn by the split's state."""
    most = case.retrain.max_rows_search
    if case.split.by == "time" or len(own) <= most:
        return own[max(len(own) - most, 0) :]
    rng = np.random.default_rng(case.split.random_state)
    return own[np.sort(rng.choice(len(own), most, replace=False))]


def _counts(classes: NDArray[np.int8]) -> str:
    return ", ".join(f"{count:,}" for count in np.unique(classes, return_counts=True)[1])
