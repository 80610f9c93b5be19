"""Checksums of a bundle's files: recorded when a model is logged, verified whenever it is read."""

from __future__ import annotations

import gzip
import hashlib
import json
import logging
from collections.abc import Collection, Mapping
from functools import cache
from pathlib import Path

from monitoring.bounded_file import open_regular, read_bounded
from monitoring.summary.files import LARGEST
from monitoring.summary.packed_file import is_gzip, is_packed
from monitoring.training import TrainingError

TAG = "tocsin.sha256"
"""Tag of a run and of a version: the SHA-256 of each of the bundle's files, in hex, as JSON."""

_log = logging.getLogger(__name__)


def checksums(folder: Path) -> dict[str, str]:
    """Return the SHA-256 of each file in `folder`, in hex, by its name.

    Raises
    ------
    FileRefusedError
        Something in it is no regular file.
    """
    found = {}
    for path in sorted(folder.iterdir()):
        with open_regular(path) as file:
            found[path.name] = hashlib.file_digest(file, "sha256").hexdigest()
    return found


def as_tag(recorded: Mapping[str, str]) -> str:
    """Return checksums as the value of `TAG`."""
    return json.dumps(recorded, separators=(",", ":"), sort_keys=True)


def verify(
    folder: Path, tags: Mapping[str, str], which: str, *, only: Collection[str] | None = None
) -> None:
    """Compare the files in `folder` with what was recorded of them.

    Versions that were registered before checksums were recorded are taken as they are, which is
    logged once.

    Parameters
    ----------
    tags
        Of the version.
    which
        The version as messages name it.
    only
        Names of the files that had to be fetched; all of them by default.

    Raises
    ------
    TrainingError
        A file is not the one that was recorded, is missing, or was added; or the tag is damaged.
    """
    recorded = _recorded(tags, which)
    if recorded is None:
        return
    found = checksums(folder)
    expected = {name for name in recorded if only is None or name in only}
    changed = {
        name
        for name in expected & set(found)
        if recorded[name] not in (found[name], _packed_again(folder / name))
    }
    wrong = [
        *(f"{name} was changed" for name in sorted(changed)),
        *(f"{name} is missing" for name in sorted(expected - set(found))),
        *(f"{name} was added" for name in sorted(set(found) - set(recorded))),
    ]
    if wrong:
        msg = (
            f"{which}: {', '.join(wrong)} since the model was registered (by its SHA-256): nothing "
            "of it was loaded; put its files back from a backup, or roll back to another version"
        )
        raise TrainingError(msg)


def _packed_again(path: Path) -> str | None:
    """Return the SHA-256 of a `.gz` that arrives unpacked as it was before; else None.

    MLflow tells S3 that such a file is packed for the way alone, and whoever fetches it from there
    may unpack it.
    """
    if not is_packed(path) or is_gzip(path):
        return None
    content = read_bounded(path, LARGEST)
    return hashlib.sha256(gzip.compress(content, mtime=0)).hexdigest()


def _recorded(tags: Mapping[str, str], which: str) -> dict[str, str] | None:
    text = tags.get(TAG)
    if text is None:
        _say_unverified(which)
        return None
    try:
        recorded = json.loads(text)
    except json.JSONDecodeError:
        recorded = None
    if not isinstance(recorded, dict) or not recorded:
        msg = f"{which}: its tag {TAG} is damaged: set it to {{file name: SHA-256}} as JSON"
        raise TrainingError(msg)
    return recorded


@cache
def _say_unverified(which: str) -> None:
    _log.warning(
        "%s was registered before checksums were recorded: its files are loaded unverified", which
    )
