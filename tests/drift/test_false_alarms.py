"""Windows without drift stay silent, whatever their size."""

import numpy as np
import pytest

from monitoring.drift.judge import drift_verdict
from monitoring.drift.verdict import Verdict
from monitoring.summary.build import summarise
from monitoring.summary.types import Reference
from tests.drift.made import LIMITS, frame, reference_of, rows_of

REFERENCES = 2


@pytest.fixture(scope="module")
def references() -> list[Reference]:
    """Return references without chunks, so that natural variation can't help."""
    rng = np.random.default_rng(11)
    return [reference_of(rows_of(frame(rng, 20_000)), chunk=20_000) for _ in range(REFERENCES)]


def verdicts(references: list[Reference], rows: int, windows: int) -> list[Verdict]:
    rng = np.random.default_rng(rows)
    return [
        drift_verdict(
            reference, summarise(rows_of(frame(rng, rows)), reference), LIMITS, id="quiet"
        )
        for reference in references
        for _ in range(windows)
    ]


@pytest.mark.parametrize(
    ("rows", "windows"), [(50, 60), (100, 60), (500, 30), (5000, 30), (20_000, 15), (200_000, 2)]
)
def test_hardly_a_window_without_drift_flags_anything(
    references: list[Reference], rows: int, windows: int
) -> None:
    found = verdicts(references, rows, windows)
    changed = sum(any(part.changed for part in verdict.features) for verdict in found)
    # At a true rate of 2% more than this happens less than once in a thousand runs.
    assert changed <= 0.02 * len(found) + 3.1 * np.sqrt(0.02 * len(found)) + 1
    assert max(verdict.share or 0.0 for verdict in found) <= 0.1
    assert np.mean([verdict.mean_effect for verdict in found]) < 0.001
    assert np.mean([(verdict.max_effect or 0.0) >= LIMITS.min_effect for verdict in found]) <= 0.05
    assert not any(verdict.drifted for verdict in found)


def test_from_a_thousand_rows_on_no_effect_reaches_the_minimum_by_chance(
    references: list[Reference],
) -> None:
    for verdict in verdicts(references, 1000, 30):
        assert (verdict.max_effect or 0.0) < LIMITS.min_effect
        assert not verdict.drifted_features
