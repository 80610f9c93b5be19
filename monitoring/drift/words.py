"""Words: a verdict as a person reads it in a terminal."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from monitoring.drift.verdict import FeatureVerdict, PreviousDrift, Verdict

SHOWN = 10
"""Features that a printed verdict names; the rest is in `to_frame`."""


def printable(text: str) -> str:
    """Spell out what would move a terminal's cursor or change its colours: names come from data."""
    return "".join(
        sign if sign.isprintable() else sign.encode("unicode_escape").decode() for sign in text
    )


def headline(verdict: Verdict) -> str:
    """Say a verdict in one sentence."""
    if verdict.share is None:
        return f"not judged: {verdict.status}"
    count, tested = len(verdict.drifted_features), len(verdict.tested)
    word = "drifted" if verdict.drifted else "not drifted"
    return (
        f"{word}: {count} of {tested} features ({verdict.share:.0%}, "
        f"limit {verdict.share_limit:.0%}), {verdict.rows_current:,} rows "
        f"against {verdict.rows_reference:,}"
    )


def verdict_text(verdict: Verdict) -> str:
    """Return the sentence, the features that changed, and what could not be judged."""
    lines = [headline(verdict)]
    parts = notable(verdict)
    for part in parts[:SHOWN]:
        word = "drifted" if part.drifted else "changed"
        lines.append(f"  {part.name}: {word}, effect {part.effect or 0:.2f}, {part.reason}")
    if len(parts) > SHOWN:
        lines.append(f"  and {len(parts) - SHOWN} more")
    return "\n".join(map(printable, [*lines, *(f"  {note}" for note in notes(verdict))]))


def notable(verdict: Verdict) -> list[FeatureVerdict]:
    """Return what drifted or changed, the drifted first, each by effect; the score is one too."""
    parts = [*verdict.features, *([verdict.scores] if verdict.scores else [])]
    changed = [part for part in parts if part.changed]
    return sorted(changed, key=lambda part: (not part.drifted, -(part.effect or 0.0)))


def notes(verdict: Verdict) -> list[str]:
    """Return what a reader must know beside the figures."""
    statuses = Counter(part.status for part in verdict.features)
    found = [
        f"{status}: {', '.join(p.name for p in verdict.features if p.status is status)}"
        for status in statuses
        if status != "tested"
    ]
    if verdict.tested and not verdict.variation_known:
        found.append("variation unknown: the reference is too short to tell how much it varies")
    if verdict.previous is not None:
        found.append(previous_words(verdict.previous))
    return found


def previous_words(previous: PreviousDrift) -> str:
    """Say how the window lies to the reference of the model that served before."""
    before = f"against the reference of version {previous.model_version}, which served before: "
    if previous.share is None:
        return f"{before}{previous.status}"
    return f"{before}{len(previous.drifted)} of {previous.tested} features ({previous.share:.0%})"
