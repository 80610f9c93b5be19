"""Files that may lie under gzip: unpacked within bounds, their checksums verified on the way."""

from __future__ import annotations

import gzip
import io
import os
import threading
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import BinaryIO, cast

from monitoring.bounded_file import FileRefusedError, open_regular

DAMAGE = (EOFError, gzip.BadGzipFile, zlib.error)
"""What a packed file raises that is cut off, changed, or followed by something else."""

MORE, ALWAYS = 100, 64 * 2**20
"""Times its own size that a file may unpack to, and bytes to which any may: rows of a real file
shrink to a tenth or so, and a few MB made of nothing else than one letter would fill the memory."""

_PORTION = 1 << 18

_MAGIC = b"\x1f\x8b"
"""What every gzip file begins with."""


def is_packed(path: Path) -> bool:
    """Whether a file lies under gzip, by its name."""
    return path.suffix.casefold() == ".gz"


def is_gzip(path: Path) -> bool:
    """Whether a file lies under gzip, by its content.

    Raises
    ------
    FileRefusedError, OSError
        As `opened`.
    """
    with open_regular(path) as file:
        return file.read(len(_MAGIC)) == _MAGIC


@contextmanager
def opened(path: Path, *, packed: bool) -> Iterator[BinaryIO]:
    """Open a regular file to read its content, unpacked where it lies under gzip.

    What was read is right once the end was reached: the checksum stands there. Members that
    were put one after the other are one content.

    Raises
    ------
    FileRefusedError
        It is no regular file.
    OSError
        It is missing, or can't be read.
    """
    with open_regular(path) as file:
        if packed:
            with gzip.GzipFile(fileobj=file, mode="rb") as content:
                yield cast("BinaryIO", content)
        else:
            yield file


def read_unpacked(path: Path, limit: int, *, packed: bool) -> bytes:
    """Return the content of a regular file, unpacked where it lies under gzip.

    Parameters
    ----------
    limit
        Bytes that it may hold, unpacked.

    Raises
    ------
    FileRefusedError
        It is no regular file, holds more, or unpacks to so many times its size that it was made
        to fill the memory.
    OSError, EOFError, zlib.error
        It is missing, can't be read, or is damaged: see `DAMAGE`.
    """
    with opened(path, packed=packed) as file:
        return read_at_most(file, limit, str(path), packed=path.stat().st_size if packed else None)


def unpacked(content: bytes, limit: int, name: str) -> bytes:
    """Return what lies under gzip, by the same rules as `read_unpacked`.

    Parameters
    ----------
    name
        What an error calls it.
    """
    with gzip.GzipFile(fileobj=io.BytesIO(content), mode="rb") as file:
        return read_at_most(cast("BinaryIO", file), limit, name, packed=len(content))


def read_at_most(file: BinaryIO, limit: int, name: str, *, packed: int | None = None) -> bytes:
    """Return what is left in a stream; see `bounded`."""
    content = io.BytesIO()
    content.writelines(bounded(file, limit, name, packed=packed))
    return content.getvalue()


def bounded(
    file: BinaryIO, limit: int | None, name: str, *, packed: int | None = None
) -> Iterator[bytes]:
    """Yield what is left in a stream, some of it at a time.

    Parameters
    ----------
    limit
        Bytes that it may hold; any number if None.
    packed
        Bytes that it is unpacked from, if it is.

    Raises
    ------
    FileRefusedError
        It holds more, or too many times what it is unpacked from.
    """
    allowed = [limit, None if packed is None else max(ALWAYS, MORE * packed)]
    most = min((each for each in allowed if each is not None), default=None)
    read = 0
    while portion := file.read(_PORTION):
        read += len(portion)
        if most is not None and read > most:
            cure = "" if most == limit else "; if it is what it should be, unpack it first"
            msg = (
                f"{name}: holds more than {most:,} bytes{'' if packed is None else ', unpacked'}: "
                f"no more is read of such a file{cure}"
            )
            raise FileRefusedError(msg)
        yield portion


@contextmanager
def piped(
    path: Path, rewrite: Callable[[Iterator[bytes]], Iterator[bytes]] = iter, *, packed: bool
) -> Iterator[str]:
    """Yield the name of a pipe that gives the content of a file to a reader that needs one.

    Parameters
    ----------
    rewrite
        What is done with the content on the way, portion by portion.

    Raises
    ------
    FileRefusedError, OSError, EOFError, zlib.error
        As `opened`, when the block ends, and instead of an error that ends it: what was read may
        not be what was written.
    """
    reading, writing = os.pipe()
    stopped = threading.Event()
    failed: list[BaseException] = []

    def feed() -> None:
        with os.fdopen(writing, "wb") as pipe:
            try:
                with opened(path, packed=packed) as content:
                    for portion in rewrite(iter(partial(content.read, _PORTION), b"")):
                        if stopped.is_set():
                            break
                        pipe.write(portion)
            except BaseException as error:  # noqa: BLE001 - raised where the block ends
                failed.append(error)

    feeder = threading.Thread(target=feed, name="unpacking", daemon=True)
    feeder.start()
    try:
        yield f"/dev/fd/{reading}"
    finally:
        # What nobody read is read here, else the feeder would wait for ever.
        stopped.set()
        while os.read(reading, _PORTION):
            pass
        feeder.join()
        os.close(reading)
        if failed:
            raise failed[0]
