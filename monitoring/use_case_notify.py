"""Whom the runs of a use case notify, and through which channels."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

from pydantic import AfterValidator, Field

from monitoring.field_types import UseCaseSection


class Channel(StrEnum):
    """Where a notification goes; its address is an environment setting."""

    MAIL = "mail"
    SLACK = "slack"
    WEBHOOK = "webhook"


class Event(StrEnum):
    """What a notification is about."""

    SUCCESS = "success"
    FAILURE = "failure"
    RETRY = "retry"


def _each_once(channels: tuple[Channel, ...]) -> tuple[Channel, ...]:
    twice = sorted({channel for channel in channels if channels.count(channel) > 1})
    if twice:
        msg = f"a channel is named once: not {', '.join(twice)} twice"
        raise ValueError(msg)
    return channels


Channels = Annotated[tuple[Channel, ...], AfterValidator(_each_once)]


class Notify(UseCaseSection):
    """Channels of notifications: any of mail, slack and webhook, or none."""

    on_success: Channels = Field(
        (Channel.WEBHOOK,),
        description="Where a run that succeeded says what it found or changed, a skip too.",
    )
    on_failure: Channels = Field(
        (Channel.WEBHOOK,), description="Where a run that failed says which task did, and why."
    )
    on_retry: Channels = Field(
        (), description="Where a task of Airflow's that failed and is tried again says so."
    )

    def channels(self, event: Event) -> tuple[Channel, ...]:
        """Return the channels of an event."""
        named: tuple[Channel, ...] = getattr(self, f"on_{event}")
        return named

    def asked(self, channel: Channel) -> tuple[str, ...]:
        """Return the fields in which the file itself names a channel; defaults ask for nothing."""
        return tuple(
            name
            for name in type(self).model_fields
            if name in self.model_fields_set and channel in getattr(self, name)
        )
