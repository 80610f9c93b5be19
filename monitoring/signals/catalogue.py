"""The catalogue of metrics: each is declared once, and nothing else can be published."""

from __future__ import annotations

from monitoring.signals.class_metrics import CLASS_METRICS
from monitoring.signals.hidden_metrics import HIDDEN_METRICS
from monitoring.signals.metric import Direction, Metric, Unit
from monitoring.signals.performance_metrics import (
    ALARMS_AT,
    CAPACITY_USED,
    COST_AT,
    COST_OF_DRIFT,
    DETECTED,
    ESTIMATE_COST_ERROR,
    ESTIMATE_ERROR,
    ESTIMATE_HELD,
    ESTIMATED,
    ESTIMATED_COST,
    ESTIMATED_COST_INTERVAL,
    ESTIMATED_INTERVAL,
    ESTIMATED_POSITIVES,
    F1,
    FALSE_ALARM_RATE,
    FALSE_ALARMS,
    INTERVAL,
    LABEL_CORRECTIONS,
    LABEL_COVERAGE,
    LABEL_PROBLEMS,
    MISSED,
    MISSED_AT,
    MONEY_CAUGHT,
    MONEY_MISSED,
    NET_SAVING,
    POSITIVES,
    PR_AUC,
    PRECISION,
    PRECISION_AT_CAPACITY,
    RECALL,
    RECALL_AT_CAPACITY,
    RETURN_ON_COST,
    RETURN_ON_COST_INTERVAL,
    REVIEW_COST,
    ROC_AUC,
)

# Drift.
DRIFT_SCORE = Metric(
    "drift_score",
    unit=Unit.RATIO,
    title="Drift score",
    help="Share of features that drifted.",
    good=Direction.DOWN,
)
PREVIOUS_DRIFT = Metric(
    "previous_drift",
    unit=Unit.RATIO,
    title="Drift score, previous model",
    help="Share of features that drifted, against the reference of the previous model.",
    good=Direction.DOWN,
)
DRIFTED_FEATURES = Metric(
    "drifted",
    unit=Unit.FEATURES,
    title="Drifted features",
    help="Number of features that drifted.",
    good=Direction.DOWN,
)
TESTED_FEATURES = Metric(
    "tested",
    unit=Unit.FEATURES,
    title="Tested features",
    help="Number of features that could be tested for drift.",
)
BROKEN_FEATURES = Metric(
    "broken",
    unit=Unit.FEATURES,
    title="Broken columns",
    help="Number of features whose column is missing or has changed type.",
    good=Direction.DOWN,
)
MAX_FEATURE_DRIFT = Metric(
    "max_feature_drift",
    unit=Unit.RATIO,
    title="Largest feature drift",
    help="Largest drift effect of a tested feature.",
    good=Direction.DOWN,
)
MEAN_FEATURE_DRIFT = Metric(
    "mean_feature_drift",
    unit=Unit.RATIO,
    title="Mean feature drift",
    help="Mean drift effect of the tested features.",
    good=Direction.DOWN,
)
WEIGHTED_DRIFT = Metric(
    "weighted_drift",
    unit=Unit.RATIO,
    title="Drift weighted by importance",
    help="Importance of the drifted features as a share of that of all tested features.",
    good=Direction.DOWN,
)
FEATURE_DRIFT = Metric(
    "feature_drift",
    unit=Unit.RATIO,
    title="Feature drift",
    help="Drift effect of one feature, 0 to 1.",
    labels=("feature",),
    good=Direction.DOWN,
)
FEATURE_MISSING = Metric(
    "feature_missing",
    unit=Unit.RATIO,
    title="Missing values",
    help="Share of rows without a value for one feature.",
    labels=("feature",),
    good=Direction.DOWN,
)
FEATURE_IMPORTANCE = Metric(
    "feature_importance",
    unit=Unit.RATIO,
    title="Feature importance",
    help="Importance of one feature for the model; all add up to 1.",
    labels=("feature",),
)
SCORE_DRIFT = Metric(
    "score_drift",
    unit=Unit.RATIO,
    title="Score drift",
    help="Drift effect of the model's score, against its validation scores.",
    good=Direction.DOWN,
)

# Data and its time.
WINDOW_ROWS = Metric(
    "window",
    unit=Unit.ROWS,
    title="Rows in the window",
    help="Rows of the window named by `of`.",
    labels=("of",),
)
WINDOW_END = Metric(
    "window_end",
    unit=Unit.TIMESTAMP,
    title="End of the window",
    help="End of the window that the figures named by `of` are about.",
    labels=("of",),
)
FIGURES_VERSION = Metric(
    "figures_version",
    unit=Unit.INFO,
    title="Version of the figures",
    help="1 for the model version that the figures named by `of` are about.",
    labels=("of", "version"),
)
QUARANTINED = Metric(
    "quarantined",
    unit=Unit.ROWS,
    title="Quarantined rows",
    help="Rows that the schema check quarantined, by reason.",
    labels=("reason",),
    good=Direction.DOWN,
)
SERVING_SKEW = Metric(
    "serving_skew",
    unit=Unit.RATIO,
    title="Serving skew",
    help="Share of served rows whose stored values do not give back the score they were served "
    "with.",
    good=Direction.DOWN,
)
NEW_LABELLED = Metric(
    "new_labelled",
    unit=Unit.ROWS,
    title="New labelled rows",
    help="Labelled production rows that no retrain has consumed.",
)
STATUS = Metric(
    "status",
    unit=Unit.INFO,
    title="Status",
    help="1 for the status of what `of` names; explains why a figure is absent.",
    labels=("of", "status"),
)

# Runs and models.
BROKEN_USE_CASE = Metric(
    "broken_use_case",
    unit=Unit.FLAG,
    title="Broken use case",
    help="1 for every use case whose file can't be read, by its `name`; absent where all can.",
    labels=("name",),
    good=Direction.DOWN,
)
LAST_ATTEMPT = Metric(
    "last_attempt",
    unit=Unit.TIMESTAMP,
    title="Last attempt",
    help="When the last run of `pipeline` began.",
    labels=("pipeline",),
)
LAST_SUCCESS = Metric(
    "last_success",
    unit=Unit.TIMESTAMP,
    title="Last success",
    help="When the last successful run of `pipeline` ended.",
    labels=("pipeline",),
)
NEXT_DUE = Metric(
    "next_due",
    unit=Unit.TIMESTAMP,
    title="Next due",
    help="When the next run of `pipeline` is due after the last attempt; absent where runs are "
    "started by hand.",
    labels=("pipeline",),
)
RETRAIN_DECISION = Metric(
    "retrain_decision",
    unit=Unit.INFO,
    title="Retrain decision",
    help="1 for the decision of the newest retrain run, and its reason.",
    labels=("decision", "reason"),
)
WAITING_FOR_LABELS = Metric(
    "waiting_for_labels",
    unit=Unit.FLAG,
    title="Waiting for labels",
    help="1 while drift calls for a retrain and too few labels of the drifted period have arrived.",
    good=Direction.DOWN,
)
PROMOTIONS_HELD = Metric(
    "promotions_held",
    unit=Unit.FLAG,
    title="Promotions held",
    help="1 while nothing is promoted, because a champion was taken back and nobody released it.",
    good=Direction.DOWN,
)
GATE_DECISION = Metric(
    "gate_decision",
    unit=Unit.INFO,
    title="Gate",
    help="1 for the gate's decision on the newest challenger, and the rule applied.",
    labels=("version", "rule", "outcome"),
)
GATE_COST = Metric(
    "gate_cost",
    unit=Unit.CHANGE,
    title="Cost at the gate",
    help="Cost of the newest challenger minus the champion's, as a share of the champion's, on "
    "rows that neither had seen; `bound`: value, low and high of the 95% interval.",
    labels=("bound",),
    good=Direction.DOWN,
)
GATE_RECALL = Metric(
    "gate_recall",
    unit=Unit.CHANGE,
    title="Recall at the gate",
    help="Recall of the newest challenger minus the champion's, on the same rows.",
    labels=("bound",),
    good=Direction.UP,
)
GATE_ROWS = Metric(
    "gate",
    unit=Unit.ROWS,
    title="Rows at the gate",
    help="Labelled rows that the newest gate decision rests on, and positives among them.",
    labels=("of",),
)
PROMOTED = Metric(
    "promoted",
    unit=Unit.TIMESTAMP,
    title="Promoted",
    help="When the champion was promoted.",
    labels=("version",),
)
MODEL = Metric(
    "model",
    unit=Unit.INFO,
    title="Champion",
    help="1 for the serving model: its version, family and the hash of its training data, and "
    "the libraries that are another version where it scores than where it was trained.",
    labels=("version", "candidate", "data_hash", "libraries"),
)

CATALOGUE: tuple[Metric, ...] = (
    RECALL,
    PRECISION,
    F1,
    PR_AUC,
    ROC_AUC,
    INTERVAL,
    POSITIVES,
    DETECTED,
    MISSED,
    FALSE_ALARMS,
    FALSE_ALARM_RATE,
    PRECISION_AT_CAPACITY,
    RECALL_AT_CAPACITY,
    CAPACITY_USED,
    MONEY_CAUGHT,
    MONEY_MISSED,
    REVIEW_COST,
    NET_SAVING,
    RETURN_ON_COST,
    RETURN_ON_COST_INTERVAL,
    COST_AT,
    ALARMS_AT,
    MISSED_AT,
    LABEL_COVERAGE,
    ESTIMATED,
    ESTIMATED_INTERVAL,
    ESTIMATED_POSITIVES,
    ESTIMATED_COST,
    ESTIMATED_COST_INTERVAL,
    COST_OF_DRIFT,
    ESTIMATE_ERROR,
    ESTIMATE_HELD,
    ESTIMATE_COST_ERROR,
    LABEL_PROBLEMS,
    LABEL_CORRECTIONS,
    DRIFT_SCORE,
    PREVIOUS_DRIFT,
    DRIFTED_FEATURES,
    TESTED_FEATURES,
    BROKEN_FEATURES,
    MAX_FEATURE_DRIFT,
    MEAN_FEATURE_DRIFT,
    WEIGHTED_DRIFT,
    FEATURE_DRIFT,
    FEATURE_MISSING,
    FEATURE_IMPORTANCE,
    SCORE_DRIFT,
    WINDOW_ROWS,
    WINDOW_END,
    FIGURES_VERSION,
    QUARANTINED,
    SERVING_SKEW,
    NEW_LABELLED,
    STATUS,
    BROKEN_USE_CASE,
    LAST_ATTEMPT,
    LAST_SUCCESS,
    NEXT_DUE,
    RETRAIN_DECISION,
    WAITING_FOR_LABELS,
    PROMOTIONS_HELD,
    GATE_DECISION,
    GATE_COST,
    GATE_RECALL,
    GATE_ROWS,
    PROMOTED,
    MODEL,
    *HIDDEN_METRICS,
    *CLASS_METRICS,
)
"""Every metric that may be published, in the order of the README's table."""
