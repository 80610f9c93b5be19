"""The dashboard of one use case, in its own words."""

from __future__ import annotations

from monitoring.drift.verdict import DriftStatus
from monitoring.performance.scorecard import CardStatus
from monitoring.signals.catalogue import PROMOTED, RETRAIN_DECISION, STATUS, WINDOW_END
from monitoring.signals.dashboards.class_panels import accuracy, averages, class_section
from monitoring.signals.dashboards.data_panels import (
    drift,
    drift_over_time,
    drifted_features,
    feature_panels,
    quality_panels,
)
from monitoring.signals.dashboards.hidden_panels import hidden_section
from monitoring.signals.dashboards.model_panels import gate_panels, model_panels
from monitoring.signals.dashboards.panel import (
    WINDOW,
    Annotation,
    Board,
    Column,
    Display,
    PageLink,
    Panel,
    Scale,
    Section,
)
from monitoring.signals.dashboards.performance_panels import (
    impact,
    label_panels,
    money_panels,
    performance,
    performance_over_time,
    shadow,
)
from monitoring.signals.dashboards.queries import CaseQueries
from monitoring.signals.dashboards.window_panels import window_panels
from monitoring.signals.links import FLEET, HEALTH, Addresses, CasePanel, board_of, path_of
from monitoring.signals.metric import USE_CASE
from monitoring.signals.pipelines import GROUP_LABEL, JOB, PushGroup
from monitoring.signals.promql import PUSH_TIME, now, series
from monitoring.signals.statuses import NotificationStatus, RetrainDecision
from monitoring.use_case import UseCase

_CALM = (
    DriftStatus.TESTED,
    DriftStatus.SET_ASIDE,
    CardStatus.JUDGED,
    NotificationStatus.DELIVERED,
    NotificationStatus.NO_CHANNEL,
)
"""Statuses that need no attention."""


def trust_panels(queries: CaseQueries) -> tuple[Panel, ...]:
    """Return the panels of how far to trust the figures: their status and their age."""
    return (
        Panel(
            CasePanel.STATUS,
            "Status",
            "Whether each kind of figure could be computed and judged, and if not, why not.",
            Display.TABLE,
            Scale.TEXT,
            (queries.each(STATUS, *STATUS.labels),),
            width=16,
            height=9,
            columns=(
                Column("of", "figures"),
                Column("status", "status", calm=_CALM),
            ),
        ),
        Panel(
            CasePanel.WINDOW_AGE,
            "Age of the figures",
            "Time since the end of the window that each kind of figure is about. Those of "
            "performance wait for labels.",
            Display.STAT,
            Scale.AGE,
            (queries.since(WINDOW_END, *WINDOW_END.labels),),
            width=8,
            height=9,
        ),
    )


_MADE_NO_CHAMPION = (RetrainDecision.KEPT_CHAMPION, RetrainDecision.FAILED)


def marks(case: UseCase) -> tuple[Annotation, ...]:
    """Return the marks of a use case: every retrain that did anything is drawn once."""
    return (
        Annotation(
            "Promotions",
            now(PROMOTED, case.name, by=PROMOTED.labels),
            "Version {{version}} took over",
        ),
        Annotation(
            "Other retrains",
            _without_a_champion(case),
            "Retrain: {{decision}} ({{reason}})",
            colour="purple",
        ),
    )


def _without_a_champion(case: UseCase) -> str:
    """Return when the newest retrain published its decision, if it made no new champion.

    The gateway's own time of the push belongs to the decision that was pushed with it: the
    times of attempts and successes are pushed before and after it.
    """
    words = "|".join(_MADE_NO_CHAMPION)
    decided = now(RETRAIN_DECISION, case.name, by=RETRAIN_DECISION.labels, decision=f"~{words}")
    group = {"job": JOB, USE_CASE: case.name, GROUP_LABEL: PushGroup.RETRAIN.value}
    return f"{decided} * on () group_left () max({series(PUSH_TIME, **group)})"


REPORTS = ("drift", "performance", "quality")
"""The kinds of report there are, as they are linked to."""


def case_board(case: UseCase, addresses: Addresses) -> Board:
    """Return the dashboard of a use case: the six panels of the overview first."""
    queries, classes = CaseQueries(case, addresses), case.columns.classes
    return Board(
        uid=board_of(case.name),
        # From its name, which no other has: Grafana loads no two boards of one title.
        title=f"{case.name.replace('_', ' ').capitalize()} monitoring",
        description=f"{case.title}: what the model catches and misses, in counts and in money, "
        "and how far its data has drifted.",
        sections=(
            Section(
                "At a glance",
                (
                    performance(queries),
                    impact(queries),
                    performance_over_time(queries),
                    drift(queries),
                    drift_over_time(queries),
                    drifted_features(queries),
                    *trust_panels(queries),
                ),
            ),
            *(() if classes is None else (class_section(queries, classes),)),
            *(() if case.decisions.blocking is None else (hidden_section(queries),)),
            Section("Money", money_panels(queries)),
            Section(
                "Champion and shadow", (shadow(queries), averages(queries), *accuracy(queries))
            ),
            Section("Over the chosen time", window_panels(queries)),
            Section("Late labels", label_panels(queries)),
            Section("Features", feature_panels(queries)),
            Section("Model", (*model_panels(queries), *gate_panels(queries))),
            Section("Data quality", quality_panels(queries)),
        ),
        marks=marks(case),
        choices=(WINDOW,),
        links=(
            PageLink("All models", path_of(FLEET)),
            PageLink("Pipeline health", path_of(HEALTH)),
            *(
                PageLink(f"{kind.capitalize()} report", addresses.newest_report(case.name, kind))
                for kind in REPORTS
            ),
            PageLink("All reports", addresses.reports(case.name)),
            PageLink("Models in MLflow", addresses.model(case.name)),
            PageLink("Runbook", addresses.runbook()),
        ),
    )
