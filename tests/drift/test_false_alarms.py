"""Windows without drift raise no false alarm, whatever their size."""

import numpy as np
import pytest

from monitoring.drift.decision import MIN_EFFECT
from monitoring.drift.detection import drift_verdict
from monitoring.drift.verdict import Verdict
from monitoring.summary.build import summarise
from monitoring.summary.merge import merge
from monitoring.summary.types import Reference, Summary
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
        judged(reference, summarise(rows_of(frame(rng, rows)), reference))
        for reference in references
        for _ in range(windows)
    ]


def judged(reference: Reference, window: Summary) -> Verdict:
    return drift_verdict(reference, window, LIMITS, id="quiet")


def is_quiet(verdicts: list[Verdict]) -> None:
    """Check that hardly any of the windows holds anything significant, and none much of it."""
    changed = sum(any(part.changed for part in verdict.features) for verdict in verdicts)
    # At a true rate of 2% more than this happens less than once in a thousand runs.
    assert changed <= 0.02 * len(verdicts) + 3.1 * np.sqrt(0.02 * len(verdicts)) + 1
    assert max(verdict.max_effect or 0.0 for verdict in verdicts) < MIN_EFFECT
    assert np.mean([verdict.mean_effect for verdict in verdicts]) < 0.001
    assert not any(verdict.drifted_features for verdict in verdicts)


@pytest.mark.parametrize(
    ("rows", "windows"),
    [(50, 40), (100, 30), (200, 20), (1000, 10), (5000, 5), (20_000, 3)],
)
def test_no_effect_reaches_the_minimum_by_chance(
    references: list[Reference], rows: int, windows: int
) -> None:
    is_quiet(verdicts(references, rows, windows))


def test_nor_does_it_in_windows_far_larger_than_the_reference(
    references: list[Reference],
) -> None:
    rng = np.random.default_rng(1_000_000)
    reference = references[0]
    parts = [summarise(rows_of(frame(rng, 200_000)), reference) for _ in range(3)]
    is_quiet([judged(reference, part) for part in (parts[0], parts[1], merge(*parts))])
