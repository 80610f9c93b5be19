"""Secrets are made once, and read by nobody else."""

import json
from pathlib import Path

import pytest
from cryptography.fernet import Fernet

from monitoring.private import private_folder, write_private
from monitoring.stack.credentials import credentials_in


def mode(path: Path) -> int:
    return path.stat().st_mode & 0o777


def test_secrets_are_made_once_and_kept(tmp_path: Path) -> None:
    first = credentials_in(tmp_path / "credentials.json")
    assert credentials_in(tmp_path / "credentials.json") == first


def test_the_file_of_secrets_is_for_its_owner_only(tmp_path: Path) -> None:
    credentials_in(tmp_path / "credentials.json")
    assert mode(tmp_path / "credentials.json") == 0o600
    assert [path.name for path in tmp_path.iterdir()] == ["credentials.json"]


def test_two_stacks_share_no_secret_and_no_secret_is_used_twice(tmp_path: Path) -> None:
    secrets = [
        *credentials_in(tmp_path / "one.json").revealed().values(),
        *credentials_in(tmp_path / "two.json").revealed().values(),
    ]
    assert len(set(secrets)) == len(secrets)


def test_a_secret_that_a_later_version_needs_joins_those_kept(tmp_path: Path) -> None:
    path = tmp_path / "credentials.json"
    kept = credentials_in(path).revealed()
    del kept["grafana_password"]
    write_private(path, json.dumps(kept))
    completed = credentials_in(path)
    assert completed.revealed().items() > kept.items()
    assert credentials_in(path) == completed


def test_secrets_are_long_enough_for_what_they_do(tmp_path: Path) -> None:
    revealed = credentials_in(tmp_path / "credentials.json").revealed()
    assert len(revealed["jwt_secret"]) >= 64
    Fernet(revealed["fernet_key"])


def test_secrets_are_not_shown_by_accident(tmp_path: Path) -> None:
    credentials = credentials_in(tmp_path / "credentials.json")
    for secret in credentials.revealed().values():
        assert secret not in repr(credentials)


@pytest.mark.parametrize("before", [None, 0o777])
def test_a_private_folder_is_private_whatever_it_was(tmp_path: Path, before: int | None) -> None:
    folder = tmp_path / "state"
    if before is not None:
        folder.mkdir()
        folder.chmod(before)
    private_folder(folder)
    assert mode(folder) == 0o700


def test_a_private_file_takes_the_place_of_an_open_one(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_text("old")
    path.chmod(0o644)
    write_private(path, "new")
    assert path.read_text() == "new"
    assert mode(path) == 0o600
