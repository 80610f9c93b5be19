"""The runbook: what each alert means and what to do."""

from __future__ import annotations

import pathlib
import re
from dataclasses import dataclass
from functools import cache
from itertools import pairwise

from fastapi import APIRouter
from fastapi.responses import HTMLResponse
from markdown_it import MarkdownIt
from markupsafe import Markup

from monitoring.pages.page import page
from monitoring.signals.links import anchor

router = APIRouter()

# A symbolic link to docs/how-to/runbook.md; a wheel carries the file itself.
_TEXT = pathlib.Path(__file__).with_name("runbook.md")


@dataclass(frozen=True)
class Heading:
    """An entry of the runbook."""

    title: str
    anchor: str


@dataclass(frozen=True)
class Runbook:
    """The runbook as a page shows it."""

    title: str
    body: Markup
    entries: tuple[Heading, ...]


def rendered(text: str) -> Runbook:
    """Return Markdown that begins with its title as HTML; each heading below is an entry."""
    markdown = MarkdownIt("commonmark", {"html": False})
    _, title, _, *tokens = markdown.parse(text)
    entries = []
    for opening, inline in pairwise(tokens):
        if opening.type == "heading_open":
            heading = Heading(inline.content, _slug(inline.content))
            opening.attrSet("id", heading.anchor)
            entries.append(heading)
    body = markdown.renderer.render(tokens, markdown.options, {})
    # Safe, for it is made of Markdown without HTML of its own.
    safe = Markup(body)  # noqa: S704  # nosec B704 # as above
    return Runbook(title.content, safe, tuple(entries))


def _slug(title: str) -> str:
    return anchor(re.sub(r"[^\w]+", "-", title))


@cache
def _runbook() -> Runbook:
    return rendered(_TEXT.read_text(encoding="utf-8"))


@router.get("/runbook", include_in_schema=False)
def runbook() -> HTMLResponse:
    """Show what each alert means and what to do."""
    return page("runbook", runbook=_runbook())
