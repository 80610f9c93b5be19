"""Scoring what was sent: requests that wait are scored and stored together, then answered.

A pipeline takes as long for one row as for a hundred, and so does a commit. What comes while one
batch is worked on is the next one; nothing waits for company.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from queue import SimpleQueue
from threading import Thread
from typing import TYPE_CHECKING

import numpy as np

from monitoring.errors import TocsinError
from monitoring.rows.quarantine import quarantine_unusable
from monitoring.rows.rows import ACTED_ON, Role
from monitoring.serving.arms import Part, parts_of
from monitoring.serving.bodies import MOST_ROWS
from monitoring.serving.row_model import rows_of
from monitoring.serving.unseen import unseen_in
from monitoring.summary.class_counts import decided_classes

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

    from monitoring.rows.rows import Rows
    from monitoring.serving.live_models import LiveModel
    from monitoring.serving.row_model import GivenRow
    from monitoring.store.production_store import ProductionStore
    from monitoring.training.model import Model

ArmFailed = Callable[["LiveModel", int], None]
"""Told of an arm that could not score, and of how many rows."""

_log = logging.getLogger(__name__)


class ReusedIdError(TocsinError, ValueError):
    """An id is that of another row; the message names it."""


class UnusableRowError(TocsinError, ValueError):
    """A row is none that later steps could take; the message names it, column and value."""


@dataclass(frozen=True)
class Prediction:
    """What a model says of one row.

    Attributes
    ----------
    model_version, threshold
        Of the version that answered.
    alarm
        Whether to act on it: score >= threshold, and the row is not let through as control.
    control
        Whether it is let through although its score reaches the threshold, so that its truth is
        seen; false where no decision blocks.
    decision
        The class that is decided; None where the target has two values.
    probabilities
        Of each class by name; None where the target has two values.
    unseen
        Columns whose category the model never saw in training.
    """

    id: str
    model_version: str
    threshold: float
    score: float
    alarm: bool
    control: bool
    decision: str | None
    probabilities: dict[str, float] | None
    unseen: tuple[str, ...]


@dataclass(frozen=True, eq=False)
class _Request:
    live: LiveModel
    role: Role
    rows: Sequence[GivenRow]
    ids: Sequence[str]
    replayed: bool
    answer: Future[list[Prediction]]


class Scorer:
    """Scores and stores the rows of one use case, in a thread of its own.

    What is answered is in the store. Where a row can't be stored, its request is refused. Where an
    arm fails, the champion answers its rows.
    """

    def __init__(self, store: ProductionStore, name: str, arm_failed: ArmFailed) -> None:
        self._store = store
        self._arm_failed = arm_failed
        self._told: dict[str, str] = {}
        self._waiting: SimpleQueue[_Request | None] = SimpleQueue()
        self._thread = Thread(target=self._work, name=f"scores of {name}", daemon=True)
        self._thread.start()

    def submit(
        self,
        live: LiveModel,
        role: Role,
        rows: Sequence[GivenRow],
        ids: Sequence[str],
        *,
        replayed: bool = False,
    ) -> Future[list[Prediction]]:
        """Hand in the rows of a request, with their ids; the future holds what is said of each.

        Scores are stored under the role that the model answers in; a champion's arms answer their
        shares in its place. Rows that are `replayed` came, and were scored, when they happened:
        each has its event time.

        It raises `StoreError` where they could not be stored, and `ReusedIdError` where another
        row has one of their ids.
        """
        answer: Future[list[Prediction]] = Future()
        self._waiting.put(_Request(live, role, rows, ids, replayed, answer))
        return answer

    def close(self) -> None:
        """Answer what waits, then end."""
        self._waiting.put(None)
        self._thread.join()

    def _work(self) -> None:
        more = True
        while more:
            first = self._waiting.get()
            if first is None:
                return
            batch, more = self._batch(first)
            for requests in _by_model(batch):
                self._answer(requests)

    def _batch(self, first: _Request) -> tuple[list[_Request], bool]:
        """Return the requests that wait, up to so many rows, and whether more may come."""
        batch, rows = [first], len(first.rows)
        while rows < MOST_ROWS and not self._waiting.empty():
            request = self._waiting.get()
            if request is None:
                return batch, False
            batch.append(request)
            rows += len(request.rows)
        return batch, True

    def _answer(self, requests: Sequence[_Request]) -> None:
        """Answer requests for one model together; each by itself where that fails."""
        try:
            predictions = iter(self._predictions(requests))
        except Exception as error:  # noqa: BLE001 - who asked is told
            if len(requests) == 1:
                requests[0].answer.set_exception(error)
                return
            for request in requests:
                self._answer([request])
            return
        for request in requests:
            request.answer.set_result([next(predictions) for _ in request.rows])

    def _predictions(self, requests: Sequence[_Request]) -> list[Prediction]:
        live, role = requests[0].live, requests[0].role
        given = [row for request in requests for row in request.rows]
        ids = [name for request in requests for name in request.ids]
        now = datetime.now(UTC)
        rows = rows_of(live.case, given, ids, now, self._store.history(live.case))
        _, unusable = quarantine_unusable(rows)
        if unusable:
            first = unusable[0]
            msg = f"rows.{first.row_number}: {first.reason}: {first.detail}"
            raise UnusableRowError(msg)
        if requests[0].replayed:
            rows = replace(rows, arrival_time=rows.event_time)
        scored = self._scored(parts_of(live, role, ids), live, role, rows)
        said: dict[int, Prediction] = {}
        with self._store.together():
            reused = self._store.add_rows(live.case, rows, checked=True).quarantined > 0
            if not reused:
                for part, own in scored:
                    answers = _said(part.live, own, self._keep(part, own))
                    said |= dict(zip(part.places.tolist(), answers, strict=True))
        if reused:
            raise ReusedIdError(self._reused(live, rows))
        return [said[place] for place in range(len(rows))]

    def _scored(
        self, parts: Sequence[Part], live: LiveModel, role: Role, rows: Rows
    ) -> list[tuple[Part, Rows]]:
        """Return the rows of each part with their scores; the champion's hold those of no arm."""
        scored, left = [], []
        for part in parts:
            if part.role is not Role.ARM:
                left.append(part.places)
                continue
            try:
                scored.append((part, _scored(part, rows)))
            except Exception as error:  # noqa: BLE001 - whatever a model may raise
                self._tell(part, error)
                left.append(part.places)
        if left:
            own = Part(live, role, np.sort(np.concatenate(left)))
            scored.append((own, _scored(own, rows)))
        return scored

    def _tell(self, arm: Part, error: Exception) -> None:
        """Count the rows that an arm could not score, and log why: once, until it is another."""
        self._arm_failed(arm.live, len(arm.places))
        why = f"{type(error).__name__}: {str(error).partition(chr(10))[0]}"
        if self._told.get(arm.live.version) != why:
            self._told[arm.live.version] = why
            _log.warning(
                "%s: version %s, an arm, could not score; the champion answered its rows: %s",
                arm.live.case.name,
                arm.live.version,
                why,
            )

    def _keep(self, part: Part, rows: Rows) -> NDArray[np.bool_]:
        """Store decisions and scores of a version; return which flagged rows are let through."""
        assert rows.score is not None  # noqa: S101  # nosec B101 # `scored` gives it
        case, flagged = part.live.case, rows.score >= part.live.model.threshold
        through = np.zeros(len(rows), np.bool_)
        if case.decisions.blocking is not None and part.role in ACTED_ON and flagged.any():
            through[flagged] = self._store.decide(
                case, rows.row_id[flagged], rows.arrival_time[flagged]
            )
        self._store.add_scores(
            case,
            rows.row_id,
            rows.score,
            alarmed=flagged,
            model_version=part.live.version,
            role=part.role,
            scored_at=rows.arrival_time,
            probabilities=rows.probabilities,
        )
        return through

    def _reused(self, live: LiveModel, rows: Rows) -> str:
        """Return which row has an id that another one has: each is handed in again by itself."""
        for place in range(len(rows)):
            if self._store.add_rows(live.case, rows.take(slice(place, place + 1))).quarantined:
                return (
                    f"rows.{place}.id: {rows.row_id[place]!s} is that of a row with another time, "
                    "amount or feature: send the row as it was, its event_time too, or another id"
                )
        return "ids: two rows of this request have the same one"


def _by_model(batch: Sequence[_Request]) -> list[list[_Request]]:
    """Return the requests for each model and role: a reload may lie between two of them.

    What is replayed is apart from what comes now.
    """
    groups: dict[tuple[int, Role, bool], list[_Request]] = {}
    for request in batch:
        key = (id(request.live), request.role, request.replayed)
        groups.setdefault(key, []).append(request)
    return list(groups.values())


def _scored(part: Part, every: Rows) -> Rows:
    """Return the rows of a part with their scores.

    Raises
    ------
    UnusableRowError
        The model scores other rows, and not one of these.
    """
    # Most often these are all, and copying them would be a share of the time.
    rows = every if len(part.places) == len(every) else every.take(part.places)
    try:
        scored = part.live.model.scored(rows)
    except Exception as error:
        place = _at_fault(part.live.model, rows)
        if place is None:
            raise
        raise _unscorable(part, place, str(error).partition("\n")[0]) from error
    assert scored.score is not None  # noqa: S101  # nosec B101 # `scored` gives it
    unknown = np.isnan(scored.score)
    if unknown.any():
        raise _unscorable(part, int(np.argmax(unknown)), "its score is no number")
    return scored


def _unscorable(part: Part, place: int, problem: str) -> UnusableRowError:
    return UnusableRowError(
        f"rows.{part.places[place]}: version {part.live.version} can't score it ({problem}): is a "
        "number too large?"
    )


def _at_fault(model: Model, rows: Rows) -> int | None:
    """Return the first row that a model can't score; None where it is the model that can't."""
    if not _can_score(model, model.reference_sample.iloc[:1]):
        return None
    start, end = 0, len(rows)
    while end - start > 1:
        middle = (start + end) // 2
        if _can_score(model, rows.features.iloc[start:middle]):
            start = middle
        else:
            end = middle
    return start


def _can_score(model: Model, features: pd.DataFrame) -> bool:
    try:
        model.score(features)
    except Exception:  # noqa: BLE001 - it was raised before, and is told there
        return False
    return True


def _said(live: LiveModel, rows: Rows, through: NDArray[np.bool_]) -> list[Prediction]:
    assert rows.score is not None  # noqa: S101  # nosec B101 # `scored` gives it
    classes = live.case.columns.classes
    decided: list[str | None] = [None] * len(rows)
    by_class: list[dict[str, float] | None] = [None] * len(rows)
    if classes is not None and rows.probabilities is not None:
        watched = classes.is_watched
        places = decided_classes(rows.score, rows.probabilities, watched, live.model.threshold)
        decided = [classes.names[place] for place in places.tolist()]
        by_class = [
            dict(zip(classes.names, row, strict=True)) for row in rows.probabilities.tolist()
        ]
    version, threshold = live.version, live.model.threshold
    alarm = (rows.score >= threshold) & ~through
    columns = zip(
        rows.row_id.tolist(),
        rows.score.tolist(),
        alarm.tolist(),
        through.tolist(),
        decided,
        by_class,
        unseen_in(rows.features, live.categories),
        strict=True,
    )
    return [Prediction(name, version, threshold, *said) for name, *said in columns]
