"""Metrics of what a model does: performance, money, and what is known before labels arrive."""

from __future__ import annotations

from monitoring.signals.metric import PERFORMANCE_LABELS, Direction, Metric, Unit

# Performance: realised, at the decision threshold.
RECALL = Metric(
    "recall",
    unit=Unit.RATIO,
    title="Recall",
    help="Share of the positives that were flagged, at the decision threshold.",
    labels=PERFORMANCE_LABELS,
    good=Direction.UP,
)
PRECISION = Metric(
    "precision",
    unit=Unit.RATIO,
    title="Precision",
    help="Share of the flagged rows that are positive, at the decision threshold.",
    labels=PERFORMANCE_LABELS,
    good=Direction.UP,
)
F1 = Metric(
    "f1",
    unit=Unit.RATIO,
    title="F1",
    help="Harmonic mean of precision and recall of the positive class.",
    labels=PERFORMANCE_LABELS,
    good=Direction.UP,
)
PR_AUC = Metric(
    "pr_auc",
    unit=Unit.RATIO,
    title="PR-AUC",
    help="Average precision over all thresholds.",
    labels=PERFORMANCE_LABELS,
    good=Direction.UP,
)
ROC_AUC = Metric(
    "roc_auc",
    unit=Unit.RATIO,
    title="ROC-AUC",
    help="Area under the ROC curve.",
    labels=PERFORMANCE_LABELS,
    good=Direction.UP,
)
INTERVAL = Metric(
    "interval",
    unit=Unit.RATIO,
    title="95% interval",
    help="Bound of the 95% interval of the ratio named by `of`.",
    labels=(*PERFORMANCE_LABELS, "of", "bound"),
)
POSITIVES = Metric(
    "positives",
    unit=Unit.ROWS,
    title="Positives",
    help="Rows whose label is positive.",
    labels=PERFORMANCE_LABELS,
)
DETECTED = Metric(
    "detected",
    unit=Unit.ROWS,
    title="Caught",
    help="Positives that were flagged: true positives.",
    labels=PERFORMANCE_LABELS,
    good=Direction.UP,
)
MISSED = Metric(
    "missed",
    unit=Unit.ROWS,
    title="Missed",
    help="Positives that were not flagged: false negatives.",
    labels=PERFORMANCE_LABELS,
    good=Direction.DOWN,
)
FALSE_ALARMS = Metric(
    "false_alarms",
    unit=Unit.ROWS,
    title="False alarms",
    help="Negatives that were flagged: false positives.",
    labels=PERFORMANCE_LABELS,
    good=Direction.DOWN,
)
FALSE_ALARM_RATE = Metric(
    "false_alarm_rate",
    unit=Unit.RATIO,
    title="False alarm rate",
    help="Share of the negatives that were flagged: false positive rate.",
    labels=PERFORMANCE_LABELS,
    good=Direction.DOWN,
)
PRECISION_AT_CAPACITY = Metric(
    "precision_at_capacity",
    unit=Unit.RATIO,
    title="Precision at capacity",
    help="Precision among the highest scores, as many as the team can review.",
    labels=PERFORMANCE_LABELS,
    good=Direction.UP,
)
RECALL_AT_CAPACITY = Metric(
    "recall_at_capacity",
    unit=Unit.RATIO,
    title="Recall at capacity",
    help="Recall when the team reviews the highest scores up to its capacity.",
    labels=PERFORMANCE_LABELS,
    good=Direction.UP,
)
CAPACITY_USED = Metric(
    "capacity_used",
    unit=Unit.RATIO,
    title="Review capacity used",
    help="Alarms per day as a share of what the team can review; above 1 is too many.",
    labels=PERFORMANCE_LABELS,
    good=Direction.DOWN,
)

# Money, in the use case's currency.
MONEY_CAUGHT = Metric(
    "caught_money",
    unit=Unit.MONEY,
    title="Money caught",
    help="Loss prevented by the positives that were caught.",
    labels=PERFORMANCE_LABELS,
    good=Direction.UP,
)
MONEY_MISSED = Metric(
    "missed_money",
    unit=Unit.MONEY,
    title="Money missed",
    help="Loss of missed positives.",
    labels=PERFORMANCE_LABELS,
    good=Direction.DOWN,
)
REVIEW_COST = Metric(
    "review_cost",
    unit=Unit.MONEY,
    title="Cost of alarms",
    help="Cost of reviewing all alarms, and of the harm done by false ones.",
    labels=PERFORMANCE_LABELS,
    good=Direction.DOWN,
)
NET_SAVING = Metric(
    "net_saving",
    unit=Unit.MONEY,
    title="Net saving",
    help="Cost without a model minus cost with it.",
    labels=PERFORMANCE_LABELS,
    good=Direction.UP,
)
RETURN_ON_COST = Metric(
    "return_on_cost",
    unit=Unit.FACTOR,
    title="Return on cost",
    help="Loss prevented per unit of money spent on alarms.",
    labels=PERFORMANCE_LABELS,
    good=Direction.UP,
)
RETURN_ON_COST_INTERVAL = Metric(
    "return_on_cost_interval",
    unit=Unit.FACTOR,
    title="Return on cost, 95% interval",
    help="Bound of the 95% interval of the return on cost.",
    labels=(*PERFORMANCE_LABELS, "bound"),
)

# The cost curve of the newest mature window, at a few thresholds around the one in use.
_STEP = ("threshold", "used")
COST_AT = Metric(
    "cost_at",
    unit=Unit.MONEY,
    title="Cost",
    help="What the newest mature window would have cost at `threshold`.",
    labels=_STEP,
    good=Direction.DOWN,
)
ALARMS_AT = Metric(
    "alarms_at",
    unit=Unit.ROWS,
    title="Alarms",
    help="Rows of the newest mature window that would have been flagged at `threshold`.",
    labels=_STEP,
)
MISSED_AT = Metric(
    "missed_at",
    unit=Unit.ROWS,
    title="Missed",
    help="Positives of the newest mature window that would have been missed at `threshold`.",
    labels=_STEP,
    good=Direction.DOWN,
)

# Late labels.
LABEL_COVERAGE = Metric(
    "label_coverage",
    unit=Unit.RATIO,
    title="Label coverage",
    help="Share of the rows of the newest mature window whose label has arrived.",
    good=Direction.UP,
)
ESTIMATED = Metric(
    "estimated",
    unit=Unit.RATIO,
    title="Estimated performance",
    help="Estimate of the ratio named by `of` for the window just closed, before labels arrive.",
    labels=("of",),
)
ESTIMATED_INTERVAL = Metric(
    "estimated_interval",
    unit=Unit.RATIO,
    title="Estimated performance, 95% interval",
    help="Bound of the 95% interval of the estimate named by `of`.",
    labels=("of", "bound"),
)
ESTIMATED_POSITIVES = Metric(
    "estimated_positives",
    unit=Unit.ROWS,
    title="Estimated positives",
    help="Positives expected among the rows of the window just closed; below the use case's "
    "minimum its estimate is not judged.",
)
ESTIMATED_COST = Metric(
    "estimated_cost",
    unit=Unit.MONEY,
    title="Estimated cost",
    help="Estimate of what the window just closed cost.",
    good=Direction.DOWN,
)
ESTIMATED_COST_INTERVAL = Metric(
    "estimated_cost_interval",
    unit=Unit.MONEY,
    title="Estimated cost, 95% interval",
    help="Bound of the 95% interval of the estimated cost.",
    labels=("bound",),
)
COST_OF_DRIFT = Metric(
    "cost_of_drift",
    unit=Unit.MONEY,
    title="Cost of drift",
    help="What the drift of `feature` adds to the estimated cost of 1,000 rows of the window just "
    "closed; `of` is `feature`, `others` for those without a part of their own, or `remainder` "
    "for what they leave of the change, whose `feature` says so in words. Absent "
    "where no feature of the model drifted.",
    labels=("of", "feature"),
    good=Direction.DOWN,
)
ESTIMATE_ERROR = Metric(
    "estimate_error",
    unit=Unit.RATIO,
    title="Error of the estimate",
    help="Distance of the estimated from the realised ratio named by `of`, in the newest mature "
    "window; alerts look at recall.",
    labels=("of",),
    good=Direction.DOWN,
)
ESTIMATE_HELD = Metric(
    "estimate_held",
    unit=Unit.FLAG,
    title="Estimate confirmed",
    help="1 where the realised recall of the newest mature window lies within the 95% interval "
    "estimated before its labels arrived, 0 where it does not; by the version that scored it.",
    labels=("version",),
    good=Direction.UP,
)
ESTIMATE_COST_ERROR = Metric(
    "estimate_cost_error",
    unit=Unit.MONEY,
    title="Error of the estimated cost",
    help="Distance of the estimated from the realised cost of the newest mature window.",
    good=Direction.DOWN,
)
LABEL_PROBLEMS = Metric(
    "label_problems",
    unit=Unit.ROWS,
    title="Labels in doubt",
    help="Labels since the window's start that contradict the first one, came before their event, "
    "belong to no row, or to rows that share an id, by `problem`; none is discarded.",
    labels=("problem",),
    good=Direction.DOWN,
)
LABEL_CORRECTIONS = Metric(
    "label_corrections",
    unit=Unit.ROWS,
    title="Corrected labels",
    help="Labels since the window's start that took the place of an earlier one, where the use "
    "case lets the newest win.",
)
