"""A database that fails: full, read-only, refused, damaged; the error says which and what to do."""

from pathlib import Path

import pytest
from sqlalchemy import event, make_url

from monitoring.rows.rows import POSITIVE
from monitoring.store.database_failure import StoreError
from monitoring.store.production_store import ProductionStore, open_store
from tests.fixtures.disks import disk, full
from tests.fixtures.postgres import fresh_database
from tests.store.made import NOON, rows, use_case


def limited(store: ProductionStore, pragma: str) -> None:
    """Have every later connection begin with a PRAGMA."""
    store.engine.dispose()
    event.listen(store.engine, "connect", lambda made, _: made.execute(f"PRAGMA {pragma}"))


@pytest.mark.parametrize(
    ("pragma", "cause", "advice"),
    [
        ("max_page_count = 1", "database or disk is full", "free some space"),
        ("query_only = ON", "attempt to write a readonly database", "let this user write there"),
    ],
)
def test_a_full_or_read_only_sqlite_is_named_and_nothing_is_written(
    pragma: str, cause: str, advice: str, tmp_path: Path
) -> None:
    file = tmp_path / "store.db"
    with open_store(f"sqlite:///{file}") as store:
        limited(store, pragma)
        with pytest.raises(StoreError) as caught:
            store.add_rows(use_case(), rows([f"{'a' * 100}{number}" for number in range(2000)]))
        for part in (str(file), cause, advice, "TOCSIN_DATABASE_URL", "TOCSIN_STATE"):
            assert part in str(caught.value)
        assert "INSERT" not in str(caught.value)
        assert store.newest_event_time(use_case(), NOON) is None


def test_a_sqlite_on_a_full_disk_says_so_whatever_it_was_doing(tmp_path: Path) -> None:
    """Before, where it was opened: a disk I/O error, and no word of room."""
    folder = tmp_path / "disk"
    with disk(folder, megabytes=4):
        url = f"sqlite:///{folder / 'store.db'}"
        said = r"disk/store\.db failed: .*; the disk that it lies on is full: free some space there"
        with full(folder), pytest.raises(StoreError, match=said):
            open_store(url)
        with open_store(url) as store:
            store.add_rows(use_case(), rows(["a"]))
        many = rows([f"row {number}" for number in range(9000)])
        with full(folder), pytest.raises(StoreError, match=said):
            open_store(url)
        with open_store(url) as store:
            store.add_rows(use_case(), rows(["b"]))
            with full(folder), pytest.raises(StoreError, match=said):
                store.add_rows(use_case(), many)
            assert store.add_rows(use_case(), rows(["a", "b", "c"])).added == 1


@pytest.mark.parametrize("content", [b"no database, but text that is long enough", None])
def test_a_file_that_is_no_database_and_a_folder_are_named(
    content: bytes | None, tmp_path: Path
) -> None:
    file = tmp_path / "store.db"
    file.mkdir() if content is None else file.write_bytes(content)
    with pytest.raises(StoreError, match=r"store\.db failed: .*TOCSIN_DATABASE_URL"):
        open_store(f"sqlite:///{file}")


def test_a_damaged_sqlite_says_to_put_back_a_copy(tmp_path: Path) -> None:
    file = tmp_path / "store.db"
    with open_store(f"sqlite:///{file}") as store:
        store.add_rows(use_case(), rows([f"row {number}" for number in range(500)]))
    content = bytearray(file.read_bytes())
    content[4096:] = b"\xa5" * (len(content) - 4096)
    file.write_bytes(content)
    with (
        pytest.raises(StoreError, match=r"malformed; put back a copy"),
        open_store(f"sqlite:///{file}") as store,
    ):
        store.add_labels(use_case(), ["row 1"], [POSITIVE], NOON)


def test_a_folder_of_the_store_that_can_not_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(StoreError, match=r"file/below can't be made: Not a dir.*TOCSIN_DATABASE"):
        open_store(f"sqlite:///{tmp_path}/file/below/store.db")


def test_a_refused_postgres_is_named_without_its_password() -> None:
    with pytest.raises(
        StoreError, match=r"(?i)127\.0\.0\.1.*refused.*check that it runs"
    ) as caught:
        open_store("postgresql://me:correct-horse@127.0.0.1:1/tocsin")
    assert "correct-horse" not in str(caught.value)


@pytest.mark.postgres
@pytest.mark.parametrize(
    ("changes", "cause"),
    [
        ({"database": "nowhere"}, "does not exist"),
        ({"username": "nobody_of_that_name", "password": "correct-horse"}, "nobody_of_that_name"),
    ],
)
def test_a_postgres_that_lets_nobody_in_says_why(
    changes: dict[str, str], cause: str, postgres_url: str
) -> None:
    url = make_url(postgres_url).set(**changes).render_as_string(hide_password=False)
    with pytest.raises(StoreError, match=cause) as caught:
        open_store(url)
    assert "user, password and name in TOCSIN_DATABASE_URL" in str(caught.value)
    assert "correct-horse" not in str(caught.value)


@pytest.mark.postgres
def test_a_postgres_that_can_only_be_read_is_named(postgres_url: str) -> None:
    with fresh_database(postgres_url) as url, open_store(url) as store:
        event.listen(
            store.engine,
            "connect",
            lambda made, _: made.set_session(readonly=True, autocommit=False),
        )
        store.engine.dispose()
        with pytest.raises(StoreError, match=r"read-only transaction.*takes writes"):
            store.add_rows(use_case(), rows(["a"]))
