"""Calibrated scores are probabilities, in the order of the scores they were made of."""

import numpy as np
import pytest

from monitoring.training.calibration import BetaCalibration


def scored(distort: float, rows: int = 200_000) -> tuple[np.ndarray, np.ndarray]:
    """Return scores as a class weight of `distort` makes them, and labels."""
    rng = np.random.default_rng(1)
    odds = rng.normal(-5, 2, rows)
    label = rng.random(rows) < 1 / (1 + np.exp(-odds))
    return 1 / (1 + np.exp(-odds) / distort), label.astype(np.int8)


@pytest.mark.parametrize("weight", [1, 20, 500])
def test_class_weights_are_undone(weight: float) -> None:
    scores, labels = scored(weight)
    calibrated = BetaCalibration().fit(scores, labels).predict(scores)
    assert calibrated.sum() == pytest.approx(labels.sum(), rel=0.01)
    high = calibrated > 0.3
    assert calibrated[high].sum() == pytest.approx(labels[high].sum(), rel=0.05)


def test_no_order_changes() -> None:
    scores, labels = scored(20)
    calibrated = BetaCalibration().fit(scores, labels).predict(np.sort(scores))
    assert (np.diff(calibrated) >= 0).all()


def test_scores_of_exactly_0_and_1_are_taken() -> None:
    scores = np.array([0.0, 0.0, 0.0, 0.2, 0.8, 1.0, 1.0, 1.0])
    labels = np.array([0, 0, 1, 0, 1, 1, 0, 1])
    calibrated = BetaCalibration().fit(scores, labels).predict(scores)
    assert ((calibrated > 0) & (calibrated < 1)).all()
    assert calibrated.sum() == pytest.approx(labels.sum(), rel=1e-4)


def test_scores_that_tell_nothing_become_the_base_rate() -> None:
    rng = np.random.default_rng(2)
    labels = (rng.random(10_000) < 0.1).astype(np.int8)
    calibrated = BetaCalibration().fit(1 - labels * 0.5 - 0.2, labels).predict([0.1, 0.5, 0.9])
    np.testing.assert_allclose(calibrated, labels.mean(), rtol=0.01)
