"""What a container has beside what compose gives it: passwords in no URL, addresses for people."""

import os
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import psycopg2
import pytest
import sqlalchemy as sa

from monitoring.public_path import below, path_of
from monitoring.stack.container_start import ROLES, started
from monitoring.stack.stack_error import StackError

HARD = "a@b/c#d%e+f$g&h=i?j k"


def test_passwords_are_written_for_the_drivers_and_are_no_variables_any_more(
    tmp_path: Path,
) -> None:
    given = {"POSTGRES_AIRFLOW_PASSWORD": HARD, "POSTGRES_TOCSIN_PASSWORD": "two", "LANG": "C"}
    assert started(given, tmp_path) == {"LANG": "C"}
    path = tmp_path / ".pgpass"
    assert path.read_text() == f"*:*:airflow:airflow:{HARD}\n*:*:tocsin:tocsin:two\n"
    assert path.stat().st_mode & 0o777 == 0o600


def test_without_passwords_no_file_is_written(tmp_path: Path) -> None:
    started({"LANG": "C"}, tmp_path)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("password", ["a\\b", "a:b", "a\nb", " a", "a "])
def test_a_password_that_drivers_read_differently_is_refused(tmp_path: Path, password: str) -> None:
    with pytest.raises(StackError, match="POSTGRES_MLFLOW_PASSWORD"):
        started({"POSTGRES_MLFLOW_PASSWORD": password}, tmp_path)


@pytest.mark.postgres
@pytest.mark.parametrize("driver", ["psycopg2", "asyncpg"])
def test_both_drivers_sign_in_with_a_password_that_no_url_could_hold(
    postgres_url: str, tmp_path: Path, driver: str
) -> None:
    url = sa.make_url(postgres_url)
    name = ROLES[1]
    as_superuser(
        postgres_url,
        f"CREATE ROLE {name} LOGIN PASSWORD '{HARD}'",
        f"CREATE DATABASE {name} OWNER {name}",
    )
    try:
        started({"POSTGRES_MLFLOW_PASSWORD": HARD}, tmp_path)
        code = CONNECT[driver].format(
            url=f"postgresql+{driver}://{name}@{url.host}:{url.port}/{name}"
        )
        done = subprocess.run(
            [sys.executable, "-c", code],
            env={"PATH": os.environ["PATH"], "HOME": str(tmp_path)},
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.stdout == "mlflow\n", done.stderr
    finally:
        as_superuser(postgres_url, f"DROP DATABASE {name}", f"DROP ROLE {name}")


def as_superuser(url: str, *statements: str) -> None:
    """Run statements as they are: to SQLAlchemy a percent sign is more than that."""
    connection = psycopg2.connect(
        sa.make_url(url).set(drivername="postgresql").render_as_string(hide_password=False)
    )
    connection.autocommit = True
    with closing(connection), connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)


CONNECT = {
    "psycopg2": """
import sqlalchemy as sa
with sa.create_engine("{url}").connect() as connection:
    print(connection.scalar(sa.text("SELECT current_user")))
""",
    "asyncpg": """
import asyncio, sqlalchemy as sa
from sqlalchemy.ext.asyncio import create_async_engine
async def user():
    async with create_async_engine("{url}").connect() as connection:
        print(await connection.scalar(sa.text("SELECT current_user")))
asyncio.run(user())
""",
}


def test_a_command_gets_the_variables_of_its_container(tmp_path: Path) -> None:
    show = "import os; print(os.environ.get('POSTGRES_TOCSIN_PASSWORD'), os.environ['OTHER'])"
    done = subprocess.run(
        [sys.executable, "-m", "monitoring.stack.container_start", sys.executable, "-c", show],
        env={
            "PATH": os.environ["PATH"],
            "HOME": str(tmp_path),
            "OTHER": "kept",
            "POSTGRES_TOCSIN_PASSWORD": "secret",
        },
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout == "None kept\n"


def test_mlflow_answers_under_its_public_name_too(tmp_path: Path) -> None:
    given = {
        "MLFLOW_SERVER_ALLOWED_HOSTS": "mlflow:5000",
        "TOCSIN_PUBLIC_MLFLOW_URL": "https://models.example.org/mlflow",
    }
    variables = started(given, tmp_path)
    hosts = variables["MLFLOW_SERVER_ALLOWED_HOSTS"].split(",")
    assert hosts == ["mlflow:5000", "models.example.org", "models.example.org:*"]
    assert variables["MLFLOW_SERVER_CORS_ALLOWED_ORIGINS"] == "https://models.example.org"


def test_mlflow_itself_takes_the_names(tmp_path: Path) -> None:
    from mlflow.server.security_utils import is_allowed_host_header

    for public, asked in (
        ("https://models.example.org", "models.example.org"),
        ("http://models.example.org:8443", "models.example.org:8443"),
        ("http://[fd00::1]:8443", "[fd00::1]:8443"),
    ):
        given = {"MLFLOW_SERVER_ALLOWED_HOSTS": "mlflow:5000", "TOCSIN_PUBLIC_MLFLOW_URL": public}
        hosts = started(given, tmp_path)["MLFLOW_SERVER_ALLOWED_HOSTS"].split(",")
        assert is_allowed_host_header(hosts, asked), hosts
        assert not is_allowed_host_header(hosts, "evil.example.org")


@pytest.mark.parametrize(
    ("public", "expected"),
    [
        ("http://127.0.0.1:8080", "http://airflow-api-server:8080/execution/"),
        ("https://example.org/airflow", "http://airflow-api-server:8080/airflow/execution/"),
        ("https://example.org/a/b/", "http://airflow-api-server:8080/a/b/execution/"),
    ],
)
def test_tasks_reach_airflow_below_its_public_path(
    tmp_path: Path, public: str, expected: str
) -> None:
    name = "AIRFLOW__CORE__EXECUTION_API_SERVER_URL"
    given = {
        name: "http://airflow-api-server:8080/execution/",
        "AIRFLOW__API__BASE_URL": public,
    }
    assert started(given, tmp_path)[name] == expected


def test_what_lies_below_a_path_already_stays() -> None:
    assert path_of("https://example.org/") == path_of(None) == ""
    assert below("/a", "http://h:1/a/b") == "http://h:1/a/b"
    assert below("/a", "http://h:1/ab") == "http://h:1/a/ab"
    assert below("/a", "http://h:1") == "http://h:1/a"
