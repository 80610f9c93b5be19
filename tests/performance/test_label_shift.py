"""Prior drift is followed before labels come; another change of the scores is told from it."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from numpy.random import Generator

from monitoring.performance.estimate import Estimate, estimate, estimate_from
from monitoring.performance.label_shift import ScoreChange, for_window
from monitoring.performance.score_calibration import Calibration, calibration
from monitoring.performance.score_histograms import first_flagged
from monitoring.performance.scorecard import Scorecard, scorecard
from tests.performance.made import COSTS, THRESHOLD, Scored, calibrated, counted

SHARE = 0.02
RATIOS = ("recall", "precision", "f1", "pr_auc", "roc_auc", "false_alarm_rate")
KNOWN = counted(calibrated(50_000, SHARE, 3, np.random.default_rng(1)))


def with_positives(rows: int, times: float, rng: Generator, shift: float = 0.0) -> Scored:
    """Rows of the same two classes, so many times as many of them positive."""
    many = calibrated(5 * rows, SHARE, 3, rng, shift=shift)
    wanted = rng.binomial(rows, float(many.label.mean()) * times)
    chosen = [
        rng.choice(np.flatnonzero(many.label == label), size, replace=False)
        for label, size in ((1, wanted), (0, rows - wanted))
    ]
    place = np.concatenate(chosen)
    return Scored(many.score[place], many.label[place], many.amount[place])


def moved(rows: int, shift: float, rng: Generator) -> Scored:
    return calibrated(rows, SHARE, 3, rng, shift=shift)


def known() -> Calibration:
    found = calibration([KNOWN], first_flagged(KNOWN, THRESHOLD))
    assert found is not None
    return found


def estimated(window: Scored) -> Estimate:
    unseen = replace(window, label=np.full(len(window.score), -1))
    return estimate(counted(unseen), [KNOWN], threshold=THRESHOLD, costs=COSTS)


def realised(window: Scored) -> Scorecard:
    return scorecard(counted(window), threshold=THRESHOLD, costs=COSTS, days=1, min_positives=30)


def held(said: Estimate, truth: Scorecard) -> dict[str, bool]:
    both = {name: (getattr(said, name), getattr(truth, name).value) for name in RATIOS}
    return {name: ratio.low <= value <= ratio.high for name, (ratio, value) in both.items()}


@pytest.mark.parametrize("times", [0.3, 3.0])
def test_the_estimate_follows_a_drift_of_the_prior(times: float) -> None:
    window = with_positives(50_000, times, np.random.default_rng(2))
    said, truth = estimated(window), realised(window)
    assert said.change is ScoreChange.PRIOR_DRIFT
    assert said.positives == pytest.approx(truth.positives, rel=0.1)
    assert said.recall.value == pytest.approx(truth.recall.value, abs=0.03)
    assert said.precision.value == pytest.approx(truth.precision.value, abs=0.03)
    assert truth.money is not None
    assert said.cost is not None
    assert said.cost.low <= truth.money.cost <= said.cost.high


def test_under_prior_drift_intervals_hold_what_the_labels_show() -> None:
    rng, samples = np.random.default_rng(3), 40
    windows = [with_positives(10_000, 3.0, rng) for _ in range(samples)]
    found = [held(estimated(window), realised(window)) for window in windows]
    assert {name for name in RATIOS if sum(one[name] for one in found) < 0.85 * samples} == set()


@pytest.mark.parametrize(
    ("drawn", "change"),
    [
        (lambda rows, rng: moved(rows, 0.0, rng), ScoreChange.NONE),
        (lambda rows, rng: moved(rows, 0.2, rng), ScoreChange.OTHER),
        (lambda rows, rng: moved(rows, 0.5, rng), ScoreChange.OTHER),
        (lambda rows, rng: moved(rows, -0.5, rng), ScoreChange.OTHER),
        (lambda rows, rng: with_positives(rows, 3.0, rng), ScoreChange.PRIOR_DRIFT),
    ],
)
@pytest.mark.parametrize("rows", [2_000, 20_000])
def test_the_histogram_tells_prior_drift_from_covariate_drift(
    drawn: Callable[[int, Generator], Scored], change: ScoreChange, rows: int
) -> None:
    calibrated_by = known()
    found = [
        for_window(counted(drawn(rows, np.random.default_rng(seed))), calibrated_by).change
        for seed in range(20)
    ]
    assert found.count(change) >= 19
    wrong = {ScoreChange.PRIOR_DRIFT} if change is ScoreChange.OTHER else set()
    assert not wrong & set(found)


@pytest.mark.parametrize("times", [1.0, 3.0])
def test_where_rows_moved_the_interval_holds_whether_the_prior_drifted_too_or_not(
    times: float,
) -> None:
    window = with_positives(50_000, times, np.random.default_rng(5), shift=0.5)
    said, truth = estimated(window), realised(window)
    assert said.change is ScoreChange.OTHER
    assert held(said, truth) == dict.fromkeys(RATIOS, True)


def test_a_calibration_without_a_histogram_is_used_as_it_is() -> None:
    before = replace(known(), known=None)
    window = counted(with_positives(20_000, 3.0, np.random.default_rng(6)))
    found = for_window(window, before)
    assert found.change is ScoreChange.NONE
    assert found.mending == before.mending
    said = estimate_from(window, before, threshold=THRESHOLD, costs=COSTS)
    assert said.recall.value is not None
