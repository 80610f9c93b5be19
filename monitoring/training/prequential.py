"""Prequential scores: each row is scored by a model that had not learned from it.

By a split in time, that model learned only from rows before it (Dawid, 1984); by one at random,
from the other folds or parts. What is chosen and what is reported rests on such scores alone, so
that the model that serves can learn from every row.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from monitoring.reports.facts import LABEL, SCORE
from monitoring.rows.rows import Rows, places_of, together
from monitoring.training.calibration import BetaCalibration, scaled

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd
    from numpy.typing import NDArray
    from sklearn.pipeline import Pipeline

    from monitoring.training.search import SearchResult
    from monitoring.use_case_columns import Classes, Features


@dataclass(frozen=True, eq=False)
class Prequential:
    """Labelled rows with scores that are not calibrated yet.

    Attributes
    ----------
    rows
        In order of event time.
    scores
        (rows,): of the positive class, or of the watched ones together.
    probabilities
        (rows, classes): the same of each class; None where the target has two values.
    """

    rows: Rows
    scores: NDArray[np.float64]
    probabilities: NDArray[np.float64] | None

    @classmethod
    def of_search(cls, train: Rows, searched: SearchResult) -> Prequential:
        """Return the rows of the train part that the folds of its search scored."""
        order = np.argsort(searched.positions)
        given = searched.probabilities
        return cls(
            train.take(searched.positions[order]),
            searched.scores[order],
            None if given is None else given[order],
        )

    @classmethod
    def of_model(
        cls, classifier: Pipeline, rows: Rows, features: Features, classes: Classes | None
    ) -> Prequential:
        """Score rows with a classifier that has not learned from them."""
        names = list(features.names)
        given = np.asarray(classifier.predict_proba(rows.features[names]), dtype=np.float64)
        if classes is None:
            return cls(rows, given[:, 1], None)
        watched = given[:, classes.is_watched].sum(axis=1)
        return cls(rows, np.minimum(watched, 1.0), given)

    def calibration(self) -> BetaCalibration:
        """Return the calibration that their labels ask for."""
        return BetaCalibration().fit(self.scores, self.rows.label)

    def calibrated(self, calibration: BetaCalibration, classes: Classes | None) -> Rows:
        """Return the rows with their scores, and the probabilities of their classes, calibrated."""
        scores = calibration.predict(self.scores)
        given = None
        if classes is not None and self.probabilities is not None:
            given = scaled(self.probabilities, classes.is_watched, scores)
        return replace(self.rows, score=scores, probabilities=given, model_version=None)

    def sample_of(
        self, learned: Rows, calibration: BetaCalibration, size: int, *, seed: int
    ) -> pd.DataFrame:
        """Return a random sample of `learned` for reports: features, score and label.

        The score is missing where no model scored the row without having learned from it.
        """
        chosen = np.arange(len(learned))
        if len(chosen) > size:
            chosen = np.sort(np.random.default_rng(seed).choice(chosen, size, replace=False))
        rows = learned.take(chosen)
        place = places_of(rows.row_id, self.rows.row_id)
        score = np.where(place >= 0, calibration.predict(self.scores)[place], np.nan)
        columns: dict[str, Any] = {SCORE: score, LABEL: rows.label}
        return rows.features.assign(**columns)


def in_order(parts: Sequence[Prequential]) -> Prequential:
    """Return all parts as one, in order of event time."""
    rows = together([part.rows for part in parts])
    order = np.argsort(rows.event_time, kind="stable")
    given = [part.probabilities for part in parts if part.probabilities is not None]
    return Prequential(
        rows.take(order),
        np.concatenate([part.scores for part in parts])[order],
        np.concatenate(given)[order] if given else None,
    )
