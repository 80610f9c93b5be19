"""The one order of a report's and of a retrain's steps, which DAGs and commands both read.

Nothing heavy is imported here, for every parse of a DAG file reads it: a step's module is loaded
when the step is called.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from enum import StrEnum
from functools import partial
from importlib import import_module
from typing import TYPE_CHECKING, Any, Literal

from monitoring.errors import InputError
from monitoring.private import private_umask

if TYPE_CHECKING:
    from monitoring.steps import begin
    from monitoring.steps.report import (
        measurement,
        on_drift,
        probation,
        report_files,
        report_outcome,
    )
    from monitoring.steps.retrain import (
        bucket_copies,
        candidates,
        decision,
        promotion,
        raw_files,
        reloading,
        retrain_outcome,
        run_report,
        training_set,
    )
    from monitoring.steps.run import Result, Run
    from monitoring.use_case import UseCase
else:

    @dataclass(frozen=True)
    class DeferredFunction:
        """A function whose module is imported when it is called."""

        module: str
        name: str

        def __call__(self, *arguments: Any, **named: Any) -> Any:
            """Import the module and call the function."""
            return getattr(import_module(self.module), self.name)(*arguments, **named)

        @property
        def __name__(self) -> str:
            return self.name

    @dataclass(frozen=True)
    class DeferredModule:
        """Stands for a module: the attribute `f` of it is its function `f`, deferred."""

        module: str

        def __getattr__(self, name: str) -> DeferredFunction:
            if name.startswith("__"):
                raise AttributeError(name)
            return DeferredFunction(self.module, name)

    begin = DeferredModule("monitoring.steps.begin")
    measurement = DeferredModule("monitoring.steps.report.measurement")
    on_drift = DeferredModule("monitoring.steps.report.on_drift")
    probation = DeferredModule("monitoring.steps.report.probation")
    report_files = DeferredModule("monitoring.steps.report.report_files")
    report_outcome = DeferredModule("monitoring.steps.report.report_outcome")
    bucket_copies = DeferredModule("monitoring.steps.retrain.bucket_copies")
    candidates = DeferredModule("monitoring.steps.retrain.candidates")
    decision = DeferredModule("monitoring.steps.retrain.decision")
    promotion = DeferredModule("monitoring.steps.retrain.promotion")
    raw_files = DeferredModule("monitoring.steps.retrain.raw_files")
    reloading = DeferredModule("monitoring.steps.retrain.reloading")
    retrain_outcome = DeferredModule("monitoring.steps.retrain.retrain_outcome")
    run_report = DeferredModule("monitoring.steps.retrain.run_report")
    training_set = DeferredModule("monitoring.steps.retrain.training_set")


PipelineName = Literal["report", "retrain"]
"""Value of a `Pipeline`, whose module is not as light as this one."""


WATCH = "watch"
"""The task of a DAG that fails its run in which another one failed; in a good run it is skipped."""


RETRIES = 2
"""How often Airflow tries a failed step again."""


class Runs(StrEnum):
    """On which outcomes of the steps before it a step runs; values are Airflow's trigger rules."""

    AFTER_SUCCESS = "all_success"
    """Every one of them succeeded."""

    AFTER_ANY_SUCCESS = "all_done_min_one_success"
    """All have ended, and one at least succeeded."""

    ALWAYS = "all_done"
    """All have ended, however: succeeded, failed, or left out."""


def _by_all(_: UseCase) -> bool:
    return True


def _trained(case: UseCase) -> bool:
    return not case.is_watched


def _told_of_drift(case: UseCase) -> bool:
    return case.production is not None and case.production.on_drift is not None


def _with_buckets(case: UseCase) -> bool:
    return case.source.buckets is not None


def _with_reloads(case: UseCase) -> bool:
    return case.serve.reloads


@dataclass(frozen=True)
class Step:
    """One step of a run: a function of the run, and of a candidate where it is a candidate's.

    Attributes
    ----------
    function
        Reads what it needs from the run's folder, and leaves its result there.
    after
        Names of the steps that it waits for. Every step waits for the run to be opened, too.
    name
        Of its task in Airflow; the function's own if not given.
    gate
        Field of its result that must be true for the steps after it to run.
    takes
        Name of the step whose result it is handed as JSON, in Airflow through XCom; its function
        takes that beside the run, None where there is none.
    wanted
        Whether a use case has this step; all have most of them.
    each
        What the steps are called of which every candidate has one, such as ``reload_{}``: the
        function takes the candidate's name beside the run. Empty where the step is a single one.
    """

    function: Callable[..., Result]
    after: tuple[str, ...] = ()
    name: str = ""
    runs: Runs = Runs.AFTER_SUCCESS
    gate: str | None = None
    takes: str | None = None
    wanted: Callable[[UseCase], bool] = _by_all
    each: str = ""

    def __post_init__(self) -> None:
        if not self.name:
            object.__setattr__(self, "name", self.function.__name__)

    def of(self, case: UseCase) -> tuple[Step, ...]:
        """Return the steps that a use case has of it: one of each candidate, itself, or none."""
        if not self.wanted(case):
            return ()
        if not self.each:
            return (self,)
        return tuple(
            replace(
                self,
                function=partial(self.function, candidate=name),
                name=self.each.format(name),
                each="",
            )
            for name in case.candidates
        )


@dataclass(frozen=True)
class EachCandidate:
    """Steps that every candidate goes through by itself: one that fails costs no other anything.

    Attributes
    ----------
    steps
        In a row; the functions take the candidate's name beside the run.
    """

    name: str
    steps: tuple[Step, ...]
    after: tuple[str, ...]


@dataclass(frozen=True)
class Order:
    """The steps of a pipeline, each after those that it waits for.

    Attributes
    ----------
    opening
        Comes before all others; the run exists, whatever becomes of it.
    notification
        Name of the step that reports the failures of all before it.
    step_limit
        How long one try of a step may take: with its retries, as long as a run may take before
        it counts as failed.
    """

    pipeline: PipelineName
    opening: Step
    steps: tuple[Step | EachCandidate, ...]
    notification: str
    step_limit: timedelta

    def __post_init__(self) -> None:
        known = {self.opening.name}
        for step in self.steps:
            taken = {step.takes} if isinstance(step, Step) and step.takes is not None else set()
            unknown = {*step.after, *taken} - known
            if unknown or step.name in known:
                msg = f"{self.pipeline}: {step.name} stands twice, or before {sorted(unknown)}"
                raise InputError(msg)
            known.add(step.name)

    def of(self, case: UseCase) -> Order:
        """Return the order of a use case: the steps that it has a use for, of each candidate."""
        own = {
            step.name: step.of(case) if isinstance(step, Step) else (step,) for step in self.steps
        }
        own[self.opening.name] = ()  # every step waits for it, whether or not it says so

        def named(names: tuple[str, ...]) -> tuple[str, ...]:
            return tuple(step.name for name in names for step in own[name])

        steps = (replace(step, after=named(step.after)) for each in own.values() for step in each)
        return replace(self, steps=tuple(steps))

    def step(self, name: str) -> Step:
        """Return the step called `name`, none of a candidate's."""
        return next(step for step in self.named_steps if step.name == name)

    def call(
        self,
        step: Step,
        run: Run,
        *candidate: str,
        taken: Mapping[str, Any] | None = None,
        attempt: str | None = None,
    ) -> Result:
        """Call a step with the run, the candidate where it is a candidate's, and what it takes.

        `attempt` says which try of a task of Airflow's it is, `2 of 3`; a command makes one.

        An error is raised and, if the notification is still to come, noted in the run's folder
        for it. What the step writes is its owner's only, whatever the umask of who calls.
        """
        with private_umask():
            return self._called(step, run, candidate, taken, attempt)

    def _called(
        self,
        step: Step,
        run: Run,
        candidate: tuple[str, ...],
        taken: Mapping[str, Any] | None,
        attempt: str | None,
    ) -> Result:
        arguments = (run, *candidate) if step.takes is None else (run, taken)
        if not candidate and step.name not in self.reported:
            return step.function(*arguments)
        task = ".".join((*candidate, step.name))
        run.forget_failure(task)
        try:
            return step.function(*arguments)
        except BaseException as error:
            # Airflow's time limit is no Exception.
            run.note_failure(task, error, attempt)
            raise

    @property
    def named_steps(self) -> Iterator[Step]:
        """The steps that are of no candidate, in order, the opening one first."""
        yield self.opening
        yield from (step for step in self.steps if isinstance(step, Step))

    @property
    def every_step(self) -> Iterator[Step]:
        """All steps in order, the candidates' too, the opening one first."""
        yield self.opening
        for step in self.steps:
            yield from step.steps if isinstance(step, EachCandidate) else (step,)

    @property
    def reported(self) -> frozenset[str]:
        """Names of the steps before the notification: it reports their failures, nobody else."""
        after = {step.name: step.after for step in self.steps}
        names = {self.opening.name}
        left = list(after[self.notification])
        while left:
            name = left.pop()
            names.add(name)
            left.extend(after.get(name, ()))
        return frozenset(names)


OPENING = Step(begin.attempt, name="open_run")

REPORT = Order(
    "report",
    OPENING,
    (
        Step(measurement.check_data_availability, gate="available"),
        Step(measurement.measure, after=("check_data_availability",)),
        Step(probation.judge_probation, after=("measure",), wanted=_trained),
        Step(report_files.report_quality, after=("measure",)),
        Step(report_files.report_drift, after=("measure",)),
        Step(report_files.report_performance, after=("measure",)),
        Step(
            report_outcome.publish_metrics,
            after=("judge_probation", "report_quality", "report_drift", "report_performance"),
            runs=Runs.ALWAYS,
        ),
        Step(
            report_files.keep_newest_reports,
            after=("publish_metrics",),
            name="keep_newest",
            runs=Runs.ALWAYS,
        ),
        Step(report_outcome.summary, after=("keep_newest",), runs=Runs.ALWAYS),
        Step(
            measurement.drift_limit_crossed,
            after=("measure", "publish_metrics"),
            gate="triggers",
        ),
        Step(on_drift.call_on_drift, after=("drift_limit_crossed",), wanted=_told_of_drift),
    ),
    notification="summary",
    step_limit=timedelta(minutes=20),
)

RETRAIN = Order(
    "retrain",
    OPENING,
    (
        Step(raw_files.load_csv_to_s3, wanted=_with_buckets),
        Step(decision.check_production_data, after=("load_csv_to_s3",)),
        Step(decision.detect_drift, after=("load_csv_to_s3",)),
        Step(decision.decide, after=("check_production_data", "detect_drift"), gate="go"),
        Step(promotion.back_up_champion, after=("decide",)),
        Step(training_set.merge_production_data, after=("back_up_champion",)),
        EachCandidate(
            "candidates",
            steps=(
                Step(candidates.search_params),
                Step(candidates.train_model),
                Step(candidates.log_model),
            ),
            after=("merge_production_data",),
        ),
        Step(candidates.select_best, after=("candidates",), runs=Runs.AFTER_ANY_SUCCESS),
        Step(promotion.promote, after=("select_best",)),
        Step(training_set.archive_production_data, after=("promote",)),
        Step(bucket_copies.save_to_s3, after=("promote",), wanted=_with_buckets),
        Step(run_report.report_run, after=("promote",), takes="select_best"),
        Step(
            reloading.reload_candidate,
            after=("promote",),
            wanted=_with_reloads,
            each="reload_{}",
        ),
        Step(reloading.reload_best, after=("promote",), wanted=_with_reloads),
        Step(
            retrain_outcome.publish_metrics,
            after=(
                "archive_production_data",
                "save_to_s3",
                "report_run",
                "reload_candidate",
                "reload_best",
            ),
            runs=Runs.ALWAYS,
        ),
        Step(retrain_outcome.notify, after=("publish_metrics",), runs=Runs.ALWAYS),
    ),
    notification="notify",
    step_limit=timedelta(hours=1),
)
