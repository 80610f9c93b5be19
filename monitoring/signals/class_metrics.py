"""Metrics by class: of targets of more than two classes, and averages over classes of any."""

from __future__ import annotations

from monitoring.signals.metric import PERFORMANCE_LABELS, Direction, Metric, Unit

_CLASS = (*PERFORMANCE_LABELS, "class")

AVERAGED = Metric(
    "averaged",
    unit=Unit.RATIO,
    title="Average over classes",
    help="The ratio named by `of`, averaged over classes as `average` says: macro, weighted by "
    "their rows, or overall: every row counts once.",
    labels=(*PERFORMANCE_LABELS, "average", "of"),
    good=Direction.UP,
)
ACCURACY = Metric(
    "accuracy",
    unit=Unit.RATIO,
    title="Accuracy",
    help="Share of all rows that were decided right; only where the use case names it in "
    "`figures`, and never alerted on: a rare class makes it flatter.",
    labels=PERFORMANCE_LABELS,
    good=Direction.UP,
)
CLASS_RECALL = Metric(
    "class_recall",
    unit=Unit.RATIO,
    title="Recall by class",
    help="Share of the rows of `class` that were decided to be.",
    labels=_CLASS,
    good=Direction.UP,
)
CLASS_PRECISION = Metric(
    "class_precision",
    unit=Unit.RATIO,
    title="Precision by class",
    help="Share of the rows decided to be of `class` that are.",
    labels=_CLASS,
    good=Direction.UP,
)
CLASS_F1 = Metric(
    "class_f1",
    unit=Unit.RATIO,
    title="F1 by class",
    help="Harmonic mean of precision and recall of `class`.",
    labels=_CLASS,
    good=Direction.UP,
)
CLASS_INTERVAL = Metric(
    "class_interval",
    unit=Unit.RATIO,
    title="95% interval by class",
    help="Bound of the 95% interval of the ratio of `class` named by `of`.",
    labels=(*_CLASS, "of", "bound"),
)
DECIDED = Metric(
    "decided",
    unit=Unit.ROWS,
    title="Decided",
    help="Labelled rows of `class` that were decided to be of class `decided`.",
    labels=(*_CLASS, "decided"),
)
CLASS_COST = Metric(
    "class_cost",
    unit=Unit.MONEY,
    title="Cost by class",
    help="Cost of the rows by true and decided class, by the use case's cost matrix.",
    labels=PERFORMANCE_LABELS,
    good=Direction.DOWN,
)
ESTIMATED_CLASS = Metric(
    "estimated_class",
    unit=Unit.RATIO,
    title="Estimated by class",
    help="Estimate of the ratio of `class` named by `of` for the window just closed, before "
    "labels arrive.",
    labels=("class", "of"),
)
EXPECTED_CLASS = Metric(
    "expected_class",
    unit=Unit.ROWS,
    title="Expected",
    help="Rows of the window just closed that are expected to be of `class`.",
    labels=("class",),
)
ESTIMATED_CLASS_COST = Metric(
    "estimated_class_cost",
    unit=Unit.MONEY,
    title="Estimated cost by class",
    help="Estimate of what the window just closed cost by the use case's cost matrix.",
    good=Direction.DOWN,
)
CLASS_DRIFT = Metric(
    "class_drift",
    unit=Unit.RATIO,
    title="Drift of the decided classes",
    help="Drift effect of the classes that were decided, against those of validation rows.",
    good=Direction.DOWN,
)

CLASS_METRICS = (
    AVERAGED,
    ACCURACY,
    CLASS_RECALL,
    CLASS_PRECISION,
    CLASS_F1,
    CLASS_INTERVAL,
    DECIDED,
    CLASS_COST,
    ESTIMATED_CLASS,
    EXPECTED_CLASS,
    ESTIMATED_CLASS_COST,
    CLASS_DRIFT,
)
"""In the order of the README's table."""
