"""The demo: train, replay traffic with drift, report, and print where to look.

Of card fraud it tells the whole story, from quiet days to the end of an alert: see `living_demo`.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import requests
from croniter import croniter
from pydantic import SecretStr

from monitoring.private import private_folder
from monitoring.settings import Ports, Settings
from monitoring.stack.components import RUNS_TASKS, receiver_url
from monitoring.stack.demo_runs import (
    Say,
    airflow_of,
    command,
    inside_the_stack,
    scheduled_run,
)
from monitoring.stack.dropped_file import use_case_of_dropped_file
from monitoring.stack.environment import as_variables, loopback_url, use_case_folder
from monitoring.stack.folders import Folders
from monitoring.stack.living_demo import LivingDemo
from monitoring.stack.stack_error import StackError
from monitoring.stack.supervisor import Supervisor
from monitoring.stack.up import Running
from monitoring.steps.backfill_past import unseen
from monitoring.steps.dag_ids import reporting_dag, retrain_dag
from monitoring.steps.places import champion_model
from monitoring.steps.replay import windows_filled
from monitoring.steps.replay_record import is_in_traffic, last_replay
from monitoring.use_case import UseCase
from monitoring.use_case_file import SHIPPED, find_use_case

_HISTORY = timedelta(days=31)
"""What of a source's past a demo shows: of years it would take minutes, and gigabytes."""

HOLD_BACK, TRAFFIC, LATER_HALF = 0.2, 0.8, 0.5
"""Share of a source that the demo's champion does not learn from; the second, where it lives.

The third, where it lives on rows in their own order: of the real cards the first champion then
learns from one whole day, without which it has too few frauds to pass the gate.
"""

FRAUD = "fraud"
"""The use case of a demo where no file was dropped, and the one whose demo lives."""

QUICK = ("logistic_regression", "lightgbm")
"""The candidates of a demo that lives: two are searched in half a minute."""

_MARK = (
    "# Written by `tocsin demo`: the shipped use case with two candidates, so that retrains take a "
    "minute.\n# Remove this file for all of them, and these lines to edit it.\n"
)


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
    airflow = airflow_of(running)
    for use_case in use_cases:
        case = find_use_case(use_case, running.settings.use_cases)
        living = LivingDemo(running, ports, airflow, case, say)
        if lives(use_cases) and is_in_traffic(case) and living.tell(clock()):
            continue
        told_before = last_replay(case) is not None
        scheduled_run(airflow, retrain_dag(use_case), say, by_hand=case.retrain.by_hand)
        if told_before:
            say("traffic of an earlier demo is in the store: nothing is replayed")
        elif lives(use_cases):
            living.tell(clock())
            continue
        else:
            until = last_tick(case.report.every, clock())
            replay = ("replay", use_case, "--scenario", "covariate", "--until", until.isoformat())
            command(running, *replay)
            command(running, *history_command(case, _held_back(running, case), until))
        scheduled_run(airflow, reporting_dag(use_case), say)
        if any(run_id.startswith("drift_") for run_id in airflow.runs(retrain_dag(use_case))):
            say(f"{use_case}: drift crossed its limit, and a retrain was triggered")
    return (*_answers(ports, use_cases), *_places(running, ports, use_cases))


def lives(use_cases: Sequence[str]) -> bool:
    """Whether the demo of these use cases is the one that lives: of card fraud alone.

    Its ten days have rows and frauds enough that each can be judged, and what the drift does to
    them is known. Every other use case is shown at once.
    """
    return tuple(use_cases) == (FRAUD,)


def write_quick_fraud(settings: Settings) -> str | None:
    """Write card fraud with two candidates for the demo, where the user has no folder of their own.

    Returns
    -------
    What people should know of it; None where nothing was written.
    """
    if settings.use_cases is not None:
        return None
    path = private_folder(Folders(settings.state).use_cases) / f"{FRAUD}.yml"
    if path.is_file() and not path.read_text("utf-8", errors="replace").startswith(_MARK):
        return None
    text = (SHIPPED / f"{FRAUD}.yml").read_text(encoding="utf-8")
    path.write_text(f"{_MARK}{_with_candidates(text, QUICK)}", encoding="utf-8")
    names = " and ".join(QUICK)
    return f"Of the shipped candidates two are searched, {names}, so that it takes minutes: {path}"


def _with_candidates(text: str, names: Sequence[str]) -> str:
    """Return a use-case file with some of its candidates."""
    kept, inside, wanted = [], False, True
    for line in text.splitlines(keepends=True):
        if not line.startswith(" "):
            inside, wanted = line.startswith("candidates:"), True
        elif inside and not line.startswith("   "):
            wanted = line.strip().removesuffix(":") in names
        if wanted:
            kept.append(line)
    return "".join(kept)


def for_demo(
    settings: Settings, ports: Ports, use_cases: Sequence[str], *, in_order: bool
) -> Settings:
    """Return the settings of the stack that a demo is shown on.

    A retrain leaves rows for its traffic and history, and where the demo lives a receiver of its
    own gets what is notified, if nobody else does.

    Parameters
    ----------
    in_order
        Whether real rows come as they happened; else they are dealt out at random over their
        times, so that nothing drifts but what the demo plants.
    """
    living = LATER_HALF if in_order else TRAFFIC
    changed: dict[str, object] = {
        "hold_back": settings.hold_back or (living if lives(use_cases) else HOLD_BACK),
        "deal_rows": not in_order,
    }
    if lives(use_cases) and settings.webhook_url is None:
        changed["webhook_url"] = SecretStr(receiver_url(ports))
    return settings.model_copy(update=changed)


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


def history_command(case: UseCase, rows: int, until: datetime) -> tuple[str, ...]:
    """Return the command that fills in the days of the traffic, and history before them.

    Parameters
    ----------
    rows
        That the champion did not learn from: history goes back as far as they fill windows, a month
        at most.
    until
        The end of the traffic.
    """
    filled = rows // (2 * case.drift.min_rows) * case.drift.window
    traffic = windows_filled(case) * case.drift.window
    since = until - traffic - min(filled, _HISTORY)
    return ("backfill", case.name, "--no-wait", "--from", since.isoformat(timespec="seconds"))


def _held_back(running: Running, case: UseCase) -> int:
    """Return how many rows of its source the champion has not learned from."""
    with inside_the_stack(running):
        model = champion_model(case)
        held = None if model is None else unseen(case, model)
    return 0 if held is None else len(held.rows)


def last_tick(schedule: str, now: datetime) -> datetime:
    """Return when a cron schedule was due last, at `now` or before."""
    tick: datetime = croniter(schedule, now + timedelta(microseconds=1)).get_prev(datetime)
    return tick


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


_OPTIONAL = {"grafana": "Grafana: dashboards", "receiver": "messages, as they were received"}
"""What the components show that not every stack has."""


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
            Pointer(_OPTIONAL[component.name], component.url)
            for component in running.components
            if component.name in _OPTIONAL and component.url is not None
        ),
        Pointer(
            "password of the user admin",
            str(Folders(running.settings.state).credentials),
        ),
    )
