"""What docker compose's first step prepares."""

from pathlib import Path

import pytest
from pydantic import SecretStr

from monitoring.stack.containers import prepare_airflow
from monitoring.stack.folders import Folders
from monitoring.stack.stack_error import StackError
from tests.fixtures.stack import stack_settings


def test_airflow_s_passwords_are_written_for_their_owner_only(tmp_path: Path) -> None:
    passwords = {"airflow_password": "one", "airflow_viewer_password": "two"}
    settings = stack_settings(tmp_path, **{it: SecretStr(word) for it, word in passwords.items()})
    prepare_airflow(settings)
    path = Folders(settings.state).airflow_passwords
    assert path.read_text() == '{"admin": "one", "viewer": "two"}\n'
    assert path.stat().st_mode & 0o777 == 0o600


def test_without_a_password_nothing_is_written(tmp_path: Path) -> None:
    settings = stack_settings(tmp_path, airflow_password=SecretStr("one"))
    with pytest.raises(StackError, match="TOCSIN_AIRFLOW_VIEWER_PASSWORD"):
        prepare_airflow(settings)
    assert not Folders(settings.state).airflow_passwords.exists()
