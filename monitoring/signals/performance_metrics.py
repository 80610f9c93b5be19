"""Metrics of what a model does: performance, money, and what is known before labels come."""

from __future__ import annotations

from monitoring.signals.metric import BriefName, Direction, Metric, Stage, Unit

_PERFORMANCE = ("stage", "role")


def _test_and_production(test: str, production: str | None = None) -> tuple[BriefName, ...]:
    names = (BriefName(test, Stage.TEST, fraud_only=True),)
    if production is None:
        return names
    return (*names, BriefName(production, Stage.PRODUCTION, fraud_only="fraud" in production))


# Performance: realised, at the decision threshold.
RECALL = Metric(
    "recall",
    Unit.RATIO,
    "Recall",
    "Positives caught among all positives, at the decision threshold.",
    _PERFORMANCE,
    Direction.UP,
    _test_and_production("test_fraud_recall", "fraud_detection_rate"),
)
PRECISION = Metric(
    "precision",
    Unit.RATIO,
    "Precision",
    "Positives among all alarms, at the decision threshold.",
    _PERFORMANCE,
    Direction.UP,
    _test_and_production("test_fraud_precision"),
)
F1 = Metric(
    "f1",
    Unit.RATIO,
    "F1",
    "Harmonic mean of precision and recall, positive class.",
    _PERFORMANCE,
    Direction.UP,
    _test_and_production("test_fraud_f1"),
)
PR_AUC = Metric(
    "pr_auc",
    Unit.RATIO,
    "PR-AUC",
    "Average precision over all thresholds.",
    _PERFORMANCE,
    Direction.UP,
)
ROC_AUC = Metric(
    "roc_auc", Unit.RATIO, "ROC-AUC", "Area under the ROC curve.", _PERFORMANCE, Direction.UP
)
INTERVAL = Metric(
    "interval",
    Unit.RATIO,
    "95% interval",
    "Bound of the 95% interval of the ratio named by `of`.",
    (*_PERFORMANCE, "of", "bound"),
)
POSITIVES = Metric(
    "positives", Unit.ROWS, "Positives", "Rows whose label is positive.", _PERFORMANCE
)
DETECTED = Metric(
    "detected",
    Unit.ROWS,
    "Caught",
    "Positives that were alarmed.",
    _PERFORMANCE,
    Direction.UP,
    (BriefName("frauds_detected_count", Stage.PRODUCTION, fraud_only=True),),
)
MISSED = Metric(
    "missed",
    Unit.ROWS,
    "Missed",
    "Positives that were not alarmed.",
    _PERFORMANCE,
    Direction.DOWN,
    (BriefName("frauds_missed_count", Stage.PRODUCTION, fraud_only=True),),
)
FALSE_ALARMS = Metric(
    "false_alarms",
    Unit.ROWS,
    "False alarms",
    "Negatives that were alarmed.",
    _PERFORMANCE,
    Direction.DOWN,
    (BriefName("false_alarms_count", Stage.PRODUCTION),),
)
FALSE_ALARM_RATE = Metric(
    "false_alarm_rate",
    Unit.RATIO,
    "False alarm rate",
    "False alarms among negatives.",
    _PERFORMANCE,
    Direction.DOWN,
    (BriefName("false_alarm_rate", Stage.PRODUCTION),),
)
PRECISION_AT_CAPACITY = Metric(
    "precision_at_capacity",
    Unit.RATIO,
    "Precision at capacity",
    "Positives among the highest scores that the team can review.",
    _PERFORMANCE,
    Direction.UP,
)
RECALL_AT_CAPACITY = Metric(
    "recall_at_capacity",
    Unit.RATIO,
    "Recall at capacity",
    "Positives caught when the team reviews the highest scores up to its capacity.",
    _PERFORMANCE,
    Direction.UP,
)
CAPACITY_USED = Metric(
    "capacity_used",
    Unit.RATIO,
    "Review capacity used",
    "Alarms a day as a share of what the team can review; above 1 is too many.",
    _PERFORMANCE,
    Direction.DOWN,
)

# Money, in the use case's currency.
MONEY_CAUGHT = Metric(
    "caught_money",
    Unit.MONEY,
    "Money caught",
    "Loss prevented by detected positives.",
    _PERFORMANCE,
    Direction.UP,
)
MONEY_MISSED = Metric(
    "missed_money",
    Unit.MONEY,
    "Money missed",
    "Loss of missed positives.",
    _PERFORMANCE,
    Direction.DOWN,
)
REVIEW_COST = Metric(
    "review_cost",
    Unit.MONEY,
    "Cost of alarms",
    "Reviews of all alarms, and harm of false ones.",
    _PERFORMANCE,
    Direction.DOWN,
)
NET_SAVING = Metric(
    "net_saving",
    Unit.MONEY,
    "Net saving",
    "Cost without the model less cost with it.",
    _PERFORMANCE,
    Direction.UP,
)
RETURN_ON_COST = Metric(
    "return_on_cost",
    Unit.FACTOR,
    "Return on cost",
    "Loss prevented for each unit spent on alarms.",
    _PERFORMANCE,
    Direction.UP,
)
RETURN_ON_COST_INTERVAL = Metric(
    "return_on_cost_interval",
    Unit.FACTOR,
    "Return on cost, 95% interval",
    "Bound of the 95% interval of the return on cost.",
    (*_PERFORMANCE, "bound"),
)

# The cost curve of the newest mature window, at a few thresholds around the one in use.
_STEP = ("threshold", "used")
COST_AT = Metric(
    "cost_at",
    Unit.MONEY,
    "Cost",
    "What the newest mature window would have cost at `threshold`.",
    _STEP,
    Direction.DOWN,
)
ALARMS_AT = Metric(
    "alarms_at",
    Unit.ROWS,
    "Alarms",
    "Rows of the newest mature window that would have been alarmed at `threshold`.",
    _STEP,
)
MISSED_AT = Metric(
    "missed_at",
    Unit.ROWS,
    "Missed",
    "Positives of the newest mature window that would have been missed at `threshold`.",
    _STEP,
    Direction.DOWN,
)

# Late labels.
LABEL_COVERAGE = Metric(
    "label_coverage",
    Unit.RATIO,
    "Label coverage",
    "Rows of the newest mature window whose label has come.",
    (),
    Direction.UP,
)
ESTIMATED = Metric(
    "estimated",
    Unit.RATIO,
    "Estimated performance",
    "Estimate of the ratio named by `of`, for the window just closed, before its labels.",
    ("of",),
)
ESTIMATED_INTERVAL = Metric(
    "estimated_interval",
    Unit.RATIO,
    "Estimated performance, 95% interval",
    "Bound of the 95% interval of the estimate named by `of`.",
    ("of", "bound"),
)
ESTIMATED_COST = Metric(
    "estimated_cost",
    Unit.MONEY,
    "Estimated cost",
    "Estimate of what the window just closed cost.",
    (),
    Direction.DOWN,
)
ESTIMATED_COST_INTERVAL = Metric(
    "estimated_cost_interval",
    Unit.MONEY,
    "Estimated cost, 95% interval",
    "Bound of the 95% interval of the estimated cost.",
    ("bound",),
)
ESTIMATE_ERROR = Metric(
    "estimate_error",
    Unit.RATIO,
    "Error of the estimate",
    "Distance of the estimated from the realised ratio named by `of`, in the newest mature "
    "window; alerts look at recall.",
    ("of",),
    Direction.DOWN,
)
ESTIMATE_COST_ERROR = Metric(
    "estimate_cost_error",
    Unit.MONEY,
    "Error of the estimated cost",
    "Distance of the estimated from the realised cost of the newest mature window.",
    (),
    Direction.DOWN,
)
LABEL_PROBLEMS = Metric(
    "label_problems",
    Unit.ROWS,
    "Labels in doubt",
    "Labels that could not be taken as they are, by `problem`; all of them are kept.",
    ("problem",),
    Direction.DOWN,
)
