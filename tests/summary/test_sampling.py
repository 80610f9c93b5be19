"""A table's sample is the same however it is read, and stands for all of it."""

from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from monitoring.summary.fit import fit_bins
from monitoring.summary.in_memory import InMemory
from monitoring.summary.profile import WordsColumn, profile
from monitoring.summary.sampling import ALL, Sampler, draw, limit_of
from tests.summary.frames import by_file, by_parquet, in_portions, reference_text


def picked(rows: int, size: int, portions: int, *, known: bool) -> list[int]:
    """Return the places that are in the sample in the end."""
    sampler = Sampler(size, rows if known else None)
    held: list[int] = []
    for part in np.array_split(np.arange(rows), portions):
        if len(part):
            held += part[sampler.pick(int(part[0]), len(part))].tolist()
        stays = sampler.drop()
        held = held if stays is None else np.array(held)[stays].tolist()
    stays = sampler.drop(last=True)
    return held if stays is None else np.array(held)[stays].tolist()


@settings(max_examples=50, deadline=None)
@given(st.integers(0, 3000), st.integers(1, 500), st.integers(1, 9))
def test_the_sample_is_the_smallest_numbers_whatever_the_portions(
    rows: int, size: int, portions: int
) -> None:
    smallest = np.sort(np.argsort(draw(0, rows), kind="stable")[:size]).tolist()
    for known in (True, False):
        assert picked(rows, size, portions, known=known) == smallest


def test_the_limit_is_exact_for_a_table_of_many_rows() -> None:
    rows, size = 3_000_000, 1000
    assert limit_of(rows, size) == np.sort(draw(0, rows))[size - 1]
    assert limit_of(1000, 1000) == ALL


def test_numbers_are_even_and_know_nothing_of_cycles() -> None:
    numbers = draw(0, 700_000)
    assert len(np.unique(numbers)) == 700_000
    places = np.sort(np.argsort(numbers)[:70_000])
    for cycle in (2, 7, 24, 100):
        counts = np.bincount(places % cycle, minlength=cycle)
        expected = 70_000 / cycle
        assert (np.abs(counts - expected) < 5 * np.sqrt(expected)).all()


@pytest.fixture
def small_sample(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("monitoring.summary.profile.SAMPLED", 2000)
    monkeypatch.setattr("monitoring.summary.profile.DISTINCT", 100)


def long_table(rows: int = 5000) -> pa.Table:
    rng = np.random.default_rng(0)
    return pa.table(
        {
            "normal": rng.normal(size=rows),
            "heavy": np.where(rng.random(rows) < 0.2, 7.0, rng.normal(size=rows)),
            "town": rng.choice(["Ghent", "Namur", "Liege"], rows, p=[0.9, 0.09, 0.01]),
            "id": pa.array([f"id {n // 3 if n % 2 else 0}" for n in range(rows)]),
        }
    )


@pytest.mark.usefixtures("small_sample")
def test_beyond_the_sample_all_engines_still_fit_the_same(tmp_path: Path) -> None:
    table = long_table()
    path = tmp_path / "table.csv"
    table.to_pandas().to_csv(path, index=False)
    held = InMemory.of(table)
    ways = [
        held,
        in_portions(held, [10, 999, 2500]),
        *by_parquet(table, tmp_path / "table.parquet"),
        *by_file(path),
    ]
    first, *others = (reference_text(way, 500) for way in ways)
    for other in others:
        assert other == first


@pytest.mark.usefixtures("small_sample")
def test_bins_of_a_sample_are_close_to_those_of_all_rows() -> None:
    held = InMemory.of(long_table(20_000))
    normal, heavy, town, identity = fit_bins(profile(held, held.columns))
    assert len(normal.edges) == 19
    assert np.abs(np.array(normal.edges) - np.sort(held_normal(held))[999::1000][:19]).max() < 0.3
    assert heavy.heavy == (7.0,)
    # All rows tell the range and few words; the sample tells which of too many are frequent.
    assert (normal.low, normal.high) == pytest.approx(reach(held_normal(held)))
    assert town.categories == ("Ghent", "Namur", "Liege")
    assert identity.open_ended
    assert identity.categories == ("id 0",)


def held_normal(table: InMemory) -> np.ndarray:
    return np.concatenate([portion.rows.column(0).to_numpy() for portion in table.held])


def reach(values: np.ndarray) -> tuple[float, float]:
    low, high = values.min(), values.max()
    return 2 * low - high, 2 * high - low


def test_a_column_of_text_that_turns_into_words_late_is_words_from_the_start(
    tmp_path: Path,
) -> None:
    path = tmp_path / "late.csv"
    values = [*map(str, range(200_000)), *["none of these"] * 25_000]
    pd.DataFrame({"x": values, "y": range(len(values))}).to_csv(path, index=False)
    memory, streamed = by_file(path)
    assert isinstance(profile(streamed, streamed.columns).columns["x"], WordsColumn)
    assert reference_text(streamed, 1000) == reference_text(memory, 1000)
