"""Channels: which are set up, which a use case asks for and lacks, and what became of a message."""

from __future__ import annotations

import logging
import smtplib
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Any

import requests
from pydantic import SecretStr
from tenacity import retry, retry_if_exception_type, stop_after_attempt, wait_exponential

from monitoring.notifications.mail import TIMEOUT, send_mail
from monitoring.notifications.message import Message
from monitoring.notifications.slack import slack_of
from monitoring.signals.alerts.delivery import Delivery
from monitoring.use_case_notify import Channel, Notify

log = logging.getLogger(__name__)

_TRIES = 3


@dataclass(frozen=True)
class _Known:
    """How a channel is named, and what sets it up."""

    name: str
    settings: str
    to_look_at: str


_KNOWN = {
    Channel.MAIL: _Known(
        "the mail server",
        "TOCSIN_SMTP_HOST and TOCSIN_SMTP_TO",
        "TOCSIN_SMTP_HOST, TOCSIN_SMTP_TLS, TOCSIN_SMTP_USER and TOCSIN_SMTP_PASSWORD",
    ),
    Channel.SLACK: _Known("Slack", "TOCSIN_SLACK_URL", "TOCSIN_SLACK_URL"),
    Channel.WEBHOOK: _Known("the webhook", "TOCSIN_WEBHOOK_URL", "TOCSIN_WEBHOOK_URL"),
}


def set_up(delivery: Delivery) -> frozenset[Channel]:
    """Return the channels that the environment settings give an address."""
    addresses = {
        Channel.MAIL: delivery.mail,
        Channel.SLACK: delivery.slack,
        Channel.WEBHOOK: delivery.webhook,
    }
    return frozenset(channel for channel, address in addresses.items() if address is not None)


def lacking(notify: Notify, delivery: Delivery) -> dict[Channel, str]:
    """Return what the file of a use case asks for and nobody has set up, a sentence per channel."""
    return {
        channel: f"{channel} is named by {' and '.join(f'`notify.{it}`' for it in fields)} and is "
        f"not set up, so nothing is sent there: set {_KNOWN[channel].settings}"
        for channel in Channel
        if channel not in set_up(delivery) and (fields := notify.asked(channel))
    }


def deliver(
    message: Message,
    channels: Collection[Channel],
    delivery: Delivery,
    particulars: Mapping[str, str],
) -> dict[Channel, str]:
    """Send a message through channels that are set up, whichever of them fails.

    Parameters
    ----------
    particulars
        Of which use case and run it is, for the webhook.

    Returns
    -------
    What each channel that did not accept it came to, without any secret.
    """
    shown = message.without_secrets()
    senders: dict[Channel, Callable[[], None]] = {}
    if delivery.mail is not None:
        mail = delivery.mail
        senders[Channel.MAIL] = lambda: send_mail(shown, mail)
    if delivery.slack is not None:
        slack = delivery.slack
        senders[Channel.SLACK] = lambda: post(slack, slack_of(shown))
    if delivery.webhook is not None:
        webhook = delivery.webhook
        senders[Channel.WEBHOOK] = lambda: post(webhook, shown.as_json(**particulars))
    problems = {}
    for channel in channels:
        try:
            in_three_tries(senders[channel])
        except OSError as error:
            problems[channel] = _refused(channel, message, error)
            log.error(problems[channel])
    return problems


@retry(
    stop=stop_after_attempt(_TRIES),
    wait=wait_exponential(multiplier=0.5, max=4),
    # Errors of requests and of smtplib are such.
    retry=retry_if_exception_type(OSError),
    reraise=True,
)
def in_three_tries(send: Callable[[], None]) -> None:
    """Send something, up to three times, until it is accepted."""
    send()


def post(url: SecretStr, body: Mapping[str, Any]) -> None:
    """Post JSON to a webhook; an answer that refuses it is an error."""
    requests.post(url.get_secret_value(), json=body, timeout=TIMEOUT).raise_for_status()


def _refused(channel: Channel, message: Message, error: OSError) -> str:
    """Return what a channel came to."""
    known = _KNOWN[channel]
    return (
        f"{known.name} did not accept the notification {message.title!r} in three tries "
        f"({answered(error)}): check {known.to_look_at}"
    )


def answered(error: OSError) -> str:
    """Return what came of sending, without the error's own text: that may show an address."""
    answer = _answer(error)
    said = "no answer" if answer is None else f"answer {answer}"
    return f"{type(error).__name__}, {said}"


def _answer(error: OSError) -> int | None:
    """Return the code by which a server refused."""
    if isinstance(error, requests.RequestException):
        return None if error.response is None else error.response.status_code
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        return next((code for code, _ in error.recipients.values()), None)
    return error.smtp_code if isinstance(error, smtplib.SMTPResponseException) else None
