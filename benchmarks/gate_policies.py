"""What may be done day by day with a model: keep it, ask the gate, or promote whatever comes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import cached_property, partial

import numpy as np

from benchmarks.gate_world import CASE, DAYS, HISTORY, SPAN, World, end_of
from monitoring.drift.detection import drift_verdict, drifting_since
from monitoring.drift.verdict import Verdict
from monitoring.rows.maturity import settled
from monitoring.rows.rows import POSITIVE, Rows, moment64
from monitoring.steps.retrain.decision import (
    Decision,
    DriftFinding,
    Episode,
    NewRows,
    Reason,
    choose,
)
from monitoring.steps.window_verdict import own_scores, share_limit
from monitoring.store.reading import Settled
from monitoring.summary.build import summarise
from monitoring.training.gate import GateDecision, gate, outcomes_of
from monitoring.training.model import Model
from monitoring.training.registry import Challenge
from monitoring.training.search import search
from monitoring.training.split import split_in_time
from monitoring.training.train import train


@dataclass(frozen=True)
class Day:
    """What was done at the end of a day, and what the day had cost until then."""

    day: int
    cost: float
    decision: Decision | None = None
    gate: GateDecision | None = None
    promoted: bool = False


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
        return sum(day.decision is not None and day.decision.go for day in self.days)

    @property
    def promotions(self) -> int:
        """Times that another model took over."""
        return sum(day.promoted for day in self.days)

    @property
    def waited(self) -> int:
        """Days on which drift waited for labels."""
        return sum(day.decision is not None and day.decision.waiting for day in self.days)


class Trainer:
    """Trains the model of a day from what is known at its end: the same one for every policy."""

    def __init__(self, world: World) -> None:
        self.world = world
        self._models: dict[int, Model] = {}

    def rows(self, day: int) -> Rows:
        """Return the rows that a retrain at the end of a day learns from."""
        as_of = end_of(day)
        rows = settled(self.world.known(as_of), CASE.labels, as_of)
        return rows.take(rows.event_time >= moment64(as_of - SPAN))

    def model(self, day: int) -> Model:
        """Return the model that a retrain at the end of a day comes to."""
        if day not in self._models:
            split = split_in_time(self.rows(day), CASE.split)
            [name] = CASE.candidates
            found = search(CASE, name, split.train, seed=0)
            made = train(CASE, name, split, found, data_hash=str(day), seed=0).model
            self._models[day] = replace(made, version=str(day))
        return self._models[day]


@dataclass
class Desk:
    """What a policy remembers from day to day."""

    trainer: Trainer
    champion: Model
    consumed: datetime
    verdicts: list[Verdict] = field(default_factory=list)
    drift_retrain: Challenge | None = None

    @cached_property
    def world(self) -> World:
        """The world that the policy lives in."""
        return self.trainer.world

    def decision(self, day: int) -> Decision:
        """Decide as the retrain DAG does, by what is known at the end of a day."""
        verdict = self._verdict(day)
        self.verdicts.insert(0, verdict)
        since = drifting_since(self.verdicts)
        new = self._settled(end_of(day), end_of(-HISTORY), self.consumed).rows
        return choose(
            force=False,
            has_champion=True,
            fresh=NewRows(rows=new, wanted=CASE.retrain.new_rows),
            drift=DriftFinding(
                verdict_id=verdict.id, share=verdict.share, since=since, words=verdict.sentence
            ),
            episode=None if since is None else self._episode(day, since),
        )

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
        found = self._settled(end_of(day), since, since if last is None else last.as_of)
        return Episode.counted(CASE, since, last, found)

    def _settled(self, as_of: datetime, since: datetime, after: datetime) -> Settled:
        """Count rows from `since` on that settled in (after, as_of], and frauds among them."""
        rows = settled(self.world.known(as_of), CASE.labels, as_of)
        newest = moment64(after - CASE.labels.mature_after)
        new = (rows.event_time >= moment64(since)) & (rows.event_time > newest)
        return Settled(int(new.sum()), int((rows.label[new] == POSITIVE).sum()))


def frozen(trainer: Trainer) -> Course:
    """Never retrain."""
    model = trainer.model(0)
    return Course(
        tuple(Day(day, cost_of(model, trainer.world.truth(day))) for day in range(1, DAYS + 1))
    )


def gated(trainer: Trainer) -> Course:
    """Retrain when the DAG would, and promote what passes the gate."""
    return _asked(trainer, _by_gate)


def always_promoted(trainer: Trainer) -> Course:
    """Retrain when the DAG would, and promote whatever comes."""
    return _asked(trainer, lambda _desk, _model, _day, _drift: None)


def by_calendar(trainer: Trainer, every: int) -> Course:
    """Retrain at the end of every so many days, and promote whatever comes."""
    champion, days = trainer.model(0), []
    asked = Decision.by(Reason.FORCED, "by the calendar")
    for day in range(1, DAYS + 1):
        due = day % every == 0
        cost = cost_of(champion, trainer.world.truth(day))
        days.append(Day(day, cost, asked if due else None, promoted=due))
        if due:
            champion = trainer.model(day)
    return Course(tuple(days))


def cost_of(model: Model, rows: Rows) -> float:
    """Return what rows cost with a model in place, by the truth."""
    return float(np.sum(outcomes_of(model, rows, CASE).cost))


def _by_gate(desk: Desk, challenger: Model, day: int, drift_asked: bool) -> GateDecision:
    return gate(challenger, desk.champion, desk.trainer.rows(day), CASE, drift_asked=drift_asked)


def _asked(
    trainer: Trainer, judge: Callable[[Desk, Model, int, bool], GateDecision | None]
) -> Course:
    desk, days = Desk(trainer, trainer.model(0), consumed=end_of(0)), []
    for day in range(1, DAYS + 1):
        cost = cost_of(desk.champion, trainer.world.truth(day))
        decision, said, promoted = desk.decision(day), None, False
        if decision.go:
            desk.consumed = end_of(day)
            drift_asked = decision.reason is Reason.DRIFT
            said = judge(desk, trainer.model(day), day, drift_asked)
            promoted = said is None or said.promote
            if drift_asked:
                desk.drift_retrain = Challenge(end_of(day), promoted)
        if promoted:
            desk.champion = trainer.model(day)
        days.append(Day(day, cost, decision, said, promoted))
    return Course(tuple(days))


POLICIES: dict[str, Callable[[Trainer], Course]] = {
    "never retrained": frozen,
    "gate": gated,
    "no gate": always_promoted,
    "every week, no gate": partial(by_calendar, every=7),
    "every day, no gate": partial(by_calendar, every=1),
}
"""The policies compared, by the name they are printed under."""
