"""Bad input ends in a status or an error with a reason, and the other columns get their verdict."""

from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from monitoring import compare
from monitoring.drift.detection import drift_verdict
from monitoring.drift.verdict import DriftStatus, FeatureVerdict, Verdict
from monitoring.summary.data_file import columns_of, find_files
from monitoring.summary.fit import fit_bins
from monitoring.summary.from_table import reference_of, summarise_table
from monitoring.summary.in_memory import InMemory
from monitoring.summary.merge import merge
from monitoring.summary.out_of_core import OutOfCore, read_files
from monitoring.summary.profile import FitError, profile
from monitoring.summary.table import TableError
from monitoring.use_case import Drift

ROWS = 500
ENGINES = ("memory", "duckdb")


def frame(seed: int, bad: object | None = None, rows: int = ROWS) -> pd.DataFrame:
    """Return a good column, and a bad one if one is given."""
    good = {"good": np.random.default_rng(seed).normal(size=rows)}
    return pd.DataFrame(good if bad is None else good | {"bad": bad})


def part(verdict: Verdict, name: str) -> FeatureVerdict:
    return next(found for found in verdict.features if found.name == name)


def judged(verdict: Verdict) -> FeatureVerdict:
    """Return what is said of the bad column; the good one has its verdict."""
    assert part(verdict, "good").status is DriftStatus.TESTED
    return part(verdict, "bad")


@pytest.fixture(params=["csv", "csv.gz", "parquet"])
def ending(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def written(table: pd.DataFrame, path: Path) -> Path:
    if path.suffix == ".parquet":
        table.to_parquet(path, index=False)
    else:
        table.to_csv(path, index=False)
    return path


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize(
    ("now", "status", "said"),
    [
        (np.where(np.arange(ROWS) % 4, 1.0, np.inf), DriftStatus.TESTED, "far above"),
        (np.full(ROWS, np.nan), DriftStatus.TESTED, "missing 0% -> 100%"),
        (None, DriftStatus.MISSING_COLUMN, "no such column"),
        (["many"] * ROWS, DriftStatus.TYPE_CHANGED, "another kind of values"),
        ((["1.5"] * 4 + ["many"]) * (ROWS // 5), DriftStatus.TYPE_CHANGED, "another kind of"),
        ([f"id {i}" for i in range(ROWS)], DriftStatus.TYPE_CHANGED, "another kind of values"),
    ],
)
def test_a_column_of_numbers_that_went_bad(
    tmp_path: Path, ending: str, engine: str, now: object, status: DriftStatus, said: str
) -> None:
    before = frame(0, np.random.default_rng(1).normal(size=ROWS))
    verdict = compare(
        written(before, tmp_path / f"reference.{ending}"),
        written(frame(2, now), tmp_path / f"current.{ending}"),
        engine=engine,
    )
    found = judged(verdict)
    assert found.status is status
    assert said in found.reason


@pytest.mark.parametrize("engine", ENGINES)
def test_ten_thousand_categories(tmp_path: Path, ending: str, engine: str) -> None:
    words = np.array([f"word {i}" for i in range(10_000)])
    before = written(frame(0, words, 10_000), tmp_path / f"reference.{ending}")
    now = written(frame(1, words[::-1], 10_000), tmp_path / f"current.{ending}")
    found = judged(compare(before, now, engine=engine))
    assert found.status is DriftStatus.TOO_MANY_CATEGORIES
    assert "too many categories" in found.reason
    # Where numbers were, so many words are a changed type; where few words were, new categories.
    few = written(frame(0, ["a", "b"] * 5000, 10_000), tmp_path / f"few.{ending}")
    found = judged(compare(few, now, engine=engine))
    assert found.drifted
    assert "new categories" in found.reason


@pytest.mark.parametrize("engine", ENGINES)
def test_an_empty_window(tmp_path: Path, ending: str, engine: str) -> None:
    before = written(frame(0), tmp_path / f"reference.{ending}")
    now = written(frame(0, rows=0), tmp_path / f"current.{ending}")
    verdict = compare(before, now, engine=engine)
    assert verdict.status is DriftStatus.TOO_FEW_ROWS
    assert verdict.share is None
    assert part(verdict, "good").reason == "0 rows, fewer than 50"
    with pytest.raises(TableError, match="no rows"):
        compare(now, before, engine=engine)


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("cut", [10, 4000])
def test_a_truncated_file_is_an_error_that_names_it(
    tmp_path: Path, ending: str, engine: str, cut: int
) -> None:
    before = written(frame(0), tmp_path / f"reference.{ending}")
    now = written(frame(0), tmp_path / f"current.{ending}")
    now.write_bytes(now.read_bytes()[:cut])
    if ending == "csv":
        return  # a text that ends early is a shorter text: its last row is broken, or it is not
    with pytest.raises(TableError, match=rf"current\.{ending} can't be read"):
        compare(before, now, engine=engine)


@pytest.mark.parametrize("engine", ENGINES)
def test_a_parquet_file_damaged_inside_is_an_error_that_names_it(
    tmp_path: Path, engine: str
) -> None:
    before = written(frame(0), tmp_path / "reference.parquet")
    now = written(frame(0), tmp_path / "current.parquet")
    content = bytearray(now.read_bytes())
    content[4:2000] = bytes(1996)
    now.write_bytes(content)
    with pytest.raises(TableError, match=r"current\.parquet can't be read"):
        compare(before, now, engine=engine)


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("broken", ["1,2,3", "1", '1,"2'])
def test_a_broken_row_is_an_error_that_names_file_and_line(
    tmp_path: Path, engine: str, broken: str
) -> None:
    before = tmp_path / "reference.csv"
    before.write_text("good,bad\n" + "1,2\n" * 100)
    now = tmp_path / "current.csv"
    now.write_text("good,bad\n" + "1,2\n" * 100 + f"{broken}\n" + "1,2\n" * 100)
    with pytest.raises(TableError, match=r"current\.csv can't be read[^\n]*Line: 102"):
        compare(before, now, engine=engine)


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize(
    ("broken", "said"), [("1,2,3", "Line: 30002"), ("1,\xe9t\xe9", "save the file as UTF-8")]
)
def test_what_is_met_far_into_a_file_is_an_error_that_names_it(
    tmp_path: Path, engine: str, broken: str, said: str
) -> None:
    now = tmp_path / "current.csv"
    now.write_text("good,bad\n" + "1,2\n" * 30_000 + f"{broken}\n" + "1,2\n" * 100, "latin-1")
    with pytest.raises(TableError, match=rf"current\.csv can't be read[\s\S]*{said}"):
        compare(frame(0, 1.0), now, engine=engine)


@pytest.mark.parametrize("engine", ENGINES)
def test_an_error_does_not_tell_a_whole_row_of_the_file(tmp_path: Path, engine: str) -> None:
    now = tmp_path / "current.csv"
    now.write_text("good,bad\n" + "1," + "2" * 100_000 + ",3\n")
    with pytest.raises(TableError) as error:
        compare(frame(0), now, engine=engine)
    assert len(str(error.value)) < 1000


@pytest.mark.parametrize("engine", ENGINES)
def test_a_window_with_none_of_the_columns_keeps_its_rows(
    tmp_path: Path, ending: str, engine: str
) -> None:
    other = frame(1).rename(columns={"good": "other"})
    for now in (other, pa.table(other), written(other, tmp_path / f"current.{ending}")):
        verdict = compare(frame(0), now, engine=engine)
        assert verdict.status is DriftStatus.MISSING_COLUMN
        assert verdict.rows_current == ROWS


@pytest.mark.parametrize("engine", ENGINES)
def test_a_table_without_columns_is_an_error(tmp_path: Path, engine: str) -> None:
    path = tmp_path / "none.parquet"
    pq.write_table(pa.table({}), path)
    for none in (path, pa.table({}), frame(0)[[]]):
        with pytest.raises(TableError, match="no columns"):
            compare(frame(0), none, engine=engine)
        with pytest.raises(TableError, match="no columns"):
            compare(none, frame(0), engine=engine)


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("now", [["many", "NA"] * (ROWS // 2), [1.5, None] * (ROWS // 2)])
def test_of_a_reference_all_missing_no_type_can_change(
    tmp_path: Path, ending: str, engine: str, now: list[object]
) -> None:
    before = written(frame(0, [None] * ROWS), tmp_path / f"reference.{ending}")
    window = frame(1, now)
    found = judged(compare(before, written(window, tmp_path / f"now.{ending}"), engine=engine))
    assert found.drifted
    known = 50 if ending.startswith("csv") or None in now else 100
    assert found.reason == f"missing 100% -> {100 - known}%"


@pytest.mark.parametrize("engine", ENGINES)
def test_a_file_of_very_many_columns_is_read(tmp_path: Path, engine: str) -> None:
    wide = tmp_path / "wide.csv"
    row = ",".join(["0.1234567890123456"] * 3000)
    wide.write_text(",".join(f"c{i}" for i in range(3000)) + "\n" + f"{row}\n" * 200)
    files = find_files(wide)
    table = OutOfCore(files) if engine == "duckdb" else read_files(files, columns_of(files))
    (rows,) = table.read(
        table.columns, lambda parts: sum(part.rows.num_rows for part in parts), placed=False
    )
    assert rows == 200


def test_duplicate_names_are_an_error_that_names_them(tmp_path: Path) -> None:
    csv, parquet = tmp_path / "twice.csv", tmp_path / "twice.parquet"
    csv.write_text("good,good\n1,2\n")
    table = pa.table([[1], [2]], names=["good", "good"])
    pq.write_table(table, parquet)
    frame_of_it = pd.DataFrame([[1, 2]], columns=["good", "good"])
    for twice in (csv, parquet, table, frame_of_it):
        with pytest.raises(TableError, match="several columns of one name: good"):
            compare(frame(0), twice)
        with pytest.raises(TableError, match="several columns of one name: good"):
            compare(twice, frame(0))


@pytest.mark.parametrize("content", [b"", b"\n", b"\xff\xfe\n1\n"])
def test_a_csv_file_without_a_header_is_an_error(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "odd.csv"
    path.write_bytes(content)
    with pytest.raises(TableError, match=r"odd\.csv"):
        compare(frame(0), path)


@pytest.mark.parametrize("engine", ENGINES)
def test_a_window_of_files_one_of_which_lacks_a_column(tmp_path: Path, engine: str) -> None:
    rng = np.random.default_rng(3)
    before = frame(0, rng.normal(size=ROWS))
    folder = tmp_path / "current"
    folder.mkdir()
    written(frame(1, rng.normal(size=ROWS)), folder / "1.parquet")
    written(frame(2), folder / "2.parquet")
    (folder / "_SUCCESS").touch()
    verdict = compare(before, folder, engine=engine)
    assert verdict.rows_current == 2 * ROWS
    found = judged(verdict)
    assert found.status is DriftStatus.MISSING_COLUMN
    assert found.reason == "the window has no such column, in 500 rows of it"
    with pytest.raises(FitError, match="no column 'bad' from row 501 on"):
        compare(folder, before)
    assert compare(folder, before, columns=["good"]).tested


def test_merged_windows_one_of_which_lacks_a_column_or_has_another_type() -> None:
    rng = np.random.default_rng(3)

    def table(bad: object | None) -> InMemory:
        return InMemory.of_frame(frame(1, bad), ["good", "bad"])

    before = table(rng.normal(size=ROWS))
    reference = reference_of(before, fit_bins(profile(before, before.columns)), rows=ROWS, chunk=50)
    for bad, status in (
        (None, DriftStatus.MISSING_COLUMN),
        (["x"] * ROWS, DriftStatus.TYPE_CHANGED),
    ):
        windows = [
            summarise_table(part, reference.bins, hash_of_bins=reference.training.bins_hash)
            for part in (before, table(bad))
        ]
        verdict = drift_verdict(reference, merge(*windows), Drift(window="1d"), id="merged")
        found = judged(verdict)
        assert found.status is status
        assert found.reason.endswith("in 500 rows of it")


def test_a_folder_without_data_and_a_pattern_without_files_are_errors(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").touch()
    for path in (tmp_path, tmp_path / "*.parquet", tmp_path / "notes.txt"):
        with pytest.raises(TableError, match=tmp_path.name):
            compare(frame(0), path)


def test_names_with_the_signs_of_patterns_are_files_like_others(tmp_path: Path) -> None:
    folder = tmp_path / "a[1]"
    folder.mkdir()
    for name in ("x*?.csv", "x*?.parquet"):
        path = written(frame(0), folder / name)
        table = OutOfCore(find_files(path))
        assert table.columns == ("good",)
        assert compare(frame(0), path, engine="duckdb").rows_current == ROWS


@pytest.mark.parametrize(
    "noted",
    [b"{]", b"[1]", b'{"index_columns": 5}', b"[" * 100_000, b"9" * 5000, b"\xff"],
    ids=["no JSON", "a list", "a number", "deep", "a long number", "no UTF-8"],
)
def test_damaged_pandas_metadata_is_an_error_that_names_the_file(
    noted: bytes, tmp_path: Path
) -> None:
    path = tmp_path / "odd.parquet"
    table = pa.table({"x": np.arange(100.0)}).replace_schema_metadata({b"pandas": noted})
    pq.write_table(table, path)
    with pytest.raises(TableError, match=r"odd\.parquet: its pandas metadata is damaged"):
        compare(path, path)


@pytest.mark.parametrize("ending", ["csv", "parquet"])
def test_a_reference_that_is_only_a_header_is_named(ending: str, tmp_path: Path) -> None:
    path = tmp_path / f"header.{ending}"
    frame = pd.DataFrame({"x": np.empty(0)})
    frame.to_csv(path, index=False) if ending == "csv" else frame.to_parquet(path)
    with pytest.raises(TableError, match=rf"the reference .*header\.{ending} has no rows"):
        compare(path, path)
