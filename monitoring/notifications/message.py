"""A message to the people who are responsible for a use case."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from pydantic import BaseModel, ConfigDict

from monitoring.settings import redacted
from monitoring.use_case_notify import Event

_NAMES = {
    Event.SUCCESS: "RunSucceeded",
    Event.FAILURE: "RunFailed",
    Event.RETRY: "TaskRetried",
}
_URLS = {"reports": "report_url"}
"""A link that alerts have too, and call by another name."""


class Message(BaseModel):
    """What people are told of a run, whichever channel it takes.

    Attributes
    ----------
    text
        Sentences, a line each.
    facts
        What is known of a task that failed, by name: dag, run, task, try, date, error.
    links
        Addresses to open, by what is there.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    title: str
    text: str
    event: Event = Event.SUCCESS
    facts: dict[str, str] = {}
    links: dict[str, str] = {}

    @property
    def lines(self) -> tuple[str, ...]:
        """The sentences."""
        return tuple(line for line in self.text.splitlines() if line.strip())

    @property
    def table(self) -> dict[str, str]:
        """The facts as people are shown them: an error that the text quotes is not said twice."""
        return {
            name: fact
            for name, fact in self.facts.items()
            if name != "error" or fact not in self.text
        }

    def without_secrets(self) -> Message:
        """Return the message without the secrets that this process was given."""
        return self.model_copy(
            update={
                "title": redacted(self.title),
                "text": redacted(self.text),
                "facts": {name: redacted(fact) for name, fact in self.facts.items()},
            }
        )

    def as_json(self, **particulars: str) -> dict[str, Any]:
        """Return what a webhook is posted: in the shape in which Grafana posts alerts.

        So that one receiver reads both; `status` is the event, and neither ``firing`` nor
        ``resolved``.

        Parameters
        ----------
        particulars
            More labels: of which use case and run it is.
        """
        status = self.event.value
        labels = {"alertname": _NAMES[self.event], "event": status, **particulars}
        annotations = {
            "summary": self.title,
            "description": self.text,
            **self.facts,
            **{_URLS.get(name, f"{name}_url"): url for name, url in self.links.items()},
        }
        told = {
            "status": status,
            "labels": labels,
            "annotations": annotations,
            "startsAt": datetime.now(UTC).isoformat(timespec="seconds"),
        }
        return {
            "title": self.title,
            "message": self.text,
            "status": status,
            "commonLabels": labels,
            "commonAnnotations": annotations,
            "alerts": [told],
        }
