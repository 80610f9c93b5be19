"""The servers that the settings name, where no local stack runs: those of compose, or one's own."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

from monitoring.airflow_api import airflow_address, health_of
from monitoring.settings import Settings
from monitoring.signals.prometheus import Prometheus, PrometheusError
from monitoring.signals.promql import UP
from monitoring.stack.components import AIRFLOW_SAYS
from monitoring.stack.health_check import Health
from monitoring.stack.status import ComponentStatus

_SCRAPED = ("grafana", "serve")
"""Those that Prometheus asks: what addresses they have for programs, no setting says."""


def names_servers(known: Settings) -> bool:
    """Whether the settings name servers to ask."""
    return known.airflow_url is not None


def servers(known: Settings) -> tuple[ComponentStatus, ...]:
    """Return the status of the servers that the settings name, and of those Prometheus scrapes."""
    asked = dict(_healths(known))
    with ThreadPoolExecutor(len(asked)) as pool:
        answers = pool.map(Health.is_well, asked.values())
        found = tuple(
            _answered(name, health.url, healthy=healthy)
            for (name, health), healthy in zip(asked.items(), answers, strict=True)
        )
    return (*found, *_scraped(known))


def _healths(known: Settings) -> Iterator[tuple[str, Health]]:
    if known.pushgateway_url is not None:
        yield "pushgateway", Health(f"{known.pushgateway_url.rstrip('/')}/-/ready")
    yield "prometheus", Health(f"{known.prometheus_url.rstrip('/')}/-/ready")
    if known.tracking_url.startswith("http"):
        yield "mlflow", Health(f"{known.tracking_url.rstrip('/')}/health")
    airflow = airflow_address(known)
    if airflow is not None:
        for name, component in AIRFLOW_SAYS.items():
            yield f"airflow-{name}", Health(health_of(airflow), component)


def _scraped(known: Settings) -> Iterator[ComponentStatus]:
    try:
        prometheus = Prometheus(known.prometheus_url, known.prometheus_sign_in)
        found = prometheus.ask("query", query=UP)["result"]
    except PrometheusError:  # it is among those that do not answer
        return
    for one in found:
        job = one["metric"].get("job")
        if job in _SCRAPED:
            address = f"http://{one['metric']['instance']}"
            yield _answered(job, address, healthy=float(one["value"][1]) == 1)


def _answered(name: str, url: str, *, healthy: bool) -> ComponentStatus:
    return ComponentStatus(name, "answers" if healthy else "does not answer", url, healthy, None)
