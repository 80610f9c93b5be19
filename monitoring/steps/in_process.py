"""Runs a whole report or retrain in this process, in the order that the DAGs follow too."""

from __future__ import annotations

import logging
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from enum import Enum, auto

from monitoring.steps.notification import Notification, notify_failure
from monitoring.steps.order import REPORT, RETRAIN, EachCandidate, Order, Runs, Step
from monitoring.steps.report.measurement import Outcome
from monitoring.steps.run import Result, Run, StepError
from monitoring.steps.time_limit import time_limit

log = logging.getLogger(__name__)


class State(Enum):
    """How a step ended; the states of an Airflow task."""

    SUCCEEDED = auto()
    FAILED = auto()
    UPSTREAM_FAILED = auto()
    """It did not run, for a step that it needs failed."""
    SKIPPED = auto()
    """It did not run, for a gate before it was closed."""


def retrain(run: Run) -> Notification:
    """Run a retrain; publishing and notifying happen on every branch, a failure's too."""
    notification = execute(RETRAIN, run)["notify"]
    assert isinstance(notification, Notification)  # noqa: S101  # nosec B101 # by the declared order
    return notification


def report(run: Run) -> tuple[Notification, bool]:
    """Run a report; return its notification, and whether drift lies above its limit."""
    results = execute(REPORT, run)
    notification, outcome = results["summary"], results.get("drift_limit_crossed")
    assert isinstance(notification, Notification)  # noqa: S101  # nosec B101 # by the declared order
    return notification, isinstance(outcome, Outcome) and outcome.drifted


def execute(order: Order, run: Run) -> Mapping[str, Result]:
    """Call every step that its rule lets run, and return the results by the steps' names.

    Raises
    ------
    Exception
        The error of the first step that failed, with a note of each later one's. Candidates'
        errors count only where no candidate succeeded.
    StepError
        The same run is running in another process.
    """
    with run.alone():
        return _Execution(order.of(run.declared), run).results()


@dataclass
class _Execution:
    """One run of an order.

    Attributes
    ----------
    states
        How each step ended, as those after it see it: of candidates one state each, and of a
        gate that closed that it was skipped.
    errors
        What was raised, by the task's name; a candidate's has the candidate before it.
    """

    order: Order
    run: Run
    states: dict[str, list[State]] = field(default_factory=dict)
    returned: dict[str, Result] = field(default_factory=dict)
    errors: dict[str, Exception] = field(default_factory=dict)

    def results(self) -> Mapping[str, Result]:
        """Do as `execute` says."""
        opening = self.order.opening
        self.states[opening.name] = [self._call(opening)]
        for step in self.order.steps:
            before = [state for name in step.after for state in self.states[name]]
            if isinstance(step, EachCandidate):
                before += self.states[opening.name]
                self.states[step.name] = [
                    self._candidate(step, name, before) for name in self.run.declared.candidates
                ]
            else:
                if step.runs is not Runs.AFTER_ANY_SUCCESS:
                    before += self.states[opening.name]
                self.states[step.name] = [_left_out(step.runs, before) or self._call(step)]
        self._raise()
        return self.returned

    def _call(self, step: Step, *candidate: str) -> State:
        task = ".".join((*candidate, step.name))
        log.info("%s: %s", self.run.key, task)
        given = self.returned.get(step.takes or "")
        taken = None if given is None else given.model_dump(mode="json")
        try:
            with time_limit(self.order.step_limit, task):
                result = self.order.call(step, self.run, *candidate, taken=taken)
        except Exception as error:
            self.errors[task] = error
            # What fails the run is raised in the end, with its traceback; a candidate's is not.
            log.error("%s: %s failed: %s", self.run.key, task, error, exc_info=bool(candidate))
            if not candidate and step.name not in self.order.reported:
                self._notify_failure(step, error)
            return State.FAILED
        self.returned[task] = result
        closed = step.gate is not None and not getattr(result, step.gate)
        return State.SKIPPED if closed else State.SUCCEEDED

    def _candidate(self, group: EachCandidate, name: str, before: Collection[State]) -> State:
        """Call a candidate's steps until one fails; return the state of the last."""
        state = _left_out(Runs.AFTER_SUCCESS, before) or State.SUCCEEDED
        for step in group.steps:
            if state is State.SUCCEEDED:
                state = self._call(step, name)
        return state

    def _notify_failure(self, step: Step, error: Exception) -> None:
        run = self.run
        try:
            notify_failure(run.declared, step.name, run.key, error, run.pipeline)
        except StepError as another:
            error.add_note(f"nor was anybody notified: {another}")

    def _raise(self) -> None:
        """Raise what failed the run, if anything did."""
        errors = {task: error for task, error in self.errors.items() if "." not in task}
        ended = [state for states in self.states.values() for state in states]
        if not errors and State.UPSTREAM_FAILED in ended:
            msg = f"{self.run.declared.title}: no candidate could be trained"
            errors = {"candidates": StepError(msg), **self.errors}
        if not errors:
            return
        first, *later = errors.items()
        for task, error in later:
            first[1].add_note(f"{task} failed too: {type(error).__name__}: {error}")
        raise first[1]


def _left_out(runs: Runs, before: Collection[State]) -> State | None:
    """Return the state of a step that does not run after those before it; None if it runs."""
    if runs is Runs.ALWAYS:
        return None
    if runs is Runs.AFTER_ANY_SUCCESS:
        if State.SKIPPED in before:
            return State.SKIPPED
        return None if State.SUCCEEDED in before else State.UPSTREAM_FAILED
    if State.FAILED in before or State.UPSTREAM_FAILED in before:
        return State.UPSTREAM_FAILED
    return State.SKIPPED if State.SKIPPED in before else None
