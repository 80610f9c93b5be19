"""A client of Airflow's public API: start runs and wait for them, and see how they went."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import quote

import requests
from requests.adapters import HTTPAdapter
from tenacity import retry, retry_if_exception_type, stop_after_delay, wait_fixed
from urllib3 import Retry

from monitoring.errors import TocsinError
from monitoring.public_path import below, path_of
from monitoring.settings import Settings

TIMEOUT = 30
"""Seconds that an answer is waited for; on a busy machine it may be late: it is asked for again."""

_AGAIN = ("GET", "PATCH")
"""Whatever may be asked twice. A run that is started may have been started where no answer came."""

FIRST_RUN_SECONDS = 120
AIRFLOW_USER = "admin"
"""Whose password `TOCSIN_AIRFLOW_PASSWORD` is."""

AIRFLOW_VIEWER = "viewer"
"""Who may only look; whose password `TOCSIN_AIRFLOW_VIEWER_PASSWORD` is."""

AIRFLOW_USERS = f"{AIRFLOW_USER}:admin,{AIRFLOW_VIEWER}:viewer"
"""The users and their roles, as Airflow's SimpleAuthManager is told them."""

_PASSWORDS = {
    AIRFLOW_USER: "TOCSIN_AIRFLOW_PASSWORD",
    AIRFLOW_VIEWER: "TOCSIN_AIRFLOW_VIEWER_PASSWORD",
}

ENDED = frozenset({"success", "failed"})


_once_parsed = retry(
    stop=stop_after_delay(60),
    wait=wait_fixed(1),
    retry=retry_if_exception_type(requests.HTTPError),
    reraise=True,
)


def airflow_address(known: Settings) -> str | None:
    """Return where Airflow is asked: below the path of its public address, where it answers."""
    if known.airflow_url is None:
        return None
    return below(path_of(known.public_airflow_url), known.airflow_url)


def health_of(address: str) -> str:
    """Return where an Airflow says how its components are; its API server speaks for all."""
    return f"{address.rstrip('/')}/api/v2/monitor/health"


class AirflowError(TocsinError, RuntimeError):
    """Airflow does not do what it was asked for; the message says what to look at."""


@dataclass(frozen=True)
class DagRun:
    """A run of a DAG as Airflow has it.

    Attributes
    ----------
    state
        ``queued``, ``running``, ``success`` or ``failed``.
    logical_date
        None where the run was triggered without one.
    started, ended
        None while it waits, or runs.
    """

    dag_id: str
    run_id: str
    state: str
    logical_date: datetime | None
    started: datetime | None
    ended: datetime | None


class AirflowApi:
    """A client of one Airflow, which signs in when it is first used.

    Parameters
    ----------
    url, username, password
        Of the API server, and of a user: `AIRFLOW_VIEWER` may look, and start nothing.
    tries
        How often it is asked before it is given up: each method raises `AirflowError` then.
    """

    def __init__(self, url: str, username: str, password: str, *, tries: int = 5) -> None:
        self._url = url
        self._user = {"username": username, "password": password}
        self._session = requests.Session()
        again = Retry(total=tries - 1, backoff_factor=1, status=0, allowed_methods=_AGAIN)
        self._session.mount(f"{url}/api/", HTTPAdapter(max_retries=again))
        signing_in = again.new(allowed_methods=["POST"])
        self._session.mount(f"{url}/auth/", HTTPAdapter(max_retries=signing_in))

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
        raise AirflowError(msg)

    def first(self, dag_id: str, conf: Mapping[str, object]) -> str:
        """Start a run of a DAG that is paused, in the place of the one its schedule would start.

        The DAG is unpaused. One that was unpaused before starts nothing by that.
        """
        self.runs_when_parsed(dag_id)
        dag = self._call("get", f"dags/{dag_id}")
        at = dag["next_dagrun_logical_date"] if dag["is_paused"] else None
        run = self._call("post", f"dags/{dag_id}/dagRuns", {"logical_date": at, "conf": conf})
        self.unpause(dag_id)
        return str(run["dag_run_id"])

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
        AirflowError
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
        raise AirflowError(msg)

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

    def newest_run(self, dag_id: str) -> DagRun | None:
        """Return the run of a DAG that was due last; None before there is one.

        Raises
        ------
        AirflowError
            Airflow does not answer, or not as asked.
        """
        found = self._read(f"dags/{dag_id}/dagRuns?order_by=-run_after&limit=1")
        return next((_dag_run(run) for run in found["dag_runs"]), None)

    def run(self, dag_id: str, run_id: str) -> DagRun:
        """Return a run of a DAG.

        Raises
        ------
        AirflowError
            Airflow does not answer, or has no such run.
        """
        return _dag_run(self._read(f"dags/{dag_id}/dagRuns/{quote(run_id, safe='')}"))

    def failed_tasks(self, dag_id: str, run_id: str) -> tuple[str, ...]:
        """Return the tasks of a run that failed, the first to fail first.

        Raises
        ------
        AirflowError
            Airflow does not answer, or not as asked.
        """
        path = f"dags/{dag_id}/dagRuns/{quote(run_id, safe='')}/taskInstances"
        found = self._read(f"{path}?state=failed&order_by=end_date&limit=100")
        return tuple(task["task_id"] for task in found["task_instances"])

    def _read(self, path: str) -> Any:
        try:
            return self._call("get", path)
        except requests.HTTPError as error:
            user = self._user["username"]
            msg = (
                f"Airflow at {self._url} answers {error}: {_PASSWORDS[user]} is that of its user "
                f"`{user}`"
            )
            raise AirflowError(msg) from error

    def _call(self, method: str, path: str, body: Mapping[str, object] | None = None) -> Any:
        if "Authorization" not in self._session.headers:
            self._sign_in()
        answer = self._answer(method, f"api/v2/{path}", body)
        if answer.status_code == requests.codes.unauthorized:  # a day after it was signed in
            self._sign_in()
            answer = self._answer(method, f"api/v2/{path}", body)
        answer.raise_for_status()
        return answer.json()

    def _sign_in(self) -> None:
        answer = self._answer("post", "auth/token", self._user)
        answer.raise_for_status()
        self._session.headers["Authorization"] = f"Bearer {answer.json()['access_token']}"

    def _answer(
        self, method: str, path: str, body: Mapping[str, object] | None
    ) -> requests.Response:
        try:
            return self._session.request(method, f"{self._url}/{path}", json=body, timeout=TIMEOUT)
        except (requests.ConnectionError, requests.Timeout) as error:
            msg = (
                f"Airflow at {self._url} does not answer ({method.upper()} /{path}): see "
                "`tocsin status`; on a busy machine, try again"
            )
            raise AirflowError(msg) from error


def _dag_run(run: Mapping[str, Any]) -> DagRun:
    return DagRun(
        dag_id=run["dag_id"],
        run_id=run["dag_run_id"],
        state=run["state"],
        logical_date=_moment(run["logical_date"]),
        started=_moment(run["start_date"]),
        ended=_moment(run["end_date"]),
    )


def _moment(text: str | None) -> datetime | None:
    return None if text is None else datetime.fromisoformat(text)
