"""Panels of the data: how far it has drifted, and its quality."""

from __future__ import annotations

from dataclasses import replace

from monitoring.rows.serving_skew import MOST
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
    SERVING_SKEW,
    TESTED_FEATURES,
    WEIGHTED_DRIFT,
    WINDOW_ROWS,
)
from monitoring.signals.dashboards.panel import (
    NOT_EVEN_ONE,
    Display,
    Limit,
    LineStyle,
    Panel,
    Query,
    Scale,
)
from monitoring.signals.dashboards.queries import CaseQueries
from monitoring.signals.links import CasePanel
from monitoring.signals.samples.data_samples import NO_REASON
from monitoring.signals.thresholds import Side
from monitoring.use_case import Severity, UseCase

_FEATURE = "feature"
_SHOWN = 8
_SKEWED = Limit(Side.ABOVE, Severity.WARNING, MOST)


def drift(queries: CaseQueries) -> Panel:
    """Return the panel of the drift of the window in a few numbers."""
    return Panel(
        CasePanel.DRIFT,
        "Data drift metrics",
        "Drift score: share of features that drifted, be it little or much. Score: drift effect of "
        "the model's score against its validation scores, often the first to move, because it "
        "weighs features as the model does. Mean and largest: drift effect of features, 0 for "
        "none, 1 for disjoint distributions. Weighted: the share by importance for the model.",
        Display.STAT,
        Scale.RATIO,
        (
            queries.live(DRIFT_SCORE),
            queries.live(SCORE_DRIFT, "Score"),
            queries.live(MEAN_FEATURE_DRIFT, "Mean"),
            queries.live(MAX_FEATURE_DRIFT, "Largest"),
            queries.live(WEIGHTED_DRIFT, "Weighted"),
        ),
        width=8,
    )


def drift_over_time(queries: CaseQueries) -> Panel:
    """Return the panel of the drift score over time."""
    return Panel(
        CasePanel.DRIFT_OVER_TIME,
        "Drift score over time",
        f"Share of features that drifted. {_past_the_limit(queries.case)}"
        "Score and mean: drift effect of the model's score, and mean effect of the features; on "
        "data that always differs a little the share stays high, and these show what is new. "
        "Previous model: the same window against the reference of the model before; where that is "
        "lower, the data has moved back.",
        Display.LINES,
        Scale.RATIO,
        (
            queries.live(DRIFT_SCORE, look=LineStyle.MAIN, colour="blue"),
            queries.live(SCORE_DRIFT, "Score", colour="orange"),
            queries.live(MEAN_FEATURE_DRIFT, "Mean", colour="purple"),
            replace(queries.live(PREVIOUS_DRIFT, "Previous model", colour="green"), optional=True),
        ),
        width=8,
        whole=True,
    )


def _past_the_limit(case: UseCase) -> str:
    by_itself = "Past the upper dashed limit a retrain starts. "
    return "" if case.retrain.by_hand else by_itself


def drifted_features(queries: CaseQueries) -> Panel:
    """Return the panel of how many features drifted."""
    return Panel(
        CasePanel.DRIFTED_FEATURES,
        "Drifted features count",
        "Number of features that drifted, and of those that could be tested.",
        Display.LINES,
        Scale.COUNT,
        (queries.live(DRIFTED_FEATURES), queries.live(TESTED_FEATURES)),
        width=8,
    )


def feature_panels(queries: CaseQueries) -> tuple[Panel, ...]:
    """Return the panels of which features drift, and which of them matter."""
    effect = queries.each(FEATURE_DRIFT, _FEATURE)
    importance = queries.each(FEATURE_IMPORTANCE, _FEATURE)
    return (
        Panel(
            CasePanel.FEATURES,
            "Features by drift x importance",
            "Drift effect of a feature times its importance for the model: what to look at first.",
            Display.BARS,
            Scale.NUMBER,
            (Query(f"topk({_SHOWN}, {effect.expr} * {importance.expr})", effect.name),),
            width=8,
        ),
        Panel(
            CasePanel.FEATURES_OVER_TIME,
            "Most drifted features over time",
            f"Drift effect of the {_SHOWN} features that have drifted most now.",
            Display.LINES,
            Scale.RATIO,
            (queries.top(_SHOWN, FEATURE_DRIFT, _FEATURE),),
            width=8,
        ),
        Panel(
            CasePanel.MISSING_VALUES,
            "Missing values",
            f"Share of rows without a value, for the {_SHOWN} features with most missing now.",
            Display.LINES,
            Scale.RATIO,
            (queries.top(_SHOWN, FEATURE_MISSING, _FEATURE),),
            width=8,
        ),
    )


def quality_panels(queries: CaseQueries) -> tuple[Panel, ...]:
    """Return the panels of data quality."""
    aside = queries.each(QUARANTINED, *QUARANTINED.labels)
    named = f'label_replace({aside.expr}, "reason", "all passed", "reason", "{NO_REASON}")'
    watched = queries.case.is_watched
    panels = (
        Panel(
            CasePanel.QUARANTINED,
            "Quarantined rows",
            "Rows that the schema check quarantined, by reason. They were not scored.",
            Display.LINES,
            Scale.COUNT,
            (replace(aside, expr=named),),
            width=8,
        ),
        Panel(
            CasePanel.BROKEN,
            "Broken columns",
            "Columns that are missing or have changed type since training.",
            Display.STAT,
            Scale.COUNT,
            (replace(queries.live(BROKEN_FEATURES), limits=(NOT_EVEN_ONE,)),),
            width=4,
        ),
        Panel(
            CasePanel.SERVING_SKEW,
            "Serving skew",
            "Share of served rows whose stored values do not give back the score they were served "
            "with: what is stored is not what the model saw. Retrains leave such rows out. Absent "
            "where the scores are of no version that can be asked again.",
            Display.STAT,
            Scale.RATIO,
            (replace(queries.live(SERVING_SKEW), limits=(_SKEWED,)),),
            width=4,
        ),
        Panel(
            CasePanel.WINDOW_ROWS,
            "Rows in the window",
            "Rows in the window of each kind of figure.",
            Display.LINES,
            Scale.COUNT,
            (queries.each(WINDOW_ROWS, *WINDOW_ROWS.labels),),
            width=8,
        ),
    )
    # Nothing can be scored again by a model that serves elsewhere.
    return tuple(panel for panel in panels if not (watched and panel.id == CasePanel.SERVING_SKEW))
