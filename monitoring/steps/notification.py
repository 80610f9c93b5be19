"""The notification of a run: sent through the channels of its use case, its delivery published."""

from __future__ import annotations

import logging
from collections.abc import Collection
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Self

from monitoring.notifications.channels import deliver, lacking, set_up
from monitoring.notifications.message import Message
from monitoring.settings import settings
from monitoring.signals.alerts.delivery import delivery_of
from monitoring.signals.links import Addresses
from monitoring.signals.pipelines import Pipeline
from monitoring.signals.pushgateway import PublishError
from monitoring.signals.statuses import NotificationStatus
from monitoring.steps.dag_ids import reporting_dag, retrain_dag
from monitoring.steps.publish import publish_notification_status
from monitoring.steps.run import Failure, Result, Run, StepError, error_line
from monitoring.use_case import UseCase
from monitoring.use_case_file import UseCaseError, find_use_case
from monitoring.use_case_notify import Channel, Event, Notify
from monitoring.wording import moment

log = logging.getLogger(__name__)

_DAGS = {Pipeline.RETRAIN: retrain_dag, Pipeline.REPORT: reporting_dag}


class Notification(Message, Result):
    """A message to the people who are responsible for a use case."""

    @classmethod
    def of_success(cls, run: Run, title: str, text: str, *, version: str | None = None) -> Self:
        """Return the notification of a run that succeeded.

        Parameters
        ----------
        title
            Behind the use case's.
        version
            Of the model that the run registered.
        """
        addresses = _addresses()
        model = {} if version is None else {"model": addresses.model(run.use_case, version)}
        return cls(
            title=f"{run.declared.title}: {title}",
            text=text,
            links={**_links(run.use_case, addresses), **model, **_run_link(run, addresses)},
        )

    @classmethod
    def of_failure(cls, run: Run) -> Self:
        """Return the one notification of a run that failed, whichever of its steps did."""
        failures = run.failures()
        lines = [f"{failure.step} failed: {failure.error}" for failure in failures]
        lines = lines or ["A step was killed or did not run."]
        lines.append(f"The full error is in the log of that step, run {run.key}.")
        first, addresses = failures[0] if failures else None, _addresses()
        return cls(
            title=f"{run.declared.title}: {run.pipeline} failed",
            text="\n".join(lines),
            event=Event.FAILURE,
            facts=_facts_of(run, first),
            links={
                **_run_link(run, addresses, None if first is None else first.step),
                **_links(run.use_case, addresses),
                "runbook": addresses.runbook("RunFailed"),
            },
        )


@dataclass(frozen=True)
class AirflowTry:
    """One try of a task of Airflow's.

    Attributes
    ----------
    attempt
        Which try it was, `2 of 3`.
    """

    dag: str
    task: str
    run: str
    attempt: str


class Sent(Result):
    """What of a run's notification has arrived, so that a step that is tried again repeats none."""

    title: str
    text: str
    channels: tuple[Channel, ...]


def notify(run: Run, notification: Notification) -> None:
    """Send the notification of a run once through each channel, and publish what came of it.

    The run's figures and its success are published before: a channel that is down costs the
    message alone, and no other channel's.

    Raises
    ------
    StepError
        A channel did not accept it.
    """
    case = run.declared
    sent = run.read("notified", Sent)
    again = sent is not None and (sent.title, sent.text) == (notification.title, notification.text)
    before = sent.channels if sent is not None and again else ()
    particulars = {"use_case": run.use_case, "pipeline": run.pipeline.value, "run": run.key}
    status, arrived, problems = _send(case.notify, notification, before, particulars)
    run.write("notified", Sent(title=notification.title, text=notification.text, channels=arrived))
    try:
        publish_notification_status(run, status)
    except PublishError as error:
        if problems:
            problems = (*problems, f"nor could that be published: {error}")
        # The message has arrived: this is no second fault of the run.
        log.warning("%s: delivery of its notification not published: %s", run.key, error)
    if problems:
        raise StepError("; ".join(problems))


def notify_failure(
    case: UseCase,
    step: str,
    run_id: str,
    error: BaseException | None,
    pipeline: str,
    airflow: AirflowTry | None = None,
) -> None:
    """Notify of a step that has failed for good, where no later step of its run reports it.

    Raises
    ------
    StepError
        A channel did not accept it.
    """
    addresses = _addresses()
    notification = Notification(
        title=f"{case.title}: {pipeline} failed",
        text=f"{step} of run {run_id} failed{_cause(error)}\nThe full error is in its log.",
        event=Event.FAILURE,
        facts=_facts_now(step, run_id, error, airflow),
        links={**_log_link(airflow, addresses), **_links(case.name, addresses)},
    )
    post(notification, use_case=case.name, pipeline=pipeline, step=step, run=run_id)


def notify_retry(
    case: UseCase, error: BaseException | None, pipeline: str, airflow: AirflowTry
) -> None:
    """Notify of a task that failed and is tried again.

    Raises
    ------
    StepError
        A channel did not accept it.
    """
    notification = Notification(
        title=f"{case.title}: {airflow.task} is tried again",
        text=f"{airflow.task} failed in try {airflow.attempt}{_cause(error)}",
        event=Event.RETRY,
        facts=_facts_now(airflow.task, airflow.run, error, airflow),
        links=_log_link(airflow, _addresses()),
    )
    particulars = {"pipeline": pipeline, "step": airflow.task, "run": airflow.run}
    post(notification, use_case=case.name, **particulars)


def post(notification: Notification, *, use_case: str, **particulars: str) -> None:
    """Send a notification through the channels of a use case; without any it is only logged.

    Parameters
    ----------
    particulars
        More of what a webhook is told.

    Raises
    ------
    StepError
        A channel did not accept it in three tries.
    """
    told = {"use_case": use_case, **particulars}
    _, _, problems = _send(_channels_of(use_case), notification, (), told)
    if problems:
        raise StepError("; ".join(problems))


def _send(
    notify: Notify, notification: Notification, before: Collection[Channel], told: dict[str, Any]
) -> tuple[NotificationStatus, tuple[Channel, ...], tuple[str, ...]]:
    """Send a notification to whom it has not reached before.

    Returns
    -------
    What came of it, the channels by which it has arrived, and what the others said.
    """
    log.info("%s\n%s", notification.title, notification.text)
    delivery = delivery_of(settings())
    named = notify.channels(notification.event)
    missing = {one: said for one, said in lacking(notify, delivery).items() if one in named}
    for said in missing.values():
        log.warning("use case %s: %s", told["use_case"], said)
    there = tuple(channel for channel in named if channel in set_up(delivery))
    left = tuple(channel for channel in there if channel not in before)
    problems = deliver(notification, left, delivery, told)
    arrived = tuple(channel for channel in there if channel not in problems)
    if problems:
        status = NotificationStatus.NOT_DELIVERED
    elif missing:
        status = NotificationStatus.NOT_SET_UP
    else:
        status = NotificationStatus.DELIVERED if there else NotificationStatus.NO_CHANNEL
    return status, arrived, tuple(problems.values())


def _channels_of(use_case: str) -> Notify:
    try:
        return find_use_case(use_case, settings().use_cases).notify
    except UseCaseError as error:
        # What happened is said all the same, where it is said by default.
        log.warning("channels of use case %s can't be read: %s", use_case, error)
        return Notify()


def _addresses() -> Addresses:
    return delivery_of(settings()).addresses


def _links(use_case: str, addresses: Addresses) -> dict[str, str]:
    return {"dashboard": addresses.board(use_case), "reports": addresses.reports(use_case)}


def _run_link(run: Run, addresses: Addresses, task: str | None = None) -> dict[str, str]:
    """Return where a run is seen in Airflow, or the log of one of its tasks; nothing elsewhere."""
    if run.airflow_run is None:
        return {}
    return _airflow_link(addresses, _dag_of(run), run.airflow_run, task)


def _log_link(airflow: AirflowTry | None, addresses: Addresses) -> dict[str, str]:
    if airflow is None:
        return {}
    return _airflow_link(addresses, airflow.dag, airflow.run, airflow.task)


def _airflow_link(addresses: Addresses, dag: str, run: str, task: str | None) -> dict[str, str]:
    url = addresses.run(dag, run, task)
    return {} if url is None else {"run" if task is None else "log": url}


def _dag_of(run: Run) -> str:
    return _DAGS[run.pipeline](run.use_case)


def _cause(error: BaseException | None) -> str:
    return "" if error is None else f": {error_line(error)}"


def _facts_of(run: Run, failure: Failure | None) -> dict[str, str]:
    """Return what is known of the failure that came first; what was killed left none."""
    dag, run_id = None if run.airflow_run is None else _dag_of(run), run.airflow_run or run.key
    if failure is None:
        return _facts(dag=dag, run=run_id)
    return _facts(
        dag=dag,
        run=run_id,
        task=failure.step,
        attempt=failure.attempt,
        at=failure.at,
        error=failure.error,
    )


def _facts_now(
    step: str, run_id: str, error: BaseException | None, airflow: AirflowTry | None
) -> dict[str, str]:
    """Return what is known of a step that failed just now."""
    return _facts(
        dag=None if airflow is None else airflow.dag,
        run=run_id,
        task=step,
        attempt=None if airflow is None else airflow.attempt,
        at=datetime.now(UTC),
        error="it was killed" if error is None else error_line(error),
    )


def _facts(
    *,
    dag: str | None,
    run: str,
    task: str | None = None,
    attempt: str | None = None,
    at: datetime | None = None,
    error: str | None = None,
) -> dict[str, str]:
    """Return those that are known, by the names that people are shown, in their order."""
    date = None if at is None else moment(at)
    facts = {"dag": dag, "run": run, "task": task, "try": attempt, "date": date, "error": error}
    return {name: fact for name, fact in facts.items() if fact is not None}
