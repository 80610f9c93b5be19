"""What docker compose's first step prepares."""

from pathlib import Path

import pytest
from pydantic import SecretStr

from monitoring.stack.containers import write_airflow_passwords
from monitoring.stack.folders import Folders
from monitoring.stack.stack_error import StackError
from tests.fixtures.stack import stack_settings


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
