"""Replay of production traffic: rows the champion has never seen, moved to the present."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from math import ceil
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from monitoring.atomic_write import atomic_write
from monitoring.rows.rows import POSITIVE, UNLABELLED, Role, Rows, moment64
from monitoring.rows.window import Window, ending
from monitoring.saved_record import read_record
from monitoring.settings import settings
from monitoring.sources.auto import resolve
from monitoring.sources.source import read_source
from monitoring.sources.synthetic.scenarios import Scenario, drifted
from monitoring.steps.places import champion_model, model_registry, production_store
from monitoring.steps.run import Result, StepError
from monitoring.store.production_store import ProductionStore
from monitoring.training.model import Model
from monitoring.training.split import AGAIN, is_set_aside
from monitoring.use_case import UseCase
from monitoring.wording import several

_REMOVE = "remove it: only what was said of the last replay is lost"


class Replayed(Result):
    """The traffic that the champion scored, and where in time it was put."""

    rows: int
    positives: int
    alarms: int
    start: datetime
    end: datetime
    model_version: str
    scenario: Scenario | None
    synthetic: bool
    shift: timedelta
    sample: bool = False
    times: int = 1
    blocked: int = 0
    dealt: bool = False

    @property
    def words(self) -> str:
        """Return it as one sentence."""
        kind = "synthetic" if self.synthetic else "sample" if self.sample else "real"
        again = f", {self.rows // self.times:,} of them {self.times} times," * (self.times > 1)
        stopped = f", {self.blocked} of them blocked" if self.blocked else ""
        found = f"{self.positives} positive, {several(self.alarms, 'alarm')}{stopped}"
        planted = f", {self.scenario} drift planted in the second half" if self.scenario else ""
        order = _DEALT if self.dealt else ""
        return (
            f"{several(self.rows, f'{kind} row')}{again} ({found}) scored by version "
            f"{self.model_version} and moved to "
            f"{self.start:%Y-%m-%d %H:%M} to {self.end:%Y-%m-%d %H:%M} UTC{planted}{order}"
        )


_DEALT = (
    ". The file's rows were dealt out at random over their times (TOCSIN_DEAL_ROWS), so that "
    "nothing drifts but what is planted: this is not how they happened"
)


class ReplayPlan(Result):
    """A replay as it was begun, saved before its first row, so that it can be finished.

    Attributes
    ----------
    start, end
        Where in time the rows are put.
    seed
        Of the planted drift.
    """

    start: datetime
    end: datetime
    model_version: str
    scenario: Scenario | None
    seed: int


def replay(
    case: UseCase,
    *,
    until: datetime,
    length: timedelta | None = None,
    scenario: Scenario | None = None,
    seed: int = 0,
) -> Replayed:
    """Score rows of the source that were held back as if they came in the `length` before `until`.

    They are the last of the source, or those that a draw or a `global_test` kept from training: the
    champion has not learned from them. Rows of a split at random have no order, so they come in
    one that is drawn: a file that is sorted by class would drift by that alone; and where they are
    too few for windows that can be judged, all of them come several times. They keep their ids, so
    that a later retrain takes each row once, from the store. Labels come after the use case's
    delay; those not yet due are stored with the time they come at, and no step sees them before it.

    A replay that was killed after its rows had arrived is finished as it was begun, in its own
    place in time and with the scores of the same version.

    Parameters
    ----------
    length
        Time the rows are spread over; as many drift windows if unset that one is mature.

    Raises
    ------
    StepError
        There is no champion to score the rows, or it has learned from all of them, or they were
        replayed before; or a replay of another scenario was begun and not finished.
    """
    model = champion_model(case)
    if model is None or model.version is None:
        msg = (
            f"use case {case.name}: no champion to score traffic: run `tocsin retrain {case.name}`"
        )
        raise StepError(msg)
    checked = read_source(resolve(case, settings().data), settings().data)
    source = _new_to(model, case, checked.rows)
    newest, times = source.event_time[-1], _times(case, len(source))
    window = ending(until, length or windows_filled(case) * case.drift.window)
    asked = ReplayPlan(
        start=window.start,
        end=window.end,
        model_version=model.version,
        scenario=scenario,
        seed=seed,
    )
    with production_store() as store:
        plan = _plan(case, store, source, asked)
        if case.split.by == "random":
            source = dealt(source, plan.seed, times=times)
        if plan.model_version != model.version:
            model = model_registry().load(case, plan.model_version)
        rows = moved(source, Window(plan.start, plan.end), case.labels.delay)
        if plan.scenario is not None:
            rows = drifted(rows, plan.scenario, seed=plan.seed)
        scores, probabilities = model.scores(rows.features)
        alarmed = scores >= model.threshold
        store.add_rows(case, rows)
        blocked = _blocked(case, store, rows, alarmed)
        store.add_scores(
            case,
            rows.row_id,
            scores,
            alarmed=alarmed,
            model_version=plan.model_version,
            role=Role.CHAMPION,
            scored_at=rows.arrival_time,
            probabilities=probabilities,
        )
        # What is replayed is known in advance: each label counts from its own time on.
        known = rows.take(~blocked).labelled
        store.add_labels(case, known.row_id, labels_of(case, known), known.label_time)
        store.add_quarantined(case, checked.quarantined, seen_at=plan.end)
    replayed = Replayed(
        rows=len(rows),
        positives=int((rows.label == POSITIVE).sum()),
        alarms=int(alarmed.sum()),
        blocked=int(blocked.sum()),
        start=plan.start,
        end=plan.end,
        model_version=plan.model_version,
        scenario=plan.scenario,
        synthetic=checked.synthetic,
        sample=checked.sample,
        times=times,
        dealt=checked.dealt,
        shift=_shift(newest, rows.event_time[-1]),
    )
    atomic_write(_record(case), replayed.model_dump_json())
    _plan_file(case).unlink()
    return replayed


def _new_to(model: Model, case: UseCase, rows: Rows) -> Rows:
    """Return the rows that were held back from the champion, learned from since or not."""
    held = rows.take(is_set_aside(rows, case.split, model.held_back))
    if len(held) < 2:
        msg = (
            f"use case {case.name}: no rows to replay: the champion has learned from all of the "
            "source; set TOCSIN_HOLD_BACK=0.2 for the retrain, as `tocsin demo` does, and a fifth "
            "of it is held back"
        )
        raise StepError(msg)
    return held


def _blocked(
    case: UseCase, store: ProductionStore, rows: Rows, alarmed: NDArray[np.bool_]
) -> NDArray[np.bool_]:
    """Decide on flagged rows as /predict does; return those that were blocked: no label comes."""
    blocked = np.zeros(len(rows), np.bool_)
    if case.decisions.blocking is not None and alarmed.any():
        flagged = rows.take(alarmed)
        blocked[alarmed] = ~store.decide(case, flagged.row_id, flagged.arrival_time)
    return blocked


def labels_of(case: UseCase, rows: Rows) -> NDArray[np.int8] | list[str]:
    """Return labels as the store takes them: by the name of the class where there are classes."""
    classes = case.columns.classes
    if classes is None or rows.true_class is None:
        return rows.label
    return [str(name) for name in classes.named(rows.true_class)]


def _plan(case: UseCase, store: ProductionStore, source: Rows, asked: ReplayPlan) -> ReplayPlan:
    """Return the plan to follow: the one of an unfinished replay whose rows are there, or `asked`.

    Everything that follows may be done twice: the store takes each row, score and label once.
    """
    file = _plan_file(case)
    begun = read_record(file, ReplayPlan, _REMOVE) if file.is_file() else None
    until = asked.end if begun is None else max(asked.end, begun.end)
    if not np.isin(source.row_id, store.known_ids(case, until)).any():
        atomic_write(file, asked.model_dump_json())
        return asked
    if begun is None:
        raise StepError(_replayed_before(case))
    if begun.scenario != asked.scenario:
        option = "" if begun.scenario is None else f" --scenario {begun.scenario}"
        msg = (
            f"use case {case.name}: a replay of another scenario was begun and is not finished: "
            f"run `tocsin replay {case.name}{option}` to finish it"
        )
        raise StepError(msg)
    return begun


def last_replay(case: UseCase) -> Replayed | None:
    """Return what was replayed last; reports say so. None if nothing ever was."""
    record = _record(case)
    if not record.is_file():
        return None
    return read_record(record, Replayed, _REMOVE)


def _replayed_before(case: UseCase) -> str:
    before = last_replay(case)
    when = "" if before is None else f", from {before.start:%Y-%m-%d %H:%M} on"
    return (
        f"use case {case.name}: rows of this source were replayed before{when}, and a row happens "
        "once; set another TOCSIN_STATE or TOCSIN_DATABASE_URL to replay them again"
    )


def _record(case: UseCase) -> Path:
    return settings().state / "replays" / f"{case.name}.json"


def _plan_file(case: UseCase) -> Path:
    return settings().state / "replays" / f"{case.name}.plan.json"


def _shift(before: np.datetime64, after: np.datetime64) -> timedelta:
    return timedelta(microseconds=int((after - before) / np.timedelta64(1, "us")))


def windows_filled(case: UseCase) -> int:
    """Return the windows of a replay: one that is mature, and those still without labels."""
    return 1 + ceil(case.labels.mature_after / case.drift.window)


def _times(case: UseCase, rows: int) -> int:
    """Return how often the rows come: so that a window holds twice what a verdict needs."""
    if case.split.by == "time":
        return 1
    return max(1, ceil(2 * windows_filled(case) * case.drift.min_rows / rows))


def dealt(rows: Rows, seed: int, *, times: int = 1) -> Rows:
    """Return `rows` so many times, each time in an order that is drawn, evenly spaced in time.

    Those that come again have ids of their own, by which a split at random puts them into the
    part of the first.
    """
    rng = np.random.default_rng(seed)
    order = np.concatenate([rng.permutation(len(rows)) for _ in range(times)])
    time = np.repeat(np.arange(1, times + 1), len(rows))
    ids = rows.row_id[order].astype(object)
    names = [name if n == 1 else f"{name}{AGAIN}{n}" for name, n in zip(ids, time, strict=True)]
    spaced = rows.event_time[0] + np.arange(len(order)) * np.timedelta64(1, "s")
    return replace(rows.take(order), row_id=np.array(names, np.str_), event_time=spaced)


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
