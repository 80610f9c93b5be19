"""Pages with generated parts: each part stands between its markers, the rest is written by hand."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from pathlib import Path, PurePosixPath

from monitoring.errors import TocsinError

PAGES = (
    PurePosixPath("README.md"),
    *(
        PurePosixPath("docs/reference") / f"{name}.md"
        for name in ("commands", "metrics", "python-api", "settings", "use-case")
    ),
)
"""Where markers are looked for, below the folder that generated files are written to."""

Parts = Mapping[str, Callable[[], str]]
"""What makes each part, by its name."""

_BEGIN = re.compile(r"<!-- generated: (\S+) -->")
_END = "<!-- end -->"


class MarkerError(TocsinError, ValueError):
    """A page has a marker without its end, or of a part that there is not; the message names it."""


def changed_pages(out: Path, parts: Parts) -> dict[Path, str]:
    """Return the text of each page under `out` whose generated parts are not as they should be.

    Raises
    ------
    MarkerError
        The beginning of a part has no end after it, or names no part.
    """
    changed = {}
    for name in PAGES:
        path = out / name
        if path.is_file():
            there = path.read_text(encoding="utf-8")
            text = filled(there, parts, str(name))
            if text != there:
                changed[path] = text
    return changed


def filled(text: str, parts: Parts, page: str) -> str:
    """Return a page with its generated parts as they should be.

    Raises
    ------
    MarkerError
        The beginning of a part has no end after it, or names no part.
    """
    done = ""
    while begin := _BEGIN.search(text):
        part_there, end, after = text[begin.end() :].partition(_END)
        if not end or _BEGIN.search(part_there):
            msg = f"{page}: {begin[0]} has no {_END} after it: add one where the part ends"
            raise MarkerError(msg)
        if begin[1] not in parts:
            msg = f"{page}: {begin[0]} names no part: there are {', '.join(parts)}"
            raise MarkerError(msg)
        done += f"{text[: begin.end()]}\n\n{parts[begin[1]]()}\n{_END}"
        text = after
    return done + text
