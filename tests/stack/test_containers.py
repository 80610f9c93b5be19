"""What docker compose's first step prepares."""

import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from pydantic import SecretStr

from monitoring.stack.containers import make_bucket, write_airflow_passwords
from monitoring.stack.folders import Folders
from monitoring.stack.stack_error import StackError
from tests.fixtures.loopback import free_port, wait_for
from tests.fixtures.stack import stack_settings


@pytest.fixture
def s3_url(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    program = shutil.which("versitygw")
    if program is None:
        pytest.skip("versitygw, the object storage of docker-compose.yml, is not on PATH")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "key")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "only-of-this-test")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    address = f"127.0.0.1:{free_port()}"
    objects = tmp_path / "objects"
    objects.mkdir()
    server = subprocess.Popen(
        [program, "--port", address, "--health", "/health", "posix", str(objects)],
        env={**os.environ, "ROOT_ACCESS_KEY": "key", "ROOT_SECRET_KEY": "only-of-this-test"},
        stdout=subprocess.DEVNULL,
    )
    try:
        wait_for(f"http://{address}/health")
        yield f"http://{address}"
    finally:
        server.terminate()
        server.wait(20)


def test_the_bucket_is_made_once(s3_url: str) -> None:
    assert make_bucket(s3_url, "models")
    assert not make_bucket(s3_url, "models")


def test_airflow_s_password_is_written_for_its_owner_only(tmp_path: Path) -> None:
    settings = stack_settings(tmp_path, airflow_password=SecretStr("generated"))
    write_airflow_passwords(settings)
    path = Folders(settings.state).airflow_passwords
    assert path.read_text() == '{"admin": "generated"}\n'
    assert path.stat().st_mode & 0o777 == 0o600


def test_without_a_password_nothing_is_written(tmp_path: Path) -> None:
    settings = stack_settings(tmp_path)
    with pytest.raises(StackError, match="TOCSIN_AIRFLOW_PASSWORD"):
        write_airflow_passwords(settings)
    assert not Folders(settings.state).airflow_passwords.exists()
