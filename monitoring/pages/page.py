"""What all pages are drawn by."""

from __future__ import annotations

from functools import cache

from fastapi.responses import HTMLResponse
from jinja2 import Environment
from markdown_it import MarkdownIt
from markupsafe import Markup

from monitoring.reports.pages import templates

PLAIN_POLICY = (
    "default-src 'none'; style-src 'unsafe-inline'; img-src 'self' data:; "
    "base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)
"""What pages may load and run unless they say otherwise: nothing from elsewhere, and no script."""


_INLINE = MarkdownIt("zero", {"html": False}).enable(["emphasis", "backticks"])


def page(template: str, status: int = 200, **values: object) -> HTMLResponse:
    """Return the page that `template` makes of `values`."""
    drawn = _environment().get_template(f"{template}.html.j2")
    return HTMLResponse(drawn.render(**values), status)


@cache
def _environment() -> Environment:
    environment = templates("monitoring.pages")
    environment.filters["emphasised"] = emphasised
    return environment


def emphasised(text: str) -> Markup:
    """Return a panel's description as HTML: ``*words*`` and what lies in backticks stand out."""
    # Safe, for all but the emphasis is escaped.
    return Markup(_INLINE.renderInline(text))  # noqa: S704  # nosec B704 # as above
