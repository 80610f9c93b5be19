"""The file that docker compose asks for is written once, for its owner only."""

import subprocess
import sys
from pathlib import Path

import pytest
from cryptography.fernet import Fernet

from monitoring.settings import Ports
from monitoring.stack.env_file import SECRETS, EnvIncompleteError, example, write_env
from monitoring.stack.folders import DEPLOYMENT


def given(path: Path) -> dict[str, str]:
    lines = path.read_text().splitlines()
    return {
        name: value
        for name, _, value in (line.partition("=") for line in lines)
        if value and not name.startswith("#")
    }


def test_every_secret_is_generated_and_none_twice(tmp_path: Path) -> None:
    assert write_env(tmp_path / ".env")
    written = given(tmp_path / ".env")
    secrets = [written[secret.name] for secret in SECRETS]
    assert min(map(len, secrets)) >= 32
    assert len(set(secrets)) == len(secrets)


def test_it_is_for_its_owner_only(tmp_path: Path) -> None:
    write_env(tmp_path / ".env")
    assert (tmp_path / ".env").stat().st_mode & 0o777 == 0o600


def test_one_that_is_there_is_never_overwritten(tmp_path: Path) -> None:
    path = tmp_path / ".env"
    write_env(path)
    before = path.read_bytes()
    assert not write_env(path)
    assert path.read_bytes() == before


def test_one_that_lacks_a_secret_is_kept_and_what_it_lacks_is_said(tmp_path: Path) -> None:
    path = tmp_path / ".env"
    path.write_text("POSTGRES_PASSWORD=mine\nGRAFANA_PASSWORD=\n")
    with pytest.raises(EnvIncompleteError) as raised:
        write_env(path)
    assert "GRAFANA_PASSWORD" in str(raised.value)
    assert "POSTGRES_PASSWORD," not in str(raised.value)
    assert path.read_text() == "POSTGRES_PASSWORD=mine\nGRAFANA_PASSWORD=\n"


def test_no_value_needs_quotes_or_is_expanded_by_docker_compose_or_a_url(tmp_path: Path) -> None:
    write_env(tmp_path / ".env")
    for value in given(tmp_path / ".env").values():
        assert not set(value) & set("$'\"#\\ @:/%?")


def test_keys_are_as_their_readers_want_them(tmp_path: Path) -> None:
    write_env(tmp_path / ".env")
    written = given(tmp_path / ".env")
    Fernet(written["AIRFLOW_FERNET_KEY"])
    assert len(written["AIRFLOW_JWT_SECRET"]) >= 64


def test_its_ports_are_those_that_the_settings_know(tmp_path: Path) -> None:
    write_env(tmp_path / ".env")
    ports = {name: int(value) for name, value in given(tmp_path / ".env").items() if "PORT" in name}
    known = {
        f"TOCSIN_PORT_{component.upper()}": port for component, port in Ports().model_dump().items()
    }
    assert ports.items() <= known.items()
    assert len(ports) == 6


def by_standard_library(folder: Path) -> subprocess.CompletedProcess[str]:
    code = (
        f"import runpy, sys; sys.path.insert(0, {str(DEPLOYMENT)!r}); "
        "runpy.run_module('monitoring.stack.env_file', run_name='__main__')"
    )
    command = [sys.executable, "-I", "-S", "-c", code]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)


def test_the_standard_library_writes_it_alone(tmp_path: Path) -> None:
    """As `make env` does, on a host that only runs containers."""
    for said in (".env written\n", ".env already exists: nothing changed\n"):
        done = by_standard_library(tmp_path)
        assert (done.stdout, done.returncode) == (said, 0), done.stderr
    assert len(given(tmp_path / ".env")) == len(SECRETS) + 6
    (tmp_path / ".env").write_text("")
    done = by_standard_library(tmp_path)
    assert done.returncode == 2
    assert "but lacks POSTGRES_PASSWORD" in done.stderr


def test_make_env_installs_nothing() -> None:
    # Under `make test` a make within a make would say which directory it enters.
    dry = subprocess.run(
        ["make", "--no-print-directory", "--dry-run", "env"],
        cwd=DEPLOYMENT,
        capture_output=True,
        text=True,
        check=True,
    )
    (command,) = dry.stdout.splitlines()
    assert command.endswith("-m monitoring.stack.env_file")


def test_the_committed_example_is_what_would_be_written_without_the_secrets() -> None:
    assert (DEPLOYMENT / ".env.example").read_text() == example()
