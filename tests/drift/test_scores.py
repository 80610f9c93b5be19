"""The model's own score is judged too, against its validation scores."""

from dataclasses import replace
from datetime import timedelta

import numpy as np
import pandas as pd
import pytest

from monitoring.drift.decision import MIN_EFFECT
from monitoring.drift.detection import drift_verdict
from monitoring.drift.verdict import DriftStatus, FeatureVerdict
from monitoring.rows.rows import Rows
from monitoring.summary.build import summarise
from monitoring.summary.types import Reference
from monitoring.use_case_columns import Features
from tests.drift.made import LIMITS, reference_of, rows_of, scored

FEATURES = Features(numeric=("x",))
DAY = 500


def rows(seed: int, count: int, scores: np.ndarray | None = None) -> Rows:
    """Return rows with rare high scores, as of a model of frauds."""
    rng = np.random.default_rng(seed)
    plain = rows_of(pd.DataFrame({"x": rng.normal(size=count)}), spacing=timedelta(days=1) / DAY)
    drawn = rng.beta(0.3, 30, count) if scores is None else scores
    return scored(plain, drawn, rng)


@pytest.fixture(scope="module")
def reference() -> Reference:
    return reference_of(rows(0, 6000), rows(1, 6000), features=FEATURES)


def judged(reference: Reference, window: Rows) -> FeatureVerdict:
    verdict = drift_verdict(reference, summarise(window, reference), LIMITS, id="x")
    assert verdict.scores is not None
    return verdict.scores


def test_scores_like_those_of_validation_have_not_changed(reference: Reference) -> None:
    changed = [judged(reference, rows(seed, 1000)).changed for seed in range(10, 60)]
    assert sum(changed) <= 4


def test_alarms_that_become_four_times_as_many_are_found_in_the_tail(
    reference: Reference,
) -> None:
    scores = np.random.default_rng(2).beta(0.3, 30, 5000)
    high = np.argsort(-scores)[5:80]  # 1.5% of rows, where 0.5% had such scores
    scores[high] = np.random.default_rng(3).uniform(0.1, 0.3, len(high))
    part = judged(reference, rows(2, 5000, scores))
    assert part.changed
    assert part.reason.startswith("> 0.")
    assert part.name == "score"


def test_scores_that_are_all_higher_have_drifted(reference: Reference) -> None:
    scores = np.random.default_rng(4).beta(0.6, 30, 1000)
    part = judged(reference, rows(4, 1000, scores))
    assert part.drifted
    assert part.effect is not None
    assert part.effect > MIN_EFFECT


def test_scores_that_wander_from_day_to_day_have_not_drifted() -> None:
    rng = np.random.default_rng(5)
    levels = np.exp(rng.normal(0, 0.4, 60))
    drawn = np.concatenate([rng.beta(0.3 * level, 30, DAY) for level in levels])
    validation = rows(6, 20 * DAY, drawn[: 20 * DAY])
    reference = reference_of(rows(7, 20 * DAY), validation, features=FEATURES)
    parts = [
        judged(reference, rows(day, DAY, drawn[day * DAY : (day + 1) * DAY]))
        for day in range(20, 60)
    ]
    assert sum(part.changed for part in parts) > 20
    assert sum(part.drifted for part in parts) <= 2


def test_a_window_without_scores_and_one_with_few_have_a_status(reference: Reference) -> None:
    window = rows(8, 200)
    bare = replace(window, score=None)
    assert judged(reference, bare).status is DriftStatus.NO_SCORES
    some = np.where(np.arange(200) < 30, 0.1, np.nan)
    few = judged(reference, replace(window, score=some))
    assert few.status is DriftStatus.TOO_FEW_ROWS
    assert few.reason == "30 rows with a score, fewer than 50"


def test_validation_scores_that_are_all_equal_are_a_constant_reference() -> None:
    alike = reference_of(rows(0, 2000), rows(1, 2000, np.full(2000, 0.01)), features=FEATURES)
    part = judged(alike, rows(9, 500))
    assert part.status is DriftStatus.CONSTANT_REFERENCE
    assert part.reason == "all validation scores are equal"
