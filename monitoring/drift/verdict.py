"""The drift verdict on a window, feature by feature, and how it is shown."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from html import escape
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pandas as pd

SHARE_LIMIT = 0.30
"""The brief's rule: retrain when the share of drifted features is strictly above this."""


class DriftStatus(StrEnum):
    """Whether a verdict could be made, and if not, why."""

    TESTED = "tested"
    TOO_FEW_ROWS = "too few rows"
    MISSING_COLUMN = "missing column"
    TYPE_CHANGED = "type changed"
    CONSTANT_REFERENCE = "constant reference"
    TOO_MANY_CATEGORIES = "too many categories"
    NO_SCORES = "no scores"
    UNREADABLE = "unreadable"


@dataclass(frozen=True)
class FeatureVerdict:
    """One feature's part of a verdict; numbers are None where the status is not `tested`.

    Attributes
    ----------
    effect
        Jensen-Shannon distance (base 2) less what chance alone gives, 0 to 1; 0 where the
        feature has not changed, as chance explains what was found.
    p_value, q_value
        Of the test that window and reference are alike, raw and Benjamini-Hochberg adjusted.
    natural_variation
        Effect up to which the reference's own chunks vary, so rarely exceeded as the use case's
        rate of false alarms asks; None where unknown.
    changed
        Significant.
    drifted
        Significant, above the minimum effect and above natural variation.
    reason
        What moved, in words a person reads: ``missing 2% -> 31%``.
    missing
        Share of rows in which the value is missing, 0 to 1.
    importance
        Weight of the feature for the model, 0 to 1.
    """

    name: str
    status: DriftStatus
    effect: float | None = None
    p_value: float | None = None
    q_value: float | None = None
    natural_variation: float | None = None
    changed: bool = False
    drifted: bool = False
    reason: str = ""
    missing: float | None = None
    importance: float = 0.0


@dataclass(frozen=True)
class PreviousDrift:
    """What the reference of the model that served before says of the same window.

    A window that lies close to it, and far from the champion's, has gone back to where it was.

    Attributes
    ----------
    status
        `tested` where at least one feature was; else why none was, or that its reference could
        not be read.
    tested
        Features that could be tested.
    drifted
        Names of those that drifted.
    max_effect
        Largest effect of a tested feature.
    """

    model_version: str | None
    status: DriftStatus
    tested: int = 0
    drifted: tuple[str, ...] = ()
    max_effect: float | None = None

    @property
    def share(self) -> float | None:
        """Drifted / tested features. None where nothing could be tested."""
        return len(self.drifted) / self.tested if self.tested else None


@dataclass(frozen=True)
class Verdict:
    """A window against its reference; made once, stored under `id`, read by everything else.

    Attributes
    ----------
    status
        `tested` where at least one feature was; else why none was.
    rows_reference, rows_current
        Rows on either side.
    features
        One verdict a feature, in the reference's order.
    scores
        The drift of the model's own score, against validation scores.
    variation_known
        Whether natural variation was applied; it needs 8 chunks of reference.
    share_limit
        The share of drifted features above which the window as a whole has drifted.
    previous
        The same window against the reference of the model that served before; None where there
        was none. It is shown, and decides nothing.
    """

    id: str
    status: DriftStatus
    rows_reference: int
    rows_current: int
    features: tuple[FeatureVerdict, ...]
    scores: FeatureVerdict | None = None
    variation_known: bool = False
    share_limit: float = SHARE_LIMIT
    model_version: str | None = None
    window_start: datetime | None = None
    window_end: datetime | None = None
    previous: PreviousDrift | None = None

    def __str__(self) -> str:
        return verdict_text(self)

    def __repr__(self) -> str:
        return f"<Verdict {self.id}: {headline(self)}>"

    def _repr_html_(self) -> str:
        return verdict_html(self)

    def to_dict(self) -> dict[str, Any]:
        """Return the verdict as plain values, for JSON."""
        return verdict_record(self)

    def to_frame(self) -> pd.DataFrame:
        """Return a row a feature, largest effect first."""
        import pandas as pd

        return pd.DataFrame(feature_records(self)).sort_values(
            "effect", ascending=False, kind="stable", ignore_index=True
        )

    @property
    def tested(self) -> tuple[FeatureVerdict, ...]:
        """The features that could be tested."""
        return tuple(f for f in self.features if f.status is DriftStatus.TESTED)

    @property
    def drifted_features(self) -> tuple[FeatureVerdict, ...]:
        """The features that drifted."""
        return tuple(f for f in self.features if f.drifted)

    @property
    def share(self) -> float | None:
        """Drifted / tested features: the drift score. None where nothing could be tested."""
        return len(self.drifted_features) / len(self.tested) if self.tested else None

    @property
    def drifted(self) -> bool:
        """Whether the share lies strictly above its limit."""
        return self.share is not None and self.share > self.share_limit

    @property
    def mean_effect(self) -> float | None:
        """Mean effect over the tested features."""
        effects = [f.effect for f in self.tested if f.effect is not None]
        return sum(effects) / len(effects) if effects else None

    @property
    def max_effect(self) -> float | None:
        """Largest effect of a tested feature."""
        return max((f.effect for f in self.tested if f.effect is not None), default=None)

    @property
    def weighted_share(self) -> float | None:
        """Importance of the drifted among that of the tested features."""
        total = sum(f.importance for f in self.tested)
        return sum(f.importance for f in self.drifted_features) / total if total else None

    @property
    def ranked(self) -> tuple[FeatureVerdict, ...]:
        """Tested features by effect x importance, largest first."""
        return tuple(
            sorted(self.tested, key=lambda f: (f.effect or 0.0) * f.importance, reverse=True)
        )


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


def verdict_record(verdict: Verdict) -> dict[str, Any]:
    """Return the whole verdict; `score` is the drift score, which is the share."""
    return {
        "id": verdict.id,
        "status": verdict.status.value,
        "rows_reference": verdict.rows_reference,
        "rows_current": verdict.rows_current,
        "share": verdict.share,
        "score": verdict.share,
        "drifted": verdict.drifted,
        "share_limit": verdict.share_limit,
        "mean_effect": verdict.mean_effect,
        "max_effect": verdict.max_effect,
        "weighted_share": verdict.weighted_share,
        "variation_known": verdict.variation_known,
        "model_version": verdict.model_version,
        "window_start": _iso(verdict.window_start),
        "window_end": _iso(verdict.window_end),
        "features": feature_records(verdict),
        "model_score": None if verdict.scores is None else feature_record(verdict.scores),
        "previous": None if verdict.previous is None else _previous_record(verdict.previous),
    }


def feature_records(verdict: Verdict) -> list[dict[str, Any]]:
    """Return one record a feature, in the reference's order."""
    return [feature_record(part) for part in verdict.features]


def feature_record(part: FeatureVerdict) -> dict[str, Any]:
    """Return one feature's part."""
    return {
        "name": part.name,
        "status": part.status.value,
        "effect": part.effect,
        "p_value": part.p_value,
        "q_value": part.q_value,
        "natural_variation": part.natural_variation,
        "changed": part.changed,
        "drifted": part.drifted,
        "reason": part.reason,
        "missing": part.missing,
        "importance": part.importance,
    }


def _previous_record(previous: PreviousDrift) -> dict[str, Any]:
    return {
        "model_version": previous.model_version,
        "status": previous.status.value,
        "share": previous.share,
        "tested": previous.tested,
        "drifted": list(previous.drifted),
        "max_effect": previous.max_effect,
    }


def _iso(moment: datetime | None) -> str | None:
    return None if moment is None else moment.isoformat()
