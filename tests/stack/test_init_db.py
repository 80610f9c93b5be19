"""init-db.sql on a real PostgreSQL: roles and databases, each closed to the others, twice."""

import os
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import OperationalError

from monitoring.stack.folders import DEPLOYMENT

pytestmark = pytest.mark.postgres


@dataclass(frozen=True)
class Server:
    """A real server, and the passwords that its roles are to have."""

    url: sa.URL
    passwords: dict[str, str]

    def initialise(self, passwords: dict[str, str]) -> subprocess.CompletedProcess[str]:
        """Run init-db.sql as docker's image of PostgreSQL does."""
        psql = shutil.which("psql")
        if psql is None:
            pytest.skip("psql is not installed: apt-get install postgresql")
        given = {f"POSTGRES_{name.upper()}_PASSWORD": value for name, value in passwords.items()}
        return subprocess.run(
            [psql, "--no-psqlrc", "--file", str(DEPLOYMENT / "init-db.sql")],
            env={
                "PATH": os.environ["PATH"],
                "PGHOST": str(self.url.host),
                "PGPORT": str(self.url.port),
                "PGUSER": str(self.url.username),
                "PGPASSWORD": str(self.url.password),
                "PGDATABASE": str(self.url.database),
                **given,
            },
            capture_output=True,
            text=True,
            check=False,
        )

    def may_connect(self, role: str, database: str, password: str) -> bool:
        """Whether `role` gets into `database`."""
        url = self.url.set(username=role, password=password, database=database)
        engine = sa.create_engine(url, poolclass=sa.NullPool)
        try:
            engine.connect().close()
        except OperationalError:
            return False
        return True

    def run(self, *statements: str) -> None:
        """Run statements as the superuser."""
        engine = sa.create_engine(self.url, isolation_level="AUTOCOMMIT", poolclass=sa.NullPool)
        with engine.connect() as connection:
            for statement in statements:
                connection.execute(sa.text(statement))


@pytest.fixture
def server(postgres_url: str) -> Iterator[Server]:
    url = sa.make_url(postgres_url)
    # A role that is there already, the superuser of this server may be one, keeps its password.
    passwords = {"airflow": "of'airflow", "mlflow": "of-mlflow", "tocsin": str(url.password)}
    server = Server(url, passwords)
    yield server
    server.run(*(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)" for name in passwords))
    server.run(*(f"DROP ROLE IF EXISTS {name}" for name in passwords if name != url.username))


def test_every_role_gets_into_its_own_database_with_its_own_password(server: Server) -> None:
    done = server.initialise(server.passwords)
    assert done.returncode == 0, done.stderr
    for name, password in server.passwords.items():
        assert server.may_connect(name, name, password)
    assert not server.may_connect("airflow", "airflow", "another")


def test_a_role_gets_into_no_database_of_another(server: Server) -> None:
    server.initialise(server.passwords)
    for role, database in (("airflow", "mlflow"), ("mlflow", "airflow"), ("mlflow", "tocsin")):
        assert not server.may_connect(role, database, server.passwords[role])


def test_a_role_may_make_tables_in_its_database(server: Server) -> None:
    server.initialise(server.passwords)
    url = server.url.set(
        username="airflow", password=server.passwords["airflow"], database="airflow"
    )
    with sa.create_engine(url, poolclass=sa.NullPool).begin() as connection:
        connection.execute(sa.text("CREATE TABLE kept (n int)"))


def test_a_second_run_changes_nothing_but_a_password_that_changed(server: Server) -> None:
    server.initialise(server.passwords)
    again = server.initialise({**server.passwords, "mlflow": "a new one"})
    assert again.returncode == 0, again.stderr
    assert server.may_connect("airflow", "airflow", server.passwords["airflow"])
    assert server.may_connect("mlflow", "mlflow", "a new one")
    assert not server.may_connect("mlflow", "mlflow", server.passwords["mlflow"])


@pytest.mark.parametrize("password", [None, ""])
def test_a_password_that_is_missing_or_empty_makes_nothing(
    server: Server, password: str | None
) -> None:
    given = dict(server.passwords)
    del given["mlflow"]
    if password is not None:
        given["mlflow"] = password
    assert server.initialise(given).returncode != 0
    assert not server.may_connect("airflow", "airflow", server.passwords["airflow"])


def test_no_password_is_printed(server: Server) -> None:
    done = server.initialise(server.passwords)
    for password in server.passwords.values():
        assert password not in done.stdout + done.stderr
