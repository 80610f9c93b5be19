"""Which reports are kept."""

from pathlib import Path

import pytest

from monitoring.reports.retention import keep_newest

DAYS = range(1, 6)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Five days of two kinds of report, the lists, and something of somebody else's."""
    for kind in ("drift", "quality"):
        for day in DAYS:
            for ending in ("html", "json"):
                (tmp_path / f"{kind}_2026010{day}T000000Z.{ending}").touch()
    (tmp_path / "index.html").touch()
    (tmp_path / "notes.html").touch()
    return tmp_path


def names(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()}


def test_the_newest_of_each_kind_stay_with_their_particulars(folder: Path) -> None:
    removed = keep_newest(folder, 2)
    assert removed == tuple(
        f"{kind}_2026010{day}T000000Z.html" for kind in ("quality", "drift") for day in (1, 2, 3)
    )
    assert names(folder) == {
        f"{kind}_2026010{day}T000000Z.{ending}"
        for kind in ("drift", "quality")
        for day in (4, 5)
        for ending in ("html", "json")
    } | {"index.html", "notes.html"}


def test_a_cited_report_stays_whatever_its_age_and_takes_no_ones_place(folder: Path) -> None:
    keep_newest(folder, 2, frozenset({"drift_20260101T000000Z.html"}))
    kept = sorted(path.stem[-16:-8] for path in folder.glob("drift_*.html"))
    assert kept == ["20260101", "20260104", "20260105"]
    assert (folder / "drift_20260101T000000Z.json").is_file()


def test_again_it_removes_nothing_more(folder: Path) -> None:
    keep_newest(folder, 2)
    before = names(folder)
    assert keep_newest(folder, 2) == ()
    assert names(folder) == before


@pytest.mark.parametrize("left", ["html", "json"])
def test_what_a_killed_run_left_of_a_report_is_removed_by_the_next(folder: Path, left: str) -> None:
    gone = {"html": "json", "json": "html"}[left]
    (folder / f"drift_20260101T000000Z.{gone}").unlink()
    assert "drift_20260101T000000Z.html" in keep_newest(folder, 2)
    assert not list(folder.glob("drift_20260101T*"))


def test_keeping_none_is_refused(folder: Path) -> None:
    with pytest.raises(ValueError, match="at least one"):
        keep_newest(folder, 0)


def test_a_folder_that_is_not_there_yet_holds_nothing_to_remove(tmp_path: Path) -> None:
    assert keep_newest(tmp_path / "fraud", 10) == ()
