"""The benchmarks ask every tool the same question, and measure it the same way."""

from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest

from benchmarks.peers import evidently_drift, our_compare, our_verdict, scipy_drift
from benchmarks.peers.ask import SCIPY_DRIFT, ask
from benchmarks.peers.environment import PeerError
from benchmarks.peers.messages import Comparison, DriftAnswer, DriftRequest
from benchmarks.peers.meter import Meter

ROWS = 2000


@pytest.fixture(scope="module")
def question(tmp_path_factory: pytest.TempPathFactory) -> DriftRequest:
    """Two windows on one reference: one like it, one in which a column of two has moved."""
    folder, rng = tmp_path_factory.mktemp("peers"), np.random.default_rng(0)
    for name, shift in (("before", 0), ("alike", 0), ("moved", 2)):
        columns = {"moves": rng.normal(shift, 1, ROWS), "stays": rng.normal(size=ROWS)}
        pd.DataFrame(columns).to_parquet(folder / f"{name}.parquet")
    reference, *windows = (str(folder / f"{name}.parquet") for name in ("before", "alike", "moved"))
    return DriftRequest(
        comparisons=(Comparison(reference=reference, windows=tuple(windows)),),
        numeric=("moves", "stays"),
    )


@pytest.mark.parametrize(
    "answer",
    [evidently_drift.answer, our_compare.answer, our_verdict.answer, scipy_drift.answer],
    ids=["evidently", "compare", "verdict", "scipy"],
)
def test_the_column_that_moved_is_flagged_and_no_other(
    answer: Callable[[DriftRequest], DriftAnswer], question: DriftRequest
) -> None:
    answered = answer(question)
    assert [window.flagged for window in answered.windows] == [(), ("moves",)]
    assert [window.window for window in answered.windows] == list(question.comparisons[0].windows)
    assert {window.rows for window in answered.windows} == {ROWS}
    assert answered.cost.peak_bytes >= answered.cost.before_bytes > 0
    assert answered.cost.cpu_seconds > 0


def test_a_script_answers_from_a_process_of_its_own(question: DriftRequest) -> None:
    answered = ask(SCIPY_DRIFT, question)
    assert answered.windows == scipy_drift.answer(question).windows


def test_a_script_that_fails_is_an_error_that_says_why(question: DriftRequest) -> None:
    absent = question.model_copy(update={"numeric": ("no such column",)})
    with pytest.raises(PeerError, match="no such column"):
        ask(SCIPY_DRIFT, absent)


def test_memory_given_back_while_at_work_is_in_the_peak() -> None:
    meter, size = Meter(), 200 * 2**20
    with meter.working():
        np.ones(size, np.uint8).sum()
    cost = meter.cost("numpy")
    assert cost.peak_bytes - cost.before_bytes > 0.9 * size
    with meter.working():
        pass
    assert meter.cost("numpy").peak_bytes < cost.peak_bytes
