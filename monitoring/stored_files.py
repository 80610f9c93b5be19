"""Stored files: reports, archives and models, in a folder of this machine or on S3 alike.

A place is a `Path`, or a `RemotePath`, which has what is used of one. What is written is there as a
whole or not at all: one move here, one put there.
"""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import lru_cache
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from monitoring.atomic_write import atomic_write
from monitoring.bounded_file import FileRefusedError, open_regular, read_bounded
from monitoring.errors import InputError, TocsinError
from monitoring.secrecy import masked

if TYPE_CHECKING:
    from fsspec import AbstractFileSystem

_SECONDS = 60

_OPTIONS: Mapping[str, Mapping[str, Any]] = {
    "s3": {
        "config_kwargs": {
            "connect_timeout": 10,
            "read_timeout": _SECONDS,
            "retries": {"max_attempts": 3},
        }
    }
}
"""What a filesystem is opened with beside what its library reads from the environment."""

_KEYS = {
    "s3": "AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY hold the keys, and AWS_ENDPOINT_URL_S3 the "
    "address of a server that is not Amazon's"
}

_ALLOWED = "a folder is a path, or s3://BUCKET/PREFIX and no other URL"

_SHA256 = "sha256"

_BUCKET = re.compile(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]")


class StorageError(TocsinError, RuntimeError):
    """Files far away can't be read or written; the message names the place and the cure."""


@dataclass(frozen=True)
class RemotePath:
    """A file or a folder on S3; `/`, `name` and the like are as those of a `Path`."""

    url: str

    def __truediv__(self, name: str) -> RemotePath:
        return RemotePath(f"{self.url}/{name}")

    def __str__(self) -> str:
        return self.url

    @property
    def name(self) -> str:
        """What follows the last slash."""
        return self.url.rpartition("/")[2]

    @property
    def stem(self) -> str:
        """Its name without the ending."""
        return PurePosixPath(self.name).stem

    @property
    def parent(self) -> RemotePath:
        """The folder that it lies in."""
        return RemotePath(self.url.rpartition("/")[0])

    @property
    def bucket(self) -> str:
        """The bucket that it lies in."""
        return self.url.split("/")[2]

    @property
    def key(self) -> str:
        """Its name in the bucket."""
        return self.url.split("/", 3)[3]

    def as_uri(self) -> str:
        """Return its URL."""
        return self.url


StoredPath = Path | RemotePath
"""Where a file or a folder is."""


@dataclass(frozen=True)
class Particulars:
    """What is known of a file on S3 before it is read.

    Attributes
    ----------
    sha256
        Of its content, in hex, as `write` noted it; None where somebody else wrote it.
    """

    size: int
    etag: str
    sha256: str | None


def place_at(text: str) -> StoredPath:
    """Return the folder that a path or a URL names.

    Raises
    ------
    InputError
        It is of another scheme, names no bucket, or holds more than a bucket and a prefix; what
        was given is not repeated, for it may hold keys.
    """
    if "://" not in text:
        return Path(text)
    parts = urlsplit(text)
    if parts.scheme != "s3":
        raise InputError(_ALLOWED)
    if "@" in parts.netloc or parts.query or parts.fragment:
        msg = (
            f"{_ALLOWED}, without user, password, `?` or `#`: AWS_ACCESS_KEY_ID and "
            "AWS_SECRET_ACCESS_KEY hold the keys"
        )
        raise InputError(msg)
    if _BUCKET.fullmatch(parts.netloc) is None:
        msg = f"{_ALLOWED}; a bucket's name is 3 to 63 small letters, digits, dots and dashes"
        raise InputError(msg)
    inside = [name for name in parts.path.split("/") if name]
    if {".", ".."} & set(inside) or not text.isprintable():
        msg = f"{_ALLOWED}, and no name in it is `.` or `..`"
        raise InputError(msg)
    return RemotePath("/".join([f"s3://{parts.netloc}", *inside]))


def read(place: StoredPath, limit: int | None = None) -> bytes:
    """Return what a file holds.

    Raises
    ------
    FileRefusedError
        It holds more than `limit` bytes, or is no regular file.
    OSError
        It is not there, or lies here and can't be read.
    StorageError
        It lies far away and can't be read.
    """
    if isinstance(place, RemotePath):
        (content,) = read_each([place], limit)
        if isinstance(content, Exception):
            raise content
        return content
    if limit is not None:
        return read_bounded(place, limit)
    with open_regular(place) as file:
        return file.read()


def read_each(
    places: Sequence[StoredPath], limit: int | None = None
) -> list[bytes | FileRefusedError | OSError]:
    """Return what each of some files holds, or why it alone can't be read.

    Raises
    ------
    StorageError
        One of them lies far away and can't be reached.
    """
    remote = [place.url for place in places if isinstance(place, RemotePath)]
    if not remote:
        return [_read_or_error(place, limit) for place in places]
    with _reaching(remote[0]):
        end = None if limit is None else limit + 1
        given = filesystem_of(remote[0]).cat_ranges(
            remote,
            [None if end is None else 0] * len(remote),
            [end] * len(remote),
            on_error="return",
        )
    return [_checked(*each, limit) for each in zip(remote, given, strict=True)]


def write(place: StoredPath, content: str | bytes) -> None:
    """Write a file, in the place of one that was there: whole or not at all.

    Raises
    ------
    OSError
        It lies here and can't be written.
    StorageError
        It lies far away and can't be written.
    """
    if isinstance(place, Path):
        atomic_write(place, content)
        return
    data = content.encode() if isinstance(content, str) else content
    with _reaching(place.url, "written"):
        noted = {_SHA256: hashlib.sha256(data).hexdigest()}
        filesystem_of(place.url).pipe_file(place.url, data, Metadata=noted)


def remove(place: StoredPath) -> None:
    """Remove a file, unless there is none.

    Raises
    ------
    OSError, StorageError
        It can't be removed.
    """
    if isinstance(place, Path):
        place.unlink(missing_ok=True)
        return
    with _reaching(place.url, "removed"):
        filesystem_of(place.url).rm_file(place.url)


def files_in(folder: StoredPath, pattern: str) -> list[StoredPath]:
    """Return the files in a folder whose names match a pattern, in order of names.

    Returns
    -------
    Nothing where there is no such folder.

    Raises
    ------
    StorageError
        It lies far away and can't be reached.
    """
    if isinstance(folder, Path):
        return [*sorted(folder.glob(pattern))]
    return [folder / name for name in _names_in(folder, "file") if fnmatchcase(name, pattern)]


def folders_in(folder: StoredPath) -> list[StoredPath]:
    """Return the folders in a folder, in order of names; see `files_in`."""
    if isinstance(folder, Path):
        return [path for path in sorted(folder.iterdir()) if path.is_dir()]
    return [folder / name for name in _names_in(folder, "directory")]


def is_file(place: StoredPath) -> bool:
    """Whether there is such a file.

    Raises
    ------
    StorageError
        It lies far away and can't be reached.
    """
    return place.is_file() if isinstance(place, Path) else particulars(place) is not None


def particulars(place: RemotePath) -> Particulars | None:
    """Return what is known of a file before it is read; None where there is none.

    Raises
    ------
    StorageError
        It can't be reached.
    """
    with _reaching(place.url):
        try:
            found = filesystem_of(place.url).call_s3(
                "head_object", Bucket=place.bucket, Key=place.key
            )
        except FileNotFoundError:
            return None
    return Particulars(found["ContentLength"], found["ETag"], found["Metadata"].get(_SHA256))


def make_bucket(place: RemotePath) -> bool:
    """Make the bucket that a place lies in, unless it is there.

    Returns
    -------
    Whether it was made.

    Raises
    ------
    StorageError
        It can't be made, or is somebody else's.
    """
    bucket, filesystem = f"s3://{place.bucket}", filesystem_of(place.url)
    with _reaching(bucket):
        try:
            filesystem.call_s3("head_bucket", Bucket=place.bucket)
        except FileNotFoundError:
            filesystem.mkdir(place.bucket)
            return True
    return False


def options_of(scheme: str) -> dict[str, Any]:
    """Return what a filesystem of a scheme is opened with; it remembers no listing."""
    return {"use_listings_cache": False, "skip_instance_cache": True, **_OPTIONS.get(scheme, {})}


def filesystem_of(url: str) -> AbstractFileSystem:
    """Return the filesystem that a URL lies in; keys come from the environment."""
    keys = frozenset(it for it in os.environ.items() if it[0].startswith(("AWS_", "FSSPEC_")))
    # Not one of a parent process: its connections are of no use here.
    return _opened(urlsplit(url).scheme, os.getpid(), keys)


def unreachable(url: str, error: BaseException, what: str = "read") -> str:
    """Return the sentence that something far away can't be read, and what to set."""
    keys = _KEYS.get(urlsplit(url).scheme.casefold(), "what it asks for comes from the environment")
    cause = error.__cause__ or error
    # An address of a proxy may hold a password.
    return masked(f"{url}: can't be {what}: {type(cause).__name__}: {cause}; {keys}", ())


@lru_cache(maxsize=4)
def _opened(scheme: str, _process: int, _keys: frozenset[tuple[str, str]]) -> AbstractFileSystem:
    """Open a filesystem; another process, or other keys, ask for another one."""
    import fsspec

    return fsspec.filesystem(scheme, **options_of(scheme))


def _read_or_error(place: StoredPath, limit: int | None) -> bytes | FileRefusedError | OSError:
    try:
        return read(place, limit)
    except (FileRefusedError, OSError) as error:
        return error


def _checked(
    url: str, given: bytes | Exception, limit: int | None
) -> bytes | FileRefusedError | OSError:
    """Return what was read of one file; raise what is wrong with all of them."""
    if isinstance(given, FileNotFoundError):
        _refuse_missing_bucket(url, given)
        return given
    if isinstance(given, Exception):
        raise StorageError(unreachable(url, given)) from given
    if limit is not None and len(given) > limit:
        msg = f"{url}: larger than {limit:,} bytes, the most that is read of such a file"
        return FileRefusedError(msg)
    return given


def _names_in(folder: RemotePath, kind: str) -> Iterator[str]:
    with _reaching(folder.url):
        try:
            found = filesystem_of(folder.url).ls(folder.url, detail=True)
        except FileNotFoundError as error:
            _refuse_missing_bucket(folder.url, error)
            return
    names = (one["name"].rstrip("/").rpartition("/")[2] for one in found if one["type"] == kind)
    yield from sorted(names)


@contextmanager
def _reaching(url: str, what: str = "read") -> Iterator[None]:
    """Turn whatever a library raises while it reaches for a URL into an error for people."""
    try:
        yield
    except StorageError:
        raise
    except Exception as error:
        _refuse_missing_bucket(url, error)
        raise StorageError(unreachable(url, error, what)) from error


def _refuse_missing_bucket(url: str, error: BaseException) -> None:
    """Raise where a file is missing for its whole bucket is: the setting names another one."""
    answer = getattr(error.__cause__, "response", None) or {}
    if answer.get("Error", {}).get("Code") == "NoSuchBucket":
        msg = (
            f"{url}: there is no bucket {urlsplit(url).netloc}: make it, or name another in "
            f"TOCSIN_STATE_URL or the folder's own setting; {_KEYS['s3']}"
        )
        raise StorageError(msg) from error
