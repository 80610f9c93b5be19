"""On real card payments the verdict says what is true of them."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from benchmarks.real_data import file_named, nowhere
from monitoring.drift.detection import drift_verdict
from monitoring.rows.rows import Rows
from monitoring.summary.build import summarise
from monitoring.summary.merge import merge
from monitoring.use_case_columns import Features
from tests.drift.made import LIMITS, reference_of, rows_of

FILE = "creditcard.csv.gz"

pytestmark = pytest.mark.real


@pytest.fixture(scope="module")
def cards() -> Rows:
    path = file_named(FILE)
    if path is None:
        pytest.skip(nowhere(FILE))
    table = pd.read_csv(path, engine="pyarrow")
    rows = rows_of(table.drop(columns=["Time", "Class"]))
    times = np.datetime64("2013-09-01", "us") + pd.to_timedelta(table["Time"], "s").to_numpy()
    return replace(rows, event_time=times.astype("datetime64[us]"))


def features(cards: Rows) -> Features:
    return Features(numeric=tuple(cards.features.columns))


def days(cards: Rows) -> tuple[Rows, Rows]:
    first = cards.event_time < np.datetime64("2013-09-02")
    return cards.take(first), cards.take(~first)


def test_the_second_day_really_differs_from_the_first(cards: Rows) -> None:
    first, second = days(cards)
    reference = reference_of(first, features=features(cards))
    verdict = drift_verdict(reference, summarise(second, reference), LIMITS, id="day 2")
    assert 20 <= len(verdict.drifted_features) <= 24
    assert verdict.drifted
    assert not verdict.variation_known


def test_rows_of_the_same_days_do_not_differ(cards: Rows) -> None:
    rng = np.random.default_rng(0)
    for size in (len(cards) // 2, 5000, 200):
        mixed = rng.permutation(len(cards))
        reference = reference_of(
            cards.take(np.sort(mixed[size:])), features=features(cards), chunk=len(cards)
        )
        window = summarise(cards.take(mixed[:size]), replace(reference, by_hour=()))
        verdict = drift_verdict(replace(reference, by_hour=()), window, LIMITS, id="same")
        assert not verdict.drifted_features
        assert sum(part.changed for part in verdict.features) <= 1


def test_hours_merged_give_the_verdict_of_the_day(cards: Rows) -> None:
    first, second = days(cards)
    reference = reference_of(first, features=features(cards))
    hour = second.event_time.astype("datetime64[h]")
    parts = [summarise(second.take(hour == one), reference) for one in np.unique(hour)]
    merged = drift_verdict(reference, merge(*parts), LIMITS, id="day 2")
    assert merged == drift_verdict(reference, summarise(second, reference), LIMITS, id="day 2")
