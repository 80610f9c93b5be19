"""Pages as HTML: every text escaped, nothing fetched from anywhere."""

from __future__ import annotations

from functools import cache

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from monitoring.errors import InputError
from monitoring.reports import words
from monitoring.reports.header import Header
from monitoring.use_case import UseCase


@cache
def _templates() -> Environment:
    environment = Environment(
        loader=PackageLoader("monitoring.reports"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["moment"] = words.moment
    return environment


def page(template: str, **values: object) -> str:
    """Return the page that `template` makes of `values`."""
    return _templates().get_template(f"{template}.html.j2").render(**values)


def report_page(head: Header, case: UseCase, drawings: str | None, undrawn: str) -> str:
    """Return a report: its header above Evidently's document, or above the reason why not.

    The header stands in the document itself. A text panel of Evidently's own would be read only
    after 4 MB of script, and cut off on a phone.

    Raises
    ------
    InputError
        Evidently's document is not of the shape it had when this was written.
    """
    title = Markup("<title>{}</title>").format(head.title)
    top = page("header", head=head, case=case, undrawn=undrawn)
    if drawings is None:
        return page("undrawn", title=title, top=Markup(top))  # noqa: S704  # escaped where it was made
    for mark, addition in (("<head>", title), ("<body>", top)):
        if drawings.count(mark) != 1:
            msg = f"Evidently's document holds {mark} {drawings.count(mark)} times, not once"
            raise InputError(msg)
        drawings = drawings.replace(mark, f"{mark}\n{addition}")
    return drawings.lstrip()
