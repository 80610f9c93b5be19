"""Score bins: the threshold is an edge, and ranking survives whatever calibration did."""

import numpy as np
import pytest
from sklearn.metrics import average_precision_score, roc_auc_score

from monitoring.performance.scorecard import Scorecard, scorecard
from monitoring.summary import build, score_bins
from monitoring.summary.build import score_histograms
from monitoring.summary.score_bins import MOST_VALUES, score_bin_edges, score_row_edges
from tests.performance.made import Scored, counted

ROWS = 20_000


def ranked_by(scores: np.ndarray, seed: int = 1) -> tuple[Scored, Scored]:
    """Return rows whose labels follow their scores, and as many drawn from the same."""
    rng = np.random.default_rng(seed)
    labels = (rng.random((2, len(scores))) < scores).astype(int)
    return tuple(Scored(scores, label, np.ones(len(scores))) for label in labels)


def card_of(rows: Scored, edges: np.ndarray, threshold: float = 0.5) -> Scorecard:
    return scorecard(
        counted(rows, edges), threshold=threshold, costs=None, days=1, min_positives=30
    )


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
    rows = Scored(scores, labels, np.ones(len(scores)))
    card = card_of(rows, score_bin_edges(scores, 0.5))
    truth = average_precision_score(labels, scores)
    assert card.pr_auc.value == pytest.approx(truth, abs=0.002)


TIED = {
    "leaves of a tree": lambda scores: np.quantile(scores, np.linspace(0, 1, 40))[
        np.digitize(scores, np.quantile(scores, np.linspace(0, 1, 40)[1:-1]))
    ],
    "two decimals": lambda scores: scores.round(2),
    "two values": lambda scores: np.where(scores > 0.1, 0.7, 0.2),
    "flat pieces": lambda scores: np.interp(scores, [0, 0.01, 0.05, 0.1, 1], [0, 0, 0.05, 0.05, 1]),
    "mostly none": lambda scores: np.where(scores < 0.05, 0.0, scores),
    "one value": lambda scores: np.full(len(scores), 0.3),
}


@pytest.mark.parametrize("of", TIED)
def test_scores_that_many_rows_share_are_ties(of: str) -> None:
    """Edges come from other rows of the same scores, as a reference's come from validation."""
    truth, window = ranked_by(np.random.default_rng(2).beta(0.2, 8, ROWS))
    scores = TIED[of](truth.score)
    rows = Scored(scores, window.label, window.amount)
    card = card_of(rows, score_bin_edges(scores, 0.5))
    assert card.pr_auc.value == pytest.approx(
        average_precision_score(rows.label, scores), abs=0.002
    )
    assert card.roc_auc.value == pytest.approx(roc_auc_score(rows.label, scores), abs=0.002)


CONCENTRATED = {
    "below a millionth": lambda scores: 1e-6 * scores,
    "below a million millionth": lambda scores: 1e-12 * scores,
    "just below 1": lambda scores: 1 - 1e-10 * (1 - scores),
    "around a half": lambda scores: 0.5 + 1e-6 * scores,
    "as they are": lambda scores: scores,
}


@pytest.mark.parametrize("of", [*CONCENTRATED, *TIED])
def test_rows_judged_at_once_are_judged_as_well_wherever_their_scores_lie(of: str) -> None:
    truth, _ = ranked_by(np.random.default_rng(3).beta(0.2, 8, ROWS))
    scores = (CONCENTRATED | TIED)[of](truth.score)
    threshold = float(np.quantile(scores, 0.98))
    edges = score_row_edges(scores, threshold)
    card = card_of(Scored(scores, truth.label, truth.amount), edges, threshold)
    alarm, positive = scores >= threshold, truth.label == 1
    assert card.detected == (alarm & positive).sum()
    assert card.false_alarms == (alarm & ~positive).sum()
    assert card.pr_auc.value == pytest.approx(average_precision_score(positive, scores), abs=0.001)
    assert card.roc_auc.value == pytest.approx(roc_auc_score(positive, scores), abs=0.001)
    assert len(edges) < 3 * MOST_VALUES


def test_a_few_rows_have_a_bin_each() -> None:
    truth, _ = ranked_by(np.random.default_rng(4).beta(0.5, 2, 300))
    card = card_of(truth, score_row_edges(truth.score, 0.5))
    truth_precision = average_precision_score(truth.label, truth.score)
    assert card.pr_auc.value == pytest.approx(truth_precision, abs=1e-12)


@pytest.mark.parametrize("of", [*CONCENTRATED, *TIED])
def test_edges_and_histograms_are_the_same_to_the_last_bit_however_rows_are_cut(
    of: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    rng = np.random.default_rng(6)
    scores = (CONCENTRATED | TIED)[of](rng.beta(0.2, 8, ROWS))
    label = rng.integers(-1, 2, ROWS).astype(np.int8)
    # Their squares add up to more than sums are exact for: the order of adding shows.
    amount = np.where(rng.random(ROWS) < 0.1, np.nan, rng.lognormal(15, 3, ROWS))
    whole = score_histograms(scores, label, amount, score_row_edges(scores, 0.5))
    monkeypatch.setattr(score_bins, "BLOCK", 777)
    monkeypatch.setattr(build, "SCORE_BLOCK", 777)
    cut = score_histograms(scores, label, amount, score_row_edges(scores, 0.5))
    for part in ("edges", "rows", "score", "amount", "amount_squared", "unpriced"):
        assert np.array_equal(getattr(whole, part), getattr(cut, part)), part
