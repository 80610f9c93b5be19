"""The estimate of the rows it was calibrated on is their scorecard's, within chance, or withheld.

Scores that no family of three parameters recalibrates: each shape was once estimated wrongly, and
judged all the same.
"""

from collections.abc import Callable

import numpy as np
import pytest
from numpy.random import Generator
from numpy.typing import NDArray

from monitoring import estimate, scorecard
from monitoring.performance.estimate import Estimate
from monitoring.performance.scorecard import CardStatus, Scorecard
from tests.performance.made import probability

Floats = NDArray[np.float64]
Labelled = tuple[Floats, NDArray[np.int64]]
RATIOS = ("recall", "precision", "f1", "false_alarm_rate", "pr_auc", "roc_auc")
THRESHOLD = 0.5


def true_odds(rng: Generator, rows: int, share: float = 0.05, distance: float = 3.0) -> Floats:
    positive = rng.random(rows) < share
    x = rng.normal(size=rows) + distance * positive
    odds: Floats = distance * x - distance**2 / 2 + np.log(share / (1 - share))
    return odds


def drawn(rng: Generator, score: Floats, truth: Floats) -> Labelled:
    return score, (rng.random(len(truth)) < truth).astype(np.int64)


def saturated_and_rounded(rng: Generator, rows: int) -> Labelled:
    """A good model's scores with two digits, and 2% of the labels wrong."""
    truth = probability(true_odds(rng, rows, share=0.1, distance=5.0))
    score, label = drawn(rng, np.round(truth, 2), truth)
    return score, np.where(rng.random(rows) < 0.02, 1 - label, label)


def turning_down(rng: Generator, rows: int) -> Labelled:
    """Above 0.9 the higher score is the less likely positive."""
    score = probability(true_odds(rng, rows))
    return drawn(rng, score, np.where(score > 0.9, 0.9 - 4 * (score - 0.9), score))


def over_confident(rng: Generator, rows: int) -> Labelled:
    """A net whose log-odds are three times too far from 0."""
    odds = true_odds(rng, rows, share=0.2, distance=2.0)
    return drawn(rng, probability(3 * odds), probability(odds))


def two_populations(rng: Generator, rows: int) -> Labelled:
    """Half of the rows are calibrated; of the others four in five positives are none."""
    score = probability(true_odds(rng, rows))
    return drawn(rng, score, np.where(rng.random(rows) < 0.5, score, score / 5))


def kinked(rng: Generator, rows: int) -> Labelled:
    """Log-odds hold up to a point, and hardly grow from there on."""
    odds = true_odds(rng, rows)
    return drawn(
        rng, probability(odds), probability(np.where(odds > -2, -2 + 0.1 * (odds + 2), odds))
    )


def calibrated(rng: Generator, rows: int) -> Labelled:
    score = probability(true_odds(rng, rows))
    return drawn(rng, score, score)


SHAPES = (saturated_and_rounded, turning_down, over_confident, two_populations, kinked, calibrated)


def both(rows: Labelled) -> tuple[Estimate, Scorecard]:
    score, label = rows
    card = scorecard(label, score, threshold=THRESHOLD)
    return estimate(score, threshold=THRESHOLD, calibrated_on=card), card


@pytest.mark.parametrize("rows", [2_000, 50_000])
@pytest.mark.parametrize("shape", SHAPES)
def test_rows_get_their_own_figures_back_or_are_not_calibrated(
    shape: Callable[[Generator, int], Labelled], rows: int
) -> None:
    for seed in range(5):
        said, card = both(shape(np.random.default_rng(seed), rows))
        if said.status is CardStatus.NOT_CALIBRATED:
            continue
        for name in RATIOS:
            known, value = getattr(card, name), getattr(said, name).value
            assert known.low <= value <= known.high, (name, seed, known, value)


@pytest.mark.parametrize("shape", [saturated_and_rounded, over_confident, two_populations, kinked])
def test_scores_that_keep_the_order_are_recalibrated_whatever_their_shape(
    shape: Callable[[Generator, int], Labelled],
) -> None:
    said, card = both(shape(np.random.default_rng(20), 50_000))
    assert said.status is CardStatus.JUDGED
    assert said.recall.value == pytest.approx(card.recall.value, abs=0.015)
    assert said.precision.value == pytest.approx(card.precision.value, abs=0.015)


@pytest.mark.parametrize("shape", [saturated_and_rounded, over_confident, two_populations, kinked])
def test_what_few_labels_taught_holds_on_later_rows(
    shape: Callable[[Generator, int], Labelled],
) -> None:
    known, later = shape(np.random.default_rng(21), 5_000), shape(np.random.default_rng(22), 50_000)
    card = scorecard(known[1], known[0], threshold=THRESHOLD)
    said = estimate(later[0], threshold=THRESHOLD, calibrated_on=card)
    truth = scorecard(later[1], later[0], threshold=THRESHOLD)
    assert said.status is CardStatus.JUDGED
    for name in ("recall", "precision", "false_alarm_rate"):
        ratio = getattr(said, name)
        assert ratio.low <= getattr(truth, name).value <= ratio.high, name
