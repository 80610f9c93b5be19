"""Stored files: the same answers from a folder of this machine and from a real S3 server."""

import time
from pathlib import Path

import pytest

from monitoring.bounded_file import FileRefusedError
from monitoring.settings import SettingsError, settings
from monitoring.stored_files import (
    RemotePath,
    StorageError,
    StoredPath,
    files_in,
    folders_in,
    is_file,
    make_bucket,
    place_at,
    read,
    read_each,
    remove,
    write,
)
from tests.fixtures.s3 import SECRET


@pytest.fixture
def bucket(s3_url: str, monkeypatch: pytest.MonkeyPatch) -> RemotePath:
    """A bucket of the test's own."""
    monkeypatch.setenv("AWS_ENDPOINT_URL_S3", s3_url)
    place = place_at(f"s3://stored-{time.monotonic_ns()}/below//this/")
    assert isinstance(place, RemotePath)
    assert make_bucket(place)
    assert not make_bucket(place)
    return place


@pytest.fixture(params=["here", "far away"])
def folder(request: pytest.FixtureRequest, tmp_path: Path) -> StoredPath:
    return tmp_path if request.param == "here" else request.getfixturevalue("bucket")


def test_what_was_written_is_listed_read_and_removed(folder: StoredPath) -> None:
    own = folder / "fraud"
    assert files_in(own, "*") == []
    for name, text in (("b.json", "old"), ("b.json", "é"), ("a.json", "first"), ("a.html", "<p>")):
        write(own / name, text)
    write(own / "deeper" / "c.json", b"")
    assert [place.name for place in files_in(own, "*.json")] == ["a.json", "b.json"]
    assert [place.name for place in folders_in(folder)] == ["fraud"]
    assert read(own / "b.json", 2) == "é".encode()
    assert (own / "b.json").stem == "b"
    assert (own / "b.json").parent == own
    remove(own / "b.json")
    remove(own / "b.json")
    assert not is_file(own / "b.json")
    assert is_file(own / "a.json")
    assert not is_file(own)


def test_each_of_several_files_is_read_or_has_its_own_error(folder: StoredPath) -> None:
    write(folder / "good", "1234")
    write(folder / "large", "12345")
    good, missing, large = read_each([folder / n for n in ("good", "missing", "large")], 4)
    assert good == b"1234"
    assert isinstance(missing, FileNotFoundError)
    assert isinstance(large, FileRefusedError)
    assert f"{folder}/large: larger than 4 bytes" in str(large)
    with pytest.raises(FileNotFoundError):
        read(folder / "missing")


def test_what_can_not_be_reached_names_the_place_and_what_to_set(
    bucket: RemotePath, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A bucket that is not there, a key that is not the server's, and no server at all."""
    nowhere = RemotePath(f"{bucket.url.replace('stored', 'none')}")
    doings = (
        lambda place: write(place / "a", ""),
        lambda place: read(place / "a"),
        lambda place: remove(place / "a"),
        lambda place: files_in(place, "*"),
    )
    for doing in doings:
        with pytest.raises(StorageError, match=f"{nowhere}.*: there is no bucket {nowhere.bucket}"):
            doing(nowhere)
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "mistyped-secret")
    for doing in (*doings, lambda place: is_file(place / "a")):
        with pytest.raises(StorageError, match=rf"{bucket}.*can't be \w+: .*AWS_SECRET_") as caught:
            doing(bucket)
        assert "mistyped-secret" not in str(caught.value)
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", SECRET)
    monkeypatch.setenv("AWS_ENDPOINT_URL_S3", "http://127.0.0.1:9")
    with pytest.raises(StorageError, match=r"can't be written: .*AWS_ENDPOINT_URL_S3"):
        write(bucket / "a", "")


def test_one_setting_puts_all_that_is_stored_on_s3_and_a_folder_s_own_wins(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TOCSIN_STATE", str(tmp_path))
    settings.cache_clear()
    here = settings()
    assert (here.archives, here.artifacts) == (tmp_path / "archives", tmp_path / "artifacts")
    assert here.reports == Path("reports").resolve()
    monkeypatch.setenv("TOCSIN_STATE_URL", "s3://tocsin/team/")
    monkeypatch.setenv("TOCSIN_REPORTS", str(tmp_path / "own"))
    settings.cache_clear()
    away = settings()
    assert str(away.archives) == "s3://tocsin/team/archives"
    assert str(away.artifacts) == "s3://tocsin/team/artifacts"
    assert away.reports == tmp_path / "own"
    assert away.runs == tmp_path / "runs"
    settings.cache_clear()


@pytest.mark.parametrize(
    ("name", "given", "said"),
    [
        ("STATE_URL", "gs://bucket/prefix", "a URL is s3://BUCKET/PREFIX"),
        ("STATE_URL", "/var/tocsin", "is named by TOCSIN_STATE"),
        ("REPORTS", "ftp://host/reports", "s3://BUCKET/PREFIX and no other URL"),
        ("ARCHIVES", "s3://key:only-of-this-test@bucket/a", "AWS_SECRET_ACCESS_KEY"),
        ("ARTIFACTS", "s3://bucket/a?key=only-of-this-test", "AWS_SECRET_ACCESS_KEY"),
        ("DATA", "s3://B/../a", "a bucket's name is"),
        ("DATA", "s3://bucket/../a", "no name in it is `.` or `..`"),
    ],
)
def test_a_folder_that_can_not_be_one_is_refused_and_not_repeated(
    name: str, given: str, said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(f"TOCSIN_{name}", given)
    settings.cache_clear()
    with pytest.raises(SettingsError, match=f"TOCSIN_{name}: .*") as caught:
        settings()
    assert said in str(caught.value)
    assert "only-of-this-test" not in str(caught.value)
    assert str(caught.value).count("\n") == 1
