"""How notifications are delivered: by whom, through which channels, and how often."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum

from pydantic import SecretStr

from monitoring.settings import Settings
from monitoring.signals.links import Addresses


class Notifier(StrEnum):
    """Which of the two forms of the rules sends notifications."""

    GRAFANA = "grafana"
    ALERTMANAGER = "alertmanager"


@dataclass(frozen=True)
class Mail:
    """A mail server and who is written to."""

    host: str
    sender: str
    to: tuple[str, ...]
    tls: bool = True
    user: str | None = None
    password: SecretStr | None = None


@dataclass(frozen=True)
class Pace:
    """How soon and how often a group of alerts is notified.

    Attributes
    ----------
    wait
        From its first alert to the first message.
    interval
        Between messages when alerts join, or are resolved.
    repeat
        Between messages when nothing changes.
    """

    wait: timedelta
    interval: timedelta
    repeat: timedelta


# With a scrape and a rule's turn before it, the first critical message comes within a minute of the
# push. What joins it comes together: the rules of a new use case begin to fire one after the other.
CRITICAL = Pace(timedelta(seconds=20), timedelta(minutes=2), timedelta(hours=4))
WARNING = Pace(timedelta(minutes=1), timedelta(minutes=5), timedelta(hours=24))
HEARTBEAT = Pace(timedelta(seconds=0), timedelta(minutes=1), timedelta(minutes=5))
BLINDNESS = Pace(timedelta(minutes=2), timedelta(minutes=5), timedelta(hours=4))
"""Of Grafana's rules for which Prometheus does not answer: one message for all of them, and none
of a restart."""


@dataclass(frozen=True)
class Delivery:
    """How alerts are delivered; without any channel they are only shown.

    Attributes
    ----------
    heartbeat
        Where the watchdog posts.
    critical, warning
        Critical alerts are notified at once, and again every four hours; warnings within minutes,
        and again once a day.
    blindness
        That Prometheus does not answer Grafana.
    """

    notifier: Notifier = Notifier.GRAFANA
    addresses: Addresses = field(default_factory=lambda: Addresses("http://127.0.0.1:8000"))
    webhook: SecretStr | None = None
    slack: SecretStr | None = None
    mail: Mail | None = None
    heartbeat: SecretStr | None = None
    critical: Pace = CRITICAL
    warning: Pace = WARNING
    blindness: Pace = BLINDNESS

    @property
    def has_channel(self) -> bool:
        """Whether there is a channel to notify anyone through."""
        return not (self.webhook is None and self.slack is None and self.mail is None)


def delivery_of(settings: Settings) -> Delivery:
    """Return the delivery that the environment settings ask for."""
    return Delivery(
        notifier=Notifier(settings.notifier),
        addresses=Addresses(settings.public_url, settings.grafana_url, settings.public_airflow_url),
        webhook=settings.webhook_url,
        slack=settings.slack_url,
        mail=_mail(settings),
        heartbeat=settings.heartbeat_url,
    )


def _mail(settings: Settings) -> Mail | None:
    if settings.smtp_host is None or settings.smtp_to is None:
        return None
    return Mail(
        host=settings.smtp_host,
        sender=settings.smtp_from,
        to=tuple(address.strip() for address in settings.smtp_to.split(",")),
        tls=settings.smtp_tls,
        user=settings.smtp_user,
        password=settings.smtp_password,
    )
