"""Whatever engine reads the rows, and in whatever portions, the summary is the same."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory

import pyarrow as pa
from hypothesis import given, settings
from hypothesis import strategies as st
from pyarrow import parquet

from monitoring.rows.window import Window
from monitoring.sources.logs.log_reader import TimeColumn
from monitoring.sources.logs.parquet_logs import ParquetLogs
from monitoring.summary.csv_format import PLAIN_FORMAT
from monitoring.summary.files import to_json
from monitoring.summary.fit import fit_bins
from monitoring.summary.from_table import hash_of, summarise_table
from monitoring.summary.in_memory import InMemory
from monitoring.summary.merge import merge
from monitoring.summary.pieces import FeaturePass
from monitoring.summary.profile import profile
from monitoring.summary.table import Table
from monitoring.use_case_columns import EventTime
from tests.summary.frames import (
    by_file,
    by_parquet,
    in_portions,
    of_pandas,
    reference_text,
    summary_text,
    tables,
)

MIDNIGHT = datetime(2026, 1, 1, tzinfo=UTC)

cuts = st.lists(st.integers(1, 40), max_size=4)


def same(reference: list[Table], current: list[Table], chunk: int) -> None:
    """Hold all ways to read a reference, and all ways to read a window, equal."""
    first, *others = reference
    fitted = reference_text(first, chunk)
    for other in others:
        assert reference_text(other, chunk) == fitted
    fitted_on = profile(first, first.columns, decimal=".")
    bins, written = fit_bins(fitted_on), fitted_on.written or PLAIN_FORMAT
    first, *others = (table.read_as(written) for table in current)
    found = summary_text(first, bins)
    for other in others:
        assert summary_text(other, bins) == found


@settings(max_examples=15, deadline=None)
@given(tables(least=1), tables(), cuts, st.integers(1, 10))
def test_memory_and_files_give_the_same_reference_and_summary(
    reference: pa.Table, current: pa.Table, cut: list[int], chunk: int
) -> None:
    with TemporaryDirectory() as folder:
        ways = []
        for name, table in (("reference", reference), ("current", current)):
            held = InMemory.of(table)
            files = by_parquet(table, Path(folder) / f"{name}.parquet")
            ways.append([held, in_portions(held, cut), of_pandas(table), *files])
        same(ways[0], ways[1], chunk)


@settings(max_examples=15, deadline=None)
@given(tables(least=1), tables(least=1), cuts, st.randoms(use_true_random=False))
def test_prediction_logs_in_pieces_of_time_give_the_summary_that_memory_gives(
    reference: pa.Table, current: pa.Table, cut: list[int], random: Random
) -> None:
    """Rows in any order, over files of their own, the summaries of pieces merged."""
    found = profile(InMemory.of(reference), reference.column_names, decimal=".")
    bins = fit_bins(found)
    minutes = [random.randrange(24 * 60) for _ in range(current.num_rows)]
    at = pa.array([MIDNIGHT + timedelta(minutes=m) for m in minutes], pa.timestamp("us", "UTC"))
    logged = current.append_column("at", at)
    borders = sorted({0, 24 * 60, *(37 * c % (24 * 60) for c in cut)})
    pieces = [
        Window(MIDNIGHT + timedelta(minutes=a), MIDNIGHT + timedelta(minutes=b))
        for a, b in pairwise(borders)
    ]
    with TemporaryDirectory() as folder:
        half = current.num_rows // 2
        for name, part in (("a", logged.slice(0, half)), ("b", logged.slice(half))):
            parquet.write_table(part, Path(folder) / f"{name}.parquet", row_group_size=7)
        logs = ParquetLogs("*.parquet", Path(folder), TimeColumn(EventTime(name="at"), "UTC"))
        day = Window(MIDNIGHT, MIDNIGHT + timedelta(days=1))
        pass_over = FeaturePass.of(bins, pieces)
        for part in logs.parts(day):
            for batch in logs.read(part, current.column_names, day):
                pass_over.add(batch, logs.times.values(batch.column("at")))
    whole = merge(*pass_over.summaries(bins_hash=hash_of(bins), model_version=None))
    memory = [
        summarise_table(
            InMemory.of(current.filter(pa.array([a <= m < b for m in minutes]))),
            bins,
            hash_of_bins=hash_of(bins),
        )
        for a, b in pairwise(borders)
    ]
    times = [MIDNIGHT + timedelta(minutes=m) for m in minutes]
    assert (whole.start, whole.end) == (min(times), max(times))
    assert whole.hours is not None
    assert whole.hours.tolist() == [sum(t.hour == h for t in times) for h in range(24)]
    features = replace(whole, start=None, end=None, hours=None)
    assert to_json(features) == to_json(merge(*memory))


@settings(max_examples=15, deadline=None)
@given(tables(least=1), tables(), cuts, st.integers(1, 10))
def test_csv_gives_the_same_reference_and_summary_however_it_is_read(
    reference: pa.Table, current: pa.Table, cut: list[int], chunk: int
) -> None:
    with TemporaryDirectory() as folder:
        ways = []
        for name, table in (("reference.csv", reference), ("current.csv.gz", current)):
            path = Path(folder) / name
            table.to_pandas().to_csv(path, index=False)
            memory, streamed = by_file(path)
            ways.append([memory, in_portions(memory, cut), streamed])
        same(ways[0], ways[1], chunk)
