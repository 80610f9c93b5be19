"""The catalogue: every metric that may be published, declared once."""

from __future__ import annotations

from monitoring.signals.metric import BriefName, Direction, Metric, Unit
from monitoring.signals.performance_metrics import *  # noqa: F403  all of them, in their order

# Drift.
DRIFT_SCORE = Metric(
    "drift_score",
    Unit.RATIO,
    "Drift score",
    "Share of features that drifted.",
    (),
    Direction.DOWN,
    (BriefName("drift_score"),),
)
PREVIOUS_DRIFT = Metric(
    "previous_drift",
    Unit.RATIO,
    "Drift score, previous model",
    "Share of features that drifted from the reference of the model that served before.",
    (),
    Direction.DOWN,
)
DRIFTED_FEATURES = Metric(
    "drifted",
    Unit.FEATURES,
    "Drifted features",
    "Features that drifted.",
    (),
    Direction.DOWN,
    (BriefName("n_drifted_features"),),
)
TESTED_FEATURES = Metric(
    "tested",
    Unit.FEATURES,
    "Tested features",
    "Features that could be tested for drift.",
)
BROKEN_FEATURES = Metric(
    "broken",
    Unit.FEATURES,
    "Broken columns",
    "Features whose column is missing or has changed its type.",
    (),
    Direction.DOWN,
)
MAX_FEATURE_DRIFT = Metric(
    "max_feature_drift",
    Unit.RATIO,
    "Largest feature drift",
    "Largest effect of a tested feature.",
    (),
    Direction.DOWN,
    (BriefName("max_feature_drift"),),
)
MEAN_FEATURE_DRIFT = Metric(
    "mean_feature_drift",
    Unit.RATIO,
    "Mean feature drift",
    "Mean effect of the tested features.",
    (),
    Direction.DOWN,
)
WEIGHTED_DRIFT = Metric(
    "weighted_drift",
    Unit.RATIO,
    "Drift weighted by importance",
    "Importance of the drifted among that of the tested features.",
    (),
    Direction.DOWN,
)
FEATURE_DRIFT = Metric(
    "feature_drift",
    Unit.RATIO,
    "Feature drift",
    "Effect of one feature.",
    ("feature",),
    Direction.DOWN,
)
FEATURE_MISSING = Metric(
    "feature_missing",
    Unit.RATIO,
    "Missing values",
    "Rows without a value of one feature.",
    ("feature",),
    Direction.DOWN,
)
FEATURE_IMPORTANCE = Metric(
    "feature_importance",
    Unit.RATIO,
    "Feature importance",
    "Weight of one feature for the model; all add up to 1.",
    ("feature",),
)
SCORE_DRIFT = Metric(
    "score_drift",
    Unit.RATIO,
    "Score drift",
    "Effect of the model's own score against its validation scores.",
    (),
    Direction.DOWN,
)

# Data and its time.
WINDOW_ROWS = Metric(
    "window",
    Unit.ROWS,
    "Rows in the window",
    "Rows of the window named by `of`.",
    ("of",),
)
WINDOW_END = Metric(
    "window_end",
    Unit.TIMESTAMP,
    "End of the window",
    "End of the window that the figures named by `of` are about.",
    ("of",),
)
QUARANTINED = Metric(
    "quarantined",
    Unit.ROWS,
    "Quarantined rows",
    "Rows that the schema check set aside, by reason.",
    ("reason",),
    Direction.DOWN,
)
NEW_LABELLED = Metric(
    "new_labelled",
    Unit.ROWS,
    "New labelled rows",
    "Labelled production rows that no retrain has consumed.",
)
STATUS = Metric(
    "status",
    Unit.INFO,
    "Status",
    "1 for the status that `of` is in; says why a figure is absent.",
    ("of", "status"),
)

# Runs and models.
LAST_ATTEMPT = Metric(
    "last_attempt",
    Unit.TIMESTAMP,
    "Last attempt",
    "When a run of `pipeline` last began.",
    ("pipeline",),
)
LAST_SUCCESS = Metric(
    "last_success",
    Unit.TIMESTAMP,
    "Last success",
    "When a run of `pipeline` last succeeded.",
    ("pipeline",),
)
RETRAIN_DECISION = Metric(
    "retrain_decision",
    Unit.INFO,
    "Retrain decision",
    "1 for what the newest retrain run decided, and why.",
    ("decision", "reason"),
)
WAITING_FOR_LABELS = Metric(
    "waiting_for_labels",
    Unit.FLAG,
    "Waiting for labels",
    "1 while drift asks for a retrain and too few labels of the drifted time have come.",
    (),
    Direction.DOWN,
)
GATE_DECISION = Metric(
    "gate_decision",
    Unit.INFO,
    "Gate",
    "1 for what the gate said of the newest challenger, and by which rule.",
    ("version", "rule", "outcome"),
)
GATE_COST = Metric(
    "gate_cost",
    Unit.CHANGE,
    "Cost at the gate",
    "Cost of the newest challenger less the champion's, as a share of the champion's, on rows "
    "that neither had seen; `bound`: value, low and high of the 95% interval.",
    ("bound",),
    Direction.DOWN,
)
GATE_RECALL = Metric(
    "gate_recall",
    Unit.CHANGE,
    "Recall at the gate",
    "Recall of the newest challenger less the champion's, on the same rows.",
    ("bound",),
    Direction.UP,
)
GATE_ROWS = Metric(
    "gate",
    Unit.ROWS,
    "Rows at the gate",
    "Labelled rows that the newest gate decision rests on, and positives among them.",
    ("of",),
)
PROMOTED = Metric(
    "promoted",
    Unit.TIMESTAMP,
    "Promoted",
    "When the champion took over.",
    ("version",),
)
MODEL = Metric(
    "model",
    Unit.INFO,
    "Champion",
    "1 for the serving model: its version, family and the hash of its training data.",
    ("version", "candidate", "data_hash"),
)

CATALOGUE: tuple[Metric, ...] = tuple(
    value for value in list(globals().values()) if isinstance(value, Metric)
)
"""Every metric, in the order of this file."""
