"""`tocsin init`: what is missing is written, what is there stays, and each is said."""

import os
import stat
from pathlib import Path

import pytest
from typer.testing import CliRunner

from monitoring.cli import app
from monitoring.private import umask
from monitoring.settings import settings
from monitoring.stack.new_deployment import START, write_deployment


@pytest.fixture(autouse=True)
def _nothing_set(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in os.environ:
        if name.startswith("TOCSIN_"):
            monkeypatch.delenv(name)
    settings.cache_clear()


def everything(folder: Path) -> dict[Path, bytes]:
    return {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_all_is_written_once_and_said(tmp_path: Path) -> None:
    folder = tmp_path / "below" / "deployed"
    first = CliRunner().invoke(app, ["init", str(folder)])
    assert first.exit_code == 0, first.output
    for name in (".env", "docker-compose.yml", "Dockerfile", "init-db.sql", "prometheus.yml"):
        assert f"written  {name}\n" in first.output
    assert "written  grafana/ (" in first.output
    assert f"cd {folder}" in first.output
    before = everything(folder)
    again = CliRunner().invoke(app, ["init", str(folder)])
    assert again.exit_code == 0, again.output
    assert "nothing was missing" in again.output
    assert everything(folder) == before


def test_a_second_run_writes_only_what_is_missing(tmp_path: Path) -> None:
    write_deployment(tmp_path)
    before = everything(tmp_path)
    gone = (
        tmp_path / "init-db.sql",
        tmp_path / "grafana" / "dashboards" / "fraud.json",
        tmp_path / "grafana" / "prometheus" / "rules" / "generated.manifest",
    )
    for path in gone:
        path.unlink()
    done = write_deployment(tmp_path)
    assert {tmp_path / name for name in done.written} == set(gone)
    assert done.kept == []
    assert everything(tmp_path) == before


def test_what_is_there_and_differs_is_kept_and_named(tmp_path: Path) -> None:
    mine = {
        tmp_path / "docker-compose.yml": b"services: {}\n",
        tmp_path / START: b"name: fraud\n",
        tmp_path / "grafana" / "dashboards" / "fraud.json": b"{}",
    }
    for path, content in mine.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    done = CliRunner().invoke(app, ["init", str(tmp_path)])
    assert done.exit_code == 1
    for path, content in mine.items():
        assert path.read_bytes() == content
        assert f"kept     {path.relative_to(tmp_path)}: it differs" in done.output
    assert "run this again" in done.output
    assert (tmp_path / "Dockerfile").is_file()


@pytest.mark.parametrize("make", [Path.mkdir, lambda path: path.symlink_to("nowhere"), os.mkfifo])
def test_what_is_no_file_stays_what_it_is(make: object, tmp_path: Path) -> None:
    path = tmp_path / "prometheus.yml"
    make(path)  # type: ignore[operator]
    done = write_deployment(tmp_path)
    assert [str(name) for name in done.kept] == ["prometheus.yml"]
    assert not path.is_file()


def test_a_wheel_of_another_version_is_kept_and_none_is_put_beside_it(tmp_path: Path) -> None:
    write_deployment(tmp_path)
    (wheel,) = (tmp_path / "wheel").iterdir()
    older = wheel.rename(wheel.with_name("tocsin-0.0.1-py3-none-any.whl"))
    older.write_bytes(b"older")
    done = write_deployment(tmp_path)
    assert [str(name) for name in done.kept] == ["wheel/tocsin-0.0.1-py3-none-any.whl"]
    assert list((tmp_path / "wheel").iterdir()) == [older]


def test_a_file_of_secrets_that_lacks_one_is_named_and_nothing_is_written(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("POSTGRES_PASSWORD=mine\n")
    done = CliRunner().invoke(app, ["init", str(tmp_path)])
    assert done.exit_code == 2
    assert "lacks POSTGRES_AIRFLOW_PASSWORD" in done.output
    assert list(tmp_path.iterdir()) == [tmp_path / ".env"]


def test_servers_read_what_they_mount_and_nobody_else_reads_the_secrets(tmp_path: Path) -> None:
    with umask(0o077):
        write_deployment(tmp_path / "deployed")
    modes = {
        str(path.relative_to(tmp_path / "deployed")): stat.S_IMODE(path.stat().st_mode)
        for path in (tmp_path / "deployed").rglob("*")
    }
    assert modes.pop(".env") == 0o600
    assert modes.pop("grafana/alertmanager/alertmanager.yml") == 0o600
    assert set(modes.values()) == {0o644, 0o755}


def test_the_settings_of_the_machine_are_in_no_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_deployment(tmp_path / "plain")
    monkeypatch.setenv("TOCSIN_PUBLIC_URL", "https://somewhere.example")
    monkeypatch.setenv("TOCSIN_SLACK_URL", "https://slack.example/s3cret")
    monkeypatch.setenv("TOCSIN_ACTIVE", "iris")
    settings.cache_clear()
    write_deployment(tmp_path / "set")
    settings.cache_clear()
    plain, given = (
        {
            path.relative_to(tmp_path / name): text
            for path, text in everything(tmp_path / name).items()
        }
        for name in ("plain", "set")
    )
    assert plain.pop(Path(".env")) != given.pop(Path(".env"))
    assert plain == given
