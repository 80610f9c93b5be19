"""A client of the API that `tocsin serve` answers: rows to /predict, labels to /feedback."""

from __future__ import annotations

import logging
import time
from collections.abc import Mapping, Sequence
from typing import Any

import requests

from monitoring.settings import Settings
from monitoring.steps.run import StepError

MOST_ROWS = 1000
"""Rows, or labels, of one request."""

TIMEOUT = 60
"""Seconds that an answer is waited for."""

PATIENCE = 120
"""Seconds for which an API that is away, or asks to wait, is asked again."""

_AWAY = (requests.codes.too_many_requests, requests.codes.unavailable)

_log = logging.getLogger(__name__)


def signed_in(where: Settings) -> dict[str, str]:
    """Return the headers of a request: with the key of the API, where the settings have one."""
    if where.serve_key is None:
        return {}
    return {"Authorization": f"Bearer {where.serve_key.get_secret_value()}"}


class ApiClient:
    """Sends rows and labels of one use case, and asks again where the API is away.

    Parameters
    ----------
    where
        Names the API and the key; one of the scope admin where it is not on loopback.

    Raises
    ------
    StepError
        No API is named.
    """

    def __init__(self, where: Settings, use_case: str) -> None:
        if where.serve_url is None:
            msg = (
                "no API to send traffic to: start the local stack with `tocsin up`, or name one "
                "with TOCSIN_SERVE_URL"
            )
            raise StepError(msg)
        self._url = where.serve_url.rstrip("/")
        self._use_case = use_case
        self._session = requests.Session()
        self._session.headers.update(signed_in(where))

    def predict(self, rows: Sequence[Mapping[str, object]]) -> list[dict[str, Any]]:
        """Send rows that came when they happened, and return what is said of each.

        Raises
        ------
        StepError
            The API refuses them, or is away for too long.
        """
        answer = self._post("predict", {"rows": rows}, {"replayed": "true"})
        predictions: list[dict[str, Any]] = answer["predictions"]
        return predictions

    def feedback(self, labels: Sequence[Mapping[str, object]]) -> None:
        """Send labels.

        Raises
        ------
        StepError
            As `predict`.
        """
        self._post("feedback", {"labels": labels}, {})

    def _post(self, route: str, body: object, parameters: Mapping[str, str]) -> dict[str, Any]:
        url = f"{self._url}/{route}/{self._use_case}"
        until = time.monotonic() + PATIENCE
        while True:
            try:
                answer = self._session.post(
                    url, json=body, params=parameters, timeout=TIMEOUT, allow_redirects=False
                )
            except (requests.ConnectionError, requests.Timeout) as error:
                self._wait(until, type(error).__name__, 1)
                continue
            if answer.status_code == requests.codes.ok:
                content: dict[str, Any] = answer.json()
                return content
            said = f"answers {answer.status_code}: {answer.text[:300]}"
            if answer.status_code not in _AWAY:
                msg = f"the API at {self._url}/{route} {said}"
                raise StepError(msg)
            self._wait(until, said, float(answer.headers.get("Retry-After", 1)))

    def _wait(self, until: float, said: str, seconds: float) -> None:
        """Wait before the API is asked again."""
        if time.monotonic() + seconds > until:
            msg = (
                f"the API at {self._url} was away for {PATIENCE} s ({said}): once it answers, run "
                "the same command again, and it goes on where it was"
            )
            raise StepError(msg)
        _log.info("the API at %s is away (%s): asking again", self._url, said)
        time.sleep(seconds)
