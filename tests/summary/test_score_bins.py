"""Score bins: the threshold is an edge, and ranking survives whatever calibration did."""

import numpy as np
import pytest
from sklearn.metrics import average_precision_score

from monitoring import scorecard
from monitoring.summary.score_bins import score_bin_edges


def test_the_threshold_is_an_edge() -> None:
    scores = np.random.default_rng(0).random(1000)
    assert 0.123456 in score_bin_edges(scores, 0.123456)
    assert 0.123456 in score_bin_edges(None, 0.123456)


def test_edges_rise_strictly_and_lie_within_0_and_1() -> None:
    edges = score_bin_edges(np.repeat([0.0, 1.0, 0.5], 10), 0.5)
    assert (np.diff(edges) > 0).all()
    assert 0 <= edges[0] < edges[-1] <= 1


@pytest.mark.parametrize("squeezed", [1.0, 0.1, 0.001])
def test_the_precision_recall_curve_survives_scores_squeezed_together(squeezed: float) -> None:
    """A sigmoid calibration of few positives leaves its highest scores within a hair's breadth."""
    rng = np.random.default_rng(1)
    labels = np.repeat([0, 1], [20_000, 60])
    strength = rng.normal(size=labels.size) + 3.5 * labels
    scores = 0.9 / (1 + np.exp(-(squeezed * (strength - 3) + 1)))
    card = scorecard(labels, scores, threshold=0.5)
    truth = average_precision_score(labels, scores)
    assert card.pr_auc.value == pytest.approx(truth, abs=0.002)
