"""Files and folders are there as a whole or not at all."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path

import pytest

from monitoring.atomic_write import atomic_file, atomic_folder, atomic_write


@pytest.mark.parametrize("content", ["naïve\n", b"\x00\xff"])
def test_a_file_takes_the_place_of_the_old_one(tmp_path: Path, content: str | bytes) -> None:
    path = tmp_path / "new folder" / "file"
    atomic_write(path, "old")
    atomic_write(path, content)
    assert path.read_bytes() == (content.encode() if isinstance(content, str) else content)
    assert list(path.parent.iterdir()) == [path]


def test_what_a_killed_writer_left_is_written_over(tmp_path: Path) -> None:
    (tmp_path / ".file.part").write_text("half", encoding="utf-8")
    atomic_write(tmp_path / "file", "whole", mode=0o600)
    assert (tmp_path / "file").read_text(encoding="utf-8") == "whole"
    assert (tmp_path / "file").stat().st_mode & 0o777 == 0o600
    assert list(tmp_path.iterdir()) == [tmp_path / "file"]


@pytest.mark.parametrize("opened", [atomic_file, atomic_folder])
def test_a_block_that_fails_leaves_what_was_there(
    tmp_path: Path, opened: Callable[[Path], AbstractContextManager[Path]]
) -> None:
    path = tmp_path / "kept"
    with opened(path) as partial:
        inside(partial).write_text("old", encoding="utf-8")

    def write_half() -> None:
        with opened(path) as partial:
            inside(partial).write_text("half", encoding="utf-8")
            raise OSError("the disk is full")

    with pytest.raises(OSError, match="full"):
        write_half()
    assert inside(path).read_text(encoding="utf-8") == "old"


def inside(path: Path) -> Path:
    """Return the file to look at: `path`, or the one in it if it is a folder."""
    return path / "inside" if path.is_dir() else path
