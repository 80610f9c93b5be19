"""Replay: production traffic from rows the champion has never seen, moved to the present."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import numpy as np

from monitoring.atomic_write import atomic_write
from monitoring.rows.rows import UNLABELLED, Role, Rows, moment64
from monitoring.rows.window import Window, ending
from monitoring.settings import settings
from monitoring.sources.source import read_source, resolve
from monitoring.sources.synthetic.scenarios import Scenario, drifted
from monitoring.steps.places import champion_model, production_store
from monitoring.steps.run import Result, StepError
from monitoring.training.split import split_in_time
from monitoring.use_case import UseCase


class Replayed(Result):
    """What was sent through the champion, and where in time it was put."""

    rows: int
    positives: int
    alarms: int
    start: datetime
    end: datetime
    model_version: str
    scenario: Scenario | None
    synthetic: bool
    shift: timedelta

    @property
    def words(self) -> str:
        """Say it in one sentence."""
        kind = "synthetic" if self.synthetic else "real"
        planted = f", {self.scenario} drift planted in the second half" if self.scenario else ""
        return (
            f"{self.rows:,} {kind} rows ({self.positives} positive, {self.alarms} alarmed) scored "
            f"by version {self.model_version} and moved to "
            f"{self.start:%Y-%m-%d %H:%M} to {self.end:%Y-%m-%d %H:%M} UTC{planted}"
        )


def replay(
    case: UseCase,
    *,
    until: datetime,
    length: timedelta | None = None,
    scenario: Scenario | None = None,
    seed: int = 0,
) -> Replayed:
    """Score the source's test rows as if they came in the `length` before `until`.

    The test rows are the last of the source: no champion trained on it has learned from them.
    They keep their ids, so that a later retrain takes each row once, from the store. Labels
    come after the use case's delay; those not yet due are stored with their time to come, and
    no step sees them before it.

    Parameters
    ----------
    length
        Time the rows are spread over; two drift windows if unset, so that there is one mature
        window and one that is still without labels.

    Raises
    ------
    StepError
        There is no champion to score the rows, or they were replayed before.
    """
    model = champion_model(case)
    if model is None or model.version is None:
        msg = (
            f"use case {case.name}: no champion to score traffic: run `tocsin retrain {case.name}`"
        )
        raise StepError(msg)
    checked = read_source(resolve(case, settings().data), settings().data)
    window = ending(until, length or 2 * case.drift.window)
    source = split_in_time(checked.rows, case.split).test
    rows = moved(source, window, case.labels.delay)
    if scenario is not None:
        rows = drifted(rows, scenario, seed=seed)
    scores = model.score(rows.features)
    alarmed = scores >= model.threshold
    with production_store() as store:
        if np.isin(rows.row_id, store.known_ids(case, until)).any():
            raise StepError(_replayed_before(case))
        store.add_rows(case, rows)
        store.add_scores(
            case,
            rows.row_id,
            scores,
            alarmed=alarmed,
            model_version=model.version,
            role=Role.CHAMPION,
            scored_at=rows.arrival_time,
        )
        seen = rows.label != UNLABELLED
        store.add_labels(case, rows.row_id[seen], rows.label[seen], rows.label_time[seen])
        store.add_quarantined(case, checked.quarantined, seen_at=until)
    replayed = Replayed(
        rows=len(rows),
        positives=int((rows.label == 1).sum()),
        alarms=int(alarmed.sum()),
        start=window.start,
        end=window.end,
        model_version=model.version,
        scenario=scenario,
        synthetic=checked.synthetic,
        shift=_shift(source.event_time[-1], rows.event_time[-1]),
    )
    atomic_write(_record(case), replayed.model_dump_json())
    return replayed


def last_replay(case: UseCase) -> Replayed | None:
    """Return what was replayed last; reports say so. None if nothing ever was."""
    record = _record(case)
    if not record.is_file():
        return None
    return Replayed.model_validate_json(record.read_text(encoding="utf-8"))


def _replayed_before(case: UseCase) -> str:
    before = last_replay(case)
    when = "" if before is None else f", to {before.start:%Y-%m-%d %H:%M} and on"
    return (
        f"use case {case.name}: rows of this source were replayed before{when}: a row happens "
        "once; name another TOCSIN_STATE or TOCSIN_DATABASE_URL to replay them afresh"
    )


def _record(case: UseCase) -> Path:
    return settings().state / "replays" / f"{case.name}.json"


def _shift(before: np.datetime64, after: np.datetime64) -> timedelta:
    return timedelta(microseconds=int((after - before) / np.timedelta64(1, "us")))


def moved(rows: Rows, window: Window, delay: timedelta) -> Rows:
    """Return `rows` with their event times spread over `window`, order and gaps kept in scale."""
    first, last = rows.event_time[0], rows.event_time[-1]
    share = (rows.event_time - first) / max(last - first, np.timedelta64(1, "us"))
    # The window's end is open: the last row comes just before it.
    room = window.length / timedelta(microseconds=1) - 1
    event_time = moment64(window.start) + (share * room).astype("timedelta64[us]")
    labelled = rows.label != UNLABELLED
    label_time = np.where(
        labelled, event_time + np.timedelta64(delay, "us"), np.datetime64("NaT", "us")
    )
    return replace(rows, event_time=event_time, arrival_time=event_time, label_time=label_time)
