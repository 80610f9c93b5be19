"""A message to the people who are responsible for a use case."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, ConfigDict

from monitoring.settings import redacted
from monitoring.use_case_notify import Event


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

    def as_json(self, **particulars: Any) -> dict[str, Any]:
        """Return what a webhook is posted.

        Parameters
        ----------
        particulars
            More fields: of which use case and run it is.
        """
        return {**self.model_dump(mode="json"), **particulars}
