"""The demo: train, replay traffic with drift, report, and print where to look."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import requests
from croniter import croniter

from monitoring.airflow_api import AIRFLOW_USER, AirflowApi, airflow_address
from monitoring.settings import Ports, Settings
from monitoring.stack.components import RUNS_TASKS
from monitoring.stack.dropped_file import use_case_of_dropped_file
from monitoring.stack.environment import as_variables, loopback_url, use_case_folder
from monitoring.stack.folders import Folders
from monitoring.stack.stack_error import StackError
from monitoring.stack.supervisor import Supervisor
from monitoring.stack.up import Running
from monitoring.steps.dag_ids import reporting_dag, retrain_dag
from monitoring.steps.order import WATCH
from monitoring.steps.replay_record import last_replay
from monitoring.use_case_file import find_use_case

Say = Callable[[str], None]
RUN_SECONDS = 3600
"""How long a DAG run is waited for: on a busy machine each task takes half a minute to start."""

_HISTORY = timedelta(days=31)
"""What of a source's past a demo shows: of years it would take minutes, and gigabytes."""

HOLD_BACK = 0.2
"""Share of a source that the demo's champion does not learn from."""

FRAUD = "fraud"
"""The use case of a demo where no file was dropped."""


@dataclass(frozen=True)
class Pointer:
    """A figure, or an address to open, when the demo is over."""

    what: str
    where: str


def demo(
    running: Running,
    ports: Ports,
    use_cases: Sequence[str],
    *,
    clock: Callable[[], datetime],
    say: Say,
) -> tuple[Pointer, ...]:
    """Train by the retrain DAG, replay traffic with drift and late labels, report by the DAG.

    One use case after the other. The days before the traffic are filled in, so that dashboards
    have a history.

    Returns
    -------
    Figures from Prometheus, then the addresses to open.

    Raises
    ------
    StackError
        A DAG run failed, or a step of the demo did.
    """
    airflow = _airflow(running)
    for use_case in use_cases:
        case = find_use_case(use_case, running.settings.use_cases)
        by_hand = case.retrain.by_hand
        _scheduled_run(airflow, retrain_dag(use_case), say, by_hand=by_hand)
        if _replay_once(running, use_case, clock, say):
            _command(running, *history_command(use_case, clock()))
        _scheduled_run(airflow, reporting_dag(use_case), say)
        if any(run_id.startswith("drift_") for run_id in airflow.runs(retrain_dag(use_case))):
            say(f"{use_case}: drift crossed its limit, and a retrain was triggered")
    return (*_answers(ports, use_cases), *_places(running, ports, use_cases))


def with_rows_to_replay(settings: Settings, *, in_order: bool) -> Settings:
    """Return settings by which a retrain leaves rows for the demo's traffic and history.

    Parameters
    ----------
    in_order
        Whether real rows come as they happened; else they are dealt out at random over their
        times, so that nothing drifts but what the demo plants.
    """
    hold_back = settings.hold_back or HOLD_BACK
    return settings.model_copy(update={"hold_back": hold_back, "deal_rows": not in_order})


def check_same_rows(settings: Settings) -> None:
    """Raise where the stack is up with other rows for its retrains than the demo wants.

    Raises
    ------
    StackError
        It is: its champion would have learned from what is to be replayed.
    """
    folders = Folders(settings.state)
    if not Supervisor(folders).is_alive():
        return
    given = json.loads(folders.environment(RUNS_TASKS).read_text(encoding="utf-8"))
    wanted = as_variables(settings, ())
    if any(given.get(name) != wanted[name] for name in ("TOCSIN_HOLD_BACK", "TOCSIN_DEAL_ROWS")):
        msg = (
            "the stack is up, and its retrains take other rows than the demo's: `tocsin down`, "
            "and run the demo again"
        )
        raise StackError(msg)


def use_cases_to_show(asked: Sequence[str], settings: Settings, *, say: Say) -> Sequence[str]:
    """Return the use cases of a demo; of one that was asked for none, a dropped file's or fraud.

    Raises
    ------
    UseCaseError
        One can't be read.
    SourceError
        The dropped file can't be read, or its last column can't be a target.
    StackError
        The stack is up without the use case that was written now: it has no rules for it.
    """
    dropped = None if asked else use_case_of_dropped_file(settings)
    for sentence in () if dropped is None else dropped.said:
        say(sentence)
    if dropped is not None and dropped.is_new and Supervisor(Folders(settings.state)).is_alive():
        msg = f"the stack is up without {dropped.use_case}: `tocsin down`, and run the demo again"
        raise StackError(msg)
    names = asked or [FRAUD if dropped is None else dropped.use_case]
    for name in names:
        find_use_case(name, use_case_folder(settings))
    return names


def _airflow(running: Running) -> AirflowApi:
    where = running.settings
    address = airflow_address(where)
    if address is None or where.airflow_password is None:
        msg = "the local stack has no Airflow: start it with `tocsin up`"
        raise StackError(msg)
    return AirflowApi(address, AIRFLOW_USER, where.airflow_password.get_secret_value())


def _replay_once(running: Running, use_case: str, clock: Callable[[], datetime], say: Say) -> bool:
    """Replay traffic that ends where the report's newest interval does; not a second time.

    Returns
    -------
    Whether it was replayed now.
    """
    case = find_use_case(use_case, running.settings.use_cases)
    if last_replay(case) is not None:
        say("traffic of an earlier demo is in the store: nothing is replayed")
        return False
    until = last_tick(case.report.every, clock()).isoformat()
    _command(running, "replay", use_case, "--scenario", "covariate", "--until", until)
    return True


def history_command(use_case: str, now: datetime) -> tuple[str, ...]:
    """Return the command that fills in the month before a demo."""
    since = (now - _HISTORY).isoformat(timespec="seconds")
    return ("backfill", use_case, "--no-wait", "--from", since)


def last_tick(schedule: str, now: datetime) -> datetime:
    """Return when a cron schedule was due last, at `now` or before."""
    tick: datetime = croniter(schedule, now + timedelta(microseconds=1)).get_prev(datetime)
    return tick


_SAID = {"success": "done", "failed": "failed", "skipped": "not needed"}
"""What people say of the states in which a task ends."""


def _scheduled_run(airflow: AirflowApi, dag_id: str, say: Say, *, by_hand: bool = False) -> None:
    began = time.monotonic()
    run_id = airflow.scheduled(dag_id, by_hand=by_hand)
    shown: dict[str, str] = {}

    def progress(states: Mapping[str, str]) -> None:
        for task, state in states.items():
            if state in _SAID and shown.get(task) != state:
                shown[task] = state
                if task != WATCH or state == "failed":
                    say(f"  {dag_id}  {task}: {_SAID[state]}")

    state = airflow.wait(dag_id, run_id, seconds=RUN_SECONDS, progress=progress)
    if state != "success":
        msg = f"{dag_id}: run {run_id} ended as {state}: see the failed task's log in Airflow"
        raise StackError(msg)
    say(f"{dag_id} succeeded in {time.monotonic() - began:.0f} s")


def _command(running: Running, *arguments: str) -> None:
    """Run a command of Tocsin with the environment of the running stack."""
    environment = os.environ | as_variables(running.settings)
    done = subprocess.run(  # noqa: S603  # nosec B603 # our own interpreter and our own words
        [sys.executable, "-m", "monitoring.cli", *arguments], env=environment, check=False
    )
    if done.returncode != 0:
        msg = f"`tocsin {' '.join(arguments)}` ended with exit code {done.returncode}"
        raise StackError(msg)


def _answers(ports: Ports, use_cases: Sequence[str]) -> tuple[Pointer, ...]:
    """Ask Prometheus for what was just published, so that what is printed is what it holds."""
    base = loopback_url(ports.prometheus)
    query = f"{base}/api/v1/query"
    series = [_when_scraped(query, f'{{use_case="{use_case}"}}') for use_case in use_cases]
    rules = requests.get(f"{base}/api/v1/rules?type=alert", timeout=10).json()["data"]["groups"]
    firing = requests.get(f"{base}/api/v1/alerts", timeout=10).json()["data"]["alerts"]
    names = sorted({a["labels"]["alertname"] for a in firing if a["state"] == "firing"})
    return (
        Pointer("series in Prometheus", str(sum(series))),
        Pointer("alert rules loaded", str(sum(len(group["rules"]) for group in rules))),
        Pointer("alerts firing", ", ".join(names) or "none yet: rules run every few seconds"),
    )


def _when_scraped(url: str, query: str, *, seconds: float = 60) -> int:
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        series = requests.get(url, params={"query": query}, timeout=10).json()["data"]["result"]
        if any(one["metric"].get("part") == "report" for one in series):
            return len(series)
        time.sleep(1)
    msg = f"Prometheus does not show the pushed metrics after {seconds:.0f} s: see {url}"
    raise StackError(msg)


def _places(running: Running, ports: Ports, use_cases: Sequence[str]) -> tuple[Pointer, ...]:
    public = running.settings.public_url.rstrip("/")
    return (
        Pointer("start page", public),
        *(
            Pointer(f"Evidently reports of {use_case}", f"{public}/reports/{use_case}/index.html")
            for use_case in use_cases
        ),
        Pointer("runbook: what each alert means", f"{public}/runbook"),
        Pointer("Airflow: DAG runs", loopback_url(ports.airflow)),
        Pointer("MLflow: models and training runs", loopback_url(ports.mlflow)),
        Pointer("Prometheus: metrics and alerts", f"{loopback_url(ports.prometheus)}/alerts"),
        Pointer("Pushgateway: pushed metrics", loopback_url(ports.pushgateway)),
        *(
            Pointer("Grafana: dashboards", component.url)
            for component in running.components
            if component.name == "grafana" and component.url is not None
        ),
        Pointer(
            "password of the user admin",
            str(Folders(running.settings.state).credentials),
        ),
    )
