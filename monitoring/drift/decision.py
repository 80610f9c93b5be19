"""Decision: when a feature has changed, and when it has drifted."""

from __future__ import annotations

from dataclasses import replace

from monitoring.drift.verdict import FeatureVerdict
from monitoring.use_case import Drift


def decide(part: FeatureVerdict, q_value: float | None, limits: Drift) -> FeatureVerdict:
    """Return a feature's verdict with what its figures mean.

    Changed: significant at the use case's false discovery rate. Drifted: changed, by more than
    the smallest effect that matters, and by more than the reference varies by itself.
    """
    if q_value is None or part.effect is None:
        return part
    changed = q_value <= limits.rate
    least = max(limits.min_effect, part.natural_variation or 0.0)
    return replace(
        part,
        q_value=q_value,
        changed=changed,
        drifted=changed and part.effect > least,
        reason=part.reason if changed else "",
    )
