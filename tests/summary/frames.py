"""Random tables, and the ways to read one."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
from hypothesis import strategies as st

from monitoring.summary.as_json import reference_record
from monitoring.summary.data_file import find_files
from monitoring.summary.files import to_json
from monitoring.summary.fit import fit_bins
from monitoring.summary.from_table import hash_of, reference_of, summarise_table
from monitoring.summary.in_memory import InMemory
from monitoring.summary.out_of_core import OutOfCore, read_files
from monitoring.summary.profile import profile
from monitoring.summary.table import Portion, Table
from monitoring.summary.types import FeatureBins

NAMES = ("a", "A", "x y", 'quo"te', "", "new\nline", "'; DROP TABLE t; --", "*", "é☃")

_floats = st.one_of(
    st.floats(allow_subnormal=True),
    st.sampled_from([0.0, -0.0, 1.0, 1.5, -2.0, np.inf, -np.inf, np.nan]),
)
_NUMBERS = ("1,5", "1,234", "1.234,5", "€5", "5%", "(7)", "-", "10000000000000001")
_words = st.one_of(
    st.sampled_from(
        ["red", "green", "1", "2.0", "true", "NA", "", " ", "2026-01-01", 'say "so"', *_NUMBERS]
    ),
    st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=5),
)
_moments = st.integers(-(2 * 10**15), 7 * 10**15)  # microseconds since 1970: 1906 to 2191
KINDS = {
    "numbers as text": (st.sampled_from(("3", "2.5", *_NUMBERS)), pa.string()),
    "floats": (_floats, pa.float64()),
    "single floats": (st.floats(width=32), pa.float32()),
    "integers": (st.integers(-(2**63), 2**63 - 1) | st.integers(-2, 2), pa.int64()),
    "small integers": (st.integers(0, 255), pa.uint8()),
    "truths": (st.booleans(), pa.bool_()),
    "words": (_words, pa.string()),
    "categories": (
        st.sampled_from(["red", "green", "blue"]),
        pa.dictionary(pa.int8(), pa.string()),
    ),
    "moments": (_moments, pa.timestamp("us")),
    "moments of a zone": (_moments, pa.timestamp("us", "UTC")),
    "days": (st.integers(-20_000, 80_000), pa.date32()),
    "durations": (_moments, pa.duration("us")),
    "times of the day": (st.integers(0, 86_399_999_999), pa.time64("us")),
    "decimals": (st.decimals(-(10**9), 10**9, places=2), pa.decimal128(20, 2)),
    "bytes": (st.binary(max_size=2), pa.binary()),
    "records": (
        st.fixed_dictionaries({"u": st.booleans() | st.none(), "v": _words}),
        pa.struct({"u": pa.bool_(), "v": pa.string()}),
    ),
    "lists": (st.lists(st.integers(0, 1), max_size=2), pa.list_(pa.int64())),
    "nothing": (st.none(), pa.null()),
}


@st.composite
def tables(draw: st.DrawFn, least: int = 0, without: frozenset[str] = frozenset()) -> pa.Table:
    """Return a table of some columns of random kinds, some values of which are missing."""
    rows = draw(st.integers(least, 40))
    columns = {}
    for name in draw(st.lists(st.sampled_from(NAMES), min_size=1, max_size=5, unique=True)):
        values, kind = KINDS[draw(st.sampled_from(sorted(KINDS.keys() - without)))]
        some = st.lists(st.none() | values, min_size=rows, max_size=rows)
        columns[name] = pa.array(draw(some), kind)
    return pa.table(columns)


def in_portions(table: Table, cuts: list[int]) -> Table:
    """Return a table in memory cut anew, at these places at most."""
    (held,) = table.read(table.columns, list, placed=True)
    portions = []
    for portion in held:
        ends = sorted({cut for cut in cuts if 0 < cut < portion.rows.num_rows})
        for start, end in zip([0, *ends], [*ends, portion.rows.num_rows], strict=True):
            rows = portion.rows.slice(start, end - start)
            portions.append(Portion(portion.start + start, rows, portion.written))
    return InMemory(table.columns, tuple(portions))


def by_parquet(table: pa.Table, path: Path) -> list[Table]:
    """Return the ways to read a table from Parquet."""
    pq.write_table(table, path, row_group_size=7)
    return by_file(path)


def by_file(path: Path) -> list[Table]:
    """Return the ways to read a file."""
    files = find_files(path)
    streamed = OutOfCore(files)
    return [read_files(files, streamed.columns), streamed]


def reference_text(table: Table, chunk: int) -> str:
    """Return all that is known of a reference but how its text was written, as text."""
    found = profile(table, table.columns, decimal=".")
    reference = reference_of(
        table, fit_bins(found), rows=found.rows, chunk=chunk, written=found.written
    )
    return json.dumps(reference_record(replace(reference, written=None)))


def summary_text(table: Table, bins: tuple[FeatureBins, ...]) -> str:
    """Return a table's summary as text."""
    return to_json(summarise_table(table, bins, hash_of_bins=hash_of(bins)))


def of_pandas(table: pa.Table) -> Table:
    """Return the table as pandas has it."""
    frame: pd.DataFrame = table.to_pandas(integer_object_nulls=True)
    return InMemory.of_frame(frame, table.column_names)
