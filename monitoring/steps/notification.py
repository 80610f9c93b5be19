"""Notify: what people are told of a run, in words, by webhook or in the log."""

from __future__ import annotations

import logging
from typing import Any

import requests
from tenacity import retry, retry_if_exception_type, stop_after_attempt, wait_exponential

from monitoring.settings import settings
from monitoring.steps.run import Result

log = logging.getLogger(__name__)


class Told(Result):
    """A message to people."""

    title: str
    text: str


def tell(told: Told, **facts: Any) -> None:
    """Post a message to `TOCSIN_WEBHOOK_URL`; without one the log is all there is.

    Raises
    ------
    requests.RequestException
        The webhook did not take the message in three tries.
    """
    log.info("%s\n%s", told.title, told.text)
    url = settings().webhook_url
    if url is not None:
        _post(url.get_secret_value(), {**told.model_dump(), **facts})


@retry(
    stop=stop_after_attempt(3),
    wait=wait_exponential(multiplier=0.5, max=4),
    retry=retry_if_exception_type(requests.RequestException),
    reraise=True,
)
def _post(url: str, message: dict[str, Any]) -> None:
    requests.post(url, json=message, timeout=10).raise_for_status()


def task_failed(dag_id: str, task_id: str, run_id: str) -> None:
    """Tell people that a task of an Airflow run has failed for good."""
    text = f"Task {task_id} of run {run_id} failed after its retries: read its log in Airflow."
    tell(
        Told(title=f"{dag_id} failed", text=text),
        dag_id=dag_id,
        task_id=task_id,
        run_id=run_id,
    )
