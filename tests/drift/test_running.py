"""Row numbers, running ids and clocks are set aside by name; what only looks like one is judged."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from monitoring import compare, fit, load, merge, save, summarise
from monitoring.drift.verdict import DriftStatus, FeatureVerdict, Verdict

N = 1000
RNG = np.random.default_rng(8)
STEPS = RNG.random(N) + 0.1
CLOCK = np.cumsum(STEPS)


def feature(before: Any, now: Any) -> FeatureVerdict:
    part, _ = verdict_on(before, now).features
    return part


def verdict_on(before: Any, now: Any, name: str = "x") -> Verdict:
    one, other = RNG.normal(size=(2, N))
    return compare(
        pd.DataFrame({name: before, "other": one}), pd.DataFrame({name: now, "other": other})
    )


def minutes(start: str) -> pd.DatetimeIndex:
    return pd.date_range(start, periods=N, freq="min")


@pytest.mark.parametrize(
    ("before", "now", "why"),
    [
        (range(N), range(N), "row numbers"),
        (range(N), range(1, N + 1), "row numbers"),
        (range(N), range(N, 2 * N), "row numbers"),
        (np.arange(N) * 3, np.arange(N) * 3 + 3 * N, "a running id or clock: it rises"),
        (np.arange(N) * 3 + 3 * N, np.arange(N) * 3, "up to 5997 in the reference"),
        (CLOCK, CLOCK + CLOCK[-1], "goes on from"),
        (CLOCK, RNG.permutation(CLOCK) + CLOCK[-1], "goes on from"),
        (np.sort(RNG.integers(0, N, N)), np.sort(RNG.integers(N, 2 * N, N)), "goes on from"),
        (minutes("2026-01-01"), minutes("2026-02-01"), "a clock: it rises"),
        (minutes("2026-01-01"), minutes("2026-01-01 06:00"), "a clock: it rises"),
        (RNG.permutation(N), RNG.permutation(N) + N, "whole numbers that never repeat: an id"),
        (10**18 + np.arange(N), 10**18 + np.arange(N, 2 * N), "row numbers"),
    ],
    ids=[
        "row numbers",
        "from one on",
        "that go on",
        "running ids",
        "a window from before",
        "a clock in seconds",
        "a clock whose rows were shuffled",
        "a clock with equal times",
        "a clock of moments",
        "a clock of a window that overlaps",
        "ids in no order",
        "ids beyond 2^53",
    ],
)
def test_what_numbers_or_dates_rows_is_set_aside_and_named(before: Any, now: Any, why: str) -> None:
    """Said before: drift of 0.92 or more; an id, a clock and a feature made a share of 0.67."""
    verdict = verdict_on(before, now)
    part, _ = verdict.features
    assert part.status is DriftStatus.SET_ASIDE
    assert why in part.reason
    assert verdict.share == 0
    note = f"Not judged, set aside: x ({part.reason})"
    assert note in str(verdict)
    assert part.reason in verdict._repr_html_()
    assert verdict.to_dict()["features"][0]["reason"] == part.reason


@pytest.mark.parametrize("name", ["", "Unnamed: 0"])
def test_an_index_without_a_name_is_set_aside(tmp_path: Path, name: str) -> None:
    """Said before: drift of the column '' in a window that has other rows."""
    rows = np.sort(RNG.permutation(2 * N))
    for file, part in (("a", rows[:N:2]), ("b", rows[1:N:2])):
        frame = pd.DataFrame({name: part, "x": RNG.normal(size=N // 2)})
        frame.to_csv(tmp_path / f"{file}.csv", index=False)
    verdict = compare(tmp_path / "a.csv", tmp_path / "b.csv")
    assert [part.status for part in verdict.features] == [DriftStatus.SET_ASIDE, DriftStatus.TESTED]
    assert f"{name or '(unnamed)'} (an index without a name" in str(verdict)


def test_an_index_that_only_the_reference_was_written_with_is_no_broken_column(
    tmp_path: Path,
) -> None:
    """Said before: missing column '', exit code 1 where a limit was asked for."""
    frame = pd.DataFrame({"x": RNG.normal(size=N)})
    frame.to_csv(tmp_path / "a.csv")
    frame.to_csv(tmp_path / "b.csv", index=False)
    verdict = compare(tmp_path / "a.csv", tmp_path / "b.csv")
    assert [part.status for part in verdict.features] == [DriftStatus.SET_ASIDE, DriftStatus.TESTED]
    assert verdict.broken_features == ()
    back = compare(tmp_path / "b.csv", tmp_path / "a.csv")
    assert [part.name for part in back.features] == ["x"]


@pytest.mark.parametrize(
    ("before", "now", "drifted"),
    [
        (np.sort(RNG.normal(size=N)), np.sort(RNG.normal(size=N)), False),
        (np.sort(RNG.normal(size=N)), np.sort(RNG.normal(1, 1, N)), True),
        (np.sort(RNG.integers(0, 9, N)), np.sort(RNG.integers(9, 18, N)), True),
        (CLOCK, np.full(N, CLOCK[-1] + 1), True),
        (RNG.integers(0, 10**6, N), RNG.integers(10**6, 2 * 10**6, N), True),
        (np.arange(40) * 1.5, np.arange(N) * 1.5 + 60, True),
        (np.where(RNG.random(N) < 0.1, np.nan, CLOCK), CLOCK + CLOCK[-1], True),
    ],
    ids=[
        "what the file was sorted by",
        "what the file was sorted by, and moved",
        "few values, sorted",
        "a clock that stopped",
        "whole numbers at random",
        "a small sample that rises",
        "values that rise, where some are missing",
    ],
)
def test_what_only_looks_like_a_clock_is_judged(before: Any, now: Any, *, drifted: bool) -> None:
    part = compare(pd.DataFrame({"x": before}), pd.DataFrame({"x": now})).features[0]
    assert part.status is DriftStatus.TESTED
    assert part.drifted is drifted


def test_what_runs_is_kept_with_a_reference_and_its_range_with_summaries(tmp_path: Path) -> None:
    before, now = (pd.DataFrame({"id": np.arange(N) * 2 + start}) for start in (0, 2 * N))
    save(fit(before, window=N), tmp_path / "r.json.gz")
    reference = load(tmp_path / "r.json.gz")
    halves = [summarise(part, reference) for part in (now[: N // 2], now[N // 2 :])]
    save(merge(*halves), tmp_path / "s.json.gz")
    (part,) = compare(tmp_path / "r.json.gz", tmp_path / "s.json.gz").features
    assert part == compare(reference, now).features[0]
    assert part.status is DriftStatus.SET_ASIDE


@pytest.mark.parametrize("engine", ["memory", "duckdb"])
def test_a_clock_is_found_in_files_too(tmp_path: Path, engine: str) -> None:
    """Over more rows than one portion holds, in both formats."""
    rows = 150_000
    clock = np.cumsum(RNG.random(rows))
    for name, start in (("a", 0.0), ("b", clock[-1])):
        table = pd.DataFrame({"t": clock + start, "x": RNG.normal(size=rows)})
        table.to_parquet(tmp_path / f"{name}.parquet")
        table[:60_000].to_csv(tmp_path / f"{name}.csv", index=False)
    for ending in ("parquet", "csv"):
        paths = (tmp_path / f"{name}.{ending}" for name in "ab")
        clock_part, _ = compare(*paths, engine=engine).features
        assert clock_part.status is DriftStatus.SET_ASIDE
    # A clock that falls back at the begin of a portion is none.
    back = np.concatenate([clock, clock])
    bins = fit(pa.table({"t": back}), window=N, engine=engine).bins
    assert bins[0].runs is None
