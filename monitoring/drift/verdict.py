"""Verdict: whether a window has drifted from its reference, feature by feature."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from monitoring.drift.page import verdict_html
from monitoring.drift.record import feature_records, verdict_record
from monitoring.drift.words import headline, verdict_text

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
