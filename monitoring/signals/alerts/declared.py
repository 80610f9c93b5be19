"""Declared: every alert of the watched use cases, in the order in which they are written."""

from __future__ import annotations

from monitoring.signals.alerts.alert import Alert
from monitoring.signals.alerts.business import business_alerts
from monitoring.signals.alerts.operations import case_alerts, fleet_alerts
from monitoring.use_case import UseCase


def alerts_of(case: UseCase | None) -> tuple[Alert, ...]:
    """Return the alerts of a use case; of the fleet where there is none."""
    if case is None:
        return fleet_alerts()
    return (*business_alerts(case), *case_alerts(case))
