"""Alerts, declared once and written as rules of Prometheus and of Grafana."""

from __future__ import annotations

from monitoring.signals.alerts.alert import Alert
from monitoring.signals.alerts.business_alerts import business_alerts
from monitoring.signals.alerts.estimate_alerts import estimate_alerts
from monitoring.signals.alerts.operational_alerts import case_alerts, fleet_alerts
from monitoring.use_case import UseCase

__all__ = ["alerts_of"]


def alerts_of(case: UseCase | None) -> tuple[Alert, ...]:
    """Return the alerts of a use case in the order of its rules file; of the fleet for None."""
    if case is None:
        return fleet_alerts()
    return (*business_alerts(case), *estimate_alerts(case), *case_alerts(case))
