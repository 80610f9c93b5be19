"""Page: a scorecard or an estimate as HTML, for a notebook."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from monitoring.performance.words import Figure


def html_of(headline: str, figures: list[Figure]) -> str:
    """Return the headline and a table of the figures."""
    rows = "".join(
        f"<tr><td style='text-align:left'>{escape(name)}</td>"
        f"<td style='text-align:left'>{escape(value)}</td></tr>"
        for name, value in figures
    )
    return f"<p><b>{escape(headline)}</b></p><table><tbody>{rows}</tbody></table>"
