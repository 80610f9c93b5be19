"""A source's files are found by pattern, folder or URL, and read as one table."""

import gzip
import logging
from collections.abc import Callable, Iterator
from datetime import date
from http.server import SimpleHTTPRequestHandler
from pathlib import Path

import fsspec
import numpy as np
import pandas as pd
import pytest
from pydantic import ValidationError

from monitoring.field_types import wrong_fields
from monitoring.rows.quarantine import QuarantineReason
from monitoring.sources import source_rows
from monitoring.sources.location import SourceError, source_files
from monitoring.sources.schema_check import CheckedRows
from monitoring.sources.source import read_source
from monitoring.sources.source_rows import SourceRows, rows_of_files
from monitoring.use_case_source import Source
from tests.fixtures.loopback import handled_by, serving
from tests.rows.made import raw, use_case


def read(data: Path, path: str, **columns: object) -> CheckedRows:
    return read_source(use_case(source={"path": path}, **columns), data)


def table(data: Path, path: str, **how: object) -> SourceRows:
    return rows_of_files(path, source_files(path, data), **how)  # type: ignore[arg-type]


def write(folder: Path, name: str, frame: pd.DataFrame) -> Path:
    """Write rows as the name's ending says."""
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    if name.endswith(".parquet"):
        frame.to_parquet(path, index=False)
    else:
        content = frame.to_csv(index=False).encode()
        path.write_bytes(gzip.compress(content) if name.endswith(".gz") else content)
    return path


def days(folder: Path) -> pd.DataFrame:
    """Write 30 rows as three days, one of them empty; return them in order."""
    rows = raw(30)
    write(folder, "parcels/day=2026-01-01/a.csv", rows[:10])
    write(folder, "parcels/day=2026-01-02/a.csv", rows[:0])
    write(folder, "parcels/day=2026-01-03/a.csv.gz", rows[10:20])
    write(folder, "parcels/day=2026-01-03/b.csv", rows[20:])
    (folder / "parcels/day=2026-01-04").mkdir()
    return rows


@pytest.mark.parametrize(
    "path",
    [
        "parcels",
        "parcels/",
        "./parcels",
        "parcels/*/",
        "parcels/**/*.csv",
        "parcels/*",
        "{data}/parcels",
        "file://{data}/parcels",
    ],
)
def test_a_folder_or_a_pattern_is_one_table_in_the_order_of_its_paths(
    tmp_path: Path, path: str
) -> None:
    rows = days(tmp_path)
    if path.endswith("*.csv"):
        rows = rows.drop(index=range(10, 20))
    checked = read(tmp_path, path.format(data=tmp_path))
    assert checked.rows.row_id.tolist() == rows["parcel"].tolist()
    assert (checked.quarantined, checked.out_of_order) == ((), 0)


def test_a_pattern_over_folders_reads_csv_and_parquet_alike(tmp_path: Path) -> None:
    rows = raw(30)
    write(tmp_path, "2026-01/a.parquet", rows[:10])
    write(tmp_path, "2026-02/a.csv", rows[10:20])
    write(tmp_path, "2025-12/z.parquet", rows[20:])
    checked = read(tmp_path, "2026-*/")
    assert checked.rows.row_id.tolist() == rows["parcel"].tolist()[:20]
    assert checked.rows.features["weight"].tolist() == rows["weight"].tolist()[:20]
    assert len(read(tmp_path, "2026-*/*.parquet").rows) == 10


def test_what_a_writer_left_beside_its_data_is_no_data(tmp_path: Path) -> None:
    write(tmp_path, "parcels/a.csv", raw(10))
    for name in ("_SUCCESS", "_temporary/0/b.csv", ".hidden.csv", "notes.txt", ".tmp/b.parquet"):
        path = tmp_path / "parcels" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("no rows", encoding="utf-8")
    assert len(read(tmp_path, "parcels").rows) == 10
    assert len(read(tmp_path, "parcels/*").rows) == 10


def test_a_data_folder_with_brackets_in_its_name_is_no_pattern(tmp_path: Path) -> None:
    folder = tmp_path / "[a]*"
    days(folder)
    write(folder, "parcels [1].csv", raw(4))
    assert len(read(folder, "parcels/*/").rows) == 30
    assert len(read(folder, "parcels [1].csv").rows) == 4


@pytest.mark.parametrize(
    ("folders", "expected"),
    [
        (["x=1", "x=20", "x=-3"], [1, 20, -3]),
        (["x=1", "x=2.5"], [1.0, 2.5]),
        (["x=2026-01-01", "x=2026-02-28"], [date(2026, 1, 1), date(2026, 2, 28)]),
        (["x=2026-01-01", "x=2026-02-30"], ["2026-01-01", "2026-02-30"]),
        (["x=01", "x=10"], ["01", "10"]),
        (["x=1", "x=a b"], ["1", "a b"]),
        (["x=caf%C3%A9%2Fbar", "x=%25"], ["café/bar", "%"]),
        (["x=1", "x=__HIVE_DEFAULT_PARTITION__"], [1, None]),
        (["x=a=b", "x="], ["a=b", ""]),
        (["x=" + "9" * 30, "x=1"], ["9" * 30, "1"]),
    ],
)
def test_partitions_are_columns_of_an_inferred_type(
    tmp_path: Path, folders: list[str], expected: list[object]
) -> None:
    for folder in folders:
        write(tmp_path, f"p/{folder}/a.csv", raw(1))
    in_order = [expected[place] for place in np.argsort(folders)]
    found = table(tmp_path, "p").frame["x"]
    assert [None if pd.isna(value) else value for value in found] == in_order


def test_partitions_serve_as_feature_event_time_and_id(tmp_path: Path) -> None:
    for day, kind in (("2026-03-01", "01"), ("2026-03-02", "2")):
        frame = raw(2).drop(columns=["at", "kind"])
        write(
            tmp_path,
            f"p/day={day}/kind={kind}/a.parquet",
            frame.assign(parcel=[f"{day}{n}" for n in "ab"]),
        )
    checked = read(tmp_path, "p", event_time={"name": "day"})
    assert checked.rows.features["kind"].tolist() == ["01", "01", "2", "2"]
    assert checked.rows.event_time.astype("datetime64[D]").astype(str).tolist() == [
        "2026-03-01",
        "2026-03-01",
        "2026-03-02",
        "2026-03-02",
    ]


def test_a_file_s_own_column_stays_beside_a_partition_of_its_name(tmp_path: Path) -> None:
    write(tmp_path, "p/kind=crate/a.csv", raw(2))
    assert read(tmp_path, "p").rows.features["kind"].tolist() == ["bag", "box"]


def test_a_column_that_is_text_in_one_file_is_text_in_all(tmp_path: Path) -> None:
    write(tmp_path, "p/a.csv", raw(2).assign(code=["01", "02"]))
    write(tmp_path, "p/b.csv", raw(2).assign(code=["2A", "03"]))
    assert table(tmp_path, "p").frame["code"].tolist() == ["01", "02", "2A", "03"]


def test_hash_and_ids_are_the_same_in_whatever_order_the_files_are_listed(tmp_path: Path) -> None:
    days(tmp_path)
    files = source_files("parcels", tmp_path)
    assert len(files) == 4
    first = rows_of_files("parcels", files)
    (tmp_path / "moved").mkdir()
    (tmp_path / "parcels").rename(tmp_path / "moved" / "parcels")
    again = table(tmp_path / "moved", "parcels/*/")
    assert again.sha256 == first.sha256
    numbers = np.arange(30)
    assert again.called(numbers) == first.called(numbers)
    assert len(set(first.called(numbers))) == 30


def test_rows_keep_their_ids_when_a_day_is_added_before_or_after(tmp_path: Path) -> None:
    write(tmp_path, "p/day=2/a.csv", raw(5))
    before = read(tmp_path, "p", id=None).rows.row_id.tolist()
    write(tmp_path, "p/day=1/a.csv", raw(5))
    write(tmp_path, "p/day=3/a.csv", raw(8)[5:])
    after = read(tmp_path, "p", id=None).rows.row_id.tolist()
    assert len(set(after)) == len(after) == 13
    assert set(before) < set(after)


def test_equal_files_give_rows_of_different_ids(tmp_path: Path) -> None:
    for name in ("a.csv", "b.csv", "c.csv"):
        write(tmp_path, f"p/{name}", raw(4))
    ids = read(tmp_path, "p", id=None).rows.row_id.tolist()
    assert len(set(ids)) == 12


def test_rows_of_another_width_keep_their_number_and_their_file_s_name(tmp_path: Path) -> None:
    days(tmp_path)
    path = tmp_path / "parcels/day=2026-01-03/b.csv"
    path.write_text(path.read_text() + "too,short\n")
    checked = read(tmp_path, "parcels", id=None)
    (aside,) = checked.quarantined
    assert (aside.row_number, aside.reason) == (30, QuarantineReason.WRONG_WIDTH)
    assert aside.row_id.endswith("-10")
    assert aside.row_id[:12] == checked.rows.row_id[-1][:12]


def test_an_empty_file_among_others_counts_as_no_rows_and_is_named(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    write(tmp_path, "p/a.csv", raw(4))
    (tmp_path / "p/b.csv").touch()
    with caplog.at_level(logging.WARNING):
        assert len(read(tmp_path, "p").rows) == 4
    assert f"{tmp_path}/p/b.csv is empty" in caplog.text
    (tmp_path / "p/a.csv").unlink()
    (tmp_path / "p/c.csv").touch()
    with pytest.raises(SourceError, match="p: 2 files, all empty"):
        table(tmp_path, "p")


@pytest.mark.parametrize(
    ("broken", "said"),
    [
        (lambda path: path.write_bytes(b"PAR1"), r"b\.parquet: can't be read as Parquet"),
        (
            lambda path: write(path.parent, "c.csv", raw(2).drop(columns="kind")),
            "c.csv has no column 'kind'.*other files of the source have: narrow the path",
        ),
        (
            lambda path: path.with_suffix(".csv").symlink_to("nowhere"),
            r"b\.csv: can't be read: No such file",
        ),
        (
            lambda path: path.with_suffix(".csv.gz").write_bytes(b"no gzip"),
            r"b\.csv\.gz: not a whole gzip",
        ),
    ],
)
def test_one_file_that_can_t_be_read_is_an_error_that_names_it(
    tmp_path: Path, broken: Callable[[Path], object], said: str
) -> None:
    write(tmp_path, "p/a.csv", raw(4))
    broken(tmp_path / "p" / "b.parquet")
    with pytest.raises(SourceError, match=said):
        read(tmp_path, "p")


@pytest.mark.parametrize(
    "path", ["p", "p/", "p/*.csv", "q-*/", "memory://nowhere/a.csv", "memory://nowhere/*.csv"]
)
def test_a_place_without_files_is_an_error_that_says_what_to_do(tmp_path: Path, path: str) -> None:
    (tmp_path / "p").mkdir()
    with pytest.raises(SourceError, match=r"use case parcels: no file .*put (it there|one there)"):
        read(tmp_path, path)


def test_the_limit_is_of_all_files_together(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sizes = [write(tmp_path, f"p/{name}.csv", raw(50)).stat().st_size for name in "abc"]
    monkeypatch.setattr(source_rows, "LARGEST", sum(sizes))
    assert len(table(tmp_path, "p").frame) == 150
    monkeypatch.setattr(source_rows, "LARGEST", sum(sizes) - 1)
    with pytest.raises(SourceError, match=r"c\.csv: holds more than .* bytes"):
        table(tmp_path, "p")


@pytest.fixture
def in_memory() -> Iterator[Callable[[str, bytes], None]]:
    filesystem = fsspec.filesystem("memory")
    yield filesystem.pipe
    filesystem.store.clear()
    filesystem.pseudo_dirs[:] = [""]


@pytest.mark.parametrize(
    "path",
    [
        "memory://bucket/p",
        "memory://bucket/p/",
        "memory://bucket/p/*/*.csv",
        "memory://bucket/p/day=*",
    ],
)
def test_a_url_is_read_as_a_local_path_is(
    tmp_path: Path, in_memory: Callable[[str, bytes], None], path: str
) -> None:
    for day in (2, 1):
        content = raw(10 * day)[10 * day - 10 :].to_csv(index=False).encode()
        in_memory(f"/bucket/p/day={day}/a.csv", content)
        write(tmp_path, f"p/day={day}/a.csv", raw(10 * day)[10 * day - 10 :])
    in_memory("/bucket/p/_SUCCESS", b"")
    far, near = table(tmp_path, path), table(tmp_path, "p")
    pd.testing.assert_frame_equal(far.frame, near.frame)
    assert far.sha256 == near.sha256
    assert far.frame["day"].tolist() == [1] * 10 + [2] * 10


def test_gzip_far_away_is_unpacked_within_bounds(
    tmp_path: Path, in_memory: Callable[[str, bytes], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    content = raw(50).to_csv(index=False).encode()
    in_memory("/a.csv.gz", gzip.compress(content))
    assert len(table(tmp_path, "memory://a.csv.gz").frame) == 50
    monkeypatch.setattr(source_rows, "LARGEST", len(content) - 1)
    with pytest.raises(SourceError, match=r"a\.csv\.gz: holds more than .* bytes, unpacked"):
        table(tmp_path, "memory://a.csv.gz")
    in_memory("/b.csv.gz", gzip.compress(content)[:-9])
    with pytest.raises(SourceError, match=r"b\.csv\.gz: not a whole gzip file"):
        table(tmp_path, "memory://b.csv.gz")


@pytest.fixture
def web(tmp_path: Path) -> Iterator[str]:
    with serving(handled_by(SimpleHTTPRequestHandler, directory=str(tmp_path))) as url:
        yield url


def test_one_file_of_the_web_is_read(tmp_path: Path, web: str) -> None:
    write(tmp_path, "day=3/parcels.csv.gz", raw(10))
    assert len(read(tmp_path, f"{web}/day=3/parcels.csv.gz").rows) == 10
    with pytest.raises(SourceError, match=rf"{web}/none\.csv: can't be read: .*404"):
        read(tmp_path, f"{web}/none.csv")


def test_a_scheme_that_nobody_knows_and_a_server_that_is_not_there_are_errors(
    tmp_path: Path,
) -> None:
    with pytest.raises(SourceError, match=r"gopher://a/b\.csv: can't be read: .*gopher"):
        read(tmp_path, "gopher://a/b.csv")
    with pytest.raises(SourceError, match=r"http://127\.0\.0\.1:9/a\.csv: can't be read: Client"):
        read(tmp_path, "http://127.0.0.1:9/a.csv")


@pytest.mark.parametrize(
    "path",
    [
        "a.csv",
        "A.CSV",
        "a.csv.gz",
        "a/b.parquet",
        "a",
        "a/",
        "a.b/",
        "2026-*/*.parquet",
        "day=1",
        "../a",
        "..",
        "s3://b/a",
        "s3://b/part-?.parquet",
        "s3://b/a@b/*.csv",
        "https://h:1/a.csv",
        "a [1].csv",
        "**",
        "gs://b/**/x.csv",
        "C/a.csv",
    ],
)
def test_a_path_may_be(path: str) -> None:
    assert Source(path=path).path == path


@pytest.mark.parametrize(
    ("path", "said"),
    [
        ("", "a source is `auto` or a file, a pattern or a folder"),
        ("a.xlsx", r"end in \.csv, \.csv\.gz or \.parquet \(given: 'a\.xlsx'"),
        ("a\0.csv", "a source is"),
        ("s3:/b/a.csv", "a URL is SCHEME://HOST/PATH"),
        ("zip://a.csv::s3://b/a.zip", "a source is|of one scheme"),
        ("simplecache::s3://b/a.csv", "of one scheme"),
        (
            "s3://KEY:SECRET@b/a.csv",
            r"may hold no user, password.*AWS_ACCESS.*given: 's3://b/a\.csv'",
        ),
        ("s3://SECRET@b/a.csv", "may hold no user"),
        ("sftp://user:SECRET@h/a.csv", "may hold no user"),
        ("https://h/a.csv?token=SECRET", "a source is"),
        ("https://h/b?token=SECRET&f=a.csv", r"may hold no user.*given: 'https://h/b'"),
        ("https://h/b#SECRET.csv", "may hold no user"),
        ("https://h/folder/", "the Web has no folders"),
        ("https://h/*.csv", "the Web has no folders"),
        ("http://[h/a.csv", "not a URL"),
    ],
)
def test_a_path_may_not_be_and_its_secrets_are_not_shown(path: str, said: str) -> None:
    with pytest.raises(ValidationError) as caught:
        use_case(source={"path": path})
    (line,) = wrong_fields(caught.value, "")
    assert line.startswith("source.path: ")
    assert pd.Series([line]).str.contains(said).all(), line
    assert "SECRET" not in line.removesuffix("SECRET_ACCESS_KEY").replace(
        "AWS_SECRET_ACCESS_KEY", ""
    )
