"""Where a use case's labelled history comes from."""

from __future__ import annotations

import re
from glob import has_magic
from typing import Annotated, Literal
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field

from monitoring.field_types import UseCaseSection

ENDINGS = (".csv", ".csv.gz", ".parquet")
"""How the name of a file ends that is read, in small letters."""

_WEB = ("http", "https")


def is_address(path: str) -> bool:
    """Whether a path is a URL."""
    return re.match(r"[A-Za-z][A-Za-z0-9+.-]*:/", path) is not None


def _readable_path(path: str) -> str:
    problem = None if path == "auto" else _problem(path)
    if problem is not None:
        raise ValueError(problem)
    return path


def _problem(path: str) -> str | None:
    """Return what a path can't be for; None where it can."""
    last = path.rstrip("/").rpartition("/")[2]
    is_file = path.casefold().endswith(ENDINGS)
    if not path.isprintable() or not (is_file or path.endswith("/") or _is_bare(last)):
        return (
            "a source is `auto`, or a file, a pattern or a folder (`name/`) of files whose names "
            f"end in {', '.join(ENDINGS[:-1])} or {ENDINGS[-1]}"
        )
    return _problem_of_address(path, is_file=is_file) if is_address(path) else None


def _is_bare(name: str) -> bool:
    """Whether the last name of a path, without an ending, is that of a folder."""
    return name in (".", "..", "**") or (name != "" and "." not in name)


def _problem_of_address(path: str, *, is_file: bool) -> str | None:
    try:
        parts = urlsplit(path)
        host = parts.netloc
    except ValueError:
        return "not a URL: its host is not one"
    if "::" in path or "://" not in path:
        return "a URL is SCHEME://HOST/PATH, of one scheme: s3://bucket/prefix/*.parquet"
    if "@" in host or (parts.scheme in _WEB and (parts.query or parts.fragment)):
        return (
            "a URL here may hold no user, password, `?` or `#`: keys come from the environment, "
            "by the variables of its service (AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, ...)"
        )
    if parts.scheme in _WEB and (not is_file or has_magic(path)):
        return f"the Web has no folders and no patterns: name a file ending in {', '.join(ENDINGS)}"
    return None


SourcePath = Annotated[str, AfterValidator(_readable_path)]


class Source(UseCaseSection):
    """Where labelled history comes from."""

    path: SourcePath = Field(
        description="CSV, CSV.gz or Parquet: a file, a pattern or a folder, relative to "
        "TOCSIN_DATA, or a URL (`s3://bucket/day=*/*.parquet`); folders named `column=value` are "
        "columns. `auto`: the first CSV in TOCSIN_DATA, its last column the target.",
    )
    synthetic: Literal["card", "survey"] | None = Field(
        None,
        description="Kind of synthetic rows that stand in, with a warning, for a missing file.",
    )
