"""Merging: summaries on the same bins add up, exactly and in any order."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from monitoring.errors import TocsinError
from monitoring.summary.class_counts import merge_classes
from monitoring.summary.count import first_unseen
from monitoring.summary.types import (
    ColumnStatus,
    FeatureSummary,
    ScoreSummary,
    Summary,
)

if TYPE_CHECKING:
    from datetime import datetime

_SEVERITY = (ColumnStatus.OK, ColumnStatus.TYPE_CHANGED, ColumnStatus.MISSING_COLUMN)


class MergeError(TocsinError, ValueError):
    """Summaries lie on different bins, or are of different model versions."""


def merge(*summaries: Summary) -> Summary:
    """Return the summary of all rows together.

    Hours add up to a day, partitions to a whole. A column that could not be read in some part has
    that part's status: of several, the worst.

    Parameters
    ----------
    *summaries
        On the bins of one reference, and of one model version.

    Raises
    ------
    MergeError
        There is nothing to merge, or they differ in bins or model version.

    Examples
    --------
    >>> import pandas as pd
    >>> from monitoring import fit, merge, summarise
    >>> january = pd.DataFrame({"amount": [n % 97 for n in range(1000)]})
    >>> reference = fit(january, window=100)
    >>> hours = [summarise(january[at : at + 100], reference) for at in (0, 100, 200)]
    >>> merge(*hours).rows
    300
    """
    if not summaries:
        msg = "nothing to merge: give at least one summary"
        raise MergeError(msg)
    first = summaries[0]
    _check_same("bins", {summary.bins_hash for summary in summaries})
    _check_same("model version", {str(summary.model_version) for summary in summaries})
    hours = [summary.hours for summary in summaries if summary.hours is not None]
    scores = [summary.scores for summary in summaries if summary.scores is not None]
    classes = [summary.classes for summary in summaries if summary.classes is not None]
    _check_same("classes", {f"{part.names}, {part.watched} watched" for part in classes})
    return Summary(
        bins_hash=first.bins_hash,
        model_version=first.model_version,
        rows=sum(summary.rows for summary in summaries),
        features={
            name: _merge_features([summary.features[name] for summary in summaries])
            for name in first.features
        },
        scores=merge_scores(scores) if scores else None,
        start=min(_known(summary.start for summary in summaries), default=None),
        end=max(_known(summary.end for summary in summaries), default=None),
        hours=sum(hours[1:], start=hours[0]) if hours else None,
        classes=merge_classes(classes) if classes else None,
    )


def merge_scores(parts: Sequence[ScoreSummary]) -> ScoreSummary:
    """Return the score histograms of all rows together; `parts` share their edges."""
    weighted = [part.by_weight for part in parts]
    return ScoreSummary(
        edges=parts[0].edges,
        rows=sum((part.rows for part in parts[1:]), start=parts[0].rows),
        score=sum((part.score for part in parts[1:]), start=parts[0].score),
        amount=sum((part.amount for part in parts[1:]), start=parts[0].amount),
        amount_squared=sum(
            (part.amount_squared for part in parts[1:]), start=parts[0].amount_squared
        ),
        unpriced=sum((part.unpriced for part in parts[1:]), start=parts[0].unpriced),
        has_amounts=all(part.has_amounts for part in parts),
        by_weight={
            weight: merge_scores([by[weight] for by in weighted if weight in by])
            for weight in sorted({weight for by in weighted for weight in by})
        },
    )


def _merge_features(parts: Sequence[FeatureSummary]) -> FeatureSummary:
    unseen: Counter[str] = Counter()
    stray: Counter[str] = Counter()
    for part in parts:
        unseen.update(part.unseen)
        stray.update(part.stray)
    return FeatureSummary(
        counts=sum((part.counts for part in parts[1:]), start=parts[0].counts),
        below=sum(part.below for part in parts),
        above=sum(part.above for part in parts),
        status=max((part.status for part in parts), key=_SEVERITY.index),
        unseen=first_unseen(unseen),
        strays=sum(part.strays for part in parts),
        stray=first_unseen(stray),
        span=_span([part.span for part in parts if part.span is not None]),
    )


def _span(spans: Sequence[tuple[float, float]]) -> tuple[float, float] | None:
    """Return the range of all parts together."""
    if not spans:
        return None
    return min(low for low, _ in spans), max(high for _, high in spans)


def _check_same(what: str, values: set[str]) -> None:
    if len(values) > 1:
        msg = (
            f"summaries of different {what} don't add up: {', '.join(sorted(values))}; "
            "summarise the rows again on one reference"
        )
        raise MergeError(msg)


def _known(times: Iterable[datetime | None]) -> list[datetime]:
    return [time for time in times if time is not None]
