"""The drift verdict on a window, feature by feature, and how it is shown."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from html import escape
from typing import TYPE_CHECKING, Any

from monitoring.drift.running import UNNAMED
from monitoring.wording import apart, count, for_notebook, percent, printable, several

if TYPE_CHECKING:
    import pandas as pd
    from rich.console import RenderableType

SHARE_LIMIT = 0.30
"""Retrain when the share of drifted features is strictly above this."""


class DriftStatus(StrEnum):
    """Whether a verdict could be made, and if not, why."""

    TESTED = "tested"
    TOO_FEW_ROWS = "too few rows"
    MISSING_COLUMN = "missing column"
    TYPE_CHANGED = "type changed"
    CONSTANT_REFERENCE = "constant reference"
    TOO_MANY_CATEGORIES = "too many categories"
    SET_ASIDE = "set aside"
    NO_SCORES = "no scores"
    UNREADABLE = "unreadable"


@dataclass(frozen=True)
class FeatureVerdict:
    """One feature's part of a verdict; numbers are None where the status is not `tested`.

    Attributes
    ----------
    effect
        Jensen-Shannon distance (base 2) less what chance alone gives, 0 to 1; 0 where the
        feature has not changed, as chance explains what was observed.
    p_value, q_value
        Of the test that window and reference are samples of one distribution: raw, and adjusted
        by Benjamini-Hochberg.
    natural_variation
        Effect up to which the reference's own chunks vary, exceeded no more often than the use
        case's false discovery rate allows; None where unknown.
    min_effect
        Smallest effect of this feature that matters.
    changed
        Significant.
    drifted
        Significant, above the minimum effect and above natural variation.
    reason
        What moved: ``missing 2% -> 31%``.
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
    min_effect: float | None = None
    changed: bool = False
    drifted: bool = False
    reason: str = ""
    missing: float | None = None
    importance: float = 0.0

    @property
    def limit(self) -> float | None:
        """Effect above which the feature has drifted; None where it was not tested."""
        if self.min_effect is None:
            return None
        return max(self.min_effect, self.natural_variation or 0.0)

    @property
    def outcome(self) -> str:
        """``drifted``, ``changed``, or nothing."""
        return "drifted" if self.drifted else "changed" if self.changed else ""


@dataclass(frozen=True)
class PreviousDrift:
    """The same window against the reference of the previous champion.

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
    id
        What it is stored under.
    status
        `tested` where at least one feature was; else why none was.
    rows_reference, rows_current
        Rows on either side.
    features
        One verdict per feature, in the reference's order.
    scores
        The drift of the model's own score, against validation scores.
    decided_class
        The drift of the classes that were decided, against those of validation rows; None where
        the target has two values. It is shown, and does not count as a feature.
    variation_known
        Whether natural variation was applied; it needs 8 chunks of reference.
    share_limit
        The share of drifted features above which the window as a whole has drifted.
    model_version
        Version of the model whose reference it is.
    window_start, window_end
        Event times of the window, UTC; None where rows have none.
    previous
        The same window against the reference of the previous champion; None where there was
        none. It is shown, and decides nothing.
    reading
        How values were read, where that is worth saying: the notation of numbers in CSV, words
        where numbers belong.

    Examples
    --------
    >>> import pandas as pd
    >>> from monitoring import compare
    >>> before = pd.DataFrame({"amount": [n % 97 for n in range(1000)]})
    >>> verdict = compare(before, before + 40)
    >>> print(verdict.sentence)
    1 of 1 feature drifted (100%), above the limit of 30%
    >>> verdict.features[0].reason
    '<= 36: 40% -> 0%'
    >>> verdict.to_frame()[["name", "drifted"]]
         name  drifted
    0  amount     True
    >>> verdict.to_dict()["share"]
    1.0
    """

    id: str
    status: DriftStatus
    rows_reference: int
    rows_current: int
    features: tuple[FeatureVerdict, ...]
    scores: FeatureVerdict | None = None
    decided_class: FeatureVerdict | None = None
    variation_known: bool = False
    share_limit: float = SHARE_LIMIT
    model_version: str | None = None
    window_start: datetime | None = None
    window_end: datetime | None = None
    previous: PreviousDrift | None = None
    reading: tuple[str, ...] = ()

    def __str__(self) -> str:
        return verdict_text(self)

    def __repr__(self) -> str:
        return f"<Verdict {self.id}: {self.sentence}>"

    def _repr_html_(self) -> str:
        return verdict_html(self)

    def to_dict(self) -> dict[str, Any]:
        """Return the verdict as plain values, for JSON."""
        return verdict_record(self)

    def to_frame(self) -> pd.DataFrame:
        """Return one row per feature, largest effect first."""
        import pandas as pd

        return pd.DataFrame(feature_records(self)).sort_values(
            "effect", ascending=False, kind="stable", ignore_index=True
        )

    @property
    def sentence(self) -> str:
        """The verdict in one sentence: the one that terminal, notification and report show."""
        if self.share is None:
            return f"Drift not judged: {self.status}"
        share, limit = apart(self.share, self.share_limit)
        side = (
            f"above the limit of {limit}"
            if self.drifted
            else f"at the limit of {limit}, not above it"
            if self.share == self.share_limit
            else f"within the limit of {limit}"
        )
        features = several(len(self.tested), "feature")
        return f"{len(self.drifted_features)} of {features} drifted ({share}), {side}"

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
    def broken_features(self) -> tuple[FeatureVerdict, ...]:
        """The features that the window lacks, or has with another type of values."""
        broken = (DriftStatus.MISSING_COLUMN, DriftStatus.TYPE_CHANGED)
        return tuple(f for f in self.features if f.status in broken)

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


def verdict_text(verdict: Verdict) -> str:
    """Return the sentence, the features that changed, and what could not be judged."""
    lines = [verdict.sentence, f"  {rows_compared(verdict)}"]
    changed = _changed(verdict)
    lines += [
        f"  {part.name}: {part.outcome}, effect {part.effect or 0:.2f}, {part.reason}"
        for part in changed[:SHOWN]
    ]
    if len(changed) > SHOWN:
        lines.append(f"  and {len(changed) - SHOWN} more")
    return "\n".join(map(printable, [*lines, *(f"  {note}" for note in notes(verdict))]))


def rows_compared(verdict: Verdict) -> str:
    """``10,000 rows against 284,807 of the reference``."""
    rows = several(verdict.rows_current, "row")
    return f"{rows} against {count(verdict.rows_reference)} of the reference"


def notes(verdict: Verdict) -> list[str]:
    """Return what a reader must know beside the figures."""
    lines = [f"Read: {words}" for words in verdict.reading]
    for status in dict.fromkeys(part.status for part in verdict.features):
        if status is not DriftStatus.TESTED:
            names = ", ".join(
                f"{part.name or UNNAMED} ({part.reason})"
                if status is DriftStatus.SET_ASIDE
                else part.name or UNNAMED
                for part in verdict.features
                if part.status is status
            )
            lines.append(f"Not judged, {status}: {names}")
    if verdict.tested and not verdict.variation_known:
        lines.append(
            "Natural variation unknown: the reference is too short to show how much it varies "
            "by itself"
        )
    if verdict.previous is not None:
        lines.append(_previous_note(verdict.previous))
    return lines


def _changed(verdict: Verdict) -> list[FeatureVerdict]:
    """Return what drifted or changed, the drifted first, each by effect; the score is one too."""
    parts = (*verdict.features, verdict.scores, verdict.decided_class)
    changed = [part for part in parts if part is not None and part.changed]
    return sorted(changed, key=lambda part: (not part.drifted, -(part.effect or 0.0)))


def _previous_note(previous: PreviousDrift) -> str:
    reference = f"the reference of version {previous.model_version}, the previous champion"
    if previous.share is None:
        return f"Not judged against {reference}: {previous.status}"
    features = several(previous.tested, "feature")
    drifted = f"{len(previous.drifted)} of {features} drifted ({percent(previous.share)})"
    return f"Against {reference}: {drifted}"


COLUMNS = ("feature", "effect", "limit", "q", "", "what moved")
"""Titles of a verdict's table."""


def cells(part: FeatureVerdict) -> tuple[str, ...]:
    """Return a feature's row in a verdict's table, by `COLUMNS`."""
    if part.effect is None or part.q_value is None:
        return part.name or UNNAMED, "", "", "", part.status.value, part.reason
    effect, limit = f"{part.effect:.2f}", "" if part.limit is None else f"{part.limit:.2f}"
    return part.name, effect, limit, f"{part.q_value:.1g}", part.outcome, part.reason


def by_effect(verdict: Verdict) -> list[FeatureVerdict]:
    """Return the verdicts of score and decided class, if tested, and every feature's by effect."""
    features = sorted(
        verdict.features, key=lambda part: (not part.drifted, -(part.effect or 0.0), part.name)
    )
    of_model = [part for part in (verdict.scores, verdict.decided_class) if part is not None]
    return [*(part for part in of_model if part.effect is not None), *features]


def verdict_html(verdict: Verdict) -> str:
    """Return the sentence and a table of all features, as a notebook shows them."""
    colour = "#c0392b" if verdict.drifted else "#2c7a4b"
    head = "".join(f"<th style='text-align:left'>{escape(title)}</th>" for title in COLUMNS)
    rows = "".join(_html_row(part) for part in by_effect(verdict))
    below = "".join(f"<p>{escape(note)}</p>" for note in notes(verdict))
    return for_notebook(
        f"<p style='color:{colour}'><b>{escape(verdict.sentence)}</b></p>"
        f"<p>{escape(rows_compared(verdict))}</p>"
        f"<table><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table>{below}"
    )


def _html_row(part: FeatureVerdict) -> str:
    name, effect, *others = map(escape, cells(part))
    width = round(100 * (part.effect or 0))
    bar = f"<div style='background:#888;height:.7em;width:{width}px'></div>"
    inside = (name, effect + bar, *others)
    row = "".join(f"<td style='text-align:left'>{cell}</td>" for cell in inside)
    return f"<tr>{row}</tr>"


def verdict_table(verdict: Verdict) -> RenderableType:
    """Return what a terminal shows of a verdict: sentence, table, notes."""
    from rich.console import Group
    from rich.markup import escape as plain
    from rich.table import Table

    table = Table(box=None, header_style="bold", pad_edge=False)
    for title in COLUMNS:
        table.add_column(title, justify="right" if title in ("effect", "limit", "q") else "left")
    for part in by_effect(verdict):
        table.add_row(*(plain(printable(cell)) for cell in cells(part)), style=_style(part))
    colour = "red" if verdict.drifted else "green"
    return Group(
        f"[bold {colour}]{plain(verdict.sentence)}[/]",
        f"[dim]{rows_compared(verdict)}[/]",
        "",
        table,
        *(f"[dim]{plain(printable(note))}[/]" for note in notes(verdict)),
    )


def _style(part: FeatureVerdict) -> str:
    if part.drifted:
        return "bold"
    return "" if part.changed or part.effect is None else "dim"


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
        "reading": list(verdict.reading),
        "features": feature_records(verdict),
        "model_score": None if verdict.scores is None else feature_record(verdict.scores),
        "decided_class": (
            None if verdict.decided_class is None else feature_record(verdict.decided_class)
        ),
        "previous": None if verdict.previous is None else _previous_record(verdict.previous),
    }


def feature_records(verdict: Verdict) -> list[dict[str, Any]]:
    """Return one record per feature, in the reference's order."""
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
        "min_effect": part.min_effect,
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
