"""Episode: a stretch of drift, and whether enough of its labels came to train on."""

from __future__ import annotations

from datetime import datetime
from typing import Self

from monitoring.steps.places import model_registry, production_store
from monitoring.steps.run import Result, Run
from monitoring.store.reading import Settled
from monitoring.training.registry import Challenge
from monitoring.use_case import UseCase


class Episode(Result):
    """What is known of the rows since a drift began.

    Attributes
    ----------
    since
        Start of the first window that had drifted.
    retrained
        The moment from which the newest retrain looked that this drift asked for.
    answered
        Whether that retrain made a champion.
    rows, positives
        Rows since the drift began whose truth settled since then, or since that retrain.
    wanted_rows, wanted_positives
        How many of them a retrain is worth.
    positive_words
        What people call positives.
    """

    since: datetime
    retrained: datetime | None
    answered: bool
    rows: int
    positives: int
    wanted_rows: int
    wanted_positives: int
    positive_words: str

    @classmethod
    def counted(
        cls, case: UseCase, since: datetime, last: Challenge | None, found: Settled
    ) -> Self:
        """Return the episode that began at `since`, for what was counted of it.

        The first retrain wants as much as makes a verdict and a judgement of frauds; one more
        wants as many rows as any retrain.
        """
        return cls(
            since=since,
            retrained=None if last is None else last.as_of,
            answered=last is not None and last.promoted,
            rows=found.rows,
            positives=found.positives,
            wanted_rows=case.drift.min_rows if last is None else case.retrain.new_rows,
            wanted_positives=case.min_positives,
            positive_words=case.words.positives,
        )

    @property
    def enough(self) -> bool:
        """Whether a retrain, or one more, has something to learn of this drift."""
        return self.rows >= self.wanted_rows and self.positives >= self.wanted_positives

    @property
    def waiting(self) -> bool:
        """Whether the champion is none that this drift was answered by, nor can be yet."""
        return not self.enough and not self.answered

    @property
    def words(self) -> str:
        """Say it in one clause."""
        since = f"drifting since {self.since:%Y-%m-%d %H:%M} UTC"
        if self.retrained is not None:
            since += f", retrained for it as of {self.retrained:%Y-%m-%d %H:%M}"
        return (
            f"{since}: {self.positives} of {self.wanted_positives} {self.positive_words} and "
            f"{self.rows:,} of {self.wanted_rows:,} rows labelled of that time"
        )


def episode_of(run: Run, since: datetime) -> Episode:
    """Count what came of a drift that began at `since`, as of the run.

    Once a retrain that this drift asked for has been to the gate, whatever the gate said, only
    labels that came after it count towards another one.
    """
    case = run.case
    last = model_registry().last_challenge(case, asked_by=DRIFT, as_of=run.as_of)
    if last is not None and last.as_of < since:
        last = None
    after = since if last is None else last.as_of
    with production_store() as store:
        found = store.settled_since(case, since, after=after, as_of=run.as_of)
    return Episode.counted(case, since, last, found)


DRIFT = "drift"
"""The reason of a retrain that drift asked for, as it is kept with the version."""
