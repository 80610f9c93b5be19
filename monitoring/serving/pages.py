"""Pages of the server itself: every text escaped, nothing fetched from anywhere."""

from __future__ import annotations

from functools import cache

from fastapi.responses import HTMLResponse
from jinja2 import ChoiceLoader, Environment, PackageLoader, StrictUndefined

from monitoring.reports import words


@cache
def _templates() -> Environment:
    environment = Environment(
        # The style is that of the reports.
        loader=ChoiceLoader(
            [PackageLoader("monitoring.serving"), PackageLoader("monitoring.reports")]
        ),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["moment"] = words.moment
    return environment


def page(template: str, status: int = 200, **values: object) -> HTMLResponse:
    """Return the page that `template` makes of `values`."""
    return HTMLResponse(_templates().get_template(f"{template}.html.j2").render(**values), status)
