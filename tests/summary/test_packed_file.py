"""What lies under gzip is read as it was written, within bounds, or not at all."""

import gzip
import os
import threading
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from monitoring.bounded_file import FileRefusedError
from monitoring.sources.location import SourceError, source_files
from monitoring.sources.source_rows import rows_of_files
from monitoring.summary import out_of_core as out_of_core_engine
from monitoring.summary.csv_layout import HEADER
from monitoring.summary.data_file import columns_of, find_files
from monitoring.summary.in_memory import InMemory
from monitoring.summary.out_of_core import OutOfCore, read_files
from monitoring.summary.packed_file import ALWAYS, DAMAGE, read_unpacked
from monitoring.summary.table import Table, TableError

ROWS = "".join(f"{n},{n * n},word {n % 7}\n" for n in range(3000)).encode()
TEXT = b"a,b,c\n" + ROWS
WHOLE = gzip.compress(TEXT, mtime=0)
CHECKSUM = len(WHOLE) - 8


def out_of_core(path: Path) -> list[str]:
    return values(OutOfCore(find_files(path)))


def in_memory(path: Path) -> list[str]:
    files = find_files(path)
    return values(read_files(files, columns_of(files)))


def as_source(path: Path) -> list[str]:
    files = source_files(path.name, path.parent)
    return [str(value) for value in rows_of_files(path.name, files).frame["b"]]


READERS = {"duckdb": out_of_core, "memory": in_memory, "source": as_source}


def values(table: Table) -> list[str]:
    (found,) = table.read(
        ("a", "b", "c"),
        lambda parts: [
            str(word)
            for part in parts
            if (b := part.column("b")) is not None
            for word in b.to_pylist()
        ],
        placed=False,
    )
    return list(found)


@pytest.fixture(params=READERS)
def read(request: pytest.FixtureRequest) -> Callable[[Path], list[str]]:
    reader: Callable[[Path], list[str]] = READERS[request.param]
    return reader


def written(folder: Path, content: bytes) -> Path:
    path = folder / "rows.csv.gz"
    path.write_bytes(content)
    return path


def flipped(place: int) -> bytes:
    content = bytearray(WHOLE)
    content[place] ^= 4
    return bytes(content)


DAMAGED = {
    "the checksum": flipped(CHECKSUM),
    "the length": flipped(CHECKSUM + 4),
    "cut before the checksum": WHOLE[:CHECKSUM],
    "cut in the checksum": WHOLE[: CHECKSUM + 3],
    "half": WHOLE[: len(WHOLE) // 2],
    "followed by text": WHOLE + b"hello",
    "followed by half a member": WHOLE + gzip.compress(ROWS)[:2000],
    "followed by a member of a wrong checksum": WHOLE + gzip.compress(ROWS)[:-8] + bytes(8),
    "other rows under the old checksum": (
        gzip.compress(TEXT.replace(b",36,", b",63,"), mtime=0)[:-8] + WHOLE[-8:]
    ),
}


@pytest.mark.parametrize("content", DAMAGED.values(), ids=DAMAGED)
def test_rows_whose_checksum_is_wrong_are_never_handed_out(
    tmp_path: Path, read: Callable[[Path], list[str]], content: bytes
) -> None:
    path = written(tmp_path, content)
    with pytest.raises((TableError, SourceError), match=r"rows\.csv\.gz"):
        read(path)


def test_wherever_a_bit_is_flipped_the_rows_are_right_or_refused(tmp_path: Path) -> None:
    refused, places = 0, range(0, len(WHOLE), len(WHOLE) // 24)
    for place in places:
        path = written(tmp_path, flipped(place))
        try:
            assert out_of_core(path) == [str(n * n) for n in range(3000)]
        except TableError:
            refused += 1
    assert refused >= len(places) - 1  # the time in gzip's header says nothing


@pytest.mark.parametrize("members", [1, 2, 300])
def test_members_one_after_the_other_are_one_file(
    tmp_path: Path, read: Callable[[Path], list[str]], members: int
) -> None:
    size = -(-len(TEXT) // members)
    parts = [TEXT[start : start + size] for start in range(0, len(TEXT), size)]
    path = written(tmp_path, b"".join(map(gzip.compress, parts)) + bytes(512))
    assert read(path) == [str(n * n) for n in range(3000)]


def test_a_reader_that_stops_early_leaves_no_thread_and_no_pipe(tmp_path: Path) -> None:
    path = written(tmp_path, gzip.compress(b"a,b,c\n" + ROWS * 100))
    before = len(os.listdir("/dev/fd"))  # noqa: PTH208 - what is open, not files
    table = OutOfCore(find_files(path))
    assert list(table.read(("a",), lambda parts: next(iter(parts)).start, placed=False)) == [0]
    broken = written(tmp_path, gzip.compress(b"a,b,c\n1,2,3\n1,2\n" + ROWS * 100))
    with pytest.raises(TableError, match="Line: 3"):
        out_of_core(broken)
    assert not [thread for thread in threading.enumerate() if thread.name == "unpacking"]
    assert len(os.listdir("/dev/fd")) == before  # noqa: PTH208


@pytest.mark.parametrize("name", ["rows.csv.gz", "rows.parquet"])
def test_what_does_not_fit_in_memory_is_read_out_of_core_instead(
    tmp_path: Path, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    written(tmp_path, WHOLE)
    pd.read_csv(tmp_path / "rows.csv.gz").to_parquet(tmp_path / "rows.parquet")
    files = find_files(tmp_path / name)
    assert isinstance(read_files(files, columns_of(files)), InMemory)
    monkeypatch.setattr(out_of_core_engine, "HELD", 50_000)
    table = read_files(files, columns_of(files))
    assert isinstance(table, OutOfCore)
    assert list(map(int, values(table))) == [n * n for n in range(3000)]


@pytest.mark.parametrize("name", ["rows.csv", "rows.csv.gz"])
@pytest.mark.parametrize("quote", ["", '"'])
def test_a_header_without_an_end_is_refused_before_it_fills_the_memory(
    tmp_path: Path, name: str, quote: str
) -> None:
    text = b"a," + quote.encode() + b"b,\n" * HEADER if quote else b"b," * HEADER
    path = tmp_path / name
    path.write_bytes(gzip.compress(text) if name.endswith("gz") else text)
    with pytest.raises(TableError, match=r"rows\.csv.*(is longer than 2,097|field larger)"):
        find_files(path)


def test_a_parquet_page_is_verified_where_it_has_a_checksum(tmp_path: Path) -> None:
    path = tmp_path / "rows.parquet"
    pq.write_table(
        pa.table({"a": range(3000), "b": range(3000), "c": range(3000)}),
        path,
        write_page_checksum=True,
        use_dictionary=False,
        compression="none",
    )
    assert as_source(path) == in_memory(path) == [str(number) for number in range(3000)]
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)
    with pytest.raises(TableError, match=r"rows\.parquet can't be read: .*CRC"):
        in_memory(path)
    with pytest.raises(SourceError, match=r"rows\.parquet: can't be read as Parquet: .*CRC"):
        as_source(path)


def test_what_unpacks_to_hundreds_of_times_its_size_is_refused(tmp_path: Path) -> None:
    path = written(tmp_path, gzip.compress(bytes(ALWAYS + 1), 1))
    with pytest.raises(SourceError, match=r"rows\.csv\.gz: holds more than 67,108,864 bytes"):
        as_source(path)
    with pytest.raises(FileRefusedError, match="more than 1,000 bytes, unpacked"):
        read_unpacked(path, 1000, packed=True)
    assert read_unpacked(written(tmp_path, WHOLE), len(TEXT), packed=True) == TEXT
    with pytest.raises(DAMAGE):
        read_unpacked(written(tmp_path, flipped(CHECKSUM)), len(TEXT), packed=True)


@pytest.mark.parametrize("name", ["rows.csv", "rows.csv.gz", "rows.parquet"])
@pytest.mark.parametrize(
    ("make", "said"),
    [
        (os.mkfifo, "is a named pipe"),
        (lambda path: path.symlink_to("/dev/zero"), "is a device"),
        (lambda path: path.symlink_to("nowhere"), "No such file"),
    ],
    ids=["pipe", "zero", "nowhere"],
)
def test_only_regular_files_are_read_and_none_is_left_out(
    tmp_path: Path, name: str, make: Callable[[Path], None], said: str
) -> None:
    path = tmp_path / name
    make(path)
    for asked in (path, tmp_path, tmp_path / "*rows*"):
        with pytest.raises((FileRefusedError, TableError), match=f"{name}.*{said}"):
            find_files(asked)
    assert [file.name for file in source_files(name, tmp_path)] == [str(path)]
    with pytest.raises(SourceError, match=f"{name}.*{said}"):
        as_source(path)
