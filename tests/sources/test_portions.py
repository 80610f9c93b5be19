"""Files that are read in portions obey the rules of those that are read whole."""

import gzip
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pytest
from pyarrow import parquet

from monitoring.sources.location import SourceError
from monitoring.sources.portions import read_portions
from monitoring.sources.source_csv import DETECTED


def read(path: Path, *wanted: str) -> pd.DataFrame:
    portions = read_portions(str(path), DETECTED, (), wanted)
    return pd.concat([portion.frame for portion in portions])


def test_a_column_that_pandas_had_for_an_index_is_a_column(tmp_path: Path) -> None:
    path = tmp_path / "rows.parquet"
    pd.DataFrame({"id": ["a", "b"], "x": [1.0, 2.0]}).set_index("id").to_parquet(path)
    assert read(path, "id", "x").to_dict("list") == {"x": [1.0, 2.0], "id": ["a", "b"]}


def test_parquet_that_unpacks_to_more_than_memory_is_refused(tmp_path: Path) -> None:
    path, rows = tmp_path / "few.parquet", 10_000
    text = pa.DictionaryArray.from_arrays(pa.array([0] * rows, pa.int32()), ["x" * 2_000_000])
    table = pa.table({"word": text, "x": [1.0] * rows})
    parquet.write_table(table, path, compression="zstd", store_schema=False)
    with pytest.raises(SourceError, match=r"few\.parquet.*column 'word' takes more than"):
        read(path, "word")
    assert len(read(path, "x")) == rows


def test_a_gzip_file_that_unpacks_to_a_thousand_times_its_size_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "rows.csv.gz"
    path.write_bytes(gzip.compress(b"x\n" + b"1" * (80 * 2**20)))
    with pytest.raises(SourceError, match=r"rows\.csv\.gz: .*unpack it first"):
        read(path)
