"""`tocsin init --upgrade`: what nobody changed becomes this version's, what somebody did stays."""

import json
from collections.abc import Mapping
from pathlib import Path

import pytest
from typer.testing import CliRunner

from monitoring.cli import app
from monitoring.saved_record import DamagedRecordError
from monitoring.stack.deployment_record import RECORD, digest
from monitoring.stack.env_file import SECRETS
from monitoring.stack.new_deployment import START, Deployed, write_deployment
from monitoring.stack.stack_error import StackError


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Return a folder as `tocsin init` writes it."""
    write_deployment(tmp_path)
    return tmp_path


def everything(folder: Path) -> dict[str, bytes]:
    files = (path for path in folder.rglob("*") if path.is_file())
    return {str(path.relative_to(folder)): path.read_bytes() for path in files}


def written_before(folder: Path, files: Mapping[str, bytes]) -> None:
    """Have the folder be as an earlier version wrote it, in these files."""
    record = json.loads((folder / RECORD).read_text())
    for name, content in files.items():
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_bytes(content)
        record["files"][name] = digest(content)
    (folder / RECORD).write_text(json.dumps(record | {"version": "0.0.1"}))


def names(listed: list[object]) -> list[str]:
    return [str(name) for name in listed]


def test_files_that_nobody_changed_are_renewed(folder: Path) -> None:
    fresh = everything(folder)
    older = ("docker-compose.yml", "airflow/dags/retrain.py", "grafana/dashboards/fraud.json")
    written_before(folder, dict.fromkeys(older, b"older"))
    done = write_deployment(folder, upgrade=True)
    assert done == Deployed(renewed=done.renewed)
    assert sorted(names(done.renewed)) == sorted(older)
    assert everything(folder) == fresh
    assert write_deployment(folder, upgrade=True) == Deployed()


def test_without_upgrade_what_is_older_is_named_and_left(folder: Path) -> None:
    written_before(folder, {"prometheus.yml": b"older", "airflow/dags/gone.py": b"a DAG"})
    for _ in range(2):
        said = CliRunner().invoke(app, ["init", str(folder)])
        assert said.exit_code == 1
        for name in ("prometheus.yml", "airflow/dags/gone.py"):
            assert f"older    {name}: as an earlier version wrote it" in said.output
        assert "`tocsin init --upgrade` renews" in said.output
        assert (folder / "prometheus.yml").read_bytes() == b"older"
    assert names(write_deployment(folder, upgrade=True).renewed) == ["prometheus.yml"]


def test_a_file_that_was_changed_stays_and_the_new_one_lies_beside_it(folder: Path) -> None:
    fresh = (folder / "docker-compose.yml").read_bytes()
    written_before(folder, {"docker-compose.yml": b"older"})
    (folder / "docker-compose.yml").write_bytes(b"mine")
    for _ in range(2):
        said = CliRunner().invoke(app, ["init", str(folder), "--upgrade"])
        assert said.exit_code == 1
        assert "kept     docker-compose.yml: it differs" in said.output
        assert (folder / "docker-compose.yml").read_bytes() == b"mine"
        assert (folder / "docker-compose.yml.new").read_bytes() == fresh
    (folder / "docker-compose.yml.new").unlink()
    merged = CliRunner().invoke(app, ["init", str(folder), "--upgrade"])
    assert merged.exit_code == 0, merged.output
    assert (folder / "docker-compose.yml").read_bytes() == b"mine"
    assert not (folder / "docker-compose.yml.new").exists()


def test_the_new_file_beside_a_changed_one_is_renewed_too_unless_it_was_changed(
    folder: Path,
) -> None:
    fresh = (folder / "prometheus.yml").read_bytes()
    older = {"prometheus.yml": b"older", "prometheus.yml.new": b"offered by the one before"}
    written_before(folder, older)
    (folder / "prometheus.yml").write_bytes(b"mine")
    assert names(write_deployment(folder, upgrade=True).kept) == ["prometheus.yml"]
    assert (folder / "prometheus.yml.new").read_bytes() == fresh
    (folder / "prometheus.yml.new").write_bytes(b"being merged")
    assert names(write_deployment(folder, upgrade=True).kept) == ["prometheus.yml"]
    assert (folder / "prometheus.yml.new").read_bytes() == b"being merged"


def test_a_change_of_yours_is_nothing_to_name_where_there_is_nothing_new(folder: Path) -> None:
    (folder / START).write_bytes(b"name: mine\n")
    for upgrade in (False, True):
        assert write_deployment(folder, upgrade=upgrade) == Deployed()
    assert (folder / START).read_bytes() == b"name: mine\n"


def test_a_file_that_there_is_no_more_is_removed_unless_it_was_changed(folder: Path) -> None:
    gone = {"airflow/dags/gone.py": b"a DAG", "airflow/dags/changed.py": b"a DAG"}
    written_before(folder, gone)
    (folder / "airflow/dags/changed.py").write_bytes(b"mine now")
    said = CliRunner().invoke(app, ["init", str(folder), "--upgrade"])
    assert said.exit_code == 0, said.output
    assert "removed  airflow/dags/gone.py" in said.output
    assert not (folder / "airflow/dags/gone.py").exists()
    assert (folder / "airflow/dags/changed.py").read_bytes() == b"mine now"


def test_one_wheel_takes_the_place_of_another(folder: Path) -> None:
    (wheel,) = (folder / "wheel").iterdir()
    fresh = wheel.read_bytes()
    written_before(folder, {"wheel/tocsin-0.0.1-py3-none-any.whl": b"older"})
    record = json.loads((folder / RECORD).read_text())
    del record["files"][f"wheel/{wheel.name}"]
    (folder / RECORD).write_text(json.dumps(record))
    wheel.unlink()
    assert names(write_deployment(folder).older) == ["wheel/tocsin-0.0.1-py3-none-any.whl"]
    done = write_deployment(folder, upgrade=True)
    assert names(done.removed) == ["wheel/tocsin-0.0.1-py3-none-any.whl"]
    assert [path.read_bytes() for path in (folder / "wheel").iterdir()] == [fresh]


def test_a_use_case_to_start_from_that_was_removed_does_not_come_back(folder: Path) -> None:
    (folder / START).unlink()
    (folder / "init-db.sql").unlink()
    for upgrade in (False, True):
        write_deployment(folder, upgrade=upgrade)
        assert not (folder / START).exists()
    assert (folder / "init-db.sql").is_file()


def test_a_folder_without_a_record_keeps_what_differs(folder: Path) -> None:
    fresh = (folder / "Dockerfile").read_bytes()
    (folder / RECORD).unlink()
    (folder / "Dockerfile").write_bytes(b"FROM mine")
    assert names(write_deployment(folder).kept) == ["Dockerfile"]
    assert names(write_deployment(folder, upgrade=True).kept) == ["Dockerfile"]
    assert (folder / "Dockerfile").read_bytes() == b"FROM mine"
    assert (folder / "Dockerfile.new").read_bytes() == fresh
    written_before(folder, {"prometheus.yml": b"older"})
    assert names(write_deployment(folder, upgrade=True).renewed) == ["prometheus.yml"]


def test_secrets_that_are_lacking_are_added_and_the_others_stay(folder: Path) -> None:
    path = folder / ".env"
    lines = path.read_text().splitlines()
    before = [line for line in lines if not line.startswith("GRAFANA_SECRET_KEY=")]
    path.write_text("\n".join(before))
    said = CliRunner().invoke(app, ["init", str(folder), "--upgrade"])
    assert said.exit_code == 0, said.output
    assert "added    GRAFANA_SECRET_KEY to .env" in said.output
    after = path.read_text().splitlines()
    assert after[: len(before)] == before
    assert {line.partition("=")[0] for line in after} >= {secret.name for secret in SECRETS}
    assert path.stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "is damaged"),
        ('{"format": 1, "version": "1", "files": {"../outside": "abc"}}', "inside the folder"),
        ('{"format": 1, "version": "1", "files": {"/etc/passwd": "abc"}}', "inside the folder"),
        ('{"format": 2, "version": "9", "files": {}}', "a newer one wrote this folder"),
    ],
)
def test_a_record_that_is_none_is_named_and_nothing_is_touched(
    text: str, said: str, folder: Path
) -> None:
    (folder / RECORD).write_text(text)
    (folder / "init-db.sql").unlink()
    before = everything(folder)
    with pytest.raises((DamagedRecordError, StackError), match=said) as raised:
        write_deployment(folder, upgrade=True)
    assert str(folder / RECORD) in str(raised.value)
    assert everything(folder) == before
