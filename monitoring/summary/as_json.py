"""References and summaries as plain JSON records, and back, without loss."""

from __future__ import annotations

import math
from datetime import datetime
from typing import TYPE_CHECKING, Any

import numpy as np

from monitoring.errors import InputError, TocsinError
from monitoring.summary.types import (
    ColumnStatus,
    FeatureBins,
    FeatureKind,
    FeatureSummary,
    Reference,
    ScoreSummary,
    Summary,
)

if TYPE_CHECKING:
    from numpy.typing import NDArray


class FormatError(TocsinError, ValueError):
    """A saved file, or a text, can't be read as what it should hold; the message says why."""


def reference_record(reference: Reference) -> dict[str, Any]:
    """Return a reference as what JSON can hold; its bins and score edges stand there once."""
    validation = reference.validation
    return {
        "bins": [_bins_record(bins) for bins in reference.bins],
        "score_edges": reference.score_edges.tolist(),
        "threshold": reference.threshold,
        "training": summary_record(reference.training, with_edges=False),
        "validation": (
            None if validation is None else summary_record(validation, with_edges=False)
        ),
        "chunks": [summary_record(chunk, with_edges=False) for chunk in reference.chunks],
        "score_chunks": [_scores_record(part, with_edges=False) for part in reference.score_chunks],
        "by_hour": [summary_record(hour, with_edges=False) for hour in reference.by_hour],
        "importance": dict(reference.importance),
        "model_version": reference.model_version,
    }


def reference_from(record: dict[str, Any]) -> Reference:
    """Read what `reference_record` gave."""
    edges = np.array(record["score_edges"], np.float64)
    validation = record["validation"]
    reference = Reference(
        bins=tuple(_bins_from(part) for part in record["bins"]),
        score_edges=edges,
        threshold=record["threshold"],
        training=summary_from(record["training"], edges),
        validation=None if validation is None else summary_from(validation, edges),
        chunks=tuple(summary_from(chunk, edges) for chunk in record["chunks"]),
        score_chunks=tuple(_scores_from(part, edges) for part in record["score_chunks"]),
        by_hour=tuple(summary_from(hour, edges) for hour in record["by_hour"]),
        importance=record["importance"],
        model_version=record["model_version"],
    )
    _check_sizes(reference)
    return reference


def _check_sizes(reference: Reference) -> None:
    """Raise where a summary has not one count per bin."""
    bins = {part.name: part.size for part in reference.bins}
    for summary in (reference.training, *reference.chunks, *reference.by_hour):
        counts = {name: len(part.counts) for name, part in summary.features.items()}
        if counts != bins:
            msg = f"counts of {_first_different(bins, counts)!r} don't belong to its bins"
            raise InputError(msg)


def _first_different(bins: dict[str, int], counts: dict[str, int]) -> str:
    return min(name for name in bins | counts if bins.get(name) != counts.get(name))


def summary_record(summary: Summary, *, with_edges: bool = True) -> dict[str, Any]:
    """Return a summary as what JSON can hold."""
    return {
        "bins_hash": summary.bins_hash,
        "model_version": summary.model_version,
        "rows": summary.rows,
        "start": None if summary.start is None else summary.start.isoformat(),
        "end": None if summary.end is None else summary.end.isoformat(),
        "hours": None if summary.hours is None else summary.hours.tolist(),
        "features": {name: _feature_record(part) for name, part in summary.features.items()},
        "scores": (
            None
            if summary.scores is None
            else _scores_record(summary.scores, with_edges=with_edges)
        ),
    }


def summary_from(record: dict[str, Any], edges: NDArray[np.float64] | None = None) -> Summary:
    """Read what `summary_record` gave; `edges` where it was made without them."""
    hours, scores = record["hours"], record["scores"]
    return Summary(
        bins_hash=record["bins_hash"],
        model_version=record["model_version"],
        rows=record["rows"],
        features={name: _feature_from(part) for name, part in record["features"].items()},
        scores=None if scores is None else _scores_from(scores, edges),
        start=None if record["start"] is None else datetime.fromisoformat(record["start"]),
        end=None if record["end"] is None else datetime.fromisoformat(record["end"]),
        hours=None if hours is None else np.array(hours, np.int64),
    )


def _bins_record(bins: FeatureBins) -> dict[str, Any]:
    return {
        "name": bins.name,
        "kind": bins.kind.value,
        "edges": list(bins.edges),
        "heavy": [_finite(value) for value in bins.heavy],
        "low": _finite(bins.low),
        "high": _finite(bins.high),
        "times": bins.times,
        "single": bins.single,
        "categories": list(bins.categories),
        "rare": sorted(bins.rare),
        "open_ended": bins.open_ended,
        "unseen_share": bins.unseen_share,
        "unseen_shape": bins.unseen_shape,
    }


def _bins_from(record: dict[str, Any]) -> FeatureBins:
    return FeatureBins(
        name=record["name"],
        kind=FeatureKind(record["kind"]),
        edges=tuple(map(float, record["edges"])),
        heavy=tuple(map(float, record["heavy"])),
        low=float(record["low"]),
        high=float(record["high"]),
        times=record.get("times", False),
        single=record.get("single", False),
        categories=tuple(record["categories"]),
        rare=frozenset(record["rare"]),
        open_ended=record["open_ended"],
        unseen_share=record["unseen_share"],
        unseen_shape=record["unseen_shape"],
    )


def _feature_record(part: FeatureSummary) -> dict[str, Any]:
    """Leave out what is as usual: a reference holds thousands of these."""
    record: dict[str, Any] = {"counts": part.counts.tolist()}
    if part.below or part.above:
        record["outside"] = [part.below, part.above]
    if part.status is not ColumnStatus.OK:
        record["status"] = part.status.value
    if part.unseen:
        record["unseen"] = dict(part.unseen)
    return record


def _feature_from(record: dict[str, Any]) -> FeatureSummary:
    below, above = record.get("outside", (0, 0))
    return FeatureSummary(
        counts=np.array(record["counts"], np.int64),
        below=below,
        above=above,
        status=ColumnStatus(record.get("status", ColumnStatus.OK)),
        unseen=record.get("unseen", {}),
    )


def _scores_record(scores: ScoreSummary, *, with_edges: bool) -> dict[str, Any]:
    record = {
        "edges": scores.edges.tolist() if with_edges else None,
        "rows": scores.rows.tolist(),
        "score": _numbers(scores.score),
        "amount": _numbers(scores.amount),
        "amount_squared": _numbers(scores.amount_squared),
        "has_amounts": scores.has_amounts,
    }
    if scores.unpriced.any():
        record["unpriced"] = scores.unpriced.tolist()
    return record


def _scores_from(record: dict[str, Any], edges: NDArray[np.float64] | None) -> ScoreSummary:
    if edges is None:
        edges = np.array(record["edges"], np.float64)
    rows = np.array(record["rows"], np.int64)
    return ScoreSummary(
        edges=edges,
        rows=rows,
        score=np.array(record["score"], np.float64),
        amount=np.array(record["amount"], np.float64),
        amount_squared=np.array(record["amount_squared"], np.float64),
        unpriced=np.array(record.get("unpriced", np.zeros_like(rows)), np.int64),
        has_amounts=record["has_amounts"],
    )


def _numbers(sums: NDArray[np.float64]) -> list[list[float]]:
    """Write whole numbers without a fraction: most sums are 0."""
    return [[int(x) if x.is_integer() else x for x in row] for row in sums.tolist()]


def _finite(value: float) -> float | str:
    """JSON knows no infinity."""
    return value if math.isfinite(value) else str(value)
