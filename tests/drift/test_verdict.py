"""What a verdict promises about one window."""

from dataclasses import replace

import numpy as np
import pytest

from monitoring.drift.detection import drift_verdict
from monitoring.drift.verdict import DriftStatus, FeatureVerdict, Verdict
from monitoring.rows.rows import Rows
from monitoring.summary.build import summarise
from monitoring.summary.types import Reference
from tests.drift.made import LIMITS, frame, reference_of, rows_of, scored


@pytest.fixture(scope="module")
def reference() -> Reference:
    rng = np.random.default_rng(7)
    validation = scored(rows_of(frame(rng, 5000)), rng.beta(0.5, 20, 5000), rng)
    return reference_of(rows_of(frame(rng, 20_000)), validation)


def judged(reference: Reference, window: Rows) -> Verdict:
    return drift_verdict(reference, summarise(window, reference), LIMITS, id="test")


def feature(verdict: Verdict, name: str) -> FeatureVerdict:
    return next(part for part in verdict.features if part.name == name)


def test_a_column_that_vanished_gets_a_status_and_the_others_their_verdict(
    reference: Reference,
) -> None:
    window = frame(np.random.default_rng(1), 2000).drop(columns="normal0")
    window["normal1"] = "a word"
    window["normal2"] += 1
    verdict = judged(reference, rows_of(window))
    assert feature(verdict, "normal0").status is DriftStatus.MISSING_COLUMN
    assert feature(verdict, "normal1").status is DriftStatus.TYPE_CHANGED
    assert [part.name for part in verdict.drifted_features] == ["normal2"]
    assert len(verdict.tested) == 28


def test_a_null_surge_is_found_and_told(reference: Reference) -> None:
    window = frame(np.random.default_rng(2), 2000)
    window.loc[window.index % 10 < 3, "normal3"] = np.nan
    part = feature(judged(reference, rows_of(window)), "normal3")
    assert part.drifted
    assert part.missing == pytest.approx(0.3)
    assert "missing 0% -> 30%" in part.reason


def test_the_same_window_gives_the_same_verdict(reference: Reference) -> None:
    window = rows_of(frame(np.random.default_rng(3), 120))
    assert judged(reference, window) == judged(reference, window)


def test_features_are_ranked_by_effect_times_importance_and_shares_add_up(
    reference: Reference,
) -> None:
    window = frame(np.random.default_rng(4), 3000)
    window["normal0"] += 1.5
    window["lognormal0"] *= 1.5
    heavy = {"normal0": 0.1, "lognormal0": 0.6, "normal1": 0.3}
    weighed = replace(reference, importance=heavy)
    verdict = judged(weighed, rows_of(window))
    effects = [feature(verdict, name).effect or 0.0 for name in ("normal0", "lognormal0")]
    assert effects[0] > 2 * effects[1] > 0
    assert [part.name for part in verdict.ranked[:2]] == ["lognormal0", "normal0"]
    assert {part.name for part in verdict.drifted_features} == {"normal0", "lognormal0"}
    assert verdict.share == 2 / 30
    assert verdict.weighted_share == pytest.approx(0.7)
    assert verdict.max_effect == effects[0]
    assert verdict.mean_effect == pytest.approx(sum(f.effect or 0.0 for f in verdict.tested) / 30)


def test_the_share_must_lie_above_its_limit_not_at_it(reference: Reference) -> None:
    window = frame(np.random.default_rng(5), 3000)
    names = [f"normal{i}" for i in range(8)] + ["lognormal0"]
    window[names] = window[names] + 2
    summary = summarise(rows_of(window), reference)
    for limit, drifted in ((0.3, False), (0.299, True)):
        verdict = drift_verdict(reference, summary, LIMITS, id="x", share_limit=limit)
        assert verdict.share == pytest.approx(0.3)
        assert verdict.drifted is drifted
