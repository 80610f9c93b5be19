"""Only regular files of bounded size are read, and nothing that a path leads to is waited for."""

import os
import socket
import tracemalloc
from collections.abc import Callable
from pathlib import Path

import pytest

from monitoring.bounded_file import FileRefusedError, read_bounded

LIMIT = 1000


def a_socket(path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(str(path))


IRREGULAR: dict[str, tuple[Callable[[Path], object], str]] = {
    "folder": (Path.mkdir, "a folder"),
    "pipe": (os.mkfifo, "a named pipe"),
    "zero": (lambda path: path.symlink_to("/dev/zero"), "a device"),
    "terminal": (lambda path: path.symlink_to("/dev/tty"), "a device"),
    "socket": (a_socket, "a socket"),
}


@pytest.mark.parametrize("kind", IRREGULAR)
def test_what_is_no_regular_file_is_refused_by_its_kind(tmp_path: Path, kind: str) -> None:
    make, said = IRREGULAR[kind]
    path = tmp_path / kind
    make(path)
    with pytest.raises(FileRefusedError, match=f"{kind}: is {said}: only regular files"):
        read_bounded(path, LIMIT)


def test_a_file_at_the_limit_is_read_and_one_above_it_is_not(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"x" * LIMIT)
    link = tmp_path / "link"
    link.symlink_to(path)
    assert read_bounded(link, LIMIT) == b"x" * LIMIT
    path.write_bytes(b"x" * (LIMIT + 1))
    with pytest.raises(FileRefusedError, match="file: larger than 1,000 bytes"):
        read_bounded(path, LIMIT)


def test_a_file_of_terabytes_takes_no_memory(tmp_path: Path) -> None:
    path = tmp_path / "sparse"
    path.touch()
    os.truncate(path, 2**40)
    tracemalloc.start()
    try:
        with pytest.raises(FileRefusedError):
            read_bounded(path, LIMIT)
        assert tracemalloc.get_traced_memory()[1] < 1_000_000
    finally:
        tracemalloc.stop()


def test_what_the_system_refuses_stays_its_own_error(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        read_bounded(tmp_path / "none", LIMIT)
    loop = tmp_path / "loop"
    loop.symlink_to(loop)
    with pytest.raises(OSError, match="symbolic link"):
        read_bounded(loop, LIMIT)
