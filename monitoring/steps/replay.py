"""Replay of production traffic: rows the champion has never seen, moved to the present.

What is replayed is decided here, however it is delivered: at once into the store, by `replay`, or
through the API as traffic that comes row by row, by `monitoring.steps.traffic`.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from math import ceil

import numpy as np
from numpy.typing import NDArray

from monitoring.rows.rows import POSITIVE, UNLABELLED, Role, Rows, moment64
from monitoring.rows.window import Window, utc
from monitoring.settings import settings
from monitoring.sources.auto import resolve
from monitoring.sources.schema_check import CheckedRows
from monitoring.sources.source import read_source
from monitoring.sources.synthetic.scenarios import Scenario, drifted
from monitoring.steps.places import champion_model, model_registry, production_store
from monitoring.steps.replay_record import (
    Replayed,
    ReplayPlan,
    Sent,
    begun_plan,
    end_plan,
    last_replay,
    save_plan,
    save_record,
)
from monitoring.steps.run import StepError
from monitoring.store.production_store import ProductionStore
from monitoring.training.model import Model
from monitoring.training.split import AGAIN, is_set_aside
from monitoring.training.versions import no_champion
from monitoring.use_case import UseCase

DAY = timedelta(days=1)
"""Of a replay: its first day begins with it."""


@dataclass(frozen=True, eq=False)
class Script:
    """A replay made ready.

    Attributes
    ----------
    model
        The version whose held-back rows they are.
    rows
        As they come, in order of event time, with their labels and when these come.
    checked
        What the source's check found.
    times
        How often each row of the source comes.
    newest
        Event time of the newest row that is replayed, before it was moved.
    """

    plan: ReplayPlan
    model: Model
    rows: Rows
    checked: CheckedRows
    times: int
    newest: np.datetime64

    def record(self, rows: int, alarms: int, blocked: int) -> Replayed:
        """Return what the first `rows` of it came to."""
        return Replayed(
            rows=rows,
            positives=int((self.rows.label[:rows] == POSITIVE).sum()),
            alarms=alarms,
            blocked=blocked,
            start=self.plan.start,
            end=self.plan.end,
            model_version=self.plan.model_version,
            scenario=self.plan.scenario,
            synthetic=self.checked.synthetic,
            sample=self.checked.sample,
            times=self.times,
            dealt=self.checked.dealt,
            shift=_shift(self.newest, self.rows.event_time[-1]),
            from_day=self.plan.from_day,
            sent=self.plan.sent is not None,
        )


@dataclass(frozen=True)
class Wanted:
    """A replay as it is asked for.

    Attributes
    ----------
    until
        Where it ends.
    length
        Time the rows are spread over; as many drift windows if unset that one is mature, after
        the days before the drift.
    from_day
        Day of the replay with which planted drift begins, 1 for the first; None for its second
        half.
    label_delay
        From an event to its label; None for the use case's own.
    seed
        Of what is drawn: the same gives the same rows, drift and labels.
    """

    until: datetime
    length: timedelta | None = None
    scenario: Scenario | None = None
    from_day: int | None = None
    label_delay: timedelta | None = None
    seed: int = 0

    def plan(self, case: UseCase, model_version: str, *, as_traffic: bool) -> ReplayPlan:
        """Return the plan of it.

        Raises
        ------
        StepError
            Drift would begin after its last day.
        """
        quiet = DAY * ((self.from_day or 1) - 1)
        length = self.length or quiet + windows_filled(case) * case.drift.window
        if quiet >= length:
            msg = (
                f"the replay has {length / DAY:g} days, and drift would begin with day "
                f"{self.from_day}: give more days, or an earlier one"
            )
            raise StepError(msg)
        end = utc(self.until)
        return ReplayPlan(
            start=end - length,
            end=end,
            model_version=model_version,
            scenario=self.scenario,
            seed=self.seed,
            from_day=self.from_day,
            label_delay=self.label_delay,
            sent=Sent() if as_traffic else None,
        )


def replay(case: UseCase, wanted: Wanted) -> Replayed:
    """Score rows of the source that were held back as if they came in the time that is wanted.

    They are the last of the source, or those that a draw or a `global_test` kept from training: the
    champion has not learned from them. Rows of a split at random have no order, so they come in
    one that is drawn: a file that is sorted by class would drift by that alone; and where they are
    too few for windows that can be judged, all of them come several times. They keep their ids, so
    that a later retrain takes each row once, from the store. Labels come after the use case's
    delay; those not yet due are stored with the time they come at, and no step sees them before it.

    A replay that was killed after its rows had arrived is finished as it was begun, in its own
    place in time and with the scores of the same version.

    Raises
    ------
    StepError
        There is no champion to score the rows, or it has learned from all of them, or they were
        replayed before; or a replay of another kind was begun and not finished.
    """
    with production_store() as store:
        script = made_ready(case, store, wanted, as_traffic=False)
        rows, plan, model = script.rows, script.plan, script.model
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
        store.add_quarantined(case, script.checked.quarantined, seen_at=plan.end)
    replayed = script.record(len(rows), int(alarmed.sum()), int(blocked.sum()))
    save_record(case, replayed)
    end_plan(case)
    return replayed


def made_ready(
    case: UseCase, store: ProductionStore, wanted: Wanted, *, as_traffic: bool
) -> Script:
    """Return the replay to deliver: what is wanted, or what was begun and is not finished.

    Its plan is saved.

    Raises
    ------
    StepError
        As `replay`.
    """
    model = champion_model(case)
    if model is None or model.version is None:
        msg = f"use case {case.name}: {no_champion(case, model_registry().challenger(case))}"
        raise StepError(msg)
    asked = wanted.plan(case, model.version, as_traffic=as_traffic)
    checked = read_source(resolve(case, settings().data), settings().data)
    source = _new_to(model, case, checked.rows)
    newest, times = source.event_time[-1], _times(case, len(source))
    plan = _plan(case, store, source, asked)
    if case.split.by == "random":
        source = dealt(source, plan.seed, times=times)
    elif checked.dealt:
        source = evenly(source)
    if plan.model_version != model.version:
        model = model_registry().load(case, plan.model_version)
    rows = moved(source, plan.window, plan.label_delay or case.labels.delay)
    if plan.scenario is not None:
        rows = drifted(rows, plan.scenario, seed=plan.seed, from_share=_from_share(rows, plan))
    return Script(plan, model, rows, checked, times, newest)


def _from_share(rows: Rows, plan: ReplayPlan) -> float:
    """Return the share of the rows that come before the drift."""
    if plan.from_day is None:
        return 0.5
    begins = moment64(plan.start + DAY * (plan.from_day - 1))
    # In the middle between two rows, so that none is lost to rounding.
    return min((int((rows.event_time < begins).sum()) + 0.5) / len(rows), 1.0)


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
    begun = begun_plan(case)
    until = asked.end if begun is None else max(asked.end, begun.end)
    if not np.isin(source.row_id, store.known_ids(case, until)).any():
        save_plan(case, asked)
        return asked
    if begun is None:
        raise StepError(_replayed_before(case))
    if not begun.is_finished_by(asked):
        msg = (
            f"use case {case.name}: another replay was begun and is not finished: "
            f"run `tocsin replay {case.name}{begun.options}` to finish it"
        )
        raise StepError(msg)
    return begun


def _replayed_before(case: UseCase) -> str:
    before = last_replay(case)
    when = "" if before is None else f", from {before.start:%Y-%m-%d %H:%M} on"
    return (
        f"use case {case.name}: rows of this source were replayed before{when}, and a row happens "
        "once; set another TOCSIN_STATE or TOCSIN_DATABASE_URL to replay them again"
    )


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
    return evenly(replace(rows.take(order), row_id=np.array(names, np.str_)))


def evenly(rows: Rows) -> Rows:
    """Return rows that have no order of their own, evenly spaced in time."""
    first = rows.event_time.min()
    return replace(rows, event_time=first + np.arange(len(rows)) * np.timedelta64(1, "s"))


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
