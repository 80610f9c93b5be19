"""The notification of a run: posted to the webhook, and its delivery published."""

from __future__ import annotations

import logging
from typing import Any

import requests
from tenacity import retry, retry_if_exception_type, stop_after_attempt, wait_exponential

from monitoring.settings import settings
from monitoring.signals.pushgateway import PublishError
from monitoring.signals.statuses import NotificationStatus
from monitoring.steps.publish import publish_notification_status
from monitoring.steps.run import Result, Run, StepError, error_line

log = logging.getLogger(__name__)


class Notification(Result):
    """A message to the people who are responsible for a use case."""

    title: str
    text: str

    @classmethod
    def of_failure(cls, run: Run) -> Notification:
        """Return the one notification of a run that failed, whichever of its steps did."""
        failures = [f"{failure.step} failed: {failure.error}" for failure in run.failures()]
        lines = failures or ["A step was killed or did not run."]
        lines.append(f"The full error is in the log of that step, run {run.key}.")
        title = f"{run.declared.title}: {run.pipeline} failed"
        return cls(title=title, text="\n".join(lines))


def notify(run: Run, notification: Notification) -> None:
    """Post the notification of a run once, and publish whether it was delivered.

    The run's figures and its success are published before: a webhook that is down costs the
    message alone.

    Raises
    ------
    StepError
        The webhook did not accept it.
    """
    if run.read("notification", Notification) != notification:
        try:
            post(notification, use_case=run.use_case, pipeline=run.pipeline.value, run=run.key)
        except StepError as error:
            try:
                publish_notification_status(run, NotificationStatus.NOT_DELIVERED)
            except PublishError as another:
                error.add_note(f"nor could that be published: {another}")
            raise
        run.write("notification", notification)
    no_webhook = settings().webhook_url is None
    status = NotificationStatus.NO_WEBHOOK if no_webhook else NotificationStatus.DELIVERED
    try:
        publish_notification_status(run, status)
    except PublishError as error:
        # The message has arrived: this is no second fault of the run.
        log.warning("%s: delivery of its notification not published: %s", run.key, error)


def notify_failure(title: str, step: str, run_id: str, error: BaseException | None) -> None:
    """Post that a step has failed for good, where no later step of its run would report it.

    Raises
    ------
    StepError
        The webhook did not accept it.
    """
    cause = "" if error is None else f": {error_line(error)}"
    text = f"{step} of run {run_id} failed{cause}\nThe full error is in its log."
    post(Notification(title=f"{title} failed", text=text), step=step, run=run_id)


def post(notification: Notification, **facts: Any) -> None:
    """Post a notification to `TOCSIN_WEBHOOK_URL`; without one it is only logged.

    Raises
    ------
    StepError
        The webhook did not accept it in three tries.
    """
    log.info("%s\n%s", notification.title, notification.text)
    url = settings().webhook_url
    if url is None:
        return
    try:
        _post(url.get_secret_value(), {**notification.model_dump(), **facts})
    except requests.RequestException as error:
        # The address is a secret, and stands in the error's own message.
        answer = "no answer" if error.response is None else f"answer {error.response.status_code}"
        msg = (
            f"the webhook did not accept the notification {notification.title!r} in three tries "
            f"({type(error).__name__}, {answer}): check TOCSIN_WEBHOOK_URL"
        )
        raise StepError(msg) from None


@retry(
    stop=stop_after_attempt(3),
    wait=wait_exponential(multiplier=0.5, max=4),
    retry=retry_if_exception_type(requests.RequestException),
    reraise=True,
)
def _post(url: str, message: dict[str, Any]) -> None:
    requests.post(url, json=message, timeout=10).raise_for_status()
