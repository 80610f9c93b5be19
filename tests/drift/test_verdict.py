"""What a verdict promises about one window."""

import numpy as np
import pytest

from monitoring.drift.judge import drift_verdict
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
