"""What the reference does by itself is no drift."""

from datetime import timedelta

import numpy as np
import pandas as pd
import pytest

from monitoring.drift.detection import drift_verdict
from monitoring.drift.variation import Variation, independent_chunks, natural_variation
from monitoring.drift.verdict import Verdict
from monitoring.rows.rows import Rows
from monitoring.summary.build import summarise
from monitoring.summary.types import Reference
from monitoring.use_case_columns import Features
from tests.drift.made import LIMITS, reference_of, rows_of

FEATURES = Features(numeric=("cycle", "wander", "calm"))
DAY = 1440


def days(count: int, *, seed: int, start_hour: float = 0.0, hours: float = 24.0) -> pd.DataFrame:
    """Return a row a minute: one feature follows the hour, one's daily mean wanders."""
    rng = np.random.default_rng(seed)
    minutes = np.arange(int(count * hours * 60))
    hour = (start_hour + minutes / 60) % 24
    mean = rng.normal(0, 0.35, count + 1)[minutes // int(hours * 60)]
    return pd.DataFrame(
        {
            "cycle": np.sin(2 * np.pi * hour / 24) + rng.normal(0, 0.5, len(minutes)),
            "wander": mean + rng.normal(size=len(minutes)),
            "calm": rng.normal(size=len(minutes)),
        }
    )


def judged(reference: Reference, window: Rows) -> Verdict:
    return drift_verdict(reference, summarise(window, reference), LIMITS, id="x")


@pytest.fixture(scope="module")
def reference() -> Reference:
    return reference_of(rows_of(days(21, seed=0)), features=FEATURES)


def test_a_mean_that_wanders_from_day_to_day_has_not_drifted(reference: Reference) -> None:
    drifted, changed = 0, 0
    for seed in range(1, 41):
        wander = judged(reference, rows_of(days(1, seed=seed))).features[1]
        drifted += wander.drifted
        changed += wander.changed
    assert changed > 20
    assert drifted <= 2


def test_a_wandering_mean_that_leaves_its_usual_range_has_drifted(reference: Reference) -> None:
    window = days(1, seed=99)
    window["wander"] += 4 - window["wander"].mean()
    wander = judged(reference, rows_of(window)).features[1]
    assert wander.drifted
    assert wander.natural_variation is not None
    assert wander.effect is not None
    assert 0.1 < wander.natural_variation < wander.effect


def test_a_morning_is_compared_with_mornings(reference: Reference) -> None:
    morning = rows_of(days(1, seed=3, start_hour=6, hours=6), start="2026-03-01T06:00")
    cycle, _, calm = judged(reference, morning).features
    assert not cycle.changed
    assert not calm.changed
    evening = rows_of(days(1, seed=3, start_hour=6, hours=6), start="2026-03-01T18:00")
    assert judged(reference, evening).features[0].drifted


def test_too_few_chunks_are_said_and_not_applied() -> None:
    short = reference_of(rows_of(days(5, seed=0)), features=FEATURES)
    verdict = judged(short, rows_of(days(1, seed=1)))
    assert not verdict.variation_known
    assert all(part.natural_variation is None for part in verdict.features)
    assert "variation unknown" in str(verdict)


def test_a_reference_that_does_not_vary_raises_no_bar(reference: Reference) -> None:
    variation = natural_variation(reference)
    assert variation["calm"].limit(0.001) < 0.03
    assert variation["wander"].limit(0.001) > 0.1


def test_chunks_may_be_counted_in_rows() -> None:
    reference = reference_of(rows_of(days(10, seed=0)), features=FEATURES, chunk=DAY)
    by_time = reference_of(rows_of(days(10, seed=0)), features=FEATURES, chunk=timedelta(days=1))
    assert natural_variation(reference) == natural_variation(by_time)


def test_the_limit_of_variation_is_where_its_p_value_says() -> None:
    variation = Variation(divergence=0.002, chunks=20)
    assert variation.p_value(variation.limit(0.01)) == pytest.approx(0.01)
    assert Variation(0.0, 20).limit(0.01) == 0
    assert Variation(0.0, 20).p_value(0.1) == 0


def wandering(follows: float, count: int, *, seed: int) -> Rows:
    """Return days of 500 rows of twelve features whose level follows the day before."""
    rng = np.random.default_rng(seed)
    level = rng.normal(0, 0.3, (count, 12))
    for day in range(1, count):
        level[day] = follows * level[day - 1] + np.sqrt(1 - follows**2) * level[day]
    values = np.repeat(level, 500, axis=0) + rng.normal(size=(500 * count, 12))
    table = pd.DataFrame(values, columns=list(TWELVE.names))
    return rows_of(table, spacing=timedelta(days=1) / 500)


TWELVE = Features(numeric=tuple(f"x{i}" for i in range(12)))


@pytest.mark.parametrize(("follows", "least", "most"), [(0.0, 17.0, 20.0), (0.8, 5.0, 9.0)])
def test_days_that_resemble_the_day_before_count_as_fewer(
    follows: float, least: float, most: float
) -> None:
    rows = wandering(follows, 20, seed=1)
    found = natural_variation(reference_of(rows, features=TWELVE)).values()
    assert {least <= variation.chunks <= most for variation in found} == {True}


def test_a_level_that_follows_the_day_before_is_hardly_ever_called_drift() -> None:
    flagged = 0
    for seed in range(4):
        rows = wandering(0.8, 50, seed=seed)
        reference = reference_of(rows.take(slice(0, 20 * 500)), features=TWELVE)
        for start in range(20 * 500, len(rows), 1000):
            verdict = judged(reference, rows.take(slice(start, start + 500)))
            flagged += bool(verdict.drifted_features)
    assert flagged <= 4  # of 60


def test_independent_chunks_are_as_many_as_there_are_and_alike_ones_fewer() -> None:
    assert independent_chunks(20, 0.0) == independent_chunks(20, -0.5) == 20
    # Of many chunks the share of independent ones is (1 - r^2) / (1 + r^2).
    assert independent_chunks(10_000, 0.7) / 10_000 == pytest.approx(0.51 / 1.49, rel=1e-3)
    assert 1 <= independent_chunks(8, 1.0) < 2


def test_a_chunk_that_is_the_only_one_of_its_hour_does_not_break_the_verdict() -> None:
    two_days = reference_of(rows_of(days(2, seed=0)), features=FEATURES, chunk=timedelta(hours=1))
    shorter = reference_of(
        rows_of(days(2, seed=0).head(2 * DAY - 45)), features=FEATURES, chunk=timedelta(hours=1)
    )
    for reference in (two_days, shorter):
        verdict = judged(reference, rows_of(days(1, seed=4, hours=1)))
        assert verdict.variation_known
        assert all(0 <= (part.natural_variation or 0) <= 1 for part in verdict.features)
