"""A use case's own buckets, and the first step of its retrain: its raw files are uploaded to one.

A bucket's name is `TOCSIN_BUCKET_PREFIX`, the name that the use case declares, and what lies in it.
Where no prefix is set, a use case reads and writes in folders, as one without buckets does.
"""

from __future__ import annotations

import hashlib
import logging
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from monitoring.settings import settings
from monitoring.sources.location import FoundFile, source_files
from monitoring.sources.source import place_of_files
from monitoring.steps.run import Result, Run
from monitoring.stored_files import RemotePath, make_bucket, particulars, read, write
from monitoring.use_case import UseCase
from monitoring.use_case_source import is_address
from monitoring.wording import several

log = logging.getLogger(__name__)

SAMPLE = "sample"
"""Folder of the raw bucket that a small sample lies in: it never mixes with a use case's data."""


@dataclass(frozen=True)
class Buckets:
    """The buckets of a use case."""

    raw: RemotePath
    preprocessed: RemotePath
    train: RemotePath
    models: RemotePath

    @classmethod
    def of(cls, case: UseCase) -> Self | None:
        """Return a use case's buckets; None where it declares none, or no prefix is set."""
        prefix, name = settings().bucket_prefix, case.source.buckets
        if prefix is None or name is None:
            return None
        parts = ("raw", "preprocessed", "train", "models")
        return cls(*(RemotePath(f"{prefix}{name}-{part}") for part in parts))

    def make(self) -> None:
        """Make those that are not there."""
        for bucket in (self.raw, self.preprocessed, self.train, self.models):
            make_bucket(bucket)


class Loaded(Result):
    """The files that were uploaded, how many lay there already, and where the run reads them."""

    words: str
    uploaded: tuple[str, ...] = ()
    unchanged: int = 0
    source: str | None = None


def load_csv_to_s3(run: Run) -> Loaded:
    """Upload the raw files that the bucket does not hold as they are; make buckets where missing.

    Files that a URL names lie far away already, and are read there.
    """
    case = run.declared
    buckets = Buckets.of(case)
    if buckets is None:
        loaded = Loaded(words="TOCSIN_BUCKET_PREFIX is not set: nothing is uploaded")
    else:
        buckets.make()
        loaded = _load(case, buckets.raw)
    log.info(loaded.words)
    run.write("loaded", loaded)
    return loaded


def _load(case: UseCase, raw: RemotePath) -> Loaded:
    data = settings().data
    place = place_of_files(case, data)
    into = raw if place == data else raw / SAMPLE
    paths = [path for path in case.source.paths if not is_address(path)]
    files = [file for path in paths for file in source_files(path, place)]
    uploaded = tuple(file.inside for file in files if _upload(file, into / file.inside))
    return Loaded(
        words=f"{several(len(uploaded), 'file')} of {len(files):,} uploaded to {into}",
        uploaded=uploaded,
        unchanged=len(files) - len(uploaded),
        source=str(into),
    )


def _upload(file: FoundFile, to: RemotePath) -> bool:
    """Upload a file unless one of its size and SHA-256 is there; return whether it was uploaded."""
    place = Path(file.name) if file.remote is None else RemotePath(file.name)
    content, known = read(place), particulars(to)
    sha256 = hashlib.sha256(content).hexdigest()
    if known is not None and (known.size, known.sha256) == (len(content), sha256):
        return False
    write(to, content)
    return True
