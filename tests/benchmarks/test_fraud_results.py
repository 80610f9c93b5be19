"""The study of card frauds looks at no later payment, and measures what it says."""

import numpy as np
import pandas as pd
import pytest
from numpy.typing import NDArray
from scipy.special import expit
from sklearn.metrics import average_precision_score

from benchmarks.fraud_results.measure import Part, precision_of, result
from benchmarks.fraud_results.past import AMOUNT, CLOCK, NEAREST, NEIGHBOURS, past_columns
from monitoring.use_case import Costs, MissedCost

COSTS = Costs(missed=MissedCost(of_amount=1.0), false_alarm=5, review=2)


def payments(count: int) -> tuple[pd.DataFrame, NDArray[np.float64]]:
    rng = np.random.default_rng(0)
    features = pd.DataFrame(rng.normal(size=(count, 4)), columns=["V1", "V2", "V3", "V4"])
    features["Amount"] = rng.integers(1, 50, count) / 2
    return features, np.sort(rng.uniform(0, 40_000, count))


def test_no_column_of_a_payment_knows_a_later_one() -> None:
    features, seconds = payments(NEIGHBOURS + 1200)
    every = past_columns(features, seconds)
    kept = NEIGHBOURS + 700
    first = past_columns(features.iloc[:kept], seconds[:kept])
    assert list(every.columns) == [*CLOCK, *AMOUNT, *NEAREST]
    pd.testing.assert_frame_equal(every.iloc[:kept], first, rtol=1e-3)
    assert every[list(NEAREST)].iloc[NEIGHBOURS:].notna().all(axis=None)


def test_a_payment_made_again_is_near_and_counted() -> None:
    features, seconds = payments(NEIGHBOURS + 10)
    twins = [len(features) - 5, len(features) - 1]
    features.loc[twins] = [1.0, 2.0, -1.0, 0.5, 77.77]
    last = past_columns(features, seconds).iloc[-1]
    assert last["nearest_distance"] == pytest.approx(0, abs=0.01)
    assert last["nearest_seconds_ago"] == pytest.approx(seconds[-1] - seconds[-5])
    assert last["amount_seconds_since"] == pytest.approx(seconds[-1] - seconds[-5])
    assert last["amount_last_hour"] == 1


def test_points_are_counted_and_priced_as_by_hand() -> None:
    label = np.tile([1, 0, 1, 0, 0, 1], 4).astype(np.int8)
    scores = np.tile([0.9, 0.8, 0.7, 0.6, 0.2, 0.1], 4)
    part = Part(label, np.tile([10.0, 1, 20, 1, 1, 40], 4), days=1.0)
    found = result(scores, part, 0.65, COSTS)
    assert (found.chosen.caught, found.chosen.missed, found.chosen.false_alarms) == (8, 4, 4)
    assert found.chosen.cost == 4 * (40 + 3 * 2 + 5)
    assert found.without_model == 4 * 70
    assert found.average_precision.value == pytest.approx(average_precision_score(label, scores))
    assert found.at_false_alarms.caught == 12  # there are fewer than so many negatives
    assert (found.at_missed.missed, found.at_missed.false_alarms) == (9, 0)


def test_an_interval_holds_its_figure_and_a_model_is_not_above_itself() -> None:
    rng = np.random.default_rng(0)
    label = (rng.random(3000) < 0.03).astype(np.int8)
    scores = expit(rng.normal(size=3000) + 3 * label - 4)
    found = precision_of(scores, label)
    assert found.interval.low < found.value < found.interval.high
    assert found.interval.high - found.interval.low > 0.05
    assert found.above(precision_of(scores, label)).high == 0
    assert found.above(precision_of(rng.permutation(scores), label)).low > 0
