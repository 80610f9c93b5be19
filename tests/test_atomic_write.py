"""Files and folders are there as a whole or not at all."""

import os
import resource
import stat
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
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
    assert list(tmp_path.iterdir()) == [path]


@contextmanager
def in_one_go(path: Path) -> Iterator[Path]:
    """Write a file by `atomic_write`, after a block that wrote it elsewhere."""
    aside = path.parent / "elsewhere"
    yield aside
    content = aside.read_bytes()
    aside.unlink()
    atomic_write(path, content)


WAYS = [in_one_go, atomic_file, atomic_folder]


@pytest.mark.parametrize("opened", WAYS)
def test_file_and_folder_are_on_the_disk_before_and_after_the_move(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    opened: Callable[[Path], AbstractContextManager[Path]],
) -> None:
    path, done = tmp_path / "kept", list[str]()
    sync, replace, rename = os.fsync, os.replace, os.rename

    def noted(name: str, call: Callable[..., None]) -> Callable[..., None]:
        def noting(*given: object) -> None:
            is_folder = name == "sync" and stat.S_ISDIR(os.fstat(given[0]).st_mode)  # type: ignore[arg-type]
            done.append(f"{name} folder" if is_folder else name)
            call(*given)

        return noting

    monkeypatch.setattr(os, "fsync", noted("sync", sync))
    monkeypatch.setattr(os, "replace", noted("move", replace))
    monkeypatch.setattr(os, "rename", noted("move", rename))
    with opened(path) as partial:
        inside(partial).write_text("new", encoding="utf-8")
    moved = done.index("move")
    assert "sync" in done[:moved]
    assert ("sync folder" in done[:moved]) == (opened is atomic_folder)
    assert done[moved:] == ["move", "sync folder"]


@pytest.mark.parametrize("opened", ["atomic_file", "atomic_folder", "atomic_write"])
def test_a_full_disk_leaves_what_was_there_and_nothing_beside_it(
    tmp_path: Path, opened: str
) -> None:
    path = tmp_path / "kept"
    if opened == "atomic_folder":
        path.mkdir()
    inside(path).write_text("old", encoding="utf-8")
    full = subprocess.run(
        [sys.executable, "-c", _FILLS_THE_DISK, opened, str(path)],
        cwd=Path(__file__).parents[1],
        capture_output=True,
        text=True,
        check=False,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (1 << 16, 1 << 16)),
    )
    assert "File too large" in full.stderr
    assert inside(path).read_text(encoding="utf-8") == "old"
    assert list(tmp_path.iterdir()) == [path]


_FILLS_THE_DISK = """
import sys
from pathlib import Path
from monitoring import atomic_write
way, path = getattr(atomic_write, sys.argv[1]), Path(sys.argv[2])
content = bytes(1 << 20)
if way is atomic_write.atomic_write:
    way(path, content)
else:
    with way(path) as partial:
        (partial / "inside" if partial.is_dir() else partial).write_bytes(content)
"""


def inside(path: Path) -> Path:
    """Return the file to look at: `path`, or the one in it if it is a folder."""
    return path / "inside" if path.is_dir() else path
