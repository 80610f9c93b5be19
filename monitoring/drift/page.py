"""Page: a verdict as HTML, for a notebook."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

from monitoring.drift.words import headline, notes

if TYPE_CHECKING:
    from monitoring.drift.verdict import FeatureVerdict, Verdict

_HEAD = ("feature", "effect", "", "q", "", "what moved")


def verdict_html(verdict: Verdict) -> str:
    """Return the sentence and a table of all features, largest effect first."""
    colour = "#c0392b" if verdict.drifted else "#2c7a4b"
    parts = sorted(verdict.features, key=lambda part: -(part.effect or 0.0))
    if verdict.scores is not None:
        parts.insert(0, verdict.scores)
    rows = "".join(_row(part) for part in parts)
    head = "".join(f"<th style='text-align:left'>{escape(word)}</th>" for word in _HEAD)
    told = "".join(f"<p>{escape(note)}</p>" for note in notes(verdict))
    return (
        f"<p style='color:{colour}'><b>{escape(headline(verdict))}</b></p>"
        f"<table><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table>{told}"
    )


def _row(part: FeatureVerdict) -> str:
    if part.effect is None:
        cells = ["", "", "", escape(part.status.value), escape(part.reason)]
    else:
        width = round(100 * part.effect)
        bar = f"<div style='background:#888;height:.7em;width:{width}px'></div>"
        word = "drifted" if part.drifted else "changed" if part.changed else ""
        q = "" if part.q_value is None else f"{part.q_value:.2g}"
        cells = [f"{part.effect:.2f}", bar, q, word, escape(part.reason)]
    inside = "".join(f"<td style='text-align:left'>{cell}</td>" for cell in cells)
    return f"<tr><td style='text-align:left'>{escape(part.name)}</td>{inside}</tr>"
