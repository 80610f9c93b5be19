"""Record: a verdict as plain values, for JSON and for tables."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from datetime import datetime

    from monitoring.drift.verdict import FeatureVerdict, PreviousDrift, Verdict


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
