"""The summary of a window of rows, in one pass over them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from monitoring.errors import TocsinError
from monitoring.rows.rows import moment_of
from monitoring.summary.class_counts import SCORE_GRID, class_counts
from monitoring.summary.fingerprint import bins_hash
from monitoring.summary.frame import arrow_table
from monitoring.summary.in_memory import portions
from monitoring.summary.one_pass import count_rows, summary_of
from monitoring.summary.types import ClassCounts, FeatureBins, Reference, ScoreSummary, Summary

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from monitoring.rows.rows import Rows

AMOUNT_GRID = 2.0**16
AMOUNT_SQUARED_GRID = 2.0**6
"""Parts of one to which a row's amount and squared amount are rounded before they are summed, as
its score is to `SCORE_GRID`. Float64 sums of such numbers are exact, so the same in any order, up
to 134 million rows, 137 thousand million in money, and 141 million millions in its square, in a
bin."""

SCORE_BLOCK = 1 << 16
"""Rows whose scores are counted before the next."""


class SummaryError(TocsinError, ValueError):
    """Rows and reference don't belong together."""


def summarise(rows: Rows, reference: Reference) -> Summary:
    """Summarise a window on the bins of a reference.

    A column that is not there, or has another type, gets a status; the others are summarised.

    Raises
    ------
    SummaryError
        The rows were scored by another version than the reference's.
    """
    version = reference.model_version
    scored_by = version if rows.score is None else rows.model_version
    if version is not None and scored_by not in (None, version):
        msg = (
            f"rows scored by version {scored_by} can't be summarised on the reference of "
            f"version {version}: their scores lie on other bins; "
            "summarise each version on its own reference, or leave the scores out"
        )
        raise SummaryError(msg)
    summary = summarise_on(
        rows,
        reference.bins,
        reference.score_edges,
        hash_of_bins=reference.training.bins_hash,
        model_version=version or rows.model_version,
    )
    return replace(summary, classes=classes_of(rows, reference))


def classes_of(rows: Rows, reference: Reference) -> ClassCounts | None:
    """Return the counts by class of scored rows; None where the reference's target has none."""
    known = None if reference.validation is None else reference.validation.classes
    if known is None:
        return None
    return class_counts(rows, known.names, known.watched, reference.threshold)


def summarise_on(
    rows: Rows,
    bins: Sequence[FeatureBins],
    score_edges: NDArray[np.float64],
    *,
    hash_of_bins: str | None = None,
    model_version: str | None = None,
) -> Summary:
    """Summarise rows on bins that may not have a reference yet."""
    times = rows.event_time[~np.isnat(rows.event_time)]
    names = [part.name for part in bins]
    counted = count_rows(portions(arrow_table(rows.features, names)), bins=bins).whole
    features = summary_of(
        counted,
        bins,
        bins_hash=hash_of_bins or bins_hash(bins, score_edges),
        model_version=model_version,
    )
    return replace(
        features,
        rows=len(rows),
        scores=score_summary(rows, score_edges),
        start=moment_of(times.min()) if times.size else None,
        end=moment_of(times.max()) if times.size else None,
        hours=np.bincount(hours_of(times), minlength=24).astype(np.int64) if times.size else None,
    )


def hours_of(times: NDArray[np.datetime64]) -> NDArray[np.int64]:
    """Return the hour of the day of each time, 0 to 23, UTC."""
    return times.astype("datetime64[h]").astype(np.int64) % 24


def score_summary(rows: Rows, edges: NDArray[np.float64]) -> ScoreSummary | None:
    """Return the score histograms of the rows that have a score; None where rows have none.

    An amount that is missing adds nothing to the sums of amounts, and is counted.
    """
    if rows.score is None:
        return None
    whole = score_histograms(rows.score, rows.label, rows.amount, edges)
    if rows.weight is None:
        return whole
    stands_for = rounded_weights(rows.weight)
    parts = {}
    for weight in np.unique(stands_for[stands_for != 1]).tolist():
        those = stands_for == weight
        amount = None if rows.amount is None else rows.amount[those]
        parts[weight] = score_histograms(rows.score[those], rows.label[those], amount, edges)
    return replace(whole, by_weight=parts)


def rounded_weights(weight: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return weights to three digits: so few are different that each has histograms of its own."""
    values, places = np.unique(weight, return_inverse=True)
    return np.array([float(f"{value:.3g}") for value in values.tolist()])[places]


def score_histograms(
    score: NDArray[np.float64],
    label: NDArray[np.int8],
    amount: NDArray[np.float64] | None,
    edges: NDArray[np.float64],
) -> ScoreSummary:
    """Return the score histograms of rows that are given as arrays, as `Rows` has them.

    They are added up block by block, in the order of the rows: what it takes beside the arrays
    does not grow with them.
    """
    bins = len(edges) + 1
    shape = (3, bins)
    rows, unpriced = np.zeros(3 * bins, np.int64), np.zeros(3 * bins, np.int64)
    sums = {name: np.zeros(3 * bins) for name in ("score", "amount", "amount_squared")}
    for start in range(0, len(score), SCORE_BLOCK):
        part = slice(start, start + SCORE_BLOCK)
        scored = ~np.isnan(score[part])
        value = score[part][scored]
        # Labels are 0, 1 and -1 for unlabelled, which is the last of three.
        place = label[part][scored].astype(np.intp) % 3 * bins
        place += np.searchsorted(edges, value, "right")
        np.add.at(rows, place, 1)
        np.add.at(sums["score"], place, np.rint(value * SCORE_GRID) / SCORE_GRID)
        if amount is None:
            continue
        given = amount[part][scored]
        known = np.nan_to_num(given)
        np.add.at(unpriced, place[np.isnan(given)], 1)
        np.add.at(sums["amount"], place, np.rint(known * AMOUNT_GRID) / AMOUNT_GRID)
        squared = np.rint(known * known * AMOUNT_SQUARED_GRID) / AMOUNT_SQUARED_GRID
        np.add.at(sums["amount_squared"], place, squared)
    return ScoreSummary(
        edges=edges,
        rows=rows.reshape(shape),
        score=sums["score"].reshape(shape),
        amount=sums["amount"].reshape(shape),
        amount_squared=sums["amount_squared"].reshape(shape),
        unpriced=unpriced.reshape(shape),
        has_amounts=amount is not None,
    )
