"""Intervals hold the truth about as often as they say, however few the positives."""

import numpy as np
import pytest
from scipy.integrate import trapezoid
from scipy.stats import binomtest, norm

from monitoring.performance.intervals import Ratio, f1_ratio, proportion
from monitoring.performance.scorecard import scorecard
from monitoring.summary.types import ScoreSummary
from tests.performance.made import THRESHOLD, Scored, counted, edges_with, log_odds

SAMPLES = 150
# 95% less what 150 samples may show by chance, three standard errors.
AT_LEAST = 0.95 - 3 * (0.95 * 0.05 / SAMPLES) ** 0.5


@pytest.mark.parametrize(("part", "whole"), [(0, 10), (3, 10), (10, 10), (40, 75), (1, 100_000)])
def test_a_proportion_has_wilsons_interval(part: int, whole: int) -> None:
    expected = binomtest(part, whole).proportion_ci(method="wilson")
    ratio = proportion(part, whole)
    assert ratio.value == part / whole
    assert (ratio.low, ratio.high) == pytest.approx((expected.low, expected.high), abs=1e-12)


def test_a_share_of_nothing_is_undefined() -> None:
    assert proportion(0, 0) == Ratio(None)
    assert f1_ratio(0, 0, 0) == Ratio(None)


def test_perfect_figures_of_few_rows_stay_in_doubt() -> None:
    ratio = f1_ratio(12, 0, 0)
    assert ratio.value == ratio.high == 1
    assert ratio.low is not None
    assert ratio.low < 0.9


def test_a_perfect_ranking_of_few_rows_is_in_little_doubt_but_in_some() -> None:
    label = np.tile([0, 1], 40)
    score = 0.1 + 0.4 * label + np.tile([0.0, 0.0, 0.002, 0.005], 20)
    rows = Scored(score, label, np.ones(80))
    card = scorecard(counted(rows), threshold=THRESHOLD, costs=None, days=1, min_positives=30)
    for ratio in (card.roc_auc, card.pr_auc):
        assert ratio.low is not None
        assert ratio.value == pytest.approx(1)
        assert 0.9 < ratio.low < 0.97


@pytest.mark.parametrize(
    ("distance", "positives", "negatives"),
    [(2.5, 30, 20_000), (3.5, 30, 20_000), (5, 75, 50_000), (1, 500, 500), (2, 1000, 60)],
)
def test_intervals_hold_the_truth(distance: float, positives: int, negatives: int) -> None:
    rng = np.random.default_rng(positives)
    world = _Normals(distance, positives, negatives)
    held = dict.fromkeys(world.truth, 0)
    for _ in range(SAMPLES):
        card = scorecard(
            world.sample(rng), threshold=THRESHOLD, costs=None, days=1, min_positives=30
        )
        for name, truth in world.truth.items():
            ratio: Ratio = getattr(card, name)
            assert ratio.low is not None
            assert ratio.high is not None
            held[name] += ratio.low <= truth <= ratio.high
    assert {name: n / SAMPLES for name, n in held.items() if n / SAMPLES < AT_LEAST} == {}


class _Normals:
    """Two normal classes; figures of the population, and histograms of samples from it."""

    def __init__(self, distance: float, positives: int, negatives: int) -> None:
        self.positives, self.negatives = positives, negatives
        prior = np.log(positives / negatives)
        self.edges = edges_with()
        at = (log_odds(self.edges) - prior + distance**2 / 2) / distance
        self.of_negatives = np.diff(norm.cdf(at), prepend=0, append=1)
        self.of_positives = np.diff(norm.cdf(at - distance), prepend=0, append=1)
        cut = (log_odds(np.array(THRESHOLD)) - prior + distance**2 / 2) / distance
        recall, rate = norm.sf(cut - distance), norm.sf(cut)
        caught, false_alarms = positives * recall, negatives * rate
        x = np.linspace(-8, 8 + distance, 100_001)
        sure = positives * norm.sf(x - distance)
        precision = sure / (sure + negatives * norm.sf(x))
        self.truth = {
            "recall": recall,
            "f1": 2 * caught / (caught + false_alarms + positives),
            "false_alarm_rate": rate,
            "pr_auc": -trapezoid(precision, norm.sf(x - distance)),
            "roc_auc": norm.cdf(distance / 2**0.5),
        }

    def sample(self, rng: np.random.Generator) -> ScoreSummary:
        rows = np.array(
            [
                rng.multinomial(self.negatives, self.of_negatives),
                rng.multinomial(self.positives, self.of_positives),
                np.zeros(len(self.edges) + 1, dtype=np.int64),
            ]
        )
        ends = np.concatenate([[0.0], self.edges, [1.0]])
        middle = (ends[1:] + ends[:-1]) / 2
        # Scores a little apart: rows in the middle of a bin together would be ties.
        score = rows * middle + np.array([[-1], [1], [0]]) * 1e-6 * (rows > 0) * np.diff(ends)
        nothing = np.zeros(rows.shape)
        return ScoreSummary(
            self.edges, rows, score, nothing, nothing, np.zeros(rows.shape, dtype=np.int64)
        )
