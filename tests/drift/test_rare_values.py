"""A value that the reference hardly has, or not at all, can't hide when it becomes common."""

from itertools import cycle, islice

import numpy as np
import pandas as pd
import pytest

from monitoring import compare
from monitoring.drift.verdict import DriftStatus, FeatureVerdict

ROWS = 3000


def column(*values: object, rare: object = None, of_rare: int = 0) -> pd.Series:
    """Return the values in turn, and a rare one in some rows spread over them."""
    filled = pd.Series(list(islice(cycle(values), ROWS)), dtype=object)
    if of_rare:
        filled[np.linspace(10, ROWS - 10, of_rare).astype(int)] = rare
    return filled.infer_objects()


def judged(before: pd.Series, now: pd.Series) -> FeatureVerdict:
    verdict = compare(pd.DataFrame({"x": before}), pd.DataFrame({"x": now}))
    (part,) = verdict.features
    assert part.status is DriftStatus.TESTED
    return part


MOVED = [
    (column(1), column(2), 0.99, "1: 100% -> 0%; 3000 values far above the reference's range"),
    (column(0), column(0, 1), 0.55, "0: 100% -> 50%; 1500 values far above the reference's range"),
    (column("a"), column("b"), 0.99, '"a": 100% -> 0%; new category "b": 0% -> 100%'),
    (column(None), column(1.5), 0.99, "missing 100% -> 0%"),
    (column(True), column(False), 0.99, "< 1: 0% -> 100%"),
    (column(1.0, None), column(2.0, None), 0.70, "1: 100% -> 0%"),
    (column(0, rare=1, of_rare=3), column(0, 1), 0.55, "0: 100% -> 50%"),
    (column(0, 1), column(0, 2), 0.70, "1: 50% -> 0%"),
    (column(0, 1, rare=2, of_rare=3), column(0, 2), 0.70, "1: 50% -> 0%"),
    (column(0, 4), column(0, 2, 4), 0.40, ""),
    (column("a", rare="b", of_rare=3), column("a", "b"), 0.55, '"a": 100% -> 50%'),
    (column("a", "c", rare="b", of_rare=3), column("a", "b"), 0.70, '"c": 50% -> 0%'),
]


@pytest.mark.parametrize(("before", "now", "effect", "moved"), MOVED)
def test_what_was_rare_or_absent_and_is_common_has_drifted(
    before: pd.Series, now: pd.Series, effect: float, moved: str
) -> None:
    part = judged(before, now)
    assert part.drifted
    assert part.effect is not None
    assert part.effect > effect
    assert moved in part.reason


@pytest.mark.parametrize(
    "same",
    [column(1), column("a"), column(None), column(0, rare=1, of_rare=3), column(0, 1, None)],
)
def test_what_stays_as_it_was_has_not(same: pd.Series) -> None:
    part = judged(same, same.head(500))
    assert not part.changed
    assert part.effect == 0


def test_one_stray_value_in_a_constant_column_is_not_drift() -> None:
    part = judged(column(1), pd.Series([1] * 199 + [2]))
    assert not part.drifted


@pytest.mark.parametrize("rows", [50, 500, 20_000])
def test_a_flag_that_is_nearly_always_the_same_cries_no_wolf(rows: int) -> None:
    rng = np.random.default_rng(rows)
    changed = 0
    for share in np.repeat([0.0002, 0.001, 0.01], 15):
        before, now = rng.random(10_000) < share, rng.random(rows) < share
        part = judged(pd.Series(before), pd.Series(now))
        changed += part.changed
        assert not part.drifted
    assert changed <= 4, "of 45 windows, at a rate of 2%"
