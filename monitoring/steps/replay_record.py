"""What is saved of a replay: its plan, how far it has come, and what it came to."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path

from monitoring.atomic_write import atomic_write
from monitoring.rows.window import Window
from monitoring.saved_record import read_record
from monitoring.settings import settings
from monitoring.signals.promql import duration
from monitoring.sources.synthetic.scenarios import Scenario
from monitoring.steps.run import Result
from monitoring.use_case import UseCase
from monitoring.wording import several

_REMOVE = "remove it: only what was said of the last replay is lost"


class Replayed(Result):
    """The traffic that the champion scored, and where in time it was put.

    Attributes
    ----------
    from_day
        Day of the replay with which planted drift begins; None for its second half.
    sent
        Whether it was sent through the API, whose champion answered.
    """

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
    from_day: int | None = None
    sent: bool = False

    @property
    def words(self) -> str:
        """Return it as one sentence."""
        kind = "synthetic" if self.synthetic else "sample" if self.sample else "real"
        again = f", {self.rows // self.times:,} of them {self.times} times," * (self.times > 1)
        stopped = f", {self.blocked} of them blocked" if self.blocked else ""
        found = f"{self.positives} positive, {several(self.alarms, 'alarm')}{stopped}"
        scored = "sent to the API" if self.sent else f"scored by version {self.model_version}"
        since = "in the second half" if self.from_day is None else f"from day {self.from_day} on"
        planted = f", {self.scenario} drift planted {since}" if self.scenario else ""
        order = _DEALT if self.dealt else ""
        return (
            f"{several(self.rows, f'{kind} row')}{again} ({found}) {scored} and moved to "
            f"{self.start:%Y-%m-%d %H:%M} to {self.end:%Y-%m-%d %H:%M} UTC{planted}{order}"
        )


_DEALT = (
    ". The file's rows were dealt out at random over their times (TOCSIN_DEAL_ROWS), so that "
    "nothing drifts but what is planted: this is not how they happened"
)


class Sent(Result):
    """How far a replay has come that is sent through the API.

    Attributes
    ----------
    rows, labels
        How many of the rows were answered, and of how many the label was taken or is not to come.
    blocked
        Ids of the rows that were blocked, whose labels are still ahead: none comes.
    stopped
        How many rows were blocked.
    """

    rows: int = 0
    labels: int = 0
    alarms: int = 0
    blocked: tuple[str, ...] = ()
    stopped: int = 0


class ReplayPlan(Result):
    """A replay as it was begun, saved before its first row, so that it can be finished.

    Attributes
    ----------
    start, end
        Where in time the rows are put.
    seed
        Of the planted drift, and of the order of rows that have none.
    from_day
        Day of the replay with which the planted drift begins; None for its second half.
    label_delay
        From an event to its label; None for the use case's own.
    sent
        How far it has come; None where it is not sent through the API.
    """

    start: datetime
    end: datetime
    model_version: str
    scenario: Scenario | None
    seed: int
    from_day: int | None = None
    label_delay: timedelta | None = None
    sent: Sent | None = None

    @property
    def window(self) -> Window:
        """Where in time the rows are put."""
        return Window(self.start, self.end)

    def is_finished_by(self, asked: ReplayPlan) -> bool:
        """Whether what is asked for is this replay, wherever in time it would be put."""
        same = ("scenario", "from_day", "label_delay", "seed")
        as_traffic = (self.sent is None) == (asked.sent is None)
        return as_traffic and all(getattr(self, name) == getattr(asked, name) for name in same)

    @property
    def options(self) -> str:
        """The options of the command that finishes it, each after a space."""
        planted = None if self.scenario is None else planted_drift(self.scenario, self.from_day)
        given = {
            "speed": None if self.sent is None else "SPEED",
            "scenario": planted,
            "label-delay": None if self.label_delay is None else duration(self.label_delay),
            "seed": str(self.seed) if self.seed else None,
        }
        return "".join(f" --{name} {value}" for name, value in given.items() if value is not None)


def planted_drift(scenario: Scenario, from_day: int | None) -> str:
    """Return planted drift as people write it: ``covariate``, or ``covariate@day6``."""
    return str(scenario) if from_day is None else f"{scenario}@day{from_day}"


def begun_plan(case: UseCase) -> ReplayPlan | None:
    """Return the plan of a replay that was begun and is not finished; None where none was."""
    file = _plan_file(case)
    return read_record(file, ReplayPlan, _REMOVE) if file.is_file() else None


def is_in_traffic(case: UseCase) -> bool:
    """Whether a replay that is sent through the API was begun, and is not finished."""
    plan = begun_plan(case)
    return plan is not None and plan.sent is not None and plan.sent.rows > 0


def save_plan(case: UseCase, plan: ReplayPlan) -> None:
    """Save a plan, in one move, in the place of an earlier one."""
    atomic_write(_plan_file(case), plan.model_dump_json())


def end_plan(case: UseCase) -> None:
    """Forget the plan of a replay that is finished."""
    _plan_file(case).unlink()


def save_record(case: UseCase, replayed: Replayed) -> None:
    """Save what was replayed, for reports to say so."""
    atomic_write(_record(case), replayed.model_dump_json())


def last_replay(case: UseCase) -> Replayed | None:
    """Return what was replayed last; reports say so. None if nothing ever was."""
    record = _record(case)
    if not record.is_file():
        return None
    return read_record(record, Replayed, _REMOVE)


def _record(case: UseCase) -> Path:
    return settings().state / "replays" / f"{case.name}.json"


def _plan_file(case: UseCase) -> Path:
    return settings().state / "replays" / f"{case.name}.plan.json"
