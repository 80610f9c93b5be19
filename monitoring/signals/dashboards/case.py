"""The dashboard of one use case, in its own words."""

from __future__ import annotations

from monitoring.signals.alerts.addresses import Addresses
from monitoring.signals.dashboards.data_panels import model_panels, quality_panels
from monitoring.signals.dashboards.drift_panels import (
    drift,
    drift_over_time,
    drifted_features,
    feature_panels,
)
from monitoring.signals.dashboards.gate_panels import gate_panels
from monitoring.signals.dashboards.marks import marks
from monitoring.signals.dashboards.panel import WINDOW, Board, Leads, Section
from monitoring.signals.dashboards.performance_panels import (
    impact,
    label_panels,
    money_panels,
    performance,
    performance_over_time,
    shadow,
)
from monitoring.signals.dashboards.places import FLEET, HEALTH, board_of, path_of
from monitoring.signals.dashboards.trust_panels import trust_panels
from monitoring.signals.dashboards.watch import Watch
from monitoring.signals.dashboards.window_panels import window_panels
from monitoring.use_case import UseCase

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
