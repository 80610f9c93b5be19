"""Metrics of what blocking hides, and of the rows that are let through to show it."""

from __future__ import annotations

from monitoring.signals.metric import Direction, Metric, Unit

HIDDEN_TRUTH = Metric(
    "hidden_truth",
    unit=Unit.RATIO,
    title="Truth hidden",
    help="Share of the settled rows of the newest mature window whose truth nobody will see: they "
    "were blocked, and not reviewed.",
    good=Direction.DOWN,
)
UNCORRECTED = Metric(
    "uncorrected",
    unit=Unit.RATIO,
    title="Without the control group",
    help="What the ratio named by `of` would be if blocked rows counted as rows whose label never "
    "came.",
    labels=("of",),
)
UNCORRECTED_SAVING = Metric(
    "uncorrected_saving",
    unit=Unit.MONEY,
    title="Net saving without the control group",
    help="What the net saving would be if blocked rows counted as rows whose label never came.",
)
CONTROL_ROWS = Metric(
    "control",
    unit=Unit.ROWS,
    title="Control group",
    help="Flagged rows of the newest mature window that were let through, and stand for those that "
    "were blocked.",
)
CONTROL_COST = Metric(
    "control_cost",
    unit=Unit.MONEY,
    title="Cost of the control group",
    help="Loss of the positives among the rows let through, less the reviews and false alarms that "
    "these rows would have been.",
    good=Direction.DOWN,
)

HIDDEN_METRICS = (HIDDEN_TRUTH, UNCORRECTED, UNCORRECTED_SAVING, CONTROL_ROWS, CONTROL_COST)
