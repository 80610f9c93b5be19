"""The declared order: its steps exist, and a run in this process follows it as Airflow would."""

import signal
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from importlib import import_module
from pathlib import Path

import pytest

from monitoring.rows.window import Window
from monitoring.settings import settings
from monitoring.signals.pipelines import RUN_TIME_LIMIT, Pipeline
from monitoring.steps.in_process import execute
from monitoring.steps.order import (
    OPENING,
    REPORT,
    RETRAIN,
    RETRIES,
    EachCandidate,
    Order,
    Runs,
    Step,
)
from monitoring.steps.run import Result, Run, StepError
from tests.fixtures.tiny import write_tiny

END = datetime(2026, 1, 8, tzinfo=UTC)
STEPS = [
    pytest.param(step, id=f"{order.pipeline}.{step.name}")
    for order in (REPORT, RETRAIN)
    for step in order.every_step
]


@pytest.mark.parametrize("step", STEPS)
def test_every_step_s_function_is_where_the_order_says(step: Step) -> None:
    function = step.function
    defined = getattr(import_module(function.module), function.name)  # type: ignore[attr-defined]
    assert callable(defined)
    assert defined.__module__ == function.module  # type: ignore[attr-defined]  not one it imports


def test_a_step_cannot_wait_for_one_that_comes_later() -> None:
    with pytest.raises(ValueError, match="first stands twice, or before"):
        Order(
            "report",
            OPENING,
            (Step(print, after=("second",), name="first"), Step(print, name="second")),
            notification="second",
            step_limit=timedelta(hours=1),
        )


def test_the_notification_reports_the_failures_of_all_before_it_and_of_no_others() -> None:
    after = {"summary", "drift_limit_crossed", "call_on_drift"}
    assert {step.name for step in REPORT.named_steps} - REPORT.reported == after
    assert {step.name for step in RETRAIN.named_steps} - RETRAIN.reported == {"notify"}


class Done(Result):
    """What the steps of these tests return."""

    go: bool = True


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    write_tiny("tiny", tmp_path)
    monkeypatch.setenv("TOCSIN_STATE", str(tmp_path / "state"))
    monkeypatch.setenv("TOCSIN_DATA", str(tmp_path / "data"))
    monkeypatch.setenv("TOCSIN_USE_CASES", str(tmp_path / "use_cases"))
    settings.cache_clear()
    yield Run.open(Pipeline.RETRAIN, "tiny", Window(END - timedelta(days=1), END))
    settings.cache_clear()


Called = list[str]
Make = Callable[..., Callable[..., Result]]


@pytest.fixture
def called() -> Called:
    """Names of the steps that were called, in order."""
    return []


@pytest.fixture
def step(called: Called) -> Make:
    """Make a step's function, which fails for the candidates named or the run, or hangs."""

    def make(
        name: str,
        *,
        fails: bool | tuple[str, ...] = False,
        hangs: bool = False,
        go: bool = True,
    ) -> Callable[..., Result]:
        def function(_: Run, *candidate: str) -> Result:
            called.append(".".join((*candidate, name)))
            if hangs:
                time.sleep(60)
            if fails is True or (fails and candidate[0] in fails):
                msg = f"{name} is broken"
                raise StepError(msg)
            return Done(go=go)

        return function

    return make


def order(step: Make, limit: timedelta = timedelta(hours=1), **options: object) -> Order:
    """Return an order like a retrain's; `options` are those of `step` by name."""

    def made(name: str) -> Callable[..., Result]:
        return step(name, **options.get(name, {}))

    return Order(
        "retrain",
        Step(made("open"), name="open"),
        (
            Step(made("decide"), name="decide", gate="go"),
            Step(made("merge"), name="merge", after=("decide",)),
            EachCandidate(
                "candidates",
                (Step(made("search"), name="search"), Step(made("log"), name="log")),
                after=("merge",),
            ),
            Step(made("select"), ("candidates",), "select", Runs.AFTER_ANY_SUCCESS),
            Step(made("publish"), ("select",), "publish", Runs.ALWAYS),
            Step(made("notify"), ("publish",), "notify", Runs.ALWAYS),
        ),
        notification="notify",
        step_limit=limit,
    )


BOTH = ["logistic_regression.search", "logistic_regression.log", "lightgbm.search", "lightgbm.log"]


def test_every_step_is_called_once_in_order(run: Run, step: Make, called: Called) -> None:
    execute(order(step), run)
    assert called == ["open", "decide", "merge", *BOTH, "select", "publish", "notify"]


def test_a_closed_gate_leaves_out_all_but_what_always_runs(
    run: Run, step: Make, called: Called
) -> None:
    results = execute(order(step, decide={"go": False}), run)
    assert called == ["open", "decide", "publish", "notify"]
    assert set(results) == set(called)


def test_a_step_that_fails_leaves_out_what_needs_it_and_is_raised_last(
    run: Run, step: Make, called: Called
) -> None:
    with pytest.raises(StepError, match="merge is broken") as raised:
        execute(order(step, merge={"fails": True}, publish={"fails": True}), run)
    assert called == ["open", "decide", "merge", "publish", "notify"]
    assert raised.value.__notes__ == ["publish failed too: StepError: publish is broken"]
    assert [failure.step for failure in run.failures()] == ["merge", "publish"]


def test_a_run_that_could_not_be_opened_publishes_and_notifies_all_the_same(
    run: Run, step: Make, called: Called
) -> None:
    with pytest.raises(StepError, match="open is broken"):
        execute(order(step, open={"fails": True}), run)
    assert called == ["open", "publish", "notify"]


def test_a_candidate_that_fails_costs_only_itself(run: Run, step: Make, called: Called) -> None:
    execute(order(step, search={"fails": ("lightgbm",)}), run)
    assert called == ["open", "decide", "merge", *BOTH[:3], "select", "publish", "notify"]


def test_where_every_candidate_fails_nothing_is_selected(
    run: Run, step: Make, called: Called
) -> None:
    with pytest.raises(StepError, match="no candidate could be trained") as raised:
        execute(order(step, search={"fails": True}), run)
    assert called == ["open", "decide", "merge", BOTH[0], BOTH[2], "publish", "notify"]
    assert raised.value.__notes__ == [
        f"{name} failed too: StepError: search is broken" for name in (BOTH[0], BOTH[2])
    ]


def test_a_step_that_hangs_is_given_up_and_notified_of(
    run: Run, step: Make, called: Called
) -> None:
    hanging = order(step, limit=timedelta(milliseconds=300), merge={"hangs": True})
    with pytest.raises(StepError, match=r"merge was given up after 0:00:00\.3.*max_rows_search"):
        execute(hanging, run)
    assert called == ["open", "decide", "merge", "publish", "notify"]
    assert [failure.step for failure in run.failures()] == ["merge"]
    assert signal.getitimer(signal.ITIMER_REAL) == (0, 0)


def test_airflow_s_time_limit_is_noted_for_the_notification_though_it_is_no_exception(
    run: Run, step: Make
) -> None:
    class Timeout(BaseException):
        pass

    def gives_up(_: Run) -> Result:
        raise Timeout("after an hour")

    late = order(step)
    with pytest.raises(Timeout):
        late.call(replace(late.step("merge"), function=gives_up), run)
    assert [failure.error for failure in run.failures()] == ["Timeout: after an hour"]


def test_a_step_and_its_retries_end_before_the_run_counts_as_failed() -> None:
    for each in (REPORT, RETRAIN):
        assert (1 + RETRIES) * each.step_limit <= RUN_TIME_LIMIT[Pipeline(each.pipeline)]


def test_a_failure_is_forgotten_once_a_retry_succeeds(run: Run, step: Make) -> None:
    broken, repaired = order(step, merge={"fails": True}), order(step)
    with pytest.raises(StepError):
        broken.call(broken.step("merge"), run)
    assert [failure.error for failure in run.failures()] == ["StepError: merge is broken"]
    repaired.call(repaired.step("merge"), run)
    assert run.failures() == ()


def test_what_the_notification_does_not_report_is_not_noted_for_it(run: Run, step: Make) -> None:
    broken = order(step, notify={"fails": True})
    with pytest.raises(StepError):
        broken.call(broken.step("notify"), run)
    assert run.failures() == ()


def test_a_failure_is_noted_in_one_line_without_the_password_of_an_address(run: Run) -> None:
    run.note_failure("merge", StepError("no answer from http://me:secret@gateway:9091\nand more"))
    (failure,) = run.failures()
    assert failure.error == "StepError: no answer from http://gateway:9091"
