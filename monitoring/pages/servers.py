"""The servers that pages ask, with what it takes to be let in: no page is given them."""

from __future__ import annotations

from dataclasses import dataclass

from monitoring.airflow_api import AIRFLOW_VIEWER, AirflowApi, airflow_address
from monitoring.pages.run_states import RunStates
from monitoring.settings import Settings
from monitoring.signals.prometheus import Prometheus


@dataclass(frozen=True, eq=False)
class Servers:
    """Whom the pages ask."""

    prometheus: Prometheus
    run_states: RunStates


def servers_of(settings: Settings) -> Servers:
    """Return whom the pages ask under these settings."""
    airflow = None
    address = airflow_address(settings)
    if address is not None and settings.airflow_viewer_password is not None:
        password = settings.airflow_viewer_password.get_secret_value()
        airflow = AirflowApi(address, AIRFLOW_VIEWER, password, tries=1)
    return Servers(
        Prometheus(settings.prometheus_url, settings.prometheus_sign_in),
        RunStates(airflow, settings.state / "run_states", settings.runs),
    )
