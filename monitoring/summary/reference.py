"""The reference of a model, fitted once on its training and validation rows and stored with it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

import numpy as np

from monitoring.summary.build import hours_of, score_summary, summarise_on
from monitoring.summary.class_counts import class_counts
from monitoring.summary.fingerprint import bins_hash
from monitoring.summary.fit import fit_bins
from monitoring.summary.in_memory import InMemory
from monitoring.summary.profile import FitError, NumbersColumn, profile
from monitoring.summary.score_bins import score_bin_edges
from monitoring.summary.spans import row_spans, time_spans
from monitoring.summary.types import ClassCounts, FeatureBins, Reference, Summary

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from monitoring.rows.rows import Rows
    from monitoring.use_case_columns import Classes, Features


def fit_reference(
    training: Rows,
    validation: Rows | None,
    *,
    features: Features,
    threshold: float,
    chunk: timedelta | int,
    importance: Mapping[str, float],
    model_version: str | None = None,
    classes: Classes | None = None,
) -> Reference:
    """Fit bins on the training rows and summarise them, their chunks and hours, on these bins.

    Parameters
    ----------
    training
        What the features of windows are compared with; in order of event time.
    validation
        What scores are compared with: rows with scores and labels.
    threshold
        Decision threshold; an edge of the score bins.
    chunk
        Length of the verdict's window, in time or in rows.
    importance
        Weight of each feature, not below 0; brought to add up to 1.
    classes
        Those of the target, where it has more than two.

    Raises
    ------
    FitError
        There are no training rows; an importance is of no feature, or below 0; a feature's
        column is not there, or of another kind than declared.
    """
    if len(training) == 0:
        msg = "a reference needs training rows: there are none"
        raise FitError(msg)
    weights = _weights(importance, features.names)
    unscored = replace(training, score=None)
    bins = _bins(training, features)
    edges = score_bin_edges(None if validation is None else validation.score, threshold)
    key = bins_hash(bins, edges)

    def summary_of(rows: Rows) -> Summary:
        return summarise_on(rows, bins, edges, hash_of_bins=key, model_version=model_version)

    scored = [] if validation is None else [validation.take(s) for s in _chunks(validation, chunk)]
    score_chunks = (score_summary(rows, edges) for rows in scored)

    def classes_of(rows: Rows) -> ClassCounts | None:
        if classes is None:
            return None
        return class_counts(rows, classes.names, classes.watched, threshold)

    class_chunks = (classes_of(rows) for rows in scored)
    return Reference(
        bins=bins,
        score_edges=edges,
        threshold=threshold,
        training=summary_of(unscored),
        validation=None
        if validation is None
        else replace(summary_of(validation), classes=classes_of(validation)),
        chunks=tuple(summary_of(unscored.take(span)) for span in _chunks(training, chunk)),
        score_chunks=tuple(part for part in score_chunks if part is not None),
        class_chunks=tuple(part for part in class_chunks if part is not None),
        by_hour=tuple(summary_of(unscored.take(mask)) for mask in _hours(training)),
        importance=weights,
        model_version=model_version,
    )


def with_version(reference: Reference, model_version: str) -> Reference:
    """Return the reference as that of a model version, which is known only once it is kept."""

    def renamed(summary: Summary) -> Summary:
        return replace(summary, model_version=model_version)

    validation = reference.validation
    return replace(
        reference,
        training=renamed(reference.training),
        validation=None if validation is None else renamed(validation),
        chunks=tuple(map(renamed, reference.chunks)),
        by_hour=tuple(map(renamed, reference.by_hour)),
        model_version=model_version,
    )


def _bins(training: Rows, features: Features) -> tuple[FeatureBins, ...]:
    """Fit the bins of every feature, each of the kind it is declared to be."""
    table = InMemory.of_frame(training.features, features.names)
    absent = [name for name in features.names if name not in table.columns]
    if absent:
        msg = (
            f"the reference has no column {', '.join(absent)}: "
            f"it has {', '.join(map(str, training.features.columns))}"
        )
        raise FitError(msg)
    found = profile(table, features.names, as_words=features.categorical)
    words = [
        name for name in features.numeric if not isinstance(found.columns[name], NumbersColumn)
    ]
    if words:
        msg = f"column {words[0]!r} of the reference holds words, not numbers"
        raise FitError(msg)
    return fit_bins(found)


def _weights(importance: Mapping[str, float], names: tuple[str, ...]) -> dict[str, float]:
    strange = sorted(set(importance) - set(names))
    if strange:
        msg = f"importance of what is no feature: {', '.join(strange)}; allowed: {', '.join(names)}"
        raise FitError(msg)
    negative = sorted(name for name, weight in importance.items() if not weight >= 0)
    if negative:
        msg = f"importance is 0 or more, but not that of {', '.join(negative)}"
        raise FitError(msg)
    total = sum(importance.values())
    if total == 0:
        return dict.fromkeys(names, 1 / len(names))
    return {name: importance.get(name, 0.0) / total for name in names}


def _chunks(rows: Rows, chunk: timedelta | int) -> list[slice]:
    """Return the whole chunks of rows in order of time."""
    if isinstance(chunk, timedelta):
        spans = time_spans(rows.event_time, chunk)
    else:
        spans = row_spans(len(rows), chunk)
    return [slice(span.start, span.stop) for span in spans]


def _hours(rows: Rows) -> list[NDArray[np.bool_]]:
    """Return a mask of rows for each hour of the day; none where two days are not covered."""
    times = rows.event_time
    if times.size == 0 or times.max() - times.min() < np.timedelta64(47, "h"):
        return []
    hour = hours_of(times)
    return [hour == number for number in range(24)]
