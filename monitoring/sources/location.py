"""Where a source's files lie: found by path, pattern, folder or URL, and read within bounds."""

from __future__ import annotations

import glob
import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit
from urllib.request import url2pathname

from monitoring.bounded_file import FileRefusedError
from monitoring.errors import TocsinError
from monitoring.row_files import ENDINGS, files_below, is_there, matching
from monitoring.stored_files import StoredPath, options_of, unreachable
from monitoring.summary.packed_file import DAMAGE, is_packed, read_at_most, read_unpacked, unpacked
from monitoring.use_case_source import is_address

if TYPE_CHECKING:
    from fsspec import AbstractFileSystem

NO_VALUE = "__HIVE_DEFAULT_PARTITION__"
"""What a partition's folder is called of rows that have no value."""

_PARTITION = re.compile(r"([^=]+)=(.*)", re.DOTALL)


class SourceError(TocsinError, ValueError):
    """A source is missing or can't be read; the message names the file and what to do."""


@dataclass(frozen=True)
class FoundFile:
    """One file of a source.

    Attributes
    ----------
    name
        What errors call it: its path or URL.
    inside
        Its path as the source's path names it: without the folder that is relative to.
    remote
        The filesystem that it lies in; None for this machine's.
    """

    name: str
    inside: str
    remote: AbstractFileSystem | None = None

    @property
    def partitions(self) -> dict[str, str | None]:
        """The columns that its folders name, `column=value`; None for a missing value."""
        folders = self.inside.split("/")[:-1]
        named = [match.groups() for match in map(_PARTITION.fullmatch, folders) if match]
        return {
            unquote(column): None if value == NO_VALUE else unquote(value)
            for column, value in named
        }

    def content(self, limit: int) -> bytes:
        """Return its bytes, uncompressed.

        Raises
        ------
        SourceError
            It can't be read, is no whole gzip file, or holds more than `limit` bytes.
        """
        packed = is_packed(Path(self.inside))
        with readable(self.name, far_away=self.remote is not None):
            if self.remote is None:
                return read_unpacked(Path(self.name), limit, packed=packed)
            with self.remote.open(self.name, "rb") as file:
                content = read_at_most(file, limit, self.name)
            return unpacked(content, limit, self.name) if packed else content


@contextmanager
def readable(name: str, *, far_away: bool = False) -> Iterator[None]:
    """Turn what is raised while a file is read into a `SourceError` that names it.

    Parameters
    ----------
    far_away
        Whether a library reaches for it, which may raise anything.
    """
    try:
        yield
    except FileRefusedError as error:
        raise SourceError(str(error)) from error
    except TocsinError:
        raise
    except DAMAGE as error:
        msg = f"{name}: not a whole gzip file: {error}"
        raise SourceError(msg) from error
    except Exception as error:
        if far_away:
            raise SourceError(unreachable(name, error)) from error
        if not isinstance(error, OSError):
            raise
        msg = f"{name}: can't be read: {error.strerror or error}"
        raise SourceError(msg) from error


def source_files(path: str, data: StoredPath) -> tuple[FoundFile, ...]:
    """Return the files that a source's path names, in the order of their paths.

    Parameters
    ----------
    path
        A file, found with or without `.gz` too; a pattern; a folder, of which all files below are
        data but those that begin, or lie in a folder that begins, with `_` or `.`; or a URL.
    data
        The folder, or the URL of one, that it is relative to.

    Returns
    -------
    Nothing where nothing lies there.

    Raises
    ------
    SourceError
        The place can't be looked at.
    """
    if not is_address(path):
        if isinstance(data, Path):
            return _local(path, data)
        other = path.removesuffix(".gz") if path.endswith(".gz") else f"{path}.gz"
        return _found(str(data / path)) or _found(str(data / other))
    address = urlsplit(path)
    if address.scheme.casefold() in ("file", "local"):
        return _local(url2pathname(address.path), Path("/"))
    return _found(path)


def _found(url: str) -> tuple[FoundFile, ...]:
    try:
        return _remote(url)
    except FileNotFoundError:
        return ()
    except Exception as error:
        raise SourceError(unreachable(url, error)) from error


def _local(path: str, data: Path) -> tuple[FoundFile, ...]:
    try:
        exact = _with_or_without_gz(data / path)
        if exact is None:
            # Not a pattern of the data folder's own name: that may hold brackets.
            found = matching(path, data)
            return _data_files(path, (each for name in found for each in _below(data, name)))
        if exact.is_dir():
            return _data_files(path, _below(data, path))
    except OSError as error:
        msg = f"{error.filename or data / path}: can't be read: {error.strerror or error}"
        raise SourceError(msg) from error
    return (FoundFile(str(exact), Path(path).with_name(exact.name).as_posix()),)


def _with_or_without_gz(there: Path) -> Path | None:
    """Return the file or folder that is there, or the same file with or without .gz."""
    other = there.with_suffix("") if there.suffix == ".gz" else Path(f"{there}.gz")
    return next((path for path in (there, other) if is_there(path)), None)


def _below(data: Path, name: str) -> list[FoundFile]:
    """Return a file itself, or the files of a folder."""
    path = data / name
    if not path.is_dir():
        return [FoundFile(str(path), name)]
    stem = name.rstrip("/")
    return [
        FoundFile(str(file), f"{stem}/{file.relative_to(path).as_posix()}")
        for file in files_below(path)
    ]


def _data_files(path: str, files: Iterable[FoundFile]) -> tuple[FoundFile, ...]:
    """Return those of data, not what a writer left beside it, each once, in order of their paths.

    Parameters
    ----------
    path
        What was asked for: names in it are not left out, whatever they begin with.
    """
    asked = set(path.split("/"))
    data = {
        file.inside: file
        for file in files
        if file.inside.casefold().endswith(ENDINGS)
        and not any(part.startswith(("_", ".")) for part in set(file.inside.split("/")) - asked)
    }
    return tuple(data[inside] for inside in sorted(data))


def _remote(url: str) -> tuple[FoundFile, ...]:
    from fsspec.core import url_to_fs

    scheme = urlsplit(url).scheme.casefold()
    filesystem, root = url_to_fs(url, **options_of(scheme))
    if scheme in ("http", "https"):
        return (FoundFile(url, urlsplit(url).path, filesystem),)
    pattern = glob.has_magic(root) and not filesystem.isfile(root)
    tops = filesystem.glob(root) if pattern else [root]
    files = [
        FoundFile(filesystem.unstrip_protocol(below), below, filesystem)
        for top in tops
        for below in filesystem.find(top)
    ]
    return _data_files(root, files)
