"""A window beside the reference of the model that served before."""

import json

import numpy as np
import pandas as pd
import pytest
from pydantic import TypeAdapter

from monitoring.drift.detection import VerdictError, drift_verdict, previous_drift
from monitoring.drift.verdict import DriftStatus, PreviousDrift, Verdict
from monitoring.summary.build import summarise
from monitoring.summary.reference import with_version
from monitoring.summary.types import Reference
from monitoring.use_case_columns import Features
from tests.drift.made import LIMITS, reference_of, rows_of

FEATURES = Features(numeric=("a", "b", "c"))


def frame(seed: int, rows: int, *, a: float = 0.0) -> pd.DataFrame:
    table = pd.DataFrame(np.random.default_rng(seed).normal(size=(rows, 3)), columns=list("abc"))
    table["a"] += a
    return table


def reference(seed: int, version: str, *, a: float = 0.0) -> Reference:
    return with_version(reference_of(rows_of(frame(seed, 5000, a=a)), features=FEATURES), version)


@pytest.fixture(scope="module")
def gone_back() -> Verdict:
    """A window like those of version 1, of which `a` has moved for version 2."""
    before, now = reference(0, "1"), reference(1, "2", a=1)
    rows = rows_of(frame(2, 1000))
    verdict = drift_verdict(now, summarise(rows, now), LIMITS, id="x")
    previous = previous_drift(before, summarise(rows, before), LIMITS)
    return Verdict(**{**vars(verdict), "previous": previous})


def test_data_that_goes_back_lies_by_the_previous_reference(gone_back: Verdict) -> None:
    assert [part.name for part in gone_back.drifted_features] == ["a"]
    assert gone_back.previous == PreviousDrift("1", DriftStatus.TESTED, 3, (), 0.0)
    assert gone_back.previous.share == 0


def test_it_is_shown_as_a_sentence_and_in_json(gone_back: Verdict) -> None:
    said = "Against the reference of version 1, the previous champion: 0 of 3 features drifted (0%)"
    assert said in str(gone_back)
    assert said in gone_back._repr_html_()
    record = json.loads(json.dumps(gone_back.to_dict()))["previous"]
    assert record == {
        "model_version": "1",
        "status": "tested",
        "share": 0.0,
        "tested": 3,
        "drifted": [],
        "max_effect": 0.0,
    }


def test_it_is_stored_with_the_verdict(gone_back: Verdict) -> None:
    kept = TypeAdapter(Verdict)
    assert kept.validate_json(kept.dump_json(gone_back)) == gone_back


def test_a_window_on_the_champions_bins_is_refused() -> None:
    before, now = reference(0, "1"), reference(1, "2", a=1)
    with pytest.raises(VerdictError, match="summarise the window on this reference"):
        previous_drift(before, summarise(rows_of(frame(2, 100)), now), LIMITS)


def test_too_few_rows_are_its_status_too() -> None:
    before = reference(0, "1")
    few = previous_drift(before, summarise(rows_of(frame(2, 10)), before), LIMITS)
    assert (few.status, few.share) == (DriftStatus.TOO_FEW_ROWS, None)
