"""A replay as traffic: rows go through /predict as they happen, labels through /feedback once due.

Time passes faster in the replay than on the wall clock. How far it has come is saved with its plan
after each answer, and the API stores each row and each label once: a replay that was killed goes on
where it was, and nothing is lost or stored twice. Rows that the source's check set aside are not
sent.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import numpy as np
from numpy.typing import NDArray

from monitoring.rows.rows import POSITIVE, UNLABELLED, Rows, moment64, moment_of
from monitoring.settings import settings
from monitoring.sources.derived import file_columns, sends_amount
from monitoring.steps.api_client import MOST_ROWS, ApiClient
from monitoring.steps.places import production_store
from monitoring.steps.replay import Script, Wanted, made_ready
from monitoring.steps.replay_record import (
    Replayed,
    ReplayPlan,
    Sent,
    end_plan,
    save_plan,
    save_record,
)
from monitoring.steps.run import StepError
from monitoring.use_case import UseCase

Progress = Callable[[int, int], None]
"""Called with the rows and labels that were sent, and all of them."""

_NAP = 0.2
"""Seconds that a replay sleeps at most before it looks again."""

_SECOND = np.timedelta64(1_000_000, "us")


def traffic(case: UseCase, wanted: Wanted, *, speed: float, progress: Progress) -> Traffic:
    """Return a replay to send, made ready as `replay` does it: a new one, or one that was begun.

    Parameters
    ----------
    speed
        Seconds of the replay in a second of the wall clock.

    Raises
    ------
    StepError
        As `replay`; or it would end in the future, no API is named, or a feature is made of
        columns that rows do not keep.
    """
    if wanted.until > datetime.now(UTC):
        msg = f"traffic can't happen in the future: give --until a moment before {wanted.until}"
        raise StepError(msg)
    api = ApiClient(settings(), case.name)
    with production_store() as store:
        script = made_ready(case, store, wanted, as_traffic=True)
    return Traffic(case, script, api, speed, progress)


@dataclass
class Traffic:
    """A replay that is sent through the API, stretch by stretch.

    Attributes
    ----------
    case, script
        What is replayed, and as what.
    sent
        How far it has come.
    """

    case: UseCase
    script: Script
    api: ApiClient
    speed: float
    progress: Progress
    sent: Sent = field(init=False)

    def __post_init__(self) -> None:
        plan, rows = self.script.plan, self.script.rows
        self.sent = plan.sent or Sent()
        self._bodies = _Bodies(self.case, self.script)
        self._happens = rows.event_time
        self._due = rows.event_time + np.timedelta64(plan.label_delay or self.case.labels.delay)

    @property
    def is_done(self) -> bool:
        """Whether every row was sent, and every label."""
        return self.sent.rows == self.sent.labels == len(self._happens)

    @property
    def reached(self) -> datetime:
        """How far into its own time the replay has come."""
        return moment_of(self._reached())

    @property
    def left(self) -> int:
        """How many labels were not sent yet."""
        return len(self._happens) - self.sent.labels

    @property
    def last_due(self) -> datetime:
        """When the last label is due."""
        return moment_of(self._due[-1])

    def send(self, through: datetime | None = None) -> Replayed:
        """Send what happens up to a moment of the replay; all that there is if unset.

        Labels that are due after now, by the wall clock, stay for another time.

        Raises
        ------
        StepError
            The API refuses, or is away for too long; what was answered before is saved.
        """
        last = moment64(through) if through is not None else self._due[-1]
        # From the first row on, for reports say of moved rows that they were, and what they are.
        self._save()
        clock = _Clock(self._reached(), self.speed)
        while not self.is_done:
            wall = moment64(datetime.now(UTC))
            until = min(clock.now(), last, wall)
            if self._send_rows(until) | self._send_labels(until):
                continue
            if until in (last, wall):
                break
            time.sleep(min(_NAP, clock.seconds_until(self._next())))
        replayed = self._save()
        if self.is_done:
            end_plan(self.case)
        return replayed

    def _reached(self) -> np.datetime64:
        """Return how far into its own time the replay has come."""
        if not self.sent.rows:
            return moment64(self.script.plan.start)
        return max(self._happens[self.sent.rows - 1], *self._due[: self.sent.labels][-1:])

    def _next(self) -> np.datetime64:
        """Return when the next row happens, or the next label comes."""
        rows, labels = self.sent.rows, self.sent.labels
        return min(*self._happens[rows : rows + 1], *self._due[labels : labels + 1], self._due[-1])

    def _send_rows(self, until: np.datetime64) -> bool:
        start = self.sent.rows
        end = min(int(np.searchsorted(self._happens, until, "right")), start + MOST_ROWS)
        if end <= start:
            return False
        said = self.api.predict(self._bodies.rows(start, end))
        blocked = self._blocked(said)
        self._keep(
            rows=end,
            alarms=self.sent.alarms + sum(one["alarm"] or one["control"] for one in said),
            blocked=(*self.sent.blocked, *blocked),
            stopped=self.sent.stopped + len(blocked),
        )
        return True

    def _blocked(self, said: list[dict[str, Any]]) -> tuple[str, ...]:
        """Return the ids of the rows whose truth nobody will see."""
        if self.case.decisions.blocking is None:
            return ()
        return tuple(one["id"] for one in said if one["alarm"])

    def _send_labels(self, until: np.datetime64) -> bool:
        start = self.sent.labels
        due = int(np.searchsorted(self._due, until, "right"))
        end = min(due, start + MOST_ROWS, self.sent.rows)
        if end <= start:
            return False
        labels = self._bodies.labels(start, end, self._due, frozenset(self.sent.blocked))
        if labels:
            self.api.feedback(labels)
        over = frozenset(self.script.rows.row_id[start:end].tolist())
        self._keep(labels=end, blocked=tuple(i for i in self.sent.blocked if i not in over))
        return True

    def _keep(self, **changed: object) -> None:
        self.sent = self.sent.model_copy(update=changed)
        save_plan(self.case, self._plan)
        self.progress(self.sent.rows + self.sent.labels, 2 * len(self._happens))

    @property
    def _plan(self) -> ReplayPlan:
        return self.script.plan.model_copy(update={"sent": self.sent})

    def _save(self) -> Replayed:
        sent = self.sent
        replayed = self.script.record(sent.rows, sent.alarms, sent.stopped)
        save_record(self.case, replayed)
        return replayed


class _Clock:
    """The time in a replay that goes on from a moment, so many times as fast as the wall clock."""

    def __init__(self, begins: np.datetime64, speed: float) -> None:
        self._begins, self._speed = begins, speed
        self._began = time.monotonic()

    def now(self) -> np.datetime64:
        """Return the time in the replay."""
        passed = (time.monotonic() - self._began) * self._speed
        return self._begins + np.timedelta64(int(passed * 1_000_000), "us")

    def seconds_until(self, moment: np.datetime64) -> float:
        """Return the seconds of the wall clock until a moment of the replay."""
        return max(float((moment - self.now()) / _SECOND) / self._speed, 0.0)


class _Bodies:
    """Rows and labels as requests hold them.

    Raises
    ------
    StepError
        A feature is made of columns that rows do not keep.
    """

    def __init__(self, case: UseCase, script: Script) -> None:
        rows = script.rows
        self._rows, self._case = rows, case
        self._columns = {
            name: _column(case, rows, name) for kind in file_columns(case) for name in kind
        }
        self._amount = rows.amount if sends_amount(case) else None
        self._target = script.checked.target

    def rows(self, start: int, end: int) -> list[dict[str, object]]:
        """Return the bodies of some rows."""
        span = slice(start, end)
        values = zip(*(_plain(column[span]) for column in self._columns.values()), strict=True)
        amounts = [None] * (end - start) if self._amount is None else _plain(self._amount[span])
        return [
            {
                "id": name,
                "event_time": time,
                "amount": amount,
                "features": dict(zip(self._columns, row, strict=True)),
            }
            for name, time, amount, row in zip(
                self._rows.row_id[span].tolist(),
                _written(self._rows.event_time[span]),
                amounts,
                values,
                strict=True,
            )
        ]

    def labels(
        self, start: int, end: int, due: NDArray[np.datetime64], blocked: frozenset[str]
    ) -> list[dict[str, object]]:
        """Return the bodies of the labels of some rows; a blocked one has none."""
        span = slice(start, end)
        return [
            {"id": name, "label": value, "time": time}
            for name, value, time in zip(
                self._rows.row_id[span].tolist(),
                self._values(span),
                _written(due[span]),
                strict=True,
            )
            if value is not None and name not in blocked
        ]

    def _values(self, span: slice) -> Iterator[Any]:
        """Yield the truth of some rows in the target's values; None where it is unknown."""
        target, rows = self._target, self._rows
        if target.classes is not None and rows.true_class is not None:
            for place in rows.true_class[span].tolist():
                yield None if place < 0 else target.classes[place]
            return
        for label in rows.label[span].tolist():
            if label == UNLABELLED:
                yield None
            else:
                yield target.positive if label == POSITIVE else target.negative


def _column(case: UseCase, rows: Rows, name: str) -> NDArray[Any]:
    for frame in (rows.features, rows.inputs):
        if frame is not None and name in frame:
            return frame[name].to_numpy()
    msg = (
        f"use case {case.name}: its features are made of the column {name!r}, which rows do not "
        "keep, so that they can't be sent to the API: replay it without --speed"
    )
    raise StepError(msg)


def _plain(values: NDArray[Any]) -> list[Any]:
    """Return values as JSON has them; None where one is missing."""
    import pandas as pd

    missing = pd.isna(values).tolist()
    return [None if no else value for no, value in zip(missing, values.tolist(), strict=True)]


def _written(times: NDArray[np.datetime64]) -> list[str]:
    return [f"{time}Z" for time in np.datetime_as_string(times, unit="us").tolist()]
