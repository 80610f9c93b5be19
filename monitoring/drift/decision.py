"""Which features can be compared, which have changed, and which have drifted."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Protocol

from monitoring.drift.baseline import Baseline, contingency_table
from monitoring.drift.explanation import reason
from monitoring.drift.statistics import benjamini_hochberg, divergence, table_p_value
from monitoring.drift.variation import Variation
from monitoring.drift.verdict import DriftStatus, FeatureVerdict
from monitoring.summary.fit import MIN_ROWS
from monitoring.summary.types import FeatureBins, FeatureSummary
from monitoring.wording import several

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

MIN_EFFECT = 0.1
"""Smallest effect that matters, where nothing else is said."""

OTHERS = "*"
"""In place of a feature's name: every other one."""


class Limits(Protocol):
    """When a window counts as drifted; `monitoring.use_case.Drift` is one."""

    @property
    def min_effect(self) -> float | Mapping[str, float]:
        """Smallest effect that matters, 0 to 1; by feature, `OTHERS` being all that lack one."""

    @property
    def rate(self) -> float:
        """False discovery rate across features, between 0 and 1."""

    @property
    def min_rows(self) -> int:
        """Fewer rows get a status, not a verdict."""


def min_effect_of(limits: Limits, name: str) -> float:
    """Return the smallest effect of a feature that matters."""
    least = limits.min_effect
    if isinstance(least, Mapping):
        return least.get(name, least.get(OTHERS, MIN_EFFECT))
    return least


def why_not_comparable(
    bins: FeatureBins, reference: FeatureSummary
) -> tuple[DriftStatus, str] | None:
    """Return the status of a feature of which no value has a bin, and why; None otherwise.

    How values lie within a bin is not known. A column whose every category is rare, such
    as an identifier or free text, lies in the bin of the others, missing values aside: to call
    it constant, or not drifted, would be wrong. One that is all missing is compared by that.
    """
    known = int(reference.counts[1:].sum())
    if known and not (bins.categories or bins.edges or bins.heavy):
        if known < 2 * MIN_ROWS:
            few = several(known, "value")
            why = f"{few} in the reference, fewer than the {2 * MIN_ROWS} that bins need"
            return DriftStatus.TOO_FEW_ROWS, why
        many = (
            "too many categories to keep"
            if bins.open_ended
            else several(len(bins.rare), "category", "categories")
        )
        rows = several(known, "row")
        why = f"{many} in {rows} of the reference, none of them often enough to compare"
        return DriftStatus.TOO_MANY_CATEGORIES, why
    return None


def compared(bins: FeatureBins, baseline: Baseline, counts: NDArray[np.int64]) -> FeatureVerdict:
    """Return the effect of a window's counts against a baseline, and how likely chance is."""
    table = contingency_table(bins, baseline, counts)
    return FeatureVerdict(
        bins.name,
        DriftStatus.TESTED,
        effect=divergence(table).effect,
        p_value=table_p_value(table),
    )


def judged_alone(
    bins: FeatureBins,
    baseline: Baseline,
    counts: NDArray[np.int64],
    variation: Mapping[str, Variation],
    limits: Limits,
) -> FeatureVerdict:
    """Judge what is no feature, its p-value on its own, and say what moved."""
    (part,) = decided([compared(bins, baseline, counts)], variation, limits)
    if not part.changed:
        return part
    return replace(part, reason=reason(bins, baseline, FeatureSummary(counts)))


SURE = 0.01
"""Part of the false discovery rate at which it is sure that a window has moved at all."""


def decided(
    judged: Sequence[FeatureVerdict], variation: Mapping[str, Variation], limits: Limits
) -> tuple[FeatureVerdict, ...]:
    """Return the verdicts of features with what their figures mean together.

    Changed: significant at the use case's false discovery rate; a feature that has not changed
    has effect 0, as chance explains what was observed. Drifted: changed, by more than the smallest
    effect that matters, and by more than the reference varies by itself; how rare natural
    variation must make an effect is set by the same false discovery rate.

    Chance makes few rows look far apart: of fifty, what is significant at all measures three
    times the smallest effect that matters. So effects count in full only in a window that is sure
    to have moved, its smallest q-value being a hundredth of the rate; in others they are capped
    at half of that effect. Features that move together confirm one another.
    """
    p_values = {part.name: part.p_value for part in judged if part.p_value is not None}
    effects = {part.name: part.effect or 0.0 for part in judged}
    q_values = _adjusted(p_values)
    both = {
        name: max(p, variation[name].p_value(effects[name])) if name in variation else p
        for name, p in p_values.items()
    }
    significant = sum(q <= limits.rate for q in _adjusted(both).values())
    level = limits.rate * max(significant, 1) / max(len(p_values), 1)
    sure = min(q_values.values(), default=1.0) <= SURE * limits.rate

    def decide(part: FeatureVerdict) -> FeatureVerdict:
        if part.name not in q_values or part.effect is None:
            return part
        changed = q_values[part.name] <= limits.rate
        least = min_effect_of(limits, part.name)
        effect = min(part.effect, 1.0 if sure else least / 2) if changed else 0.0
        natural = variation[part.name].limit(level) if part.name in variation else None
        return replace(
            part,
            effect=effect,
            q_value=q_values[part.name],
            natural_variation=natural,
            min_effect=least,
            changed=changed,
            drifted=effect > max(least, natural or 0.0),
        )

    return tuple(decide(part) for part in judged)


def _adjusted(p_values: Mapping[str, float]) -> dict[str, float]:
    adjusted = benjamini_hochberg(list(p_values.values()))
    return dict(zip(p_values, adjusted.tolist(), strict=True))
