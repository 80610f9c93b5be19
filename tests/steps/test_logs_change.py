"""Logs change after they were read: late days, late labels, files that were broken or rewritten."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

import numpy as np
import pandas as pd
import pytest
import sqlalchemy as sa

from monitoring.drift.verdict import DriftStatus
from monitoring.rows.window import Window, ending
from monitoring.sources.logs.log_reader import LogPart
from monitoring.sources.logs.parquet_logs import ParquetLogs
from monitoring.steps.places import champion_model, production_store
from monitoring.steps.report.log_problems import MISPLACED, OUTSIDE
from monitoring.steps.report.logged_windows import UNREADABLE, LoggedWindows
from monitoring.steps.report.windows import windows_of
from monitoring.store.schema import window_summaries
from tests.fixtures.watched import DAY, FIRST, ROWS, Logs, day_of_rows
from tests.steps.watching import measured


def end_of(day: int) -> Any:
    return FIRST + (day + 1) * DAY


class Reads:
    """A reader of logs that counts which columns were read of which file."""

    def __init__(self, logs: ParquetLogs) -> None:
        self.logs, self.seen = logs, Counter[tuple[str, str]]()

    def parts(self, window: Window) -> Sequence[LogPart]:
        return self.logs.parts(window)

    def read(self, part: LogPart, columns: Sequence[str], window: Window) -> Iterator[Any]:
        self.seen.update((part.name.rpartition("day=")[2][:10], name) for name in columns)
        return self.logs.read(part, columns, window)

    def count(self, part: LogPart, window: Window) -> int:
        return self.logs.count(part, window)

    def misplaced(self, part: LogPart, window: Window) -> int:
        return self.logs.misplaced(part, window)

    def sample(self, *given: Any) -> Iterator[Any]:
        return self.logs.sample(*given)

    def span(self) -> Window | None:
        return self.logs.span()


def reads_of(logs: Logs, day: int) -> Counter[str]:
    """Measure a report's windows; return how often each column was read, of all files."""
    model = champion_model(logs.case)
    assert model is not None
    with production_store() as store:
        windows = windows_of(logs.case, store)
        assert isinstance(windows, LoggedWindows)
        assert isinstance(windows.logs, ParquetLogs)
        reads = Reads(windows.logs)
        counted = replace(windows, logs=reads)
        counted.summary(ending(end_of(day), DAY), end_of(day), model)
    found: Counter[str] = Counter()
    for (_, column), times in reads.seen.items():
        found[column] += times
    return found


def test_what_was_read_is_merged_and_not_read_again(logs: Logs) -> None:
    first = reads_of(logs, 16)
    assert (first["x"], first["score"]) == (1, 1)
    assert not reads_of(logs, 16)


def test_late_labels_have_the_scores_read_again_and_no_feature(logs: Logs) -> None:
    logs.write_labels(16, day_of_rows(16), after=timedelta(hours=1))
    reads_of(logs, 16)
    rows = day_of_rows(16)
    rows.loc[:200, "is_fraud"] = 1
    logs.write_labels(16, rows, after=timedelta(hours=1))
    again = reads_of(logs, 16)
    assert again["score"] == 1
    assert "x" not in again


def test_a_day_that_comes_late_is_found_and_corrects_the_figures(logs: Logs) -> None:
    rows = day_of_rows(14)
    logs.file(14).unlink()
    before = measured(logs, 16)
    assert before.mature_rows == 0
    assert before.realised is None
    logs.write(14, rows.iloc[:1000])
    assert measured(logs, 16).mature_rows == 1000
    logs.write(14, rows.iloc[1000:], "part-1")
    after = measured(logs, 16)
    assert after.mature_rows == ROWS
    assert after.realised is not None
    assert after.realised.detected + after.realised.missed == rows["is_fraud"].sum()


def test_a_half_written_file_is_set_aside_as_a_whole_told_and_tried_again(logs: Logs) -> None:
    whole = logs.file(16).read_bytes()
    logs.write(16, day_of_rows(16, rows=700), "part-1")
    logs.file(16).write_bytes(whole[: len(whole) // 2])
    broken = measured(logs, 16)
    assert broken.verdict.rows_current == 700
    assert broken.quarantined == {UNREADABLE: 1}
    assert any("part-0.parquet" in line for line in broken.notes)
    assert "NOT READ, to be tried again" in broken.text(logs.case)
    logs.file(16).write_bytes(whole)
    mended = measured(logs, 16)  # the verdict that was made stays, all else is corrected
    assert mended.quarantined == {}
    assert mended.estimated is not None
    assert mended.estimated.rows == ROWS + 700


def test_a_file_whose_bytes_are_damaged_inside_gives_none_of_its_rows(logs: Logs) -> None:
    path = logs.file(16)
    content = bytearray(path.read_bytes())
    content[len(content) // 3 : len(content) // 3 + 64] = b"\xff" * 64
    path.write_bytes(bytes(content))
    logs.write(16, day_of_rows(16, rows=700), "part-1")
    found = measured(logs, 16)
    assert found.verdict.rows_current == 700
    assert found.estimated is not None
    assert found.estimated.rows == 700


@pytest.mark.parametrize("keep", [0, 1, 0.5, 0.99])
def test_a_half_written_summary_of_a_piece_is_named_and_read_again(
    logs: Logs, keep: float, caplog: pytest.LogCaptureFixture
) -> None:
    """Before: the report ended in a traceback, and so did each one after it."""
    whole = measured(logs, 16)
    with production_store() as store, store.engine.begin() as connection:
        kept = connection.execute(sa.select(window_summaries)).all()
        for row in kept:
            cut = row.payload[: keep if keep == 1 else int(len(row.payload) * keep)]
            of = window_summaries.c
            same = sa.and_(of.part == row.part, of.window_start == row.window_start)
            connection.execute(sa.update(window_summaries).where(same).values(payload=cut))
    again = measured(logs, 16)
    assert (again.verdict, again.realised) == (whole.verdict, whole.realised)
    said = [record.getMessage() for record in caplog.records]
    assert len([line for line in said if "is damaged, so its files are read again" in line]) == len(
        kept
    )
    with production_store() as store, store.engine.connect() as connection:
        after = connection.execute(sa.select(window_summaries)).all()
    assert [row.payload for row in after] == [row.payload for row in kept]


def test_a_missing_feature_has_a_status_and_the_others_their_verdict(logs: Logs) -> None:
    logs.write(16, day_of_rows(16).drop(columns="y"))
    by_name = {part.name: part for part in measured(logs, 16).verdict.features}
    assert by_name["y"].status is DriftStatus.MISSING_COLUMN
    assert by_name["x"].status is DriftStatus.TESTED


def test_a_type_that_changed_in_one_file_has_a_status(logs: Logs) -> None:
    logs.write(16, day_of_rows(16).assign(y="a word"))
    by_name = {part.name: part for part in measured(logs, 16).verdict.features}
    assert by_name["y"].status is DriftStatus.TYPE_CHANGED
    assert by_name["x"].status is DriftStatus.TESTED


@pytest.mark.parametrize(
    "change",
    [
        lambda rows: rows.drop(columns="score"),
        lambda rows: rows.assign(score="high"),
        lambda rows: rows.drop(columns="tx"),
        lambda rows: rows.assign(at="soon"),
    ],
    ids=["no score", "a score of words", "no id", "times that are none"],
)
def test_a_file_without_what_counts_is_set_aside_and_named(logs: Logs, change: Any) -> None:
    logs.write(16, change(day_of_rows(16)))
    logs.write(16, day_of_rows(16, rows=700), "part-1")
    found = measured(logs, 16)
    assert found.quarantined == {UNREADABLE: 1}
    assert found.verdict.rows_current == 700


def test_scores_outside_their_kind_are_counted_and_no_scores(logs: Logs) -> None:
    rows = day_of_rows(16)
    rows.loc[:9, "score"] = [1.5, -0.1, np.inf, np.nan, 2, 3, 4, 5, 6, 7]
    logs.write(16, rows)
    found = measured(logs, 16)
    assert found.quarantined == {OUTSIDE: 10}
    assert found.estimated is not None
    assert found.estimated.rows == ROWS - 10
    assert found.verdict.rows_current == ROWS


def test_labels_without_rows_change_no_figure_and_are_counted(logs: Logs) -> None:
    """Once all rows that they may be of are mature: two days before, the windows of one more."""
    expected = measured(logs, 16).realised
    strays = day_of_rows(14).assign(tx=lambda rows: "stray-" + rows["tx"], is_fraud=1)
    logs.write_labels(99, strays, after=timedelta(hours=1))
    assert measured(logs, 14).label_problems.unknown is None
    measured(logs, 15)
    found = measured(logs, 16)
    assert found.realised == expected
    late = strays["at"] + timedelta(hours=1) < FIRST + 15 * DAY
    assert found.label_problems.unknown == late.sum()
    assert 0 < late.sum() < ROWS


def test_rows_that_share_an_id_are_all_counted_and_said(logs: Logs) -> None:
    rows = day_of_rows(16)
    logs.write(16, pd.concat([rows, rows.iloc[:7], rows.iloc[:3]], ignore_index=True))
    found = measured(logs, 16)
    assert found.label_problems.shared_id == 10
    assert found.verdict.rows_current == ROWS + 10
    assert any("10 rows with the id of another" in line for line in found.notes)


def test_rows_without_an_id_meet_no_label_and_are_said(logs: Logs) -> None:
    logs.write(16, day_of_rows(16).assign(tx=lambda rows: rows["tx"].where(rows.index > 4)))
    path = logs.folder / "data" / "labels" / "none.parquet"
    came = pd.Timestamp(FIRST + 16.9 * DAY).floor("us")
    pd.DataFrame({"tx": [None], "is_fraud": [1], "came": [came]}).to_parquet(path)
    found = measured(logs, 16)
    assert any("5 rows without an id" in line for line in found.notes)
    assert found.estimated is not None
    assert found.estimated.rows == ROWS


def test_rows_in_the_wrong_partition_are_set_aside_and_counted(logs: Logs) -> None:
    strays = day_of_rows(17).iloc[:20]
    logs.write(16, pd.concat([day_of_rows(16), strays], ignore_index=True))
    found = measured(logs, 16)
    assert found.quarantined == {MISPLACED: 20}
    assert found.verdict.rows_current == ROWS


def test_labels_that_contradict_each_other_are_counted_and_the_first_stays(logs: Logs) -> None:
    expected = measured(logs, 16).realised
    rows = day_of_rows(14)
    frauds = rows[rows["is_fraud"] == 1].iloc[:5]
    path = logs.folder / "data" / "labels" / "reversed.parquet"
    later = frauds["at"] + 1.5 * DAY
    pd.DataFrame({"tx": frauds["tx"], "is_fraud": 0, "came": later}).to_parquet(path)
    found = measured(logs, 16)
    assert found.realised == expected
    assert found.label_problems.conflicting == 5


def test_an_empty_day_has_no_figures_and_no_error(logs: Logs) -> None:
    logs.write(16, day_of_rows(16).iloc[:0])
    found = measured(logs, 16)
    assert found.verdict.status is DriftStatus.TOO_FEW_ROWS
    assert found.estimated is None


def test_of_two_versions_in_a_window_the_adopted_one_is_judged_by_its_own_rows(
    logs: Logs,
) -> None:
    for day in (14, 16):
        rows = day_of_rows(day)
        rows.loc[1000:, "served_by"] = "v8"
        rows.loc[1000:, "score"] = 0.99
        logs.write(day, rows)
    found = measured(logs, 16)
    own = day_of_rows(14).iloc[:1000]
    card = found.realised
    assert card is not None
    truth, flagged = own["is_fraud"] == 1, own["flagged"]
    assert card.detected == int((truth & flagged).sum())
    assert card.false_alarms == int((~truth & flagged).sum())
    assert found.verdict.rows_current == ROWS  # features drift whoever scores
    assert any("500 rows scored by version v8" in line for line in found.notes)
