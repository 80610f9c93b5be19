"""The lists of reports."""

import os
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from monitoring.reports.entry import Entry, ReportKind, entries
from monitoring.reports.pages import write_index
from monitoring.use_case_file import find_use_case
from tests.reports.conftest import Written
from tests.reports.made import END
from tests.reports.reading import Document

FRAUD = find_use_case("fraud")


def entry(
    kind: ReportKind = ReportKind.DRIFT,
    *,
    end: datetime = END,
    sentence: str = "4 of 10 features drifted",
    rows_end: datetime | None = None,
) -> Entry:
    day = timedelta(days=1)
    return Entry(
        use_case="fraud",
        use_case_title="Card fraud",
        kind=kind,
        window_start=end - day,
        window_end=end,
        rows_start=(rows_end or end) - day,
        rows_end=rows_end or end,
        as_of=end,
        rows=1500,
        rows_reference=1500,
        rows_current=1500,
        sampled_reference=1000,
        sampled_current=1000,
        set_aside={},
        sentence=sentence,
        drifted=True,
        verdict_id="made",
        model_version="7",
        synthetic=False,
    )


def read(path: Path) -> Document:
    return Document(path.read_text(encoding="utf-8"))


def test_the_list_links_every_report_with_its_window_rows_and_verdict(written: Written) -> None:
    path = write_index(written.folder, FRAUD)
    found = read(path)
    links = [attributes["href"] for tag, attributes in found.elements if tag == "a"]
    assert path == written.folder / "fraud" / "index.html"
    assert links == [
        "../index.html",
        *(f"{kind}_20260131T060000Z.html" for kind in ReportKind),
    ]
    assert all((path.parent / str(link)).is_file() for link in links[1:])
    assert "2026-01-30 06:00 to 2026-01-31 06:00 UTC\n1,500 rows, model 7" in found.text
    assert "8 of 29 features drifted (28%), within the limit of 30%" in found.text
    assert found.fetched == []


def test_reports_are_listed_newest_first_and_by_window(tmp_path: Path) -> None:
    for days in (1, 3, 2):
        for kind in (ReportKind.PERFORMANCE, ReportKind.QUALITY):
            entry(kind, end=END - timedelta(days=days)).write(tmp_path / "fraud")
    found = read(write_index(tmp_path, FRAUD))
    links = [attributes["href"] for tag, attributes in found.elements if tag == "a"][1:]
    assert links == [
        f"{kind}_202601{day}T060000Z.html"
        for day in (30, 29, 28)
        for kind in ("quality", "performance")
    ]


def test_text_in_the_list_is_escaped(tmp_path: Path) -> None:
    evil = "<script>alert(1)</script> & most in <b>x</b>"
    entry(sentence=evil).write(tmp_path / "fraud")
    found = read(write_index(tmp_path, FRAUD))
    assert evil in found.text
    assert found.scripts == []


def test_the_list_says_which_earlier_window_a_performance_report_is_of(tmp_path: Path) -> None:
    earlier = END - timedelta(days=2)
    entry(ReportKind.PERFORMANCE, rows_end=earlier).write(tmp_path / "fraud")
    text = read(write_index(tmp_path, FRAUD)).text
    assert "(2026-01-28 06:00 to 2026-01-29 06:00 UTC, the newest window whose labels" in text


def test_the_list_of_use_cases_links_each_of_them(written: Written) -> None:
    for name in ("fraud", "student_depression"):
        write_index(written.folder, find_use_case(name))
    found = read(written.folder / "index.html")
    links = [attributes["href"] for tag, attributes in found.elements if tag == "a"]
    assert links == ["fraud/index.html", "student_depression/index.html"]
    assert "newest window ends 2026-01-31 06:00 UTC" in found.text


def test_a_use_case_without_reports_gets_a_list_that_says_so(tmp_path: Path) -> None:
    assert "No report yet." in read(write_index(tmp_path, FRAUD)).text
    assert "No report yet." in read(tmp_path / "index.html").text


BESIDE = "drift_20260131T000000Z.json"
DAMAGES: dict[str, Callable[[Path], object]] = {
    "empty": lambda path: path.touch(),
    "of another shape": lambda path: path.write_text("{}", encoding="utf-8"),
    "cut off": lambda path: path.write_text('{"use_case": "fr', encoding="utf-8"),
    "no text": lambda path: path.write_bytes(b"\xff\xfe\x00"),
    "nested": lambda path: path.write_text("[" * 100_000, encoding="utf-8"),
    "of another report": lambda path: path.write_text(entry().model_dump_json(), "utf-8"),
    "a folder": Path.mkdir,
    "a pipe": os.mkfifo,
    "endless": lambda path: path.symlink_to("/dev/zero"),
    "gone": lambda path: path.symlink_to("nowhere"),
}


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_damaged_entry_is_listed_with_the_cure_and_hides_no_other(
    tmp_path: Path, damage: str
) -> None:
    folder = tmp_path / "fraud"
    entry(ReportKind.DRIFT, end=END).write(folder)
    DAMAGES[damage](folder / BESIDE)
    text = read(write_index(tmp_path, FRAUD)).text
    assert f"{folder / BESIDE}: not the index entry of a report: remove it" in text
    assert "4 of 10 features drifted" in text
    assert f"{folder / BESIDE}: not the index entry" in read(tmp_path / "index.html").text
    found = entries(folder)
    assert [one.name for one in found.readable] == ["drift_20260131T060000Z"]
    assert len(str(found.damaged[0])) < 600 + len(str(folder))
