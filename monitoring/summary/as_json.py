"""References and summaries as plain JSON records, and back, without loss."""

from __future__ import annotations

import math
from datetime import datetime
from typing import TYPE_CHECKING, Any

import numpy as np

from monitoring.errors import InputError, InputTypeError, TocsinError
from monitoring.summary.csv_format import AFFIXES, DECIMALS, CsvFormat, Notation
from monitoring.summary.plausible import check_reference, check_summary
from monitoring.summary.types import (
    ClassCounts,
    ColumnStatus,
    FeatureBins,
    FeatureKind,
    FeatureSummary,
    Reference,
    Runs,
    ScoreSummary,
    Summary,
)

if TYPE_CHECKING:
    from numpy.typing import NDArray


MOST_ROWS = 2**53
"""Rows that a saved count may stand for."""

LARGEST_OFFSET = 10**38
"""Whole numbers that columns may hold reach so far, decimals with all their digits."""


class FormatError(TocsinError, ValueError):
    """A saved file, or a text, can't be read as what it should hold; the message says why.

    It is missing, damaged, of an unknown version of the format, or holds what no rows can give.
    """


def reference_record(reference: Reference) -> dict[str, Any]:
    """Return a reference as what JSON can hold; its bins and score edges stand there once."""
    validation = reference.validation
    record = {
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
        "written": None if reference.written is None else _written_record(reference.written),
    }
    if reference.class_chunks:
        record["class_chunks"] = [_classes_record(part) for part in reference.class_chunks]
    return record


def _written_record(written: CsvFormat) -> dict[str, Any]:
    return {
        name: {"decimal": notation.decimal, "affix": notation.affix}
        for name, notation in written.notations.items()
    }


def _written_from(record: Any) -> CsvFormat | None:
    if record is None:
        return None
    return CsvFormat({name: _notation_from(part) for name, part in record.items()})


def _notation_from(record: dict[str, Any]) -> Notation:
    decimal, affix = _text(record["decimal"]), _text(record["affix"])
    if decimal not in DECIMALS or affix not in AFFIXES:
        msg = f"{decimal!r:.60} or {affix!r:.60} is no mark of numbers"
        raise InputError(msg)
    return Notation(decimal, affix)


def reference_from(record: dict[str, Any]) -> Reference:
    """Read what `reference_record` gave, and check that it can be true.

    Raises
    ------
    LookupError, TypeError, ValueError, AttributeError, OverflowError
        It is something else, or can't be true.
    """
    edges = _numbers(record["score_edges"])
    validation = record["validation"]
    reference = Reference(
        bins=tuple(_bins_from(part) for part in record["bins"]),
        score_edges=edges,
        threshold=_number(record["threshold"]),
        training=_summary_from(record["training"], edges),
        validation=None if validation is None else _summary_from(validation, edges),
        chunks=tuple(_summary_from(chunk, edges) for chunk in record["chunks"]),
        score_chunks=tuple(_scores_from(part, edges) for part in record["score_chunks"]),
        class_chunks=tuple(_classes_from(part) for part in record.get("class_chunks", ())),
        by_hour=tuple(_summary_from(hour, edges) for hour in record["by_hour"]),
        importance={name: _number(weight) for name, weight in record["importance"].items()},
        model_version=_text_or_none(record["model_version"]),
        written=_written_from(record.get("written")),
    )
    check_reference(reference)
    return reference


def summary_record(summary: Summary, *, with_edges: bool = True) -> dict[str, Any]:
    """Return a summary as what JSON can hold."""
    record = {
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
    if summary.classes is not None:
        record["classes"] = _classes_record(summary.classes)
    return record


def summary_from(record: dict[str, Any]) -> Summary:
    """Read what `summary_record` gave, and check that it can be true.

    Raises
    ------
    LookupError, TypeError, ValueError, AttributeError, OverflowError
        As `reference_from`.
    """
    summary = _summary_from(record, None)
    check_summary(summary)
    return summary


def _summary_from(record: dict[str, Any], edges: NDArray[np.float64] | None) -> Summary:
    """Read a summary; `edges` where it was made without them."""
    hours, scores = record["hours"], record["scores"]
    return Summary(
        bins_hash=_text(record["bins_hash"]),
        model_version=_text_or_none(record["model_version"]),
        rows=_count(record["rows"]),
        features={name: _feature_from(part) for name, part in record["features"].items()},
        scores=None if scores is None else _scores_from(scores, edges),
        start=_moment(record["start"]),
        end=_moment(record["end"]),
        hours=None if hours is None else _counts(hours),
        classes=_classes_from(record["classes"]) if "classes" in record else None,
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
        "offset": bins.offset,
        "runs": bins.runs,
        "categories": list(bins.categories),
        "rare": sorted(bins.rare),
        "open_ended": bins.open_ended,
        "unseen_share": bins.unseen_share,
        "unseen_shape": bins.unseen_shape,
    }


def _bins_from(record: dict[str, Any]) -> FeatureBins:
    return FeatureBins(
        name=_text(record["name"]),
        kind=FeatureKind(record["kind"]),
        edges=tuple(map(_number, record["edges"])),
        heavy=tuple(map(_any_number, record["heavy"])),
        low=_any_number(record["low"]),
        high=_any_number(record["high"]),
        times=_flag(record.get("times", False)),
        single=_flag(record.get("single", False)),
        offset=_offset(record.get("offset", 0)),
        runs=None if record.get("runs") is None else Runs(record["runs"]),
        categories=tuple(map(_text, record["categories"])),
        rare=frozenset(map(_text, record["rare"])),
        open_ended=_flag(record["open_ended"]),
        unseen_share=_number(record["unseen_share"]),
        unseen_shape=_number(record["unseen_shape"]),
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
    if part.strays:
        record["strays"] = part.strays
        record["stray"] = dict(part.stray)
    if part.span is not None:
        record["span"] = [_finite(value) for value in part.span]
    return record


def _feature_from(record: dict[str, Any]) -> FeatureSummary:
    below, above = record.get("outside", (0, 0))
    span = record.get("span")
    return FeatureSummary(
        counts=_counts(record["counts"]),
        below=_count(below),
        above=_count(above),
        status=ColumnStatus(record.get("status", ColumnStatus.OK)),
        unseen={name: _count(rows) for name, rows in record.get("unseen", {}).items()},
        strays=_count(record.get("strays", 0)),
        stray={name: _count(rows) for name, rows in record.get("stray", {}).items()},
        span=None if span is None else _span(span),
    )


def _span(record: Any) -> tuple[float, float]:
    low, high = map(_any_number, _list(record))
    if low > high:
        msg = "a range is reversed"
        raise InputError(msg)
    return low, high


def _scores_record(scores: ScoreSummary, *, with_edges: bool) -> dict[str, Any]:
    record = {
        "edges": scores.edges.tolist() if with_edges else None,
        "rows": scores.rows.tolist(),
        "score": _sums(scores.score),
        "amount": _sums(scores.amount),
        "amount_squared": _sums(scores.amount_squared),
        "has_amounts": scores.has_amounts,
    }
    if scores.unpriced.any():
        record["unpriced"] = scores.unpriced.tolist()
    if scores.by_weight:
        record["by_weight"] = [
            [weight, _scores_record(part, with_edges=False)]
            for weight, part in scores.by_weight.items()
        ]
    return record


def _scores_from(record: dict[str, Any], edges: NDArray[np.float64] | None) -> ScoreSummary:
    if edges is None:
        edges = _numbers(record["edges"])
    rows = _table_of_counts(record["rows"])
    return ScoreSummary(
        edges=edges,
        rows=rows,
        score=_table_of_sums(record["score"]),
        amount=_table_of_sums(record["amount"]),
        amount_squared=_table_of_sums(record["amount_squared"]),
        unpriced=(
            _table_of_counts(record["unpriced"]) if "unpriced" in record else np.zeros_like(rows)
        ),
        has_amounts=_flag(record["has_amounts"]),
        by_weight={
            _number(weight): _scores_from(part, edges)
            for weight, part in _list(record.get("by_weight", []))
        },
    )


def _classes_record(classes: ClassCounts) -> dict[str, Any]:
    return {
        "names": list(classes.names),
        "watched": list(classes.watched),
        "rows": classes.rows.tolist(),
        "probability": [_sums(part) for part in classes.probability],
        "variance": [_sums(part) for part in classes.variance],
    }


def _classes_from(record: dict[str, Any]) -> ClassCounts:
    return ClassCounts(
        names=tuple(map(_text, _list(record["names"]))),
        watched=tuple(map(_text, _list(record["watched"]))),
        rows=_table_of_counts(record["rows"]),
        probability=np.array([_table_of_sums(part) for part in _list(record["probability"])]),
        variance=np.array([_table_of_sums(part) for part in _list(record["variance"])]),
    )


def _sums(sums: NDArray[np.float64]) -> list[list[float]]:
    """Write whole numbers without a fraction: most sums are 0."""
    return [[int(x) if x.is_integer() else x for x in row] for row in sums.tolist()]


def _finite(value: float) -> float | str:
    """JSON knows no infinity."""
    return value if math.isfinite(value) else str(value)


def _text(value: Any) -> str:
    if type(value) is not str:
        msg = f"{value!r:.60} stands where a text belongs"
        raise InputTypeError(msg)
    return value


def _text_or_none(value: Any) -> str | None:
    return None if value is None else _text(value)


def _flag(value: Any) -> bool:
    if type(value) is not bool:
        msg = f"{value!r:.60} is neither true nor false"
        raise InputTypeError(msg)
    return value


def _offset(value: Any) -> int:
    if type(value) is not int or abs(value) > LARGEST_OFFSET:
        msg = f"{value!r:.60} is not an offset of whole numbers"
        raise InputError(msg)
    return value


def _count(value: Any) -> int:
    """Return a number of rows: no float, no boolean, and not so many that a sum would overflow."""
    if type(value) is not int or not 0 <= value <= MOST_ROWS:
        msg = f"{value!r:.60} is not a number of rows"
        raise InputError(msg)
    return value


def _counts(values: Any) -> NDArray[np.int64]:
    return np.array([_count(value) for value in _list(values)], np.int64)


def _table_of_counts(rows: Any) -> NDArray[np.int64]:
    return np.array([_counts(row) for row in _list(rows)], np.int64)


def _any_number(value: Any) -> float:
    """Return a number; infinite ones are texts, as `_finite` wrote them."""
    return float(value) if value in ("inf", "-inf") else _number(value)


def _number(value: Any) -> float:
    if type(value) not in (int, float) or not math.isfinite(value):
        msg = f"{value!r:.60} is not a finite number"
        raise InputError(msg)
    return float(value)


def _numbers(values: Any) -> NDArray[np.float64]:
    return np.array([_number(value) for value in _list(values)], np.float64)


def _table_of_sums(rows: Any) -> NDArray[np.float64]:
    return np.array([_numbers(row) for row in _list(rows)], np.float64)


def _list(values: Any) -> list[Any]:
    if type(values) is not list:
        msg = f"{values!r:.60} is not a list"
        raise InputTypeError(msg)
    return values


def _moment(value: Any) -> datetime | None:
    moment = None if value is None else datetime.fromisoformat(_text(value))
    if moment is not None and moment.tzinfo is None:
        msg = f"{value} has no time zone"
        raise InputError(msg)
    return moment
