"""A client of Airflow's public API: unpause a DAG, start a run and wait for it."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import Any

import requests
from requests.adapters import HTTPAdapter
from tenacity import retry, retry_if_exception_type, stop_after_delay, wait_fixed
from urllib3 import Retry

from monitoring.stack.stack_error import StackError

TIMEOUT = 30
"""Seconds that an answer is waited for; on a busy machine it may be late: it is asked for again."""

_AGAIN = Retry(total=4, backoff_factor=1, status=0, allowed_methods=["GET", "PATCH"])
"""Whatever may be asked twice. A run that is started may have been started where no answer came."""

FIRST_RUN_SECONDS = 120
ENDED = frozenset({"success", "failed"})


_once_parsed = retry(
    stop=stop_after_delay(60),
    wait=wait_fixed(1),
    retry=retry_if_exception_type(requests.HTTPError),
    reraise=True,
)


class AirflowApi:
    """A signed-in client of one Airflow.

    Parameters
    ----------
    url, username, password
        Of the API server, and of a user who may run DAGs.

    Raises
    ------
    StackError
        Airflow does not answer; so does every method.
    """

    def __init__(self, url: str, username: str, password: str) -> None:
        self._url = url
        self._session = requests.Session()
        self._session.mount(f"{url}/api/", HTTPAdapter(max_retries=_AGAIN))
        signing_in = _AGAIN.new(allowed_methods=["POST"])
        self._session.mount(f"{url}/auth/", HTTPAdapter(max_retries=signing_in))
        token = self._answer("post", "auth/token", {"username": username, "password": password})
        self._session.headers["Authorization"] = f"Bearer {token['access_token']}"

    def unpause(self, dag_id: str) -> None:
        """Let a DAG run; waits up to a minute for the DAG to be parsed.

        Raises
        ------
        requests.HTTPError
            There is no such DAG.
        """
        self._patch_when_parsed(f"dags/{dag_id}", {"is_paused": False})

    def scheduled(self, dag_id: str, *, by_hand: bool = False) -> str:
        """Unpause a DAG and return the id of the run that its schedule starts at once.

        A DAG that was unpaused before starts nothing by that: a run is started by hand.

        Parameters
        ----------
        by_hand
            Whether the DAG has no schedule, so that a run is always started by hand.
        """
        was_unpaused = bool(self.runs_when_parsed(dag_id))
        self.unpause(dag_id)
        if was_unpaused or by_hand:
            return self.start(dag_id, {})
        until = time.monotonic() + FIRST_RUN_SECONDS
        while time.monotonic() < until:
            runs = self.runs(dag_id)
            if runs:
                return next(iter(runs))
            time.sleep(1)
        msg = f"{dag_id}: unpaused, but its schedule started no run within {FIRST_RUN_SECONDS} s"
        raise StackError(msg)

    def start(self, dag_id: str, conf: Mapping[str, object]) -> str:
        """Start a run by hand and return its id."""
        run = self._call("post", f"dags/{dag_id}/dagRuns", {"logical_date": None, "conf": conf})
        return str(run["dag_run_id"])

    def wait(
        self,
        dag_id: str,
        run_id: str,
        *,
        seconds: float,
        progress: Callable[[Mapping[str, str]], object] = dict,
    ) -> str:
        """Return the state in which a run ended; `progress` is called with the state of every task.

        Raises
        ------
        StackError
            The run has not ended in time.
        """
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            progress(self.tasks(dag_id, run_id))
            state = str(self._call("get", f"dags/{dag_id}/dagRuns/{run_id}")["state"])
            if state in ENDED:
                return state
            time.sleep(1)
        msg = f"{dag_id}: run {run_id} did not end within {seconds:.0f} s: see {self._url}"
        raise StackError(msg)

    def tasks(self, dag_id: str, run_id: str) -> dict[str, str]:
        """Return the state of every task of a run, `none` for those not yet scheduled."""
        answer = self._call("get", f"dags/{dag_id}/dagRuns/{run_id}/taskInstances?limit=100")
        return {task["task_id"]: task["state"] or "none" for task in answer["task_instances"]}

    def runs(self, dag_id: str) -> dict[str, str]:
        """Return the state of every run of a DAG by its id, oldest first."""
        answer = self._call("get", f"dags/{dag_id}/dagRuns?order_by=run_after&limit=100")
        return {run["dag_run_id"]: run["state"] for run in answer["dag_runs"]}

    @_once_parsed
    def runs_when_parsed(self, dag_id: str) -> dict[str, str]:
        """Return what `runs` does, of a DAG that may be parsed only within a minute."""
        return self.runs(dag_id)

    @_once_parsed
    def _patch_when_parsed(self, path: str, body: Mapping[str, object]) -> None:
        self._call("patch", path, body)

    def _call(self, method: str, path: str, body: Mapping[str, object] | None = None) -> Any:
        return self._answer(method, f"api/v2/{path}", body)

    def _answer(self, method: str, path: str, body: Mapping[str, object] | None) -> Any:
        try:
            answer = self._session.request(
                method, f"{self._url}/{path}", json=body, timeout=TIMEOUT
            )
        except (requests.ConnectionError, requests.Timeout) as error:
            msg = (
                f"Airflow at {self._url} does not answer ({method.upper()} /{path}): see "
                "`tocsin status`; on a busy machine, run the command again"
            )
            raise StackError(msg) from error
        answer.raise_for_status()
        return answer.json()
