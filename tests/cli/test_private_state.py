"""What a command leaves behind is its owner's only, whatever the umask it was started with."""

import os
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner

from monitoring.cli import app
from monitoring.private import umask
from monitoring.settings import settings
from monitoring.signals.pipelines import Pipeline
from monitoring.steps import begin
from monitoring.steps.order import REPORT
from tests.fixtures.loopback import free_port
from tests.fixtures.tiny import write_tiny

EVERYBODY_ELSE = stat.S_IRWXG | stat.S_IRWXO


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Return a folder for state and reports, under the umask that hides nothing."""
    for name in ("state", "data", "reports", "use_cases"):
        monkeypatch.setenv(f"TOCSIN_{name.upper()}", str(tmp_path / name))
    monkeypatch.setenv("TOCSIN_PROMETHEUS_URL", f"http://127.0.0.1:{free_port()}")
    monkeypatch.chdir(tmp_path)
    settings.cache_clear()
    with umask(0):
        yield tmp_path
    settings.cache_clear()


def open_to_others(made: list[Path]) -> list[str]:
    """Return what others than its owner may use in any way."""
    return [str(path) for path in made if path.stat().st_mode & EVERYBODY_ELSE]


def call(*arguments: str) -> str:
    """Call a command, and return its output."""
    return CliRunner().invoke(app, list(arguments)).output


def test_what_a_dag_s_task_writes_is_its_owner_s_only_and_a_state_that_was_open_is_closed(
    folder: Path,
) -> None:
    write_tiny("tasked", folder)
    (folder / "state").mkdir()
    run = begin.by_hand(Pipeline.REPORT, "tasked", as_of=None)
    REPORT.call(REPORT.opening, run)
    REPORT.call(REPORT.step("check_data_availability"), run)
    assert {path.name for path in (folder / "state").iterdir()} >= {"production.db", "runs"}
    assert stat.S_IMODE((folder / "state").stat().st_mode) == 0o700
    assert open_to_others([*(folder / "state").rglob("*")]) == []
    assert os.umask(0) == 0, "the process that called it has its own umask back"


def test_generated_files_can_be_read_by_the_servers_that_they_are_for(folder: Path) -> None:
    write_tiny("shown", folder)
    call("generate", "--out", str(folder / "out"))
    made = list((folder / "out").rglob("*"))
    assert len(made) > 10
    modes = {stat.S_IMODE(path.stat().st_mode) for path in made}
    # Alertmanager's alone may hold a secret.
    assert modes == {0o755, 0o644, 0o600}
    private = {path.name for path in made if stat.S_IMODE(path.stat().st_mode) == 0o600}
    assert private == {"alertmanager.yml"}


def test_the_env_file_is_its_owner_s_only(folder: Path) -> None:
    call("env", str(folder / ".env"))
    assert stat.S_IMODE((folder / ".env").stat().st_mode) == 0o600
