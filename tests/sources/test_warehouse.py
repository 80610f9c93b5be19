"""A query on a database, which is only read; its URL comes from the environment."""

import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import sqlalchemy as sa
from pydantic import ValidationError

from monitoring.field_types import wrong_fields
from monitoring.sources import warehouse
from monitoring.sources.location import SourceError
from monitoring.sources.schema_check import CheckedRows
from monitoring.sources.source import read_source
from monitoring.use_case import UseCase
from tests.fixtures.postgres import fresh_database
from tests.rows.made import START, raw, use_case

QUERY = "-- all of them\nSELECT * FROM parcels WHERE kind LIKE 'b%' AND kind <> ':kind';\n"
PASSWORD = "not-to-be-shown"  # noqa: S105


def case_of(sql: str = QUERY, **columns: object) -> UseCase:
    return use_case(source={"database": "WAREHOUSE_URL", "sql": sql}, **columns)


def read(sql: str = QUERY, **columns: object) -> CheckedRows:
    return read_source(case_of(sql, **columns), Path("nowhere"))


def stored() -> pd.DataFrame:
    """Return rows in no order."""
    return raw(40).sample(frac=1, random_state=1)


@pytest.fixture
def sqlite_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    path = tmp_path / "ware house%.db"
    with closing(sqlite3.connect(path)) as connection:
        stored().to_sql("parcels", connection, index=False)
    monkeypatch.setenv("WAREHOUSE_URL", f"sqlite:///{path}")
    return path


@pytest.fixture(scope="module")
def warehouse_url(postgres_url: str) -> Iterator[str]:
    """A database whose user, by a password of its own, may do as it likes."""
    with fresh_database(postgres_url) as url:
        engine = sa.create_engine(url, isolation_level="AUTOCOMMIT")
        with engine.connect() as connection:
            stored().to_sql("parcels", connection, index=False)
            connection.exec_driver_sql(f"CREATE ROLE reader LOGIN SUPERUSER PASSWORD '{PASSWORD}'")
        own = sa.make_url(url).set(username="reader", password=PASSWORD)
        yield own.render_as_string(hide_password=False)
        with engine.connect() as connection:
            connection.exec_driver_sql("DROP OWNED BY reader")
            connection.exec_driver_sql("DROP ROLE reader")
        engine.dispose()


@pytest.fixture
def postgres(warehouse_url: str, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setenv("WAREHOUSE_URL", warehouse_url.replace("+psycopg2", ""))
    return warehouse_url


@pytest.fixture(params=["sqlite_file", pytest.param("postgres", marks=pytest.mark.postgres)])
def either(request: pytest.FixtureRequest) -> str:
    """Both kinds of database with the same rows."""
    request.getfixturevalue(request.param)
    return str(request.param)


def test_rows_of_a_database_are_those_of_a_file(either: str, tmp_path: Path) -> None:
    raw(40).to_csv(tmp_path / "parcels.csv", index=False)
    there, plain = read(), read_source(use_case(), tmp_path)
    pd.testing.assert_frame_equal(there.rows.features, plain.rows.features)
    assert there.rows.row_id.tolist() == plain.rows.row_id.tolist()
    assert (there.out_of_order, there.quarantined) == (0, ())


def test_ids_and_hash_are_of_what_rows_hold_whatever_their_order(either: str) -> None:
    first = read(id=None)
    again = read(QUERY.replace(";", " ORDER BY weight DESC"), id=None)
    assert first.rows.row_id.tolist() == again.rows.row_id.tolist()
    assert first.source_hash == again.source_hash
    fewer = read("SELECT * FROM parcels WHERE weight < 20", id=None).rows.row_id
    assert np.isin(fewer, first.rows.row_id).all()
    assert len(set(first.rows.row_id)) == 40


def test_without_event_time_the_query_has_to_order_its_rows(either: str) -> None:
    order = {"origin": START, "spacing": "1s"}
    with pytest.raises(SourceError, match=r"source\.sql: .*end the query with an ORDER BY"):
        read(event_time=order)
    checked = read("SELECT * FROM parcels ORDER BY weight DESC", event_time=order)
    assert checked.rows.row_id.tolist() == [f"p{n}" for n in reversed(range(40))]


@pytest.mark.parametrize(
    "sql",
    [
        "DELETE FROM parcels",
        "DROP TABLE parcels",
        "PRAGMA query_only = off",
        "ATTACH 'other.db' AS other",
        "SELECT 1; DELETE FROM parcels",
        "SELECT ';' AS a; DELETE FROM parcels",
        "SELECT E'\\'; DELETE FROM parcels --' AS a",
        "/* SELECT */ DELETE FROM parcels",
        "-- SELECT\nDELETE FROM parcels",
        "COPY parcels TO PROGRAM 'cat'",
        "CALL a()",
        "SET TRANSACTION READ WRITE",
        "",
    ],
)
def test_a_query_is_one_that_reads(either: str, sql: str) -> None:
    with pytest.raises(ValueError, match="a query is"):
        read(sql)
    assert len(read().rows) == 40


@pytest.mark.postgres
@pytest.mark.parametrize(
    "sql",
    [
        "WITH gone AS (DELETE FROM parcels RETURNING *) SELECT * FROM gone",
        "SELECT * INTO other FROM parcels",
        "SELECT set_config('transaction_read_only', 'off', false), parcel FROM parcels",
        "SELECT nextval('counted')",
    ],
)
def test_postgresql_itself_refuses_what_would_write(postgres: str, sql: str) -> None:
    engine = sa.create_engine(postgres)
    with engine.begin() as connection:
        connection.exec_driver_sql("CREATE SEQUENCE IF NOT EXISTS counted")
    with pytest.raises(SourceError, match=r"use case parcels: source\.sql: "):
        read(sql)
    assert len(read().rows) == 40
    engine.dispose()


def test_sqlite_is_opened_for_reading_alone(sqlite_file: Path) -> None:
    before = sqlite_file.read_bytes()
    with pytest.raises(SourceError, match=r"source\.sql: near .DELETE.: syntax error"):
        read("WITH gone AS (DELETE FROM parcels RETURNING *) SELECT * FROM gone")
    sqlite_file.chmod(0o400)
    assert len(read().rows) == 40
    assert sqlite_file.read_bytes() == before


def test_a_database_file_that_is_missing_is_not_made(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WAREHOUSE_URL", f"sqlite:///{tmp_path}/none.db")
    with pytest.raises(SourceError, match=r"source\.database: unable to open.*\n.*WAREHOUSE_URL"):
        read()
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("sql", "said"),
    [
        ("SELECT * FROM parcel", r"source\.sql: .*parcel(.*\n)*correct the query"),
        ("SELECT wight FROM parcels", r"source\.sql: .*wight(.*\n)*correct the query"),
        ("SELECT FROM WHERE", r"source\.sql: .*syntax error(.*\n)*correct the query"),
        ("SELECT parcel FROM parcels", "column 'at' is missing"),
        ("SELECT *, 1 AS at FROM parcels", "column 'at' appears 2 times"),
        ("SELECT * FROM parcels WHERE at < 0", "no rows"),
    ],
)
def test_what_is_wrong_in_a_query_is_said_with_its_place(either: str, sql: str, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        read(sql)


SLOW = {
    "postgres": "SELECT pg_sleep(30)",
    "sqlite_file": "WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n) "
    "SELECT max(x) FROM n",
}


def test_a_query_is_ended_after_its_time(either: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(warehouse, "SECONDS", 0.3)
    began = time.monotonic()
    with pytest.raises(SourceError, match="a query may take"):
        read(SLOW[either])
    assert time.monotonic() - began < 25


def test_a_result_beyond_the_limit_is_refused(either: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(warehouse, "LARGEST", 1000)
    with pytest.raises(SourceError, match="its rows take more than 1,000 bytes: select fewer"):
        read()


@pytest.mark.parametrize("given", [None, "", "  "])
def test_a_variable_that_is_not_set_is_named(
    given: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    if given is None:
        monkeypatch.delenv("WAREHOUSE_URL", raising=False)
    else:
        monkeypatch.setenv("WAREHOUSE_URL", given)
    with pytest.raises(SourceError, match="environment variable WAREHOUSE_URL is not set: put"):
        read()


URLS: dict[str, tuple[Callable[[str], str], str]] = {
    "refused": (lambda _: f"postgresql://u:{PASSWORD}@127.0.0.1:9/a", "refused(.*\n)*check that"),
    "password": (lambda url: url.replace(PASSWORD, PASSWORD[::-1]), "password authentication"),
    "name": (lambda url: url.rpartition("/")[0] + "/none", "does not exist"),
    "sign": (lambda _: f"postgresql://u:{PASSWORD}@{PASSWORD}@h/a", "no SQLAlchemy URL"),
    "port": (lambda _: f"postgresql://u:{PASSWORD}@h:{PASSWORD}/a", "no SQLAlchemy URL"),
    "words": (lambda _: PASSWORD, "no SQLAlchemy URL"),
    "driver": (lambda _: f"oracle://u:{PASSWORD}@h/a", "no driver for here"),
    "dialect": (lambda _: f"gopher://u:{PASSWORD}@h/a", "no driver for here"),
    "option": (lambda url: f"{url}?sslmode={PASSWORD}", "check that it runs"),
}


@pytest.mark.postgres
@pytest.mark.parametrize("kind", URLS)
def test_a_database_that_can_t_be_reached_is_an_error_without_the_password(
    postgres: str, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    make, said = URLS[kind]
    monkeypatch.setenv("WAREHOUSE_URL", make(postgres))
    with pytest.raises(
        SourceError, match=rf"use case parcels: source\.database: (.*\n)*.*{said}"
    ) as caught:
        read()
    error: BaseException | None = caught.value
    assert "WAREHOUSE_URL" in str(error)
    assert PASSWORD not in str(error)
    assert PASSWORD[::-1] not in str(error)
    assert caught.value.__suppress_context__


def test_a_url_in_the_place_of_a_variable_is_refused_and_not_shown() -> None:
    url = f"postgresql://u:{PASSWORD}@h/a"
    with pytest.raises(ValidationError) as caught:
        use_case(source={"database": url, "sql": QUERY})
    (line,) = wrong_fields(caught.value, "")
    assert "source.database: the name of an environment variable" in line
    assert PASSWORD not in line


def test_whole_numbers_beside_missing_ones_stay_whole(sqlite_file: Path) -> None:
    sql = f"SELECT *, CASE WHEN at > 0 THEN {2**60} + at END AS number FROM parcels"  # noqa: S608
    checked = read(sql.replace("+ at", "+ CAST(at AS INTEGER)"), id="number")
    assert checked.rows.row_id[0] == str(2**60 + 1)
    assert len(checked.quarantined) == 1
