"""A long text that a Parquet file holds once, but for every row, does not fill the memory."""

from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pytest
from pyarrow import parquet

from monitoring.errors import TocsinError
from monitoring.sources.source_file import parse_file
from monitoring.summary import out_of_core as out_of_core_engine
from monitoring.summary.data_file import find_files
from monitoring.summary.in_memory import InMemory
from monitoring.summary.out_of_core import OutOfCore, read_files
from monitoring.summary.table import Table
from monitoring.summary.unpacked_size import UnpackedSizeError, unpacked_size

ROWS, LETTERS = 10_000, 2_000_000


def shared(value: pa.Array) -> pa.Array:
    """Return a column in which every row has the one value, which stands there once."""
    return pa.DictionaryArray.from_arrays(pa.array([0] * ROWS, pa.int32()), value)


def columns_of_one_value() -> dict[str, pa.Array]:
    text, key = shared(pa.array(["x" * LETTERS])), shared(pa.array(["key"]))
    ends = pa.array(range(ROWS + 1), pa.int32())
    return {
        "text": text,
        "bytes": shared(pa.array([b"x" * LETTERS])),
        "lists": pa.ListArray.from_arrays(ends, text),
        "structs": pa.StructArray.from_arrays([text], ["inside"]),
        "maps": pa.MapArray.from_arrays(ends, key, text),
    }


def written(column: pa.Array, path: Path) -> Path:
    # Without pandas' or Arrow's own note of types: a reader sees nothing but text.
    parquet.write_table(pa.table({"word": column}), path, compression="zstd", store_schema=False)
    return path


def in_memory(path: Path) -> list[object]:
    return values(read_files(find_files(path), ["word"]))


def out_of_core(path: Path) -> list[object]:
    return values(OutOfCore(find_files(path)))


def as_source(path: Path) -> list[object]:
    return list(parse_file(path.name, path.read_bytes()).frame["word"])


def values(table: Table) -> list[object]:
    (read,) = table.read(
        ["word"],
        lambda parts: [value for part in parts for value in part.rows.column("word").to_pylist()],
        placed=False,
    )
    return read


each_reader = pytest.mark.parametrize("read", [in_memory, out_of_core, as_source])


@each_reader
@pytest.mark.parametrize("kind", columns_of_one_value())
def test_rows_that_unpack_to_twenty_gigabytes_are_refused(
    kind: str, read: Callable[[Path], list[object]], tmp_path: Path
) -> None:
    path = written(columns_of_one_value()[kind], tmp_path / "few.parquet")
    assert path.stat().st_size < 50_000
    with pytest.raises(TocsinError, match=r"few\.parquet.*column 'word' takes more than"):
        read(path)


@each_reader
def test_one_long_text_among_many_short_ones_is_read(
    read: Callable[[Path], list[object]], tmp_path: Path
) -> None:
    texts = ["short", "x" * LETTERS, *["short", "other"] * ROWS]
    assert read(written(pa.array(texts), tmp_path / "one.parquet")) == texts


def test_what_is_small_in_the_file_and_large_in_memory_is_read_out_of_core(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, column = tmp_path / "all.parquet", shared(pa.array(["x" * 100]))
    parquet.write_table(pa.table({"word": column, "other": column}), path)
    assert isinstance(read_files(find_files(path), ["word", "other"]), InMemory)
    monkeypatch.setattr(out_of_core_engine, "HELD", ROWS * 150)
    assert isinstance(read_files(find_files(path), ["word", "other"]), OutOfCore)


def test_bytes_of_one_width_take_that_of_each_row_that_is_read_at_a_time(tmp_path: Path) -> None:
    path = written(pa.array([b"x" * 200] * ROWS, pa.binary(200)), tmp_path / "wide.parquet")

    def opened(texts: list[str]) -> parquet.ParquetFile:
        return parquet.ParquetFile(path, read_dictionary=texts)

    assert unpacked_size(opened, ["word"], portion=100, limit=20_000) == ROWS * 208
    with pytest.raises(UnpackedSizeError):
        unpacked_size(opened, ["word"], portion=101, limit=20_000)
