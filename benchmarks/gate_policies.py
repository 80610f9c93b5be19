"""What may be done day by day with a model: keep it, ask a gate, or promote whatever comes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import cached_property
from hashlib import sha256
from typing import TYPE_CHECKING

import numpy as np

from benchmarks.gate_world import CASE, DAYS, HISTORY, SPAN, World, end_of
from monitoring.drift.detection import drift_verdict, drifting_since
from monitoring.drift.verdict import Verdict
from monitoring.rows.maturity import settled
from monitoring.rows.rows import POSITIVE, Rows, moment64
from monitoring.rows.serving_skew import skewed_rows
from monitoring.steps.retrain.decision import (
    Decision,
    DriftFinding,
    Episode,
    NewRows,
    Reason,
    choose,
    wanted_rows,
)
from monitoring.steps.stored_windows import own_scores
from monitoring.steps.window_verdict import share_limit
from monitoring.store.reading import Settled
from monitoring.summary.build import summarise
from monitoring.training import TrainingError
from monitoring.training.gate import GateDecision, gate, outcomes_of
from monitoring.training.model import Model
from monitoring.training.probation import proof
from monitoring.training.search import search
from monitoring.training.split import split_in_time
from monitoring.training.train import train
from monitoring.training.versions import Challenge

if TYPE_CHECKING:
    from numpy.typing import NDArray

HARMFUL, AFTERWARDS = 1.2, 7
"""A challenger does harm that costs so many times what the version before does, over the days
that the labels' delay and two more take."""

LOOKED_AFTER = 2
"""Days after a champion was taken back when a person has looked, and releases promotions."""


@dataclass(frozen=True)
class Day:
    """What was done at the end of a day, and what the day had cost until then.

    Attributes
    ----------
    retrained
        Whether a model was trained.
    harm
        What the challenger costs in the days after, as a multiple of the version before; None
        where none was trained, or too few days are left.
    back
        The day on whose challenger's promotion was taken back now; None where none was.
    """

    day: int
    cost: float
    retrained: bool = False
    promoted: bool = False
    harm: float | None = None
    back: int | None = None


@dataclass(frozen=True)
class Course:
    """What one policy did in one world."""

    days: tuple[Day, ...]

    @property
    def cost(self) -> float:
        """Money that all days cost."""
        return sum(day.cost for day in self.days)

    @property
    def retrains(self) -> int:
        """Times that a model was trained."""
        return sum(day.retrained for day in self.days)

    @property
    def promotions(self) -> int:
        """Times that another model took over."""
        return sum(day.promoted for day in self.days)

    @property
    def taken_back(self) -> dict[int, int]:
        """The day of each promotion that was taken back, and the day on which it was."""
        return {day.back: day.day for day in self.days if day.back is not None}

    @property
    def harmful(self) -> int:
        """Challengers that did harm, or would have."""
        return sum(day.harm is not None and day.harm > HARMFUL for day in self.days)

    @property
    def stopped(self) -> int:
        """Harmful challengers that were not promoted, or taken back in time."""
        back = self.taken_back
        return sum(
            day.harm is not None
            and day.harm > HARMFUL
            and (not day.promoted or back.get(day.day, DAYS + AFTERWARDS) <= day.day + AFTERWARDS)
            for day in self.days
        )


class Trainer:
    """Trains the model of a day from what is known at its end: the same one for every policy.

    Parameters
    ----------
    span
        Reach of the rows that a retrain learns from.
    half_life
        Age at which a row weighs half; None where all weigh the same.
    """

    def __init__(
        self, world: World, span: timedelta = SPAN, half_life: timedelta | None = None
    ) -> None:
        self.world = world
        self.span = span
        retrain = CASE.retrain.model_copy(update={"half_life": half_life})
        self._case = CASE.model_copy(update={"retrain": retrain})
        self._models: dict[str, Model | None] = {}
        self._of_day: dict[int, Model | None] = {}
        self._costs: dict[tuple[str, int], float] = {}
        self._settled: tuple[int, Rows] | None = None

    def rows(self, day: int) -> Rows:
        """Return the rows that a retrain at the end of a day learns from."""
        rows = self.settled(day)
        return rows.take(rows.event_time >= moment64(end_of(day) - self.reach(day)))

    def settled(self, day: int) -> Rows:
        """Return the rows whose labels are final at the end of a day."""
        if self._settled is None or self._settled[0] != day:
            as_of = end_of(day)
            self._settled = day, settled(self.world.known(as_of), CASE.labels, as_of)
        return self._settled[1]

    def reach(self, day: int) -> timedelta:  # noqa: ARG002
        """Return the reach of the rows that a retrain at the end of a day learns from."""
        return self.span

    def drifting(self, day: int, since: datetime | None) -> None:
        """Take note of the drift episode that a day is in, before a retrain at its end."""

    def trained(self, day: int, rows: Rows) -> Model | None:
        """Return the model that rows come to at the end of a day; None without any frauds."""
        version = f"{day} {sha256(rows.row_id.tobytes()).hexdigest()}"
        if version not in self._models:
            self._models[version] = self._trained(rows, version)
        return self._models[version]

    def trains(self, day: int) -> bool:
        """Whether a retrain at the end of a day comes to a model, of all rows."""
        if day not in self._of_day:
            self._of_day[day] = self.trained(day, self.rows(day))
        return self._of_day[day] is not None

    def model(self, day: int) -> Model:
        """Return the model that a retrain at the end of a day comes to, of all rows."""
        assert self.trains(day)  # noqa: S101
        model = self._of_day[day]
        assert model is not None  # noqa: S101
        return model

    def cost(self, of: int, day: int) -> float:
        """Return what a day costs with the model of another."""
        return self.cost_of(self.model(of), day)

    def cost_of(self, model: Model, day: int) -> float:
        """Return what a day costs with a model in place, by the truth."""
        key = (str(model.version), day)
        if key not in self._costs:
            self._costs[key] = cost_of(model, self.world.truth(day))
        return self._costs[key]

    def _trained(self, rows: Rows, version: str) -> Model | None:
        case = self._case
        [name] = case.candidates
        try:
            split = split_in_time(rows, case.split)
            found = search(case, name, split.train, seed=0)
            made = train(case, name, split, found, data_hash=version, seed=0).model
        except TrainingError:
            return None
        return replace(made, version=version)


@dataclass
class Desk:
    """What a policy remembers from day to day.

    Attributes
    ----------
    unskewed
        Whether rows are left out whose stored values do not give back the served score.
    before, promoted
        The champion's predecessor while it is on probation, and the day of its promotion.
    held_until
        Day from which on promotions are released again.
    served_by
        The champion of each day.
    """

    trainer: Trainer
    champion: Model
    consumed: datetime
    unskewed: bool = True
    verdicts: list[Verdict] = field(default_factory=list)
    last: Challenge | None = None
    drift_retrain: Challenge | None = None
    before: Model | None = None
    promoted: int = 0
    held_until: int = 0
    served_by: dict[int, Model] = field(default_factory=dict)

    @cached_property
    def world(self) -> World:
        """The world that the policy lives in."""
        return self.trainer.world

    def decision(self, day: int) -> Decision:
        """Decide as the retrain DAG does, by what is known at the end of a day."""
        verdict = self._verdict(day)
        self.verdicts.insert(0, verdict)
        since = drifting_since(self.verdicts)
        self.trainer.drifting(day, since)
        new = self._settled(day, end_of(-HISTORY), self.consumed).rows
        return choose(
            force=False,
            has_champion=True,
            fresh=NewRows(rows=new, wanted=wanted_rows(CASE, self.last)),
            drift=DriftFinding(
                verdict_id=verdict.id, share=verdict.share, since=since, words=verdict.sentence
            ),
            episode=None if since is None else self._episode(day, since),
        )

    def rows(self, day: int) -> Rows:
        """Return the rows that a retrain at the end of a day learns from."""
        rows = self.trainer.rows(day)
        if not self.unskewed or self.world.logged is self.world.rows:
            return rows
        truth, own = self._truth(rows)
        of_day = (rows.event_time - moment64(end_of(0))) // np.timedelta64(1, "D") + 1
        served, again = np.full((2, len(rows)), np.nan)
        for one, champion in self.served_by.items():
            here = own & (of_day == one)
            if here.any():
                served[here] = champion.score(truth.take(here).features)
                again[here] = champion.score(rows.take(here).features)
        return rows.take(~skewed_rows(rows, served, again, CASE.drift.window)[0])

    def challenged(
        self, day: int, decision: Decision, challenger: Model, *, promoted: bool
    ) -> None:
        """Remember a retrain, and let its challenger serve where it was promoted."""
        self.consumed = end_of(day)
        self.last = Challenge(end_of(day), promoted)
        if decision.reason is Reason.DRIFT:
            self.drift_retrain = self.last
        if promoted:
            self.before, self.promoted = self.champion, day
            self.champion = challenger

    def taken_back(self, day: int) -> int | None:
        """Take the champion back that its own days prove dearer; return when it was promoted."""
        if self.before is None or self.promoted + 1 > day - _MATURE_DAYS:
            return None
        rows = self._served(day)
        new, old = (outcomes_of(model, rows, CASE) for model in (self.champion, self.before))
        found = proof(new, old, rows.label == POSITIVE)
        if found is None or found.positives < CASE.min_positives or not found.worse:
            return None
        self.champion, self.before = self.before, None
        self.held_until = day + LOOKED_AFTER
        return self.promoted

    def _served(self, day: int) -> Rows:
        """Return the rows since the promotion as they were served, with the labels that came."""
        logged = self.trainer.settled(day)
        logged = logged.take(logged.event_time >= moment64(end_of(self.promoted)))
        served, own = self._truth(logged)
        return replace(served.take(own), label=logged.label[own])

    def _truth(self, logged: Rows) -> tuple[Rows, NDArray[np.bool_]]:
        """Return rows as they were served, and which ones were: not those that came again."""
        truth = self.world.rows
        place = np.searchsorted(truth.event_time, logged.event_time)
        served = truth.take(np.minimum(place, len(truth) - 1))
        return served, served.row_id == logged.row_id

    def _verdict(self, day: int) -> Verdict:
        rows = own_scores(self.world.truth(day), self.champion)
        return drift_verdict(
            self.champion.reference,
            summarise(rows, self.champion.reference),
            CASE.drift,
            id=f"day {day}",
            share_limit=share_limit(CASE),
            window_start=end_of(day - 1),
            window_end=end_of(day),
        )

    def _episode(self, day: int, since: datetime) -> Episode:
        last = self.drift_retrain
        if last is not None and last.as_of < since:
            last = None
        found = self._settled(day, since, since if last is None else last.as_of)
        answered = self.promoted > 0 and end_of(self.promoted) >= since
        return Episode.counted(CASE, since, last, found, answered=answered)

    def _settled(self, day: int, since: datetime, after: datetime) -> Settled:
        """Count rows from `since` on that settled after a moment, and frauds among them."""
        rows = self.trainer.settled(day)
        newest = moment64(after - CASE.labels.mature_after)
        new = (rows.event_time >= moment64(since)) & (rows.event_time > newest)
        return Settled(int(new.sum()), int((rows.label[new] == POSITIVE).sum()))


_MATURE_DAYS = CASE.labels.mature_after // timedelta(days=1)

Judge = Callable[[Desk, Model, int], GateDecision | None]
"""Returns a gate's decision on a day's challenger; None promotes it without asking."""


def cost_of(model: Model, rows: Rows) -> float:
    """Return what rows cost with a model in place, by the truth."""
    return float(np.sum(outcomes_of(model, rows, CASE).cost))


def frozen(trainer: Trainer) -> Course:
    """Never retrain."""
    return Course(tuple(Day(day, trainer.cost(0, day)) for day in range(1, DAYS + 1)))


def by_calendar(trainer: Trainer, every: int) -> Course:
    """Retrain at the end of every so many days, and promote whatever comes."""
    serving, days = 0, []
    for day in range(1, DAYS + 1):
        due = day % every == 0 and trainer.trains(day)
        cost = trainer.cost(serving, day)
        days.append(Day(day, cost, retrained=due, promoted=due))
        serving = day if due else serving
    return Course(tuple(days))


def by_gate(desk: Desk, challenger: Model, day: int) -> GateDecision:
    """Ask the project's own gate."""
    return gate(challenger, desk.champion, desk.rows(day), CASE, drift_asked=False)


def asked(
    trainer: Trainer, judge: Judge, *, probation: bool = False, unskewed: bool = True
) -> Course:
    """Retrain when the DAG would, and promote what a judge lets pass."""
    desk, days = Desk(trainer, trainer.model(0), consumed=end_of(0), unskewed=unskewed), []
    for day in range(1, DAYS + 1):
        desk.served_by[day] = desk.champion
        cost = trainer.cost_of(desk.champion, day)
        back = desk.taken_back(day) if probation else None
        decision, promoted, harm = desk.decision(day), False, None
        challenger = trainer.trained(day, desk.rows(day)) if decision.go else None
        if challenger is not None:
            said = judge(desk, challenger, day)
            promoted = (said is None or said.promote) and day >= desk.held_until
            harm = _harm(desk, challenger, day)
            desk.challenged(day, decision, challenger, promoted=promoted)
        days.append(Day(day, cost, decision.go, promoted, harm, back))
    return Course(tuple(days))


def _harm(desk: Desk, challenger: Model, day: int) -> float | None:
    """Return what a challenger costs in the days after, as a multiple of what the champion does."""
    after = range(day + 1, day + AFTERWARDS + 1)
    if after[-1] > DAYS:
        return None
    new, old = (
        sum(desk.trainer.cost_of(model, one) for one in after)
        for model in (challenger, desk.champion)
    )
    return new / old
