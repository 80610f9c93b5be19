"""The command: help with an example everywhere, exit codes, and errors that say what to do."""

from pathlib import Path

import pytest
from typer.main import get_command
from typer.testing import CliRunner

from monitoring.cli import app
from monitoring.settings import settings

runner = CliRunner()
COMMANDS = sorted(get_command(app).commands)  # type: ignore[attr-defined]


@pytest.fixture(autouse=True)
def _own_state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TOCSIN_STATE", str(tmp_path / "state"))
    settings.cache_clear()


def test_the_commands_are_those_of_the_readme() -> None:
    readme = (Path(__file__).parents[2] / "README.md").read_text(encoding="utf-8")
    assert {"retrain", "report", "generate", "use-case", "status"} <= set(COMMANDS)
    for command in ("retrain", "report", "generate", "use-case", "status"):
        assert f"tocsin {command}" in readme


@pytest.mark.parametrize("command", [c for c in COMMANDS if c != "use-case"])
def test_every_command_has_help_with_an_example(command: str) -> None:
    result = runner.invoke(app, [command, "--help"])
    assert result.exit_code == 0
    assert f"tocsin {command}" in result.output


def test_the_shipped_use_cases_are_listed() -> None:
    result = runner.invoke(app, ["use-case", "list"])
    assert result.exit_code == 0
    assert "fraud" in result.output
    assert "student_depression" in result.output


def test_a_wrong_use_case_file_names_field_value_and_what_is_allowed(tmp_path: Path) -> None:
    path = tmp_path / "wrong.yml"
    path.write_text("name: Wrong Name\n", encoding="utf-8")
    result = runner.invoke(app, ["use-case", "check", str(path)])
    assert result.exit_code == 2
    assert "wrong.yml" in result.output
    assert "Wrong Name" in result.output


def test_an_unknown_use_case_is_an_error_that_names_the_known_ones() -> None:
    result = runner.invoke(app, ["retrain", "nobody"])
    assert result.exit_code == 2
    assert "fraud" in result.output


def test_a_report_that_cannot_reach_its_database_exits_2_not_1(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """1 says that a retrain is asked for: a script would act on it."""
    monkeypatch.setenv("TOCSIN_DATABASE_URL", "postgresql://nobody@127.0.0.1:1/none")
    settings.cache_clear()
    assert runner.invoke(app, ["report", "fraud"]).exit_code == 2


def test_a_backfill_without_a_prometheus_exits_2_and_says_which_one_it_sought(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("TOCSIN_PROMETHEUS_URL", "http://127.0.0.1:1")
    settings.cache_clear()
    result = runner.invoke(app, ["backfill", "fraud", "--from", "2026-01-01"])
    assert result.exit_code == 2
    assert "http://127.0.0.1:1 does not answer" in result.output


def test_the_generated_files_of_the_checkout_are_fresh(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(Path(__file__).parents[2])
    assert runner.invoke(app, ["generate", "--check"]).exit_code == 0
