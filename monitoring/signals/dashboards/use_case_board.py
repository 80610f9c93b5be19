"""The dashboard of one use case, in its own words."""

from __future__ import annotations

from monitoring.drift.verdict import DriftStatus
from monitoring.performance.types import CardStatus
from monitoring.signals.catalogue import PROMOTED, RETRAIN_DECISION, STATUS, WINDOW_END
from monitoring.signals.dashboards.data_panels import (
    drift,
    drift_over_time,
    drifted_features,
    feature_panels,
    quality_panels,
)
from monitoring.signals.dashboards.model_panels import gate_panels, model_panels
from monitoring.signals.dashboards.panel import (
    WINDOW,
    Board,
    Column,
    Display,
    Leads,
    Mark,
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
from monitoring.signals.dashboards.queries import Watch
from monitoring.signals.dashboards.window_panels import window_panels
from monitoring.signals.links import FLEET, HEALTH, Addresses, CasePanel, board_of, path_of
from monitoring.signals.metric import USE_CASE
from monitoring.signals.pipelines import JOB, PART, Part
from monitoring.signals.promql import PUSH_TIME, now, series
from monitoring.signals.statuses import Decided, Notified
from monitoring.use_case import UseCase

_CALM = (DriftStatus.TESTED, CardStatus.JUDGED, Notified.DELIVERED, Notified.NO_WEBHOOK)
"""Statuses that need no attention."""


def trust_panels(watch: Watch) -> tuple[Panel, ...]:
    """Return the status and the age of each kind of figure."""
    return (
        Panel(
            CasePanel.STATUS,
            "Status",
            "Whether each kind of figure could be computed and judged, and if not, why.",
            Display.TABLE,
            Scale.TEXT,
            (watch.each(STATUS, *STATUS.labels),),
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
            (watch.since(WINDOW_END, *WINDOW_END.labels),),
            width=8,
            height=9,
        ),
    )


_MADE_NO_CHAMPION = (Decided.KEPT_CHAMPION, Decided.FAILED)


def marks(case: UseCase) -> tuple[Mark, ...]:
    """Return the marks of a use case: every retrain that did anything is drawn once."""
    return (
        Mark(
            "Promotions",
            now(PROMOTED, case.name, by=PROMOTED.labels),
            "Version {{version}} took over",
        ),
        Mark(
            "Other retrains",
            _without_a_champion(case),
            "Retrain: {{decision}} ({{reason}})",
            colour="purple",
        ),
    )


def _without_a_champion(case: UseCase) -> str:
    """Return when the newest retrain told its decision, if that made no new champion.

    The gateway's own time of the push belongs to the decision that was pushed with it: the
    times of attempts and successes are pushed before and after it.
    """
    words = "|".join(_MADE_NO_CHAMPION)
    decided = now(RETRAIN_DECISION, case.name, by=RETRAIN_DECISION.labels, decision=f"~{words}")
    group = {"job": JOB, USE_CASE: case.name, PART: Part.RETRAIN.value}
    return f"{decided} * on () group_left () max({series(PUSH_TIME, **group)})"


REPORTS = ("drift", "performance", "quality")
"""The kinds of report there are, as they are linked to."""


def case_board(case: UseCase, addresses: Addresses) -> Board:
    """Return the dashboard of a use case: the brief's six panels first."""
    watch = Watch(case, addresses)
    return Board(
        uid=board_of(case.name),
        # From its name, which no other has: Grafana loads no two boards of one title.
        title=f"{case.name.replace('_', ' ').capitalize()} monitoring",
        description=f"{case.title}: what the model catches and misses, in counts and in money, "
        "and how far its data has moved.",
        sections=(
            Section(
                "At a glance",
                (
                    performance(watch),
                    impact(watch),
                    performance_over_time(watch),
                    drift(watch),
                    drift_over_time(watch),
                    drifted_features(watch),
                    *trust_panels(watch),
                ),
            ),
            Section("Money", money_panels(watch)),
            Section("Champion and shadow", (shadow(watch),)),
            Section("Over the chosen time", window_panels(watch)),
            Section("Late labels", label_panels(watch)),
            Section("Features", feature_panels(watch)),
            Section("Model", (*model_panels(watch), *gate_panels(watch))),
            Section("Data quality", quality_panels(watch)),
        ),
        marks=marks(case),
        choices=(WINDOW,),
        links=(
            Leads("All models", path_of(FLEET)),
            Leads("Pipeline health", path_of(HEALTH)),
            *(
                Leads(f"{kind.capitalize()} report", addresses.newest_report(case.name, kind))
                for kind in REPORTS
            ),
            Leads("All reports", addresses.reports(case.name)),
            Leads("Models in MLflow", addresses.model(case.name)),
            Leads("Runbook", addresses.runbook()),
        ),
    )
