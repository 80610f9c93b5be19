"""Previous: a window against the reference of the model that served before the champion."""

from __future__ import annotations

from monitoring.drift.judge import drift_verdict
from monitoring.drift.limits import Limits
from monitoring.drift.verdict import PreviousDrift
from monitoring.summary.types import Reference, Summary


def previous_drift(reference: Reference, window: Summary, limits: Limits) -> PreviousDrift:
    """Judge a window by the features of an earlier model's reference.

    Parameters
    ----------
    reference
        Of the model that served before.
    window
        The champion's window, summarised anew on this reference's bins.

    Raises
    ------
    VerdictError
        The window was summarised on other bins, or for another model version.
    """
    verdict = drift_verdict(reference, window, limits, id="previous")
    return PreviousDrift(
        model_version=reference.model_version,
        status=verdict.status,
        tested=len(verdict.tested),
        drifted=tuple(part.name for part in verdict.drifted_features),
        max_effect=verdict.max_effect,
    )
