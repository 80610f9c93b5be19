"""Count: how many rows of one column fall into each bin of its feature."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from monitoring.summary.column import numbers_of, words_of
from monitoring.summary.types import (
    UNSEEN_KEPT,
    ColumnStatus,
    FeatureBins,
    FeatureKind,
    FeatureSummary,
)

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa
    from numpy.typing import NDArray

NAME_LETTERS = 80
"""Letters of an unseen category's name that are kept."""


def count_feature(bins: FeatureBins, features: pd.DataFrame) -> FeatureSummary:
    """Count one feature's column; one that is not there or has another type has zeros."""
    if bins.name not in features.columns:
        return _unread(bins, ColumnStatus.MISSING_COLUMN)
    column = features[bins.name]
    if bins.kind is FeatureKind.NUMERIC:
        numbers = numbers_of(column)
        if numbers is not None:
            return count_numbers(bins, numbers)
    else:
        words = words_of(column)
        if words is not None and not _numbers_for_words(bins, column, words):
            return count_words(bins, words)
    return _unread(bins, ColumnStatus.TYPE_CHANGED)


def count_numbers(bins: FeatureBins, numbers: NDArray[np.float64]) -> FeatureSummary:
    """Count numbers; NaN is missing, infinities are numbers.

    Comparing every number with every edge looks like more work than searching each number's
    bin, and takes a tenth of the time: comparisons run many numbers at once.
    """
    up_to = [np.count_nonzero(numbers <= edge) for edge in (*bins.edges, np.inf)]
    heavy = np.array([np.count_nonzero(numbers == value) for value in bins.heavy], np.int64)
    intervals = np.diff(up_to, prepend=0)
    np.subtract.at(intervals, np.searchsorted(bins.edges, bins.heavy), heavy)
    missing = len(numbers) - up_to[-1]
    return FeatureSummary(
        counts=np.concatenate(([missing], heavy, intervals)).astype(np.int64),
        below=int(np.count_nonzero(numbers < bins.low)),
        above=int(np.count_nonzero(numbers > bins.high)),
    )


def count_words(bins: FeatureBins, words: pa.Array) -> FeatureSummary:
    """Count words; null is missing."""
    import pyarrow.compute as pc

    found = pc.value_counts(words.drop_null())
    place = {word: index for index, word in enumerate(bins.categories, start=1)}
    other, unseen_bin = len(bins.categories) + 1, len(bins.categories) + 2
    counts = np.zeros(bins.size, np.int64)
    counts[0] = words.null_count
    unseen: dict[str, int] = {}
    for word, rows in zip(
        found.field("values").to_pylist(), found.field("counts").to_pylist(), strict=True
    ):
        known = word in bins.rare or bins.open_ended
        index = place.get(word, other if known else unseen_bin)
        counts[index] += rows
        if index == unseen_bin:
            name = word[:NAME_LETTERS]
            unseen[name] = unseen.get(name, 0) + rows
    return FeatureSummary(counts=counts, unseen=first_unseen(unseen))


def first_unseen(unseen: dict[str, int]) -> dict[str, int]:
    """Return the unseen categories that a summary names.

    Whatever is among the first of a union is among the first of each part that holds it, so
    that counts stay exact when summaries are merged.
    """
    return {name: unseen[name] for name in sorted(unseen)[:UNSEEN_KEPT]}


def _numbers_for_words(bins: FeatureBins, column: pd.Series, words: pa.Array) -> bool:
    """Whether numbers, none of them a known code, stand where words did."""
    import pandas as pd

    if not pd.api.types.is_numeric_dtype(column.dtype) or bins.open_ended:
        return False
    found = set(words.drop_null().unique().to_pylist())
    return bool(found) and found.isdisjoint((*bins.categories, *bins.rare))


def _unread(bins: FeatureBins, status: ColumnStatus) -> FeatureSummary:
    return FeatureSummary(counts=np.zeros(bins.size, np.int64), status=status)
