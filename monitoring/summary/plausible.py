"""What holds of every summary and reference, so that a damaged one is known for it."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from monitoring.errors import InputError
from monitoring.summary.count import NAME_LETTERS
from monitoring.summary.fingerprint import bins_hash
from monitoring.summary.types import (
    UNSEEN_KEPT,
    ClassCounts,
    ColumnStatus,
    FeatureBins,
    FeatureKind,
    FeatureSummary,
    Reference,
    ScoreSummary,
    Summary,
)
from monitoring.wording import several

if TYPE_CHECKING:
    from numpy.typing import NDArray

ROUNDING = 1e-6
"""Share by which sums of rounded numbers may miss a bound."""


def check_summary(summary: Summary) -> None:
    """Raise where a summary of non-negative counts can't be that of any rows.

    Raises
    ------
    InputError
        Its parts contradict each other; the message names them.
    """
    for name, part in summary.features.items():
        _check_feature(name, part, summary.rows)
    if summary.hours is not None:
        _must(summary.hours.shape == (24,), "hours of the day are not 24")
        _must(summary.hours.sum() <= summary.rows, "there are more rows by hour than rows")
    if summary.start is not None and summary.end is not None:
        _must(summary.start <= summary.end, "the last event time is before the first")
    _must((summary.start is None) == (summary.end is None), "one of two event times is missing")
    if summary.scores is not None:
        check_scores(summary.scores)
        _must(summary.scores.rows.sum() <= summary.rows, "there are more scores than rows")
    if summary.classes is not None:
        check_classes(summary.classes)
        _must(summary.classes.rows.sum() <= summary.rows, "there are more classes than rows")


def check_scores(scores: ScoreSummary) -> None:
    """Raise where score histograms of non-negative counts can't be those of any rows.

    Raises
    ------
    InputError
        As `check_summary`.
    """
    _must(_ascending(scores.edges), "score edges are not in ascending order")
    sums = (scores.score, scores.amount, scores.amount_squared)
    shape = (3, len(scores.edges) + 1)
    _must(
        all(part.shape == shape for part in (scores.rows, scores.unpriced, *sums)),
        "score histograms have not three counts per bin",
    )
    _must((scores.unpriced <= scores.rows).all(), "more rows lack an amount than there are")
    _must(
        all((part[scores.rows == 0] == 0).all() for part in sums),
        "a score bin without rows has sums",
    )
    _must(
        ((scores.score >= 0) & (scores.score <= scores.rows * (1 + ROUNDING))).all(),
        "scores add up to what scores from 0 to 1 can't",
    )
    _must((scores.amount_squared >= 0).all(), "a sum of squared amounts is below 0")
    with np.errstate(over="ignore"):
        most = (scores.amount_squared + scores.rows) * scores.rows * (1 + ROUNDING)
        _must(
            (np.square(scores.amount) <= most).all(), "amounts add up to what their squares can't"
        )
    for weight, part in scores.by_weight.items():
        _must(weight == 0 or weight > 1, "rows of a weight stand for themselves, or for less")
        _must(not part.by_weight, "rows of one weight have others")
        check_scores(part)
    held = sum((part.rows for part in scores.by_weight.values()), start=np.zeros_like(scores.rows))
    _must((held <= scores.rows).all(), "more rows have a weight than there are")


def check_classes(classes: ClassCounts) -> None:
    """Raise where counts by class can't be those of any rows.

    Raises
    ------
    InputError
        As `check_summary`.
    """
    names, size = classes.names, len(classes.names)
    _must(size > 1 and len(set(names)) == size, "the classes are not two or more different ones")
    _must(0 < len(set(classes.watched)) < size, "not some of the classes are watched")
    _must(set(classes.watched) <= set(names), "a watched class is none of the classes")
    _must(classes.rows.shape == (size, size + 1), "rows by class are not one count per class")
    labelled, unlabelled = classes.rows[:, :-1].sum(axis=1), classes.rows[:, -1]
    for sums in (classes.probability, classes.variance):
        _must(sums.shape == (2, size, size), "sums by class are not one per class")
        _must((sums >= 0).all(), "a sum by class is below 0")
    room = (1 + np.stack([labelled, unlabelled])) * ROUNDING
    off = np.abs(classes.probability.sum(axis=2) - np.stack([labelled, unlabelled]))
    _must((off <= room).all(), "probabilities of the classes don't add up to the rows")


def check_reference(reference: Reference) -> None:
    """Raise where a reference can't be one that was fitted on rows.

    Raises
    ------
    InputError
        As `check_summary`; or its summaries lie on other bins than its own.
    """
    _must(len(reference.bins) > 0, "there are no bins")
    names = [part.name for part in reference.bins]
    _must(len(set(names)) == len(names), "two features have one name")
    for part in reference.bins:
        _check_bins(part)
    _must(_ascending(reference.score_edges), "score edges are not in ascending order")
    _must(reference.threshold in reference.score_edges, "the threshold is not a score edge")
    _check_importance(reference)
    validation = () if reference.validation is None else (reference.validation,)
    parts = (*reference.chunks, *reference.by_hour)
    key = bins_hash(reference.bins, reference.score_edges)
    for summary in (reference.training, *validation, *parts):
        check_summary(summary)
        _check_sizes(reference.bins, summary)
        _must(summary.bins_hash == key, "the bins are not those that the rows were counted on")
        _must(
            summary.model_version == reference.model_version, "a part is of another model version"
        )
    for scores in reference.score_chunks:
        check_scores(scores)
    for classes in reference.class_chunks:
        check_classes(classes)
    _must(len(reference.by_hour) in (0, 24), "hours of the day are not 24")
    _check_parts(reference.training, reference.chunks, "chunks")
    _check_parts(reference.training, reference.by_hour, "hours")


def _must(holds: object, wrong: str) -> None:
    if not holds:
        raise InputError(wrong)


def _ascending(values: Sequence[float] | NDArray[np.float64]) -> bool:
    return all(low < high for low, high in pairwise(values))


def _check_feature(name: str, part: FeatureSummary, rows: int) -> None:
    counted = int(part.counts.sum())
    whole = part.status is ColumnStatus.OK
    _must(
        counted == rows if whole else counted <= rows,
        f"counts of {name!r} add up to {counted:,}, not to the {several(rows, 'row')}",
    )
    _must(part.below + part.above <= counted, f"{name!r} has more outliers than rows")
    _must(len(part.unseen) <= UNSEEN_KEPT, f"{name!r} names more than {UNSEEN_KEPT} categories")
    _must(
        all(len(word) <= NAME_LETTERS for word in part.unseen),
        f"{name!r} names a category of more than {NAME_LETTERS} letters",
    )
    _must(
        sum(part.stray.values()) <= part.strays <= (int(part.counts[0]) if part.counts.size else 0),
        f"{name!r} has more rows of stray words than missing values",
    )
    _must(
        len(part.stray) <= UNSEEN_KEPT and all(len(word) <= NAME_LETTERS for word in part.stray),
        f"{name!r} names too many stray words, or one that is too long",
    )
    unseen = sum(part.unseen.values())
    _must(
        unseen <= (int(part.counts[-1]) if part.counts.size else 0),
        f"{name!r} has more rows of unseen categories than in their bin",
    )


def _check_bins(part: FeatureBins) -> None:
    name = repr(part.name)
    _must(_ascending(part.edges), f"edges of {name} are not in ascending order")
    _must(_ascending(part.heavy), f"heavy values of {name} are not in ascending order")
    _must(part.low <= part.high, f"the range of {name} is reversed")
    finite = {value for value in part.heavy if math.isfinite(value)}
    _must(finite <= set(part.edges), f"a heavy value of {name} is not an edge")
    words = (*part.categories, *part.rare)
    _must(len(set(words)) == len(words), f"{name} has a category twice")
    numeric = part.kind is FeatureKind.NUMERIC
    _must(
        not words if numeric else not (part.edges or part.heavy), f"{name} has bins of another kind"
    )
    _must(0 <= part.unseen_share <= 1, f"the unseen share of {name} is not from 0 to 1")
    _must(part.unseen_shape > 0, f"the unseen shape of {name} is not above 0")


def _check_importance(reference: Reference) -> None:
    weights = reference.importance
    _must(
        set(weights) <= {part.name for part in reference.bins}, "importance of what is no feature"
    )
    _must(all(weight >= 0 for weight in weights.values()), "an importance is below 0")
    total = sum(weights.values())
    _must(
        not weights or math.isclose(total, 1, abs_tol=ROUNDING), "importance does not add up to 1"
    )


def _check_sizes(bins: Sequence[FeatureBins], summary: Summary) -> None:
    """Raise where a summary has not one count per bin."""
    sizes = {part.name: part.size for part in bins}
    counts = {name: len(part.counts) for name, part in summary.features.items()}
    wrong = (name for name in sizes | counts if sizes.get(name) != counts.get(name))
    if counts != sizes:
        msg = f"counts of {min(wrong)!r} don't belong to its bins"
        raise InputError(msg)


def _check_parts(whole: Summary, parts: Iterable[Summary], called: str) -> None:
    """Raise where parts of the rows, none in two of them, hold more than all rows do."""
    for name, feature in whole.features.items():
        counts = [part.features[name].counts for part in parts]
        if counts and feature.status is ColumnStatus.OK:
            _must(
                (np.sum(counts, axis=0) <= feature.counts).all(),
                f"{called} hold more rows in a bin of {name!r} than the training rows do",
            )
