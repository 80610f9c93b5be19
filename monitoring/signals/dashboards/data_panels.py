"""Panels of the data: how far it has drifted, and its quality."""

from __future__ import annotations

from dataclasses import replace

from monitoring.signals.catalogue import (
    BROKEN_FEATURES,
    DRIFT_SCORE,
    DRIFTED_FEATURES,
    FEATURE_DRIFT,
    FEATURE_IMPORTANCE,
    FEATURE_MISSING,
    MAX_FEATURE_DRIFT,
    MEAN_FEATURE_DRIFT,
    PREVIOUS_DRIFT,
    QUARANTINED,
    SCORE_DRIFT,
    TESTED_FEATURES,
    WEIGHTED_DRIFT,
    WINDOW_ROWS,
)
from monitoring.signals.dashboards.panel import NOT_EVEN_ONE, Display, Panel, Query, Scale
from monitoring.signals.dashboards.queries import CaseQueries
from monitoring.signals.links import CasePanel
from monitoring.signals.samples.data_samples import NO_REASON

_FEATURE = "feature"
_SHOWN = 8


def drift(queries: CaseQueries) -> Panel:
    """Return the drift of the window in a few numbers."""
    return Panel(
        CasePanel.DRIFT,
        "Data drift metrics",
        "Drift score: share of features that drifted. Weighted: the same by their importance for "
        "the model. Largest and mean: effect of features, 0 for none, 1 for nothing in common.",
        Display.STAT,
        Scale.RATIO,
        (
            queries.live(DRIFT_SCORE),
            queries.live(WEIGHTED_DRIFT, "Weighted"),
            queries.live(MAX_FEATURE_DRIFT, "Largest"),
            queries.live(MEAN_FEATURE_DRIFT, "Mean"),
        ),
        width=8,
    )


def drift_over_time(queries: CaseQueries) -> Panel:
    """Return the course of the drift score."""
    return Panel(
        CasePanel.DRIFT_OVER_TIME,
        "Drift score over time",
        "Share of features that drifted. Past the upper dashed limit a retrain is started. "
        "Previous model: the same window against what the model before was trained on; where it "
        "lies lower, the data has gone back.",
        Display.LINES,
        Scale.RATIO,
        (queries.live(DRIFT_SCORE), queries.live(PREVIOUS_DRIFT, "Previous model")),
        width=8,
        whole=True,
    )


def drifted_features(queries: CaseQueries) -> Panel:
    """Return how many features drifted."""
    return Panel(
        CasePanel.DRIFTED_FEATURES,
        "Drifted features count",
        "Features that drifted, of those that could be tested.",
        Display.LINES,
        Scale.COUNT,
        (queries.live(DRIFTED_FEATURES), queries.live(TESTED_FEATURES)),
        width=8,
    )


def feature_panels(queries: CaseQueries) -> tuple[Panel, ...]:
    """Return which features move, and which of them matter."""
    effect = queries.each(FEATURE_DRIFT, _FEATURE)
    importance = queries.each(FEATURE_IMPORTANCE, _FEATURE)
    return (
        Panel(
            CasePanel.FEATURES,
            "Features by drift x importance",
            "Effect of a feature's drift times its weight for the model: what to look at first.",
            Display.BARS,
            Scale.NUMBER,
            (Query(f"topk({_SHOWN}, {effect.expr} * {importance.expr})", effect.name),),
        ),
        Panel(
            CasePanel.FEATURES_OVER_TIME,
            "Most drifted features over time",
            f"Effect of the {_SHOWN} features that lie furthest away now.",
            Display.LINES,
            Scale.RATIO,
            (queries.top(_SHOWN, FEATURE_DRIFT, _FEATURE),),
        ),
        Panel(
            CasePanel.SCORE_DRIFT,
            "Drift of the score",
            "Effect of the model's own score against its validation scores: often the first to "
            "move, because it weighs features as the model does.",
            Display.LINES,
            Scale.RATIO,
            (queries.live(SCORE_DRIFT),),
        ),
        Panel(
            CasePanel.MISSING_VALUES,
            "Missing values",
            f"Share of rows without a value, for the {_SHOWN} features that lack most now.",
            Display.LINES,
            Scale.RATIO,
            (queries.top(_SHOWN, FEATURE_MISSING, _FEATURE),),
        ),
    )


def quality_panels(queries: CaseQueries) -> tuple[Panel, ...]:
    """Return what the data was like."""
    aside = queries.each(QUARANTINED, *QUARANTINED.labels)
    named = f'label_replace({aside.expr}, "reason", "all passed", "reason", "{NO_REASON}")'
    return (
        Panel(
            CasePanel.QUARANTINED,
            "Quarantined rows",
            "Rows that the schema check set aside, by reason. They were not scored.",
            Display.LINES,
            Scale.COUNT,
            (replace(aside, expr=named),),
            width=10,
        ),
        Panel(
            CasePanel.BROKEN,
            "Broken columns",
            "Columns that are missing or have changed their type since training.",
            Display.STAT,
            Scale.COUNT,
            (replace(queries.live(BROKEN_FEATURES), limits=(NOT_EVEN_ONE,)),),
            width=4,
        ),
        Panel(
            CasePanel.WINDOW_ROWS,
            "Rows in the window",
            "Rows that each kind of figure is about.",
            Display.LINES,
            Scale.COUNT,
            (queries.each(WINDOW_ROWS, *WINDOW_ROWS.labels),),
            width=10,
        ),
    )
