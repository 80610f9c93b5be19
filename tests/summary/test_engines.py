"""Whatever engine reads the rows, and in whatever portions, the summary is the same."""

from pathlib import Path
from tempfile import TemporaryDirectory

import pyarrow as pa
from hypothesis import given, settings
from hypothesis import strategies as st

from monitoring.summary.csv_format import PLAIN_FORMAT
from monitoring.summary.fit import fit_bins
from monitoring.summary.in_memory import InMemory
from monitoring.summary.profile import profile
from monitoring.summary.table import Table
from tests.summary.frames import (
    by_file,
    by_parquet,
    in_portions,
    of_pandas,
    reference_text,
    summary_text,
    tables,
)

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
