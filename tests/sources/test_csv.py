"""A source in CSV as people write it: read as the plain one is, and what was seen is said."""

import logging
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from monitoring.rows.quarantine import QuarantineReason
from monitoring.sources.schema_check import CheckedRows
from monitoring.sources.source import SourceError, read_source, resolve
from monitoring.use_case_columns import Features
from tests.rows.made import AUTO, raw, use_case

COUNT = 40
PLAIN = raw(COUNT).assign(worth=[1000.5 + 37.25 * row for row in range(COUNT)])


def german(amount: float) -> str:
    return f"{amount:,.2f}".translate(str.maketrans(",.", ".,"))


def written(frame: pd.DataFrame, delimiter: str = ",", ends: str = "\n") -> str:
    return frame.to_csv(index=False, sep=delimiter, lineterminator=ends)


def spelled(spell: Callable[[float], str], frame: pd.DataFrame = PLAIN) -> pd.DataFrame:
    return frame.assign(worth=frame["worth"].map(spell))


def read(folder: Path, text: str, encoding: str = "utf-8", **source: Any) -> CheckedRows:
    (folder / "parcels.csv").write_bytes(text.encode(encoding))
    return read_source(use_case(source={"path": "parcels.csv", **source}), folder)


CASES: dict[str, tuple[str, str, str | None]] = {
    "semicolon": (written(PLAIN, ";"), "utf-8", "delimiter semicolon"),
    "tab": (written(PLAIN, "\t"), "utf-8", "delimiter tab"),
    "sep line": ("sep=,\n" + written(PLAIN), "utf-8", "a first line `sep=`"),
    "Germany": (
        written(spelled(german, PLAIN.assign(weight=PLAIN["weight"].map(german))), ";", "\r\n"),
        "utf-8-sig",
        "delimiter semicolon; weight: decimal comma; worth: decimal comma",
    ),
    "quoted commas": (written(spelled(german)), "utf-8", "worth: decimal comma"),
    "thousands": (written(spelled("{:,.2f}".format)), "utf-8", None),
    "euros": (written(spelled("€{:.2f}".format)), "utf-8", "worth: in €"),
    "percent": (written(spelled("{:.2f}%".format)), "utf-8", "worth: percentages, 51% is 51"),
    "UTF-16": (written(PLAIN, "\t"), "utf-16", "delimiter tab, UTF-16"),
    "several line ends": (
        written(PLAIN[:9], ",", "\r\n") + written(PLAIN[9:]).split("\n", 1)[1],
        "utf-8",
        None,
    ),
    "an index": (PLAIN.to_csv(), "utf-8", None),
}


@pytest.mark.parametrize("way", CASES)
def test_a_source_is_read_as_the_plain_one_however_it_is_written(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, way: str
) -> None:
    """Said before: columns are missing (delimiters), or should hold numbers, but do not."""
    expected = read(tmp_path, written(PLAIN))
    text, encoding, said = CASES[way]
    with caplog.at_level(logging.INFO):
        found = read(tmp_path, text, encoding)
    pd.testing.assert_frame_equal(found.rows.features, expected.rows.features)
    assert found.rows.row_id.tolist() == expected.rows.row_id.tolist()
    assert not found.quarantined
    logged = [record.getMessage() for record in caplog.records if "read as CSV" in record.message]
    assert [line.partition("read as CSV: ")[2] for line in logged] == ([said] if said else [])


def test_words_among_numbers_are_missing_if_listed_and_quarantined_if_not(tmp_path: Path) -> None:
    words = ["?", "n/a", "-", "NULL", "gone", "oops"]
    frame = spelled(german)
    frame["worth"] = [*words, *frame["worth"][len(words) :]]
    found = read(tmp_path, written(frame, ";"))
    assert [(row.reason, row.row_number) for row in found.quarantined] == [
        (QuarantineReason.UNPARSABLE_NUMBER, 4),
        (QuarantineReason.UNPARSABLE_NUMBER, 5),
    ]
    assert found.rows.features["worth"].isna().sum() == 4
    declared = read(tmp_path, written(frame, ";"), missing=["gone"])
    assert [row.row_number for row in declared.quarantined] == [5]
    assert declared.rows.features["worth"].isna().sum() == 5


def test_a_row_of_another_width_has_its_number_beneath_a_sep_line_too(tmp_path: Path) -> None:
    rows = ("sep=;\n" + written(PLAIN, ";")).splitlines()
    rows[5] += ";7"
    (row,) = read(tmp_path, "\n".join([*rows, ""])).quarantined
    assert (row.reason, row.row_number) == (QuarantineReason.WRONG_WIDTH, 3)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
@pytest.mark.parametrize("ends", ["\n", "\r\n", "\r"])
def test_wherever_a_file_is_cut_no_row_of_it_is_another_one_than_was_written(
    tmp_path: Path, encoding: str, ends: str
) -> None:
    """Before: a cut within the last field of the last line stored another number, or another id."""
    columns = ["at", "weight", "kind", "lost", "parcel", "worth"]
    text = written(PLAIN[columns].assign(worth=PLAIN["worth"] + 0.125), ends=ends)
    whole = read(tmp_path, text, encoding).rows
    last = len(text.splitlines(keepends=True)[-1])
    for cut in range(1, last + 1):
        found = read(tmp_path, text[:-cut], encoding)
        ended = cut == last or (cut == 1 and ends == "\r\n")
        rows = COUNT if ended and cut < last else COUNT - 1
        pd.testing.assert_frame_equal(found.rows.features, whole.features[:rows])
        aside = [(row.row_number, row.reason) for row in found.quarantined]
        assert aside == ([] if ended else [(COUNT - 1, QuarantineReason.UNENDED)])


@pytest.mark.parametrize(
    ("last", "kept"),
    [
        ("p40,40,1.5,9.5,box,0", True),
        ('p40,40,1.5,9.5,box,"0"', True),
        ("p40,40,1.5,9.5,box,", False),
        ("p40,40,1.5,9.5,box,2", False),
        ("p40,40,1.5,9.5,box", False),
        ('p40,40,1.5,9.5,"box,0', False),
    ],
)
def test_a_last_line_without_an_end_is_a_row_where_its_last_value_is_seen_to_be_whole(
    tmp_path: Path, last: str, kept: bool
) -> None:
    """Many programs write no last line end: 0 or 1 is whole where the column knows these alone."""
    names = ["parcel", "at", "weight", "worth", "kind", "lost"]
    found = read(tmp_path, written(PLAIN[names]) + last)
    assert ("p40" in found.rows.row_id) == kept
    assert [row.payload for row in found.quarantined] == ([] if kept else [last])


def test_a_last_row_over_several_lines_without_an_end_is_an_error_that_names_the_cut(
    tmp_path: Path,
) -> None:
    names = ["lost", "at", "weight", "worth", "kind", "parcel"]
    text = written(PLAIN[names]) + '0,40,1.5,9.5,box,"p40\nof two li'
    with pytest.raises(SourceError, match=r"no closing one.*or its last row.*been cut short"):
        read(tmp_path, text)


def test_what_nothing_decides_is_declared(tmp_path: Path) -> None:
    frame = PLAIN[["parcel", "at", "kind", "lost"]].assign(
        at=range(COUNT), weight=range(COUNT), worth="1,234"
    )
    with pytest.raises(SourceError, match=r"column 'worth'.*source\.decimal"):
        read(tmp_path, written(frame))
    for decimal, value in ((",", 1.234), (".", 1234.0)):
        found = read(tmp_path, written(frame), decimal=decimal)
        assert set(found.rows.features["worth"]) == {value}


@pytest.mark.parametrize(
    ("text", "encoding", "said"),
    [
        (written(PLAIN.assign(kind="Kästchen")), "cp1252", r"Windows-1252 \(cp1252\)"),
        (written(PLAIN), "utf-16-le", "UTF-16 without a byte-order mark"),
    ],
)
def test_what_can_not_be_read_is_an_error_that_says_what_was_seen(
    tmp_path: Path, text: str, encoding: str, said: str
) -> None:
    with pytest.raises(SourceError, match=said):
        read(tmp_path, text, encoding)


def test_auto_reads_such_a_file_too_and_leaves_its_index_out(tmp_path: Path) -> None:
    """Said before: the index was a feature."""
    frame = spelled(german)[["worth", "kind", "lost"]]
    (tmp_path / "a.csv").write_text(frame.to_csv(sep=";"), encoding="utf-8")
    features = resolve(AUTO, tmp_path).columns.features
    assert features == Features(numeric=("worth",), categorical=("kind",))
    assert read_source(AUTO, tmp_path).rows.features["worth"].tolist() == PLAIN["worth"].tolist()


def test_what_one_file_leaves_open_the_other_files_of_the_source_decide(tmp_path: Path) -> None:
    """One day holds thousands alone: 1.234 and "1,234"; the day before has shown decimal commas."""
    whole = PLAIN.assign(at=range(COUNT), weight=range(COUNT))
    first, second, third = (whole[start : start + 10] for start in (0, 10, 20))
    days = {
        "day=1": first.assign(worth=first["worth"].map(german)),
        "day=2": second.assign(worth="1.234"),
        "day=3": third.assign(worth="1,234"),
    }
    for day, frame in days.items():
        (tmp_path / "days" / day).mkdir(parents=True)
        (tmp_path / "days" / day / "a.csv").write_text(written(frame, ";"), encoding="utf-8")
    case = use_case(source={"path": "days/"})
    worth = read_source(case, tmp_path).rows.features["worth"].tolist()
    assert worth == [*first["worth"], *[1234.0] * 10, *[1.234] * 10]


def test_stray_words_in_one_file_leave_the_numbers_of_the_others(tmp_path: Path) -> None:
    first, second = PLAIN[:20], spelled(german, PLAIN[20:])
    second.loc[25, "worth"] = "oops"
    (tmp_path / "days").mkdir()
    (tmp_path / "days" / "a.csv").write_text(written(first), encoding="utf-8")
    (tmp_path / "days" / "b.csv").write_text(written(second, ";"), encoding="utf-8")
    found = read_source(use_case(source={"path": "days/"}), tmp_path)
    assert [row.row_number for row in found.quarantined] == [25]
    assert found.rows.features["worth"].tolist() == [*PLAIN["worth"][:25], *PLAIN["worth"][26:]]
