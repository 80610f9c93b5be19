"""The command: help with an example everywhere, exit codes, and errors that say what to do."""

import shutil
from pathlib import Path

import pytest
from typer.main import get_command
from typer.testing import CliRunner

from monitoring import __version__
from monitoring.cli import app
from monitoring.settings import settings
from monitoring.use_case_file import SHIPPED

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


def test_the_use_cases_of_a_demo_are_listed_as_the_stack_reads_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    own = tmp_path / "use_cases"
    own.mkdir()
    (own / "fraud.yml").write_text((SHIPPED / "fraud.yml").read_text("utf-8"), encoding="utf-8")
    monkeypatch.setenv("TOCSIN_STATE", str(tmp_path))
    settings.cache_clear()
    result = runner.invoke(app, ["use-case", "list"])
    settings.cache_clear()
    assert result.exit_code == 0
    assert str(own / "fraud.yml") in result.output


def test_the_version_is_printed() -> None:
    result = runner.invoke(app, ["--version"])
    assert (result.exit_code, result.output) == (0, f"tocsin {__version__}\n")


def test_a_wrong_use_case_file_names_field_value_and_what_is_allowed(tmp_path: Path) -> None:
    path = tmp_path / "wrong.yml"
    path.write_text("name: Wrong Name\n", encoding="utf-8")
    result = runner.invoke(app, ["use-case", "check", str(path)])
    assert result.exit_code == 2
    assert "wrong.yml" in result.output
    assert "Wrong Name" in result.output


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        ("RandomForestClassifier", "Nope", "candidates.random_forest: sklearn.ensemble.Nope"),
        ("RandomForestClassifier", "RandomForestRegressor", "`class_weight`"),
        ("min_child_weight: 1.0", "min_samples_leaf: 1", "did you mean `min_child_samples`"),
        ("name: fraud", "name: cards", "'cards' must be the file's own name, 'fraud'"),
        ("{path: creditcard.csv.gz,", "{tables: {a: a.csv}, sql: DROP TABLE a,", "is one SELECT"),
        ("{path: creditcard.csv.gz,", "{database: DB, sql: DELETE FROM a,", "is one SELECT"),
        ("words:", "derive: {V28: random()}\nwords:", "derive.V28: random() gives another"),
        ("{metric: drift_score}", "{metric: drift}", "no metric 'drift' can have a short name"),
    ],
)
def test_what_can_not_be_built_of_a_use_case_fails_its_check(
    tmp_path: Path, before: str, after: str, said: str
) -> None:
    path = tmp_path / "fraud.yml"
    text = (SHIPPED / "fraud.yml").read_text("utf-8").replace(before, after, 1)
    path.write_text(text, encoding="utf-8")
    result = runner.invoke(app, ["use-case", "check", str(path)])
    assert result.exit_code == 2
    assert said in result.output
    assert str(path) in result.output


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("tocsin.yml", "no use case may be called tocsin"),
        ("fraud.txt", "a use-case file ends in .yml or .yaml: rename it"),
    ],
)
def test_a_file_whose_name_would_never_be_found_fails_its_check(
    tmp_path: Path, name: str, said: str
) -> None:
    path = tmp_path / name
    text = (SHIPPED / "fraud.yml").read_text("utf-8")
    path.write_text(text.replace("name: fraud", f"name: {path.stem}", 1), encoding="utf-8")
    result = runner.invoke(app, ["use-case", "check", str(path)])
    assert result.exit_code == 2
    assert said in result.output


def test_channels_that_a_file_names_and_nobody_set_up_are_said_by_check_and_status(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = (SHIPPED / "iris.yml").read_text("utf-8").replace("name: iris", "name: flowers", 1)
    shutil.copytree(SHIPPED / "samples", tmp_path / "samples")
    path = tmp_path / "flowers.yml"
    path.write_text(f"{text}\nnotify: {{on_failure: [mail, slack]}}\n", encoding="utf-8")
    monkeypatch.setenv("TOCSIN_USE_CASES", str(tmp_path))
    monkeypatch.setenv("TOCSIN_SLACK_URL", "http://127.0.0.1:9/canary")
    settings.cache_clear()
    for command, code in ((["use-case", "check", str(path)], 0), (["status"], 1)):
        result = runner.invoke(app, command)
        assert result.exit_code == code, result.output
        assert "flowers: mail is named by `notify.on_failure` and is not set up" in result.stderr
        assert "slack is named" not in result.output
    path.write_text(f"{text}\nnotify: {{on_failure: [pigeon]}}\n", encoding="utf-8")
    result = runner.invoke(app, ["use-case", "check", str(path)])
    assert result.exit_code == 2
    assert "notify.on_failure" in result.output
    assert "'mail', 'slack' or 'webhook'" in result.output


def test_the_shipped_use_cases_pass_their_check() -> None:
    for path in SHIPPED.glob("*.yml"):
        assert runner.invoke(app, ["use-case", "check", str(path)]).exit_code == 0


def test_broken_files_and_those_that_are_not_read_are_named_beside_the_others(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "use_cases"
    folder.mkdir()
    (folder / "late.yml").write_text("name: [", encoding="utf-8")
    (folder / "notes.txt").touch()
    monkeypatch.setenv("TOCSIN_USE_CASES", str(folder))
    settings.cache_clear()
    listed = runner.invoke(app, ["use-case", "list"])
    generated = runner.invoke(app, ["generate", "--out", str(tmp_path / "out")])
    (folder / "late.yml").unlink()
    repaired = runner.invoke(app, ["use-case", "list"])
    folder.rename(tmp_path / "away")
    lost = runner.invoke(app, ["use-case", "list"])
    assert listed.exit_code == generated.exit_code == 1
    for result in (listed, generated):
        assert f"broken: late: {folder}/late.yml: not valid YAML" in result.output
    assert "Card fraud" in listed.output
    assert f"not read: {folder}/notes.txt" in listed.output
    assert (tmp_path / "out" / "grafana" / "dashboards" / "fraud.json").is_file()
    assert repaired.exit_code == 0
    assert lost.exit_code == 2
    assert f"TOCSIN_USE_CASES={folder} can't be read: No such file" in lost.output


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
