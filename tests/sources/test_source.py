"""Sources are read as they are, or refused clearly; synthetic ones stand in with a warning."""

import gzip
import logging
from pathlib import Path

import pandas as pd
import pytest

from monitoring.rows.quarantine import QuarantineReason
from monitoring.sources.source import SYNTHETIC_ROWS, SourceError, read_source
from monitoring.sources.typed_columns import SchemaError
from monitoring.use_case import UseCase
from tests.fixtures.cards import real_source
from tests.rows.made import raw, use_case

CASE = use_case()
HEADER = "parcel,at,weight,worth,kind,lost\n"


def lines(count: int = 4) -> str:
    return raw(count).to_csv(index=False)


def test_csv_compressed_or_not_and_parquet_hold_the_same_rows(tmp_path: Path) -> None:
    (tmp_path / "parcels.csv").write_text(lines(), encoding="utf-8")
    (tmp_path / "other.csv.gz").write_bytes(gzip.compress(lines().encode()))
    raw(4).to_parquet(tmp_path / "parcels.parquet")
    plain = read_source(CASE, tmp_path)
    packed = read_source(use_case(source={"path": "other.csv.gz"}), tmp_path)
    columns = read_source(use_case(source={"path": "parcels.parquet"}), tmp_path)
    assert plain.source_hash == packed.source_hash != columns.source_hash
    for other in (packed, columns):
        pd.testing.assert_frame_equal(plain.rows.features, other.rows.features)
        assert plain.rows.row_id.tolist() == other.rows.row_id.tolist()
        assert not other.synthetic


@pytest.mark.parametrize(
    ("asked", "there"), [("parcels.csv.gz", "parcels.csv"), ("parcels.csv", "parcels.csv.gz")]
)
def test_a_file_is_found_with_or_without_gz(tmp_path: Path, asked: str, there: str) -> None:
    content = lines().encode()
    (tmp_path / there).write_bytes(gzip.compress(content) if there.endswith("gz") else content)
    assert len(read_source(use_case(source={"path": asked}), tmp_path).rows) == 4


def test_text_stays_as_it_is_written(tmp_path: Path) -> None:
    rows = ["007,0,1,1,01,0", '"8\n9",1,1,1,NA,1', "é,2,1,1,true,0", "10,3,,1,,0"]
    (tmp_path / "parcels.csv").write_text("\ufeff" + HEADER + "\n".join(rows), encoding="utf-8")
    read = read_source(CASE, tmp_path).rows
    assert read.row_id.tolist() == ["007", "8\n9", "é", "10"]
    assert read.features["kind"].tolist()[:3] == ["01", "NA", "true"]
    assert read.features.iloc[3][["weight", "kind"]].isna().all()


def test_whole_numbers_of_parquet_stay_whole_beside_missing_ones(tmp_path: Path) -> None:
    ids = pd.array([2**60 + 1, 2**60 + 2, None, 2**60 + 3], dtype="Int64")
    raw(4).assign(parcel=ids).to_parquet(tmp_path / "parcels.parquet")
    checked = read_source(use_case(source={"path": "parcels.parquet"}), tmp_path)
    assert checked.rows.row_id.tolist() == [str(2**60 + n) for n in (1, 2, 3)]
    assert [row.reason for row in checked.quarantined] == [QuarantineReason.MISSING_ID]


def test_an_index_that_pandas_wrote_is_a_column_like_others(tmp_path: Path) -> None:
    raw(4).set_index("parcel").to_parquet(tmp_path / "parcels.parquet")
    case = use_case(source={"path": "parcels.parquet"})
    assert read_source(case, tmp_path).rows.row_id[0] == "p0"


def test_rows_of_another_width_are_set_aside_under_their_numbers(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    good = lines(5).splitlines()
    broken = [*good[:2], "short,1", "", *good[2:4], "p9,1,2,3,box,0,long", *good[4:]]
    (tmp_path / "parcels.csv").write_text("\n".join(broken), encoding="utf-8")
    checked = read_source(use_case(id=None), tmp_path)
    told = [(row.row_number, row.reason, row.payload) for row in checked.quarantined]
    assert told == [
        (1, QuarantineReason.WRONG_WIDTH, "short,1"),
        (4, QuarantineReason.WRONG_WIDTH, "p9,1,2,3,box,0,long"),
    ]
    assert checked.quarantined[0].detail == "2 columns where the header has 6"
    numbers = [row_id.split("-")[1] for row_id in checked.rows.row_id]
    assert numbers == ["0", "2", "3", "5", "6"]
    assert "rows set aside: 2 wrong number of columns" in caplog.text


def test_a_number_that_is_none_makes_no_text_of_its_column(tmp_path: Path) -> None:
    text = lines(20).replace("\np7,7.0,8.5,", "\np7,7.0,??,")
    (tmp_path / "parcels.csv").write_text(text, encoding="utf-8")
    checked = read_source(CASE, tmp_path)
    assert [row.detail for row in checked.quarantined] == ["weight: '??'"]
    assert checked.rows.features["weight"].dtype == "float64"


@pytest.mark.parametrize(
    ("name", "content", "error", "said"),
    [
        ("parcels.csv", b"", SourceError, "can't be read as CSV.*Empty"),
        ("parcels.csv", HEADER.encode(), SchemaError, "no rows"),
        ("parcels.csv", b"parcel;at\n1;2\n", SchemaError, "missing.*in the file: parcel, at"),
        ("parcels.csv", HEADER.encode() + b"p\xff,1,2,3,box,0", SourceError, "not UTF-8"),
        ("parcels.csv", lines().encode() + b'p9,9,9,9,"box,0\np10,1,1,1,b,0', SourceError, "quote"),
        ("parcels.csv", lines().encode() + b'p9,9,9,"9,box,0\np10,1,1', SourceError, "quote"),
        ("parcels.csv.gz", gzip.compress(lines(999).encode())[:-99], SourceError, "not a whole"),
        ("parcels.csv.gz", lines().encode(), SourceError, "not a whole gzip"),
        ("parcels.parquet", b"PAR1", SourceError, "can't be read as Parquet"),
    ],
)
def test_a_broken_file_is_an_error_that_names_it(
    tmp_path: Path, name: str, content: bytes, error: type[Exception], said: str
) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(error, match=f"{name}: (?s:.*){said}"):
        read_source(use_case(source={"path": name}), tmp_path)


def test_a_truncated_parquet_is_an_error(tmp_path: Path) -> None:
    path = tmp_path / "parcels.parquet"
    raw(1000).to_parquet(path)
    path.write_bytes(path.read_bytes()[:-30])
    with pytest.raises(SourceError, match=r"parcels\.parquet: can't be read as Parquet"):
        read_source(use_case(source={"path": "parcels.parquet"}), tmp_path)


def test_a_file_of_which_no_row_is_right_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "parcels.csv").write_text(HEADER + "p1,1,2,-3,box,0\n", encoding="utf-8")
    with pytest.raises(
        SchemaError, match=r"all rows were set aside: 1 negative amount.* worth: -3"
    ):
        read_source(CASE, tmp_path)


def test_a_missing_file_names_itself_and_where_it_was_looked_for(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match=f"parcels.csv in {tmp_path}.*set TOCSIN_DATA"):
        read_source(CASE, tmp_path)


def test_rows_are_made_up_loudly_where_the_file_is_missing(
    tmp_path: Path, student_case: UseCase, caplog: pytest.LogCaptureFixture
) -> None:
    checked = read_source(student_case, tmp_path)
    assert checked.synthetic
    assert len(checked.rows) == SYNTHETIC_ROWS["survey"]
    (record,) = caplog.records
    assert record.levelno == logging.WARNING
    assert "SYNTHETIC DATA: student_depression.csv" in record.getMessage()
    again = read_source(student_case, tmp_path)
    assert again.source_hash == checked.source_hash
    assert again.rows.row_id.tolist() == checked.rows.row_id.tolist()


@pytest.mark.real
def test_the_real_cards_are_all_accepted(fraud_case: UseCase) -> None:
    checked = real_source(fraud_case)
    assert (len(checked.rows), checked.quarantined) == (284_807, ())
    assert (checked.equal_content, checked.out_of_order) == (1_081, 0)
    assert (checked.rows.label == 1).sum() == 492
    assert not checked.synthetic


@pytest.mark.real
def test_the_real_students_are_all_accepted(student_case: UseCase) -> None:
    checked = real_source(student_case)
    assert (len(checked.rows), checked.quarantined) == (27_901, ())
    assert checked.rows.features["Financial Stress"].isna().sum() == 3
    assert (checked.rows.label == 1).sum() == 16_336
