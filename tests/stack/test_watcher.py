"""Boards and rules follow the use-case files, and servers are told what has changed for them."""

import shutil
from pathlib import Path

import pytest

from monitoring.stack.stack_error import StackError
from monitoring.stack.watcher import Reader, Watcher, generate
from tests.fixtures.tiny import write_tiny


class Told:
    """A server that counts how often it was told, or does not answer."""

    def __init__(self, *folders: Path) -> None:
        self.times = 0
        self.away = False
        self.reader = Reader("Server", folders, self._reload)

    def _reload(self) -> None:
        if self.away:
            msg = "Server is away"
            raise StackError(msg)
        self.times += 1


@pytest.fixture
def folders(tmp_path: Path) -> Path:
    for name in ("use_cases", "rules", "boards"):
        (tmp_path / name).mkdir()
    return tmp_path


def test_each_server_is_told_at_the_start_and_then_of_its_own_changes_only(folders: Path) -> None:
    rules, boards = Told(folders / "rules"), Told(folders / "boards")
    watcher = Watcher(folders / "use_cases", lambda: None, (rules.reader, boards.reader))
    assert watcher.look()
    assert watcher.look()
    assert (rules.times, boards.times) == (1, 1)
    (folders / "rules" / "churn.yml").write_text("groups: []")
    assert watcher.look()
    assert (rules.times, boards.times) == (2, 1)
    (folders / "rules" / "churn.yml").unlink()
    assert watcher.look()
    assert (rules.times, boards.times) == (3, 1)


def test_files_are_generated_anew_once_a_use_case_has_changed(folders: Path) -> None:
    made: list[None] = []
    watcher = Watcher(folders / "use_cases", lambda: made.append(None), ())
    for expected in (1, 1):
        watcher.look()
        assert len(made) == expected
    (folders / "use_cases" / "churn.yml").write_text("name: churn")
    for expected in (2, 2):
        watcher.look()
        assert len(made) == expected


def test_a_server_that_is_away_is_told_when_it_is_back_and_costs_no_other(
    folders: Path, caplog: pytest.LogCaptureFixture
) -> None:
    away, there = Told(folders / "rules"), Told(folders / "boards")
    away.away = True
    watcher = Watcher(folders / "use_cases", lambda: None, (away.reader, there.reader))
    assert not watcher.look()
    assert not watcher.look()
    assert there.times == 1
    assert caplog.text.count("Server is away") == 1
    away.away = False
    assert watcher.look()
    assert away.times == 1


def test_what_is_generated_is_said_and_a_broken_file_stops_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    own = tmp_path / "use_cases"
    write_tiny("roses", tmp_path)
    shutil.copy(own / "roses.yml", own / "broken.yml")
    monkeypatch.setenv("TOCSIN_USE_CASES", str(own))
    generate(tmp_path / "out")
    assert (tmp_path / "out" / "grafana" / "dashboards" / "roses.json").is_file()
    assert not (tmp_path / "out" / "grafana" / "dashboards" / "broken.json").exists()
    assert "must be the file's own name" in caplog.text
