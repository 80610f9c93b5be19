"""A user's mistake ends a command with exit code 2 and a message that says what is allowed."""

import logging
import os
import socket
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest
from typer.main import get_command
from typer.testing import CliRunner

from monitoring.cli import app
from monitoring.settings import settings

COMMANDS = set(get_command(app).commands) - {"use-case", "api-key"}  # type: ignore[attr-defined]

OF_LOGS = ("adopt", "retire")
OF_A_USE_CASE = ("retrain", "report", "rollback", "release", "replay", "backfill", *OF_LOGS)
OF_A_FILE = ("ingest", "score")
SETTINGS_READ_BY = (*OF_A_USE_CASE, *OF_A_FILE, "serve", "up", "down", "status", "demo", "generate")

DATABASES = {
    "sqlite://": "no file",
    "sqlite:///:memory:": "sqlite:///FILE",
    "postgresql://tocsin:secret@host": "no file or no name",
    "postgresql://tocsin:secret@/": "sqlite:///FILE",
    "mysql://tocsin:secret@host/db": "sqlite:///FILE",
    "nonsense": "sqlite:///FILE",
    "postgresql://tocsin:secret@host:port/db": "the port",
}


def arguments(command: str, folder: Path) -> list[str]:
    """Return a command as it is called where nothing is wrong with it."""
    if command in OF_A_USE_CASE:
        return [command, "fraud"]
    if command in OF_A_FILE:
        out = ["--out", "scores.csv"] if command == "score" else []
        return [command, "fraud", "rows.csv", *out]
    return [command, "--out", str(folder / "out")] if command == "generate" else [command]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a folder of one's own, where the settings of the machine that tests don't count."""
    for name in os.environ:
        if name.startswith("TOCSIN_"):
            monkeypatch.delenv(name)
    for name in ("state", "data", "reports"):
        monkeypatch.setenv(f"TOCSIN_{name.upper()}", str(tmp_path / name))
    monkeypatch.chdir(tmp_path)
    settings.cache_clear()
    return tmp_path


def failed(
    call: list[str],
    environment: Mapping[str, str],
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> str:
    """Call a command that is bound to fail, and return what it says."""
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    settings.cache_clear()
    caplog.set_level(logging.INFO)
    result = CliRunner().invoke(app, call)
    settings.cache_clear()
    assert result.exit_code == 2, result.output
    assert isinstance(result.exception, SystemExit)
    assert "Traceback" not in result.output + caplog.text
    assert "secret" not in result.output + caplog.text
    return result.output


def test_every_command_is_tried_here() -> None:
    # `drift`, `env` and `init` read no settings; their arguments are tried. `programs` has none.
    assert {*SETTINGS_READ_BY, "drift", "env", "init", "programs"} == COMMANDS


@pytest.mark.parametrize("command", SETTINGS_READ_BY)
@pytest.mark.parametrize(("url", "allowed"), DATABASES.items())
def test_a_wrong_database_url_names_its_setting_and_never_its_password(
    command: str,
    url: str,
    allowed: str,
    folder: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    said = failed(arguments(command, folder), {"TOCSIN_DATABASE_URL": url}, monkeypatch, caplog)
    assert "TOCSIN_DATABASE_URL" in said
    assert allowed in said


@pytest.mark.parametrize(
    ("name", "value", "allowed"),
    [
        ("TOCSIN_NOTIFIER", "pigeon", "'grafana' or 'alertmanager'"),
        ("TOCSIN_SMTP_TLS", "perhaps", "boolean"),
        ("TOCSIN_SMTP_HOST", "mail.example.org", "a mail server is HOST:PORT"),
        ("TOCSIN_RETRY_SECONDS", "-1", "greater than or equal to 0"),
        ("TOCSIN_PUSHGATEWAY_URL", "127.0.0.1:9091", "http://HOST:PORT"),
        ("TOCSIN_PROMETHEUS_URL", "ftp://prometheus", "http://HOST:PORT"),
        ("TOCSIN_PUBLIC_URL", "http://", "http://HOST:PORT"),
        ("TOCSIN_WEBHOOK_URL", "secret", "http://HOST:PORT"),
        ("TOCSIN_MLFLOW_URL", "mlflow:5000", "http://HOST:PORT"),
        ("TOCSIN_MLFLOW_URL", "http://mlflow:many", "http://HOST:PORT"),
        ("TOCSIN_STATE", "~nobody-of-that-name/state", "home"),
    ],
)
@pytest.mark.parametrize("command", ["report", "serve"])
def test_a_wrong_setting_is_named_with_what_is_allowed(
    command: str,
    name: str,
    value: str,
    allowed: str,
    folder: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    said = failed(arguments(command, folder), {name: value}, monkeypatch, caplog)
    assert name in said
    assert allowed in said


@pytest.mark.parametrize("command", ["serve", "up", "demo", "status"])
@pytest.mark.parametrize("port", ["70000", "0", "-1", "eighty", "1e4", "8080.5", "9" * 60])
def test_a_port_out_of_range_is_named_with_the_range(
    command: str,
    port: str,
    folder: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    said = failed(arguments(command, folder), {"TOCSIN_PORT_SERVE": port}, monkeypatch, caplog)
    assert "TOCSIN_PORT_SERVE" in said
    assert port in said


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (["serve", "--port", "70000"], "less than or equal to 65535"),
        (["serve", "--port", "0"], "greater than or equal to 1"),
        (["serve", "--host", "no.such.host.invalid", "--port", "8123"], "--host"),
        (["serve", "--port", "-1"], "greater than or equal to 1"),
        (["serve", "--port", "eighty"], "integer"),
        (["serve", "--port", "9" * 5000], "--port"),
        (["report", "fraud", "--as-of", "yesterday"], "2026-01-31T06:00:00Z"),
        (["report", "fraud", "--as-of", "0001-01-01"], "1900"),
        (["report", "fraud", "--as-of", "0001-01-01T00:00:00+05:00"], "1900"),
        (["retrain", "fraud", "--as-of", "9999-12-31T23:59:59-05:00"], "1900"),
        (["report", "fraud", "--as-of", "9" * 5000], "2026-01-31T06:00:00Z"),
        (["backfill", "fraud", "--from", "0001-01-01"], "1900"),
        (["replay", "fraud", "--until", "9999-01-01"], "1900"),
        (["drift", "a.csv", "b.csv", "--fail-above", "nan"], "--fail-above"),
        (["retrain", "fraud", "--as-of", "31.01.2026"], "--as-of"),
        (["replay", "fraud", "--until", "soon"], "2026-01-31T06:00:00Z"),
        (["replay", "fraud", "--scenario", "flood"], "covariate"),
        (["replay", "fraud", "--scenario", "covariate@6"], "covariate@day6"),
        (["replay", "fraud", "--scenario", "covariate@day0"], "covariate@day6"),
        (["replay", "fraud", "--label-delay", "soon"], "15m, 6h or 1d"),
        (["replay", "fraud", "--speed", "0"], "--speed"),
        (["replay", "fraud", "--speed", "3600"], "TOCSIN_SERVE_URL"),
        (["replay", "fraud", "--days", "0"], "--days"),
        (["backfill", "fraud", "--from", "long ago"], "2026-01-31T06:00:00Z"),
        (["backfill", "fraud", "--from", "2026-02-01", "--to", "2026-01-01"], "--from"),
        (["demo", "nobody"], "fraud"),
        (["init", __file__], "choose another place"),
        (["init", __file__, "--upgrade"], "choose another place"),
        (["use-case", "check", "nowhere.yml"], "nowhere.yml"),
        (["use-case", "check", "."], "a use-case file ends in .yml or .yaml"),
        (["drift", "nowhere.csv", "nowhere.csv"], "nowhere.csv"),
        (["drift", "nowhere.json.gz", "nowhere.csv"], "nowhere.json.gz"),
        (["drift", "a.csv", "b.csv", "--fail-above", "30"], "less than or equal to 1"),
        *(([command, "nobody"], "the use cases are accidents") for command in OF_A_USE_CASE),
        (["ingest", "nobody", "rows.csv"], "the use cases are accidents"),
        (["ingest", "fraud", "rows.csv"], "no file rows.csv: name a file that ends in .csv"),
        (["ingest", "fraud", __file__], "a file of rows ends in one of .csv"),
        (["score", "fraud", "rows.csv", "--out", "scores.csv"], "run `tocsin retrain fraud`"),
        (["score", "fraud", "rows.csv", "--out", "scores.txt"], "ends in .csv or .parquet"),
    ],
)
def test_a_wrong_argument_is_named_with_what_is_allowed(
    call: list[str],
    said: str,
    folder: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    assert said in failed(call, {}, monkeypatch, caplog)


@pytest.mark.parametrize("command", ["report", "retrain", "replay", "up"])
def test_a_state_folder_that_can_not_be_written_is_named_with_its_setting(
    command: str,
    folder: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    (folder / "file").write_text("in the way", encoding="utf-8")
    below = folder / "file" / "below"
    said = failed(arguments(command, folder), {"TOCSIN_STATE": str(below)}, monkeypatch, caplog)
    assert "TOCSIN_STATE" in said
    assert str(folder / "file") in said


@pytest.mark.parametrize(
    "call",
    [["generate", "--out", "file/below"], ["env", "file/below/.env"], ["init", "file/below"]],
)
def test_a_place_that_can_not_be_written_is_named(
    call: list[str],
    folder: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    (folder / "file").write_text("in the way", encoding="utf-8")
    said = failed(call, {}, monkeypatch, caplog)
    assert str(folder / "file") in said
    assert "choose another place" in said


@pytest.mark.parametrize(
    ("call", "setting", "url"),
    [
        (["report", "fraud"], "TOCSIN_DATABASE_URL", "postgresql://tocsin:secret@127.0.0.1:1/db"),
        (["retrain", "fraud"], "TOCSIN_DATABASE_URL", "postgresql://tocsin:secret@127.0.0.1:1/db"),
        (["report", "fraud"], "TOCSIN_PUSHGATEWAY_URL", "http://127.0.0.1:1"),
        (["rollback", "fraud"], "TOCSIN_MLFLOW_URL", "http://127.0.0.1:1"),
        (["replay", "fraud"], "TOCSIN_MLFLOW_URL", "http://127.0.0.1:1"),
        (
            ["backfill", "fraud", "--from", "2026-01-01"],
            "TOCSIN_PROMETHEUS_URL",
            "http://127.0.0.1:1",
        ),
    ],
)
def test_a_server_that_does_not_answer_is_named_with_its_setting(
    call: list[str],
    setting: str,
    url: str,
    folder: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    said = failed(call, {setting: url}, monkeypatch, caplog)
    assert setting in said
    assert "127.0.0.1" in said


def test_a_database_that_is_none_is_named_with_its_setting(
    folder: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    (folder / "store.db").write_text("no database, but text that is long enough", encoding="utf-8")
    url = f"sqlite:///{folder / 'store.db'}"
    said = failed(["report", "fraud"], {"TOCSIN_DATABASE_URL": url}, monkeypatch, caplog)
    assert "TOCSIN_DATABASE_URL" in said
    assert "not a database" in said


@pytest.mark.parametrize("content", ["", "{]", "[1]", '{"mlflow": 70000}', "9" * 5000, "[" * 9999])
def test_damaged_ports_of_the_local_stack_are_named_with_what_to_do(
    content: str, folder: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    ports = folder / "state" / "stack" / "ports.json"
    ports.parent.mkdir(parents=True)
    ports.write_text(content, encoding="utf-8")
    for call in (["status"], ["report", "fraud"]):
        said = failed(call, {}, monkeypatch, caplog)
        assert str(ports) in said
        assert "remove it" in said


def test_a_port_that_is_taken_is_named_with_what_sets_it(
    folder: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = str(server.getsockname()[1])
        said = failed(["serve", "--port", port], {}, monkeypatch, caplog)
    assert port in said
    assert "--port" in said
    assert "TOCSIN_PORT_SERVE" in said


@pytest.mark.parametrize(
    ("call", "environment", "said"),
    [
        (["report", "fraud"], {"TOCSIN_DATABASE_URL": "mysql://u:secret@h/d"}, "sqlite:///FILE"),
        (["status"], {"TOCSIN_PORT_MLFLOW": "70000"}, "TOCSIN_PORT_MLFLOW"),
        (["report", "fraud", "--as-of", "now"], {}, "--as-of"),
    ],
)
def test_the_installed_command_says_the_same(
    call: list[str], environment: dict[str, str], said: str, folder: Path
) -> None:
    done = subprocess.run(
        [str(Path(sys.executable).with_name("tocsin")), *call],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, **environment},
    )
    assert done.returncode == 2
    assert said in done.stderr
    assert "Traceback" not in done.stdout + done.stderr
    assert "secret" not in done.stdout + done.stderr
