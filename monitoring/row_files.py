"""Files of rows: how their names end, and a listing in which what can't be looked at is an error.

`glob` and `Path.rglob` pass over a folder that may not be read, and its rows would be missing from
every figure without a word.
"""

from __future__ import annotations

import glob
import os
from collections.abc import Iterator
from pathlib import Path

CSV_ENDINGS = (".csv", ".csv.gz")
PARQUET_ENDING = ".parquet"
ENDINGS = (*CSV_ENDINGS, PARQUET_ENDING)
"""How the name of a file ends that is read, in small letters."""


def is_there(path: Path) -> bool:
    """Whether something lies at `path`: a link to nowhere and a pipe are there too.

    Raises
    ------
    OSError
        It can't be looked at.
    """
    try:
        path.lstat()
    except (FileNotFoundError, NotADirectoryError):
        return False
    return True


def files_below(folder: Path) -> Iterator[Path]:
    """Yield all that lies in a folder and below but the folders themselves.

    Raises
    ------
    OSError
        A folder can't be looked at.
    """
    for place, _, names in os.walk(folder, onerror=_raised):
        yield from (Path(place) / name for name in names)


def matching(pattern: str, root: Path) -> list[str]:
    """Return what a pattern names, relative to `root`, in order of names.

    Raises
    ------
    OSError
        A folder that it goes through can't be looked at.
    """
    parts = Path(pattern).parts
    for length in range(len(parts)):
        folders = glob.glob(str(Path(*parts[:length])), root_dir=root, recursive=True)  # noqa: PTH207
        for folder in folders if length else [""]:
            if (root / folder).is_dir():
                os.scandir(root / folder).close()
    return sorted(glob.glob(pattern, root_dir=root, recursive=True))  # noqa: PTH207


def _raised(error: OSError) -> None:
    raise error
