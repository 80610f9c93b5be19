"""The dashboard of one use case, in its own words."""

from __future__ import annotations

from dataclasses import replace

from monitoring.drift.verdict import DriftStatus
from monitoring.performance.scorecard import CardStatus
from monitoring.signals.catalogue import (
    FIGURES_VERSION,
    PROMOTED,
    RETRAIN_DECISION,
    STATUS,
    WINDOW_END,
    WINDOW_ROWS,
)
from monitoring.signals.dashboards.class_panels import accuracy, averages, class_section
from monitoring.signals.dashboards.data_panels import (
    drift,
    drift_over_time,
    drifted_features,
    feature_panels,
    quality_panels,
)
from monitoring.signals.dashboards.hidden_panels import hidden_section
from monitoring.signals.dashboards.model_panels import (
    adopted_panels,
    gate_panels,
    model_panels,
)
from monitoring.signals.dashboards.money_panels import money_panels
from monitoring.signals.dashboards.panel import (
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
    performance,
    performance_over_time,
    shadow,
)
from monitoring.signals.dashboards.queries import CaseQueries
from monitoring.signals.dashboards.strip import alert_list, strip
from monitoring.signals.dashboards.window_panels import window_panels
from monitoring.signals.links import FLEET, HEALTH, Addresses, CasePanel, board_of, path_of
from monitoring.signals.metric import USE_CASE
from monitoring.signals.pipelines import GROUP_LABEL, JOB, PushGroup
from monitoring.signals.promql import PUSH_TIME, now, series
from monitoring.signals.statuses import PERFORMANCE, NotificationStatus, RetrainDecision
from monitoring.use_case import UseCase

_CALM = (
    DriftStatus.TESTED,
    DriftStatus.SET_ASIDE,
    CardStatus.JUDGED,
    NotificationStatus.DELIVERED,
    NotificationStatus.NO_CHANNEL,
)
"""Statuses that need no attention."""

ALL_JUDGED = "all judged"
NOTHING_KNOWN = "everything: no report has published figures"


def trust_panels(queries: CaseQueries) -> tuple[Panel, ...]:
    """Return the panels of how far to trust the figures: what is amiss, and what they are of."""
    by = STATUS.labels
    amiss = queries.each(STATUS, *by, status=f"!~{'|'.join(_CALM)}")
    return (
        Panel(
            CasePanel.STATUS,
            "Status",
            f"Figures that could not be computed or judged, and why not. *{ALL_JUDGED}*: every "
            "kind of figure could.",
            Display.TABLE,
            Scale.TEXT,
            (amiss, queries.placeholder(STATUS, "of", NOTHING_KNOWN, of=PERFORMANCE)),
            width=8,
            height=9,
            columns=(
                Column("of", "figures"),
                Column("status", "status", calm=_CALM),
            ),
            nothing=ALL_JUDGED,
        ),
        Panel(
            CasePanel.WINDOW_AGE,
            "Windows of the figures",
            "Of each kind of figure: how long ago its window ended, its rows, and the model "
            "version that it is about. Those of performance wait for labels.",
            Display.TABLE,
            Scale.TEXT,
            (
                replace(queries.since(WINDOW_END, "of"), name="ended"),
                replace(queries.each(WINDOW_ROWS, "of"), name="rows"),
                queries.each(FIGURES_VERSION, *FIGURES_VERSION.labels),
            ),
            width=8,
            height=9,
            columns=(
                Column("of", "figures", width=110),
                Column("ended", "ended, ago", Scale.AGE),
                Column("rows", "rows", Scale.COUNT),
                Column("version", "version"),
            ),
        ),
    )


_MADE_NO_CHAMPION = (RetrainDecision.KEPT_CHAMPION, RetrainDecision.FAILED)


def marks(case: UseCase) -> tuple[Annotation, ...]:
    """Return the marks of a use case: every retrain that did anything is drawn once."""
    promotions = Annotation(
        "Promotions",
        now(PROMOTED, case.name, by=PROMOTED.labels),
        "Version {{version}} took over",
    )
    if case.is_watched:
        return (promotions,)
    return (
        promotions,
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
    watched = case.is_watched
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
                    alert_list(queries),
                    *trust_panels(queries),
                ),
                collapsed=False,
            ),
            Section("Money", money_panels(queries), collapsed=False),
            *(() if classes is None else (class_section(queries, classes),)),
            *(() if case.decisions.blocking is None else (hidden_section(queries),)),
            Section(
                "Averages" if watched else "Champion and shadow",
                (*(() if watched else (shadow(queries),)), averages(queries), *accuracy(queries)),
            ),
            Section("Over the time shown", window_panels(queries)),
            Section("Late labels", label_panels(queries)),
            Section("Features", feature_panels(queries)),
            Section(
                "Model",
                adopted_panels(queries)
                if watched
                else (*model_panels(queries), *gate_panels(queries)),
            ),
            Section("Data quality", quality_panels(queries)),
        ),
        strip=strip(queries),
        marks=marks(case),
        alerts=f'{{{USE_CASE}="{case.name}"}}',
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
