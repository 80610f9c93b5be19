"""Whether the components that show Prometheus no metrics of their own answer: the API asks them."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from threading import Lock

import requests
from sqlalchemy.exc import SQLAlchemyError

from monitoring.airflow_api import airflow_address, health_of
from monitoring.errors import TocsinError
from monitoring.settings import Settings

_SECONDS = 3
"""How long an answer is waited for: a scrape waits for it, ten seconds at most."""

_KEPT_SECONDS = 15
"""How long an answer holds, whoever scrapes and however often."""

_AIRFLOW_SAYS = {"scheduler": "airflow scheduler", "dag_processor": "airflow dag processor"}
AIRFLOW, MLFLOW, STORE = "airflow", "mlflow", "store"

Asking = Callable[[], Mapping[str, bool]]
"""Ask a server; its answer may speak for several components."""


@dataclass
class ComponentHealth:
    """Asks each component, at most as often as its answers are kept."""

    asked: tuple[Asking, ...] = ()
    _lock: Lock = field(default_factory=Lock)
    _answers: Mapping[str, bool] = field(default_factory=dict)
    _until: float = 0

    def answers(self) -> Mapping[str, bool]:
        """Return which components answer, by their names."""
        with self._lock:
            if self.asked and time.monotonic() >= self._until:
                with ThreadPoolExecutor(len(self.asked)) as threads:
                    found = threads.map(lambda ask: ask(), self.asked)
                    self._answers = {name: well for one in found for name, well in one.items()}
                self._until = time.monotonic() + _KEPT_SECONDS
            return self._answers


def component_health(settings: Settings, check_store: Callable[[], None]) -> ComponentHealth:
    """Return the health of the store, and of Airflow and MLflow where the settings know them.

    Parameters
    ----------
    check_store
        Raises where the store does not answer.
    """
    asked: list[Asking] = [lambda: _store(check_store)]
    mlflow = settings.tracking_url
    if mlflow.startswith("http"):
        asked.append(lambda: {MLFLOW: _get(f"{mlflow.rstrip('/')}/health") is not None})
    airflow = airflow_address(settings)
    if airflow is not None:
        asked.append(lambda: _airflow(health_of(airflow)))
    return ComponentHealth(tuple(asked))


def _store(check: Callable[[], None]) -> Mapping[str, bool]:
    try:
        check()
    except (TocsinError, SQLAlchemyError, OSError):
        return {STORE: False}
    return {STORE: True}


def _airflow(url: str) -> Mapping[str, bool]:
    """Ask the API server, which speaks for the other components; away, it speaks for none."""
    answer = _get(url)
    said = {} if answer is None else answer.json()
    own = {
        name: said.get(part, {}).get("status") == "healthy" for part, name in _AIRFLOW_SAYS.items()
    }
    return {AIRFLOW: answer is not None} | (own if said else {})


def _get(url: str) -> requests.Response | None:
    try:
        answer = requests.get(url, timeout=_SECONDS)
    except requests.RequestException:
        return None
    return answer if answer.ok else None
