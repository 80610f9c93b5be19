"""What can't be judged has a status of its own with a reason, and the others their verdict."""

import numpy as np
import pandas as pd
import pytest

from benchmarks.real_data import file_named, nowhere
from monitoring import compare
from monitoring.drift.verdict import DriftStatus, FeatureVerdict, Verdict


def feature(verdict: Verdict, name: str) -> FeatureVerdict:
    return next(part for part in verdict.features if part.name == name)


def beside_a_good_column(before: object, now: object) -> FeatureVerdict:
    """Return what is said of a column; the good one beside it must get its verdict."""
    rng = np.random.default_rng(0)
    tables = [
        pd.DataFrame({"x": values, "good": rng.normal(size=len(values))})
        for values in (pd.Series(before), pd.Series(now))
    ]
    verdict = compare(*tables)
    assert feature(verdict, "good").status is DriftStatus.TESTED
    part = feature(verdict, "x")
    assert (part.status is DriftStatus.TESTED) == (part.effect is not None)
    assert not part.drifted
    return part


WORDS = [f"word {i}" for i in range(500)]
CASES = [
    (
        WORDS,
        WORDS[:300],
        DriftStatus.TOO_MANY_CATEGORIES,
        "500 categories in 500 rows of the reference, none of them often enough to compare",
    ),
    (
        [*WORDS[:490], *[None] * 10],
        [*WORDS[:207], *[None] * 93],
        DriftStatus.TOO_MANY_CATEGORIES,
        "490 categories in 490 rows of the reference, none of them often enough to compare; "
        "missing 2% -> 31%",
    ),
    (
        [f"a long name of its own {i}" for i in range(1200)],
        WORDS[:300],
        DriftStatus.TOO_MANY_CATEGORIES,
        "too many categories to keep in 1,200 rows of the reference, none of them often enough "
        "to compare",
    ),
    (
        [*np.arange(15.0), *[None] * 100],
        np.arange(300.0),
        DriftStatus.TOO_FEW_ROWS,
        "15 values in the reference, fewer than the 20 that bins need; missing 87% -> 0%",
    ),
    (
        np.arange(500.0),
        WORDS[:300],
        DriftStatus.TYPE_CHANGED,
        "the column holds another kind of values than in the reference",
    ),
]


@pytest.mark.parametrize(("before", "now", "status", "said"), CASES)
def test_a_column_that_cannot_be_judged_says_why(
    before: object, now: object, status: DriftStatus, said: str
) -> None:
    part = beside_a_good_column(before, now)
    assert part.status is status
    assert part.reason == said


def test_a_window_of_too_few_rows_is_judged_in_no_column() -> None:
    table = pd.DataFrame({"x": np.arange(500.0), "y": ["a", "b"] * 250})
    verdict = compare(table, table.head(49))
    assert verdict.status is DriftStatus.TOO_FEW_ROWS
    assert verdict.share is None
    assert {part.reason for part in verdict.features} == {"49 rows, fewer than 50"}


def test_names_of_cities_are_too_many_not_constant() -> None:
    path = file_named("advertising.csv")
    if path is None:
        pytest.skip(nowhere("advertising.csv"))
    table = pd.read_csv(path)
    verdict = compare(table.head(500), table.tail(500))
    city = feature(verdict, "City")
    assert city.status is DriftStatus.TOO_MANY_CATEGORIES
    assert "494 categories in 500 rows" in city.reason
    assert feature(verdict, "Age").status is DriftStatus.TESTED
