"""What has drifted is found, in windows large and small."""

from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest

from monitoring.drift.detection import drift_verdict
from monitoring.drift.verdict import FeatureVerdict
from monitoring.summary.build import summarise
from monitoring.summary.types import Reference
from tests.drift.made import LIMITS, frame, reference_of, rows_of

Change = Callable[[pd.DataFrame, np.random.Generator], None]


@pytest.fixture(scope="module")
def reference() -> Reference:
    return reference_of(rows_of(frame(np.random.default_rng(5), 20_000)), chunk=20_000)


def found(reference: Reference, name: str, change: Change, rows: int) -> list[FeatureVerdict]:
    """Return what ten windows say of the feature called `name` after `change`."""
    rng = np.random.default_rng(rows)
    parts = []
    for _ in range(10):
        window = frame(rng, rows)
        change(window, rng)
        verdict = drift_verdict(reference, summarise(rows_of(window), reference), LIMITS, id="x")
        parts.append(next(part for part in verdict.features if part.name == name))
    return parts


def shift(window: pd.DataFrame, rng: np.random.Generator) -> None:
    window["normal0"] += 0.5


def widen(window: pd.DataFrame, rng: np.random.Generator) -> None:
    window["normal0"] *= 1.5


def lose(window: pd.DataFrame, rng: np.random.Generator) -> None:
    window.loc[rng.random(len(window)) < 0.1, "normal0"] = np.nan


def rename(window: pd.DataFrame, rng: np.random.Generator) -> None:
    window.loc[rng.random(len(window)) < 0.12, "c5"] = "brand new"


def scale_counts(window: pd.DataFrame, rng: np.random.Generator) -> None:
    window["counts0"] = rng.poisson(4.5, len(window)).astype(float)


def shift_beside_an_outlier(window: pd.DataFrame, rng: np.random.Generator) -> None:
    window["normal0"] += 3
    window.loc[0, "normal0"] = 1e6


CASES: list[tuple[str, Change, int, int, str]] = [
    ("normal0", shift, 100, 7, "> "),
    ("normal0", shift, 200, 10, "> "),
    ("normal0", shift, 20_000, 10, "> "),
    ("normal0", widen, 200, 10, " to "),
    ("normal0", lose, 100, 9, "missing 0% -> "),
    ("c5", rename, 50, 8, 'new category "brand new": 0% -> '),
    ("c5", rename, 1000, 10, 'new category "brand new": 0% -> 1'),
    ("counts0", scale_counts, 200, 10, ">"),
    ("normal0", shift_beside_an_outlier, 50, 10, "1 value far above the reference's range"),
    ("normal0", shift_beside_an_outlier, 5000, 10, "1 value far above the reference's range"),
]


@pytest.mark.parametrize(("name", "change", "rows", "least", "said"), CASES)
def test_drift_is_found_and_told(
    reference: Reference, name: str, change: Change, rows: int, least: int, said: str
) -> None:
    changed = [part for part in found(reference, name, change, rows) if part.changed]
    assert len(changed) >= least
    assert sum(said in part.reason for part in changed) >= 0.7 * len(changed)
    if rows >= 500:
        assert all(part.drifted for part in changed)


def test_of_few_rows_features_that_move_together_vouch_for_one_another(
    reference: Reference,
) -> None:
    def several(window: pd.DataFrame, rng: np.random.Generator) -> None:
        window[["normal0", "normal1", "normal2", "normal3"]] += 0.6

    alone = found(reference, "normal0", shift, 100)
    together = found(reference, "normal0", several, 100)
    assert sum(part.changed for part in alone) > sum(part.drifted for part in alone)
    assert all(part.drifted for part in together if part.changed)
    assert sum(part.drifted for part in together) >= 9


def test_one_outlier_alone_is_no_drift(reference: Reference) -> None:
    def one(window: pd.DataFrame, rng: np.random.Generator) -> None:
        window.loc[0, "normal0"] = 1e6

    assert not any(part.drifted for part in found(reference, "normal0", one, 500))


def test_a_small_real_change_is_changed_but_not_drifted(reference: Reference) -> None:
    def little(window: pd.DataFrame, rng: np.random.Generator) -> None:
        window["normal0"] += 0.15

    parts = found(reference, "normal0", little, 5000)
    assert all(part.changed for part in parts)
    assert not any(part.drifted for part in parts)
