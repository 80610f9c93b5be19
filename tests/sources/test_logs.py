"""Prediction logs where they lie: what is read of them, and what is set aside."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from pyarrow import parquet

from monitoring.rows.score_scale import ScoreScale, fitted_scale, implied_threshold
from monitoring.rows.window import Window
from monitoring.sources.logs.log_reader import LogPartError, TimeColumn
from monitoring.sources.logs.parquet_logs import ParquetLogs
from monitoring.use_case_columns import EventTime
from monitoring.use_case_production import ScoreKind
from tests.sources.counted_files import OPENED

JAN = datetime(2025, 1, 1, tzinfo=UTC)
DAY, HOUR = timedelta(days=1), timedelta(hours=1)
TIMES = TimeColumn(EventTime(name="at"), "UTC")


def write(folder: Path, days: int, *, rows: int = 960, group: int = 40) -> None:
    """Write days of rows, one every ninety seconds, in order of time."""
    for day in range(days):
        at = pd.date_range(JAN + day * DAY, periods=rows, freq=f"{86_400 // rows}s")
        frame = pd.DataFrame({"at": at, "x": np.arange(rows, dtype=float), "y": "word"})
        path = folder / f"day={JAN + day * DAY:%Y-%m-%d}" / "rows.parquet"
        path.parent.mkdir(parents=True)
        parquet.write_table(
            pa.Table.from_pandas(frame, preserve_index=False), path, row_group_size=group
        )


@pytest.fixture(scope="module")
def year(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A year of logs in partitions of a day."""
    folder = tmp_path_factory.mktemp("year")
    write(folder, 365)
    return folder


@pytest.fixture(autouse=True)
def nothing_read() -> None:
    OPENED.clear()


def logs_in(folder: Path, path: str = "day=*/*.parquet", partition: str | None = "day") -> Any:
    return ParquetLogs(f"counted://{folder}/{path}", Path("/"), TIMES, partition)


def read(logs: Any, window: Window, columns: tuple[str, ...] = ("x",)) -> pa.Table:
    found = [b for part in logs.parts(window) for b in logs.read(part, columns, window)]
    return pa.Table.from_batches(found)


def size(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.rglob("*.parquet"))


@pytest.mark.parametrize("path", ["day=*/*.parquet", "**/*.parquet", ""])
def test_a_day_in_a_year_opens_its_own_file_alone(year: Path, path: str) -> None:
    window = Window(JAN + 200 * DAY, JAN + 201 * DAY)
    rows = read(logs_in(year, path), window)
    assert rows.num_rows == 960
    assert list(OPENED) == [f"{year}/day=2025-07-20/rows.parquet"]
    assert sum(OPENED.values()) < size(year) / 100  # its footer, and its pages


def test_an_hour_reads_its_own_row_groups_alone(tmp_path: Path) -> None:
    write(tmp_path, 1, rows=86_400, group=3600)
    day = Window(JAN, JAN + DAY)
    assert read(logs_in(tmp_path), day).num_rows == 86_400
    whole = sum(OPENED.values())
    OPENED.clear()
    assert read(logs_in(tmp_path), Window(JAN + 7 * HOUR, JAN + 8 * HOUR)).num_rows == 3600
    assert sum(OPENED.values()) < whole / 6  # most of it the footer


def test_columns_that_nobody_asks_for_are_not_read(year: Path) -> None:
    window = Window(JAN, JAN + DAY)
    assert read(logs_in(year), window).column_names == ["at", "x"]


def test_without_partitions_the_footers_say_where_a_day_lies(tmp_path: Path) -> None:
    write(tmp_path, 20)
    window = Window(JAN + 5 * DAY, JAN + 6 * DAY)
    rows = read(logs_in(tmp_path, "**/*.parquet", partition=None), window)
    assert rows.num_rows == 960
    own = OPENED[f"{tmp_path}/day=2025-01-06/rows.parquet"]
    assert all(read_of < own for path, read_of in OPENED.items() if "2025-01-06" not in path)


def test_rows_are_counted_from_metadata(year: Path) -> None:
    logs, window = logs_in(year), Window(JAN + DAY, JAN + 3 * DAY)
    assert sum(logs.count(part, window) for part in logs.parts(window)) == 1920
    odd = Window(JAN + DAY + timedelta(seconds=45), JAN + 3 * DAY)
    assert sum(logs.count(part, odd) for part in logs.parts(odd)) == 1919


def test_a_partition_of_an_hour_in_another_zone_is_found(tmp_path: Path) -> None:
    zone = TimeColumn(EventTime(name="at"), "Europe/Berlin")
    at = pd.date_range("2025-07-01 02:00", periods=60, freq="1min")  # 00:00 UTC
    path = tmp_path / "h=2025-07-01T02" / "rows.parquet"
    path.parent.mkdir()
    pd.DataFrame({"at": at, "x": 1.0}).to_parquet(path)
    logs = ParquetLogs("h=*/*.parquet", tmp_path, zone, "h")
    midnight = datetime(2025, 7, 1, tzinfo=UTC)
    assert len(logs.parts(Window(midnight, midnight + HOUR))) == 1
    assert not logs.parts(Window(midnight + HOUR, midnight + 2 * HOUR))
    assert (
        sum(
            logs.count(p, Window(midnight, midnight + HOUR))
            for p in logs.parts(Window(midnight, midnight + HOUR))
        )
        == 60
    )


@pytest.mark.parametrize("damage", ["half", "empty", "text", "no time"])
def test_a_file_that_is_no_whole_log_is_an_error_of_its_own(tmp_path: Path, damage: str) -> None:
    write(tmp_path, 1)
    (file,) = tmp_path.rglob("*.parquet")
    content = file.read_bytes()
    if damage == "no time":
        pd.DataFrame({"x": [1.0]}).to_parquet(file)
    else:
        file.write_bytes(
            {"half": content[: len(content) // 2], "empty": b"", "text": b"x" * 99}[damage]
        )
    logs, window = logs_in(tmp_path), Window(JAN, JAN + DAY)
    (part,) = logs.parts(window)
    with pytest.raises(LogPartError, match=r"rows\.parquet") as raised:
        list(logs.read(part, ("x",), window))
    assert raised.value.part == part.name


def test_a_file_that_is_written_again_has_another_state(tmp_path: Path) -> None:
    write(tmp_path, 1)
    logs, window = logs_in(tmp_path), Window(JAN, JAN + DAY)
    before = [part.state for part in logs.parts(window)]
    (file,) = tmp_path.rglob("*.parquet")
    pd.DataFrame({"at": [JAN], "x": [1.0]}).to_parquet(file)
    assert [part.state for part in logs.parts(window)] != before


def test_the_logs_reach_from_their_first_partition_to_their_last(year: Path) -> None:
    assert logs_in(year).span() == Window(JAN, JAN + 365 * DAY)
    assert not OPENED


RNG = np.random.default_rng(0)


@pytest.fixture(params=list(ScoreKind))
def kind(request: pytest.FixtureRequest) -> ScoreKind:
    found: ScoreKind = request.param
    return found


def given(kind: ScoreKind) -> Any:
    odds = RNG.normal(-2, 2, 5000)
    return {
        ScoreKind.PROBABILITY: 1 / (1 + np.exp(-odds)),
        ScoreKind.LOG_ODDS: odds,
        ScoreKind.NUMBER: 700 + 40 * odds,
    }[kind]


def test_a_score_of_any_kind_lies_between_0_and_1_in_the_same_order(kind: ScoreKind) -> None:
    numbers = given(kind)
    scores = fitted_scale(kind, numbers).scores(numbers)
    assert ((scores >= 0) & (scores <= 1)).all()
    assert (np.argsort(scores, kind="stable") == np.argsort(numbers, kind="stable")).all()


def test_a_score_outside_its_kind_is_none() -> None:
    outside = np.array([-0.1, 1.1, np.inf, np.nan])
    assert np.isnan(ScoreScale().scores(outside)).all()
    assert np.isnan(ScoreScale(ScoreKind.LOG_ODDS).scores(np.array([np.inf, np.nan]))).all()


def test_the_threshold_that_decisions_imply_repeats_them(kind: ScoreKind) -> None:
    numbers = given(kind)
    fitted = fitted_scale(kind, numbers)
    cut = np.quantile(numbers, 0.9)
    scale, threshold, share = implied_threshold(fitted, fitted.scores(numbers), numbers >= cut)
    assert share == 1
    assert not scale.by_decision
    assert ((fitted.scores(numbers) >= threshold) == (numbers >= cut)).all()


def test_a_threshold_is_as_round_as_its_decisions_leave_it() -> None:
    scores = RNG.random(2000)
    _, threshold, _ = implied_threshold(ScoreScale(), scores, scores >= 0.3)
    assert threshold == 0.3


def test_decisions_that_no_threshold_repeats_are_counted_themselves() -> None:
    scores = RNG.random(5000)
    flagged = (scores >= 0.8) ^ (RNG.random(5000) < 0.02)
    scale, threshold, share = implied_threshold(ScoreScale(), scores, flagged)
    assert scale.by_decision
    assert share == pytest.approx(0.98, abs=0.01)
    assert ((scale.decided(scores, flagged) >= threshold) == flagged).all()
    edge = scale.decided(np.array([1.0, 0.0]), np.array([False, True]))
    assert (edge >= threshold).tolist() == [False, True]
