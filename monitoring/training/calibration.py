"""Beta calibration: a classifier's scores become probabilities, fitted on out-of-fold scores."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import BaseEstimator, ClassifierMixin

from monitoring.summary.class_counts import decided_classes

if TYPE_CHECKING:
    import pandas as pd

Floats = NDArray[np.float64]

_EDGE = 1e-7
"""Scores are clipped to this distance from 0 and from 1."""


class BetaCalibration(BaseEstimator):  # type: ignore[misc]
    """Beta calibration of one column of scores.

    The log-odds become ``a ln(s) - b ln(1 - s) + c`` with a, b >= 0, so that no order changes;
    fitted by maximum likelihood (Kull, Silva Filho and Flach, 2017). With a = b it is Platt's
    sigmoid on log-odds; with a != b it also corrects scores that class weights pushed to one side.

    Attributes
    ----------
    coefficients_
        (3,): a, b and c.
    """

    def fit(self, scores: ArrayLike, labels: ArrayLike) -> BetaCalibration:
        """Fit on scores (n,) in 0 to 1 and labels (n,), 1 for positive."""
        from scipy.optimize import minimize

        columns = _columns(scores)
        positive = np.asarray(labels, dtype=np.float64)

        def loss(coefficients: Floats) -> tuple[float, Floats]:
            odds = columns @ coefficients
            wrong = 1 / (1 + np.exp(-odds)) - positive
            return float(np.mean(np.logaddexp(0, odds) - positive * odds)), wrong @ columns / len(
                positive
            )

        best = minimize(
            loss,
            x0=np.array([1.0, 1.0, 0.0]),
            jac=True,
            method="L-BFGS-B",
            bounds=[(0, None), (0, None), (None, None)],
            options={"maxiter": 1000, "ftol": 1e-12, "gtol": 1e-9},
        )
        self.coefficients_: Floats = best.x
        return self

    def predict(self, scores: ArrayLike) -> Floats:
        """Return probabilities (n,) for scores (n,)."""
        odds = _columns(scores) @ self.coefficients_
        probabilities: Floats = 1 / (1 + np.exp(-odds))
        return probabilities


class CalibratedClassifier(ClassifierMixin, BaseEstimator):  # type: ignore[misc]
    """A fitted classifier, its calibration, and the threshold from which a row raises an alarm.

    Parameters
    ----------
    classifier
        Fitted pipeline; its second class is the positive one.
    calibration
        Fitted `BetaCalibration` of its scores.
    threshold
        Decision threshold on the calibrated probability.
    """

    def __init__(
        self, classifier: Any, calibration: BetaCalibration, threshold: float = 0.5
    ) -> None:
        self.classifier = classifier
        self.calibration = calibration
        self.threshold = threshold
        self.classes_ = np.array([0, 1])

    def predict_proba(self, features: pd.DataFrame) -> Floats:
        """Return the probabilities (n, 2) of a negative and of a positive."""
        positive = self.calibration.predict(self.classifier.predict_proba(features)[:, 1])
        return np.column_stack([1 - positive, positive])

    def predict(self, features: pd.DataFrame) -> NDArray[np.int64]:
        """Return 1 for an alarm, 0 for none."""
        return (self.predict_proba(features)[:, 1] >= self.threshold).astype(np.int64)


class CalibratedClasses(ClassifierMixin, BaseEstimator):  # type: ignore[misc]
    """As `CalibratedClassifier`, of more than two classes.

    The score is the probability of the watched classes together. It is calibrated, and the
    probabilities of the watched classes, and of the others, are scaled to add up to it and to
    what it leaves.

    Parameters
    ----------
    classifier
        Fitted pipeline; its classes are places among the target's.
    calibration
        Fitted `BetaCalibration` of the score.
    watched
        (classes,): True for each watched class.
    threshold
        Decision threshold on the calibrated score.
    """

    def __init__(
        self,
        classifier: Any,
        calibration: BetaCalibration,
        watched: NDArray[np.bool_],
        threshold: float = 0.5,
    ) -> None:
        self.classifier = classifier
        self.calibration = calibration
        self.watched = watched
        self.threshold = threshold
        self.classes_ = np.arange(len(watched))

    def predict_proba(self, features: pd.DataFrame) -> Floats:
        """Return the probabilities (n, classes)."""
        raw = np.asarray(self.classifier.predict_proba(features), dtype=np.float64)
        return scaled(raw, self.watched, self.calibration.predict(raw[:, self.watched].sum(axis=1)))

    def predict(self, features: pd.DataFrame) -> NDArray[np.int64]:
        """Return the place of the class that is decided for each row."""
        given = self.predict_proba(features)
        score = given[:, self.watched].sum(axis=1)
        decided = decided_classes(score, given, self.watched, self.threshold)
        return decided.astype(np.int64)


def scores_by(
    pipeline: CalibratedClassifier | CalibratedClasses, features: pd.DataFrame
) -> tuple[Floats, Floats | None]:
    """Return the score of each row, and the probability of each class if there are some."""
    classes = len(pipeline.classes_)
    of_two = isinstance(pipeline, CalibratedClassifier)
    if len(features) == 0:
        return np.empty(0), None if of_two else np.empty((0, classes))
    given = np.asarray(pipeline.predict_proba(features), dtype=np.float64)
    if isinstance(pipeline, CalibratedClassifier):
        return given[:, 1], None
    return np.minimum(given[:, pipeline.watched].sum(axis=1), 1.0), given


def scaled(raw: Floats, watched: NDArray[np.bool_], score: Floats) -> Floats:
    """Return class probabilities of which the watched ones add up to the score: (n, classes)."""
    given = np.empty_like(raw)
    for group, whole in ((watched, score), (~watched, 1 - score)):
        own = raw[:, group]
        total = own.sum(axis=1, keepdims=True)
        even = np.full_like(own, 1 / own.shape[1])
        shares = np.divide(own, total, out=even, where=total > 0)
        given[:, group] = shares * whole[:, None]
    return given


def _columns(scores: ArrayLike) -> Floats:
    near = np.clip(np.asarray(scores, dtype=np.float64), _EDGE, 1 - _EDGE)
    return np.column_stack([np.log(near), -np.log1p(-near), np.ones(len(near))])
