"""Rows whose stored values are not what the champion saw: not learned from, and told."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import numpy as np
import pytest
import yaml

from monitoring.rows.rows import Rows
from monitoring.rows.window import Window, ending
from monitoring.settings import settings
from monitoring.signals.catalogue import SERVING_SKEW
from monitoring.signals.pipelines import Pipeline
from monitoring.steps.places import production_store
from monitoring.steps.report.measurement import Measured
from monitoring.steps.report.report_outcome import report_samples
from monitoring.steps.retrain.training_set import Merged, merge_production_data, merged_rows
from monitoring.steps.run import Run
from monitoring.training.model import Model
from monitoring.use_case import UseCase
from monitoring.use_case_file import SHIPPED
from tests.steps.conftest import AS_OF, Served, lose, send
from tests.steps.measured import measure_stored
from tests.training.conftest import Job

DAY = timedelta(days=1)
BEGIN = AS_OF - 12 * DAY
"""Its labels are final at `AS_OF`."""


@pytest.fixture(autouse=True)
def _no_source(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TOCSIN_DATA", str(tmp_path / "no_data"))
    settings.cache_clear()


def serve(
    cards: Job, model: Model, window: Window, broken: Callable[[Rows], np.ndarray] | None = None
) -> Rows:
    """Store traffic with the scores of what was sent, V14 of some of it stored 100 times too large.

    Returns
    -------
    Rows
        The traffic as it is stored.
    """

    def scaled(sent: Rows) -> Rows:
        if broken is None:
            return sent
        features = sent.features.copy()
        features.loc[broken(sent), "V14"] *= 100
        return replace(sent, features=features)

    with production_store() as store:
        return send(store, cards, model, window, stored_as=scaled)


def on_the_second_day(rows: Rows) -> np.ndarray:
    begins = np.datetime64((BEGIN + DAY).replace(tzinfo=None), "us")
    return (rows.event_time >= begins) & (rows.event_time < begins + np.timedelta64(1, "D"))


def merged(case: UseCase) -> tuple[Merged, Rows]:
    run = Run.open(Pipeline.RETRAIN, case.name, ending(AS_OF, DAY))
    return merge_production_data(run), merged_rows(run, case)


def test_a_day_that_is_stored_otherwise_than_it_was_served_teaches_nothing(
    cards: Job, model: Model
) -> None:
    stored = serve(cards, model, Window(BEGIN, BEGIN + 3 * DAY), on_the_second_day)
    broken = on_the_second_day(stored)
    result, rows = merged(cards.case)
    assert result.skew.left_out == broken.sum()
    assert result.skew.checked == len(stored)
    learned = np.isin(stored.row_id, rows.row_id)
    np.testing.assert_array_equal(learned, ~broken)
    assert f"; {broken.sum():,} rows left out: the stored values of " in result.words


def test_what_was_served_as_it_is_stored_is_all_learned_from(cards: Job, model: Model) -> None:
    stored = serve(cards, model, Window(BEGIN, BEGIN + 3 * DAY))
    result, rows = merged(cards.case)
    assert (result.skew.checked, result.skew.unlike) == (len(stored), 0)
    assert np.isin(stored.row_id, rows.row_id).all()
    assert "left out" not in result.words


def test_where_the_service_was_wrong_a_use_case_may_keep_such_rows(
    cards: Job, model: Model, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stored = serve(cards, model, Window(BEGIN, BEGIN + 3 * DAY), on_the_second_day)
    declared = yaml.safe_load((SHIPPED / "fraud.yml").read_text(encoding="utf-8"))
    declared["retrain"]["skewed_rows"] = "keep"
    (tmp_path / "own").mkdir()
    (tmp_path / "own" / "fraud.yml").write_text(yaml.safe_dump(declared), encoding="utf-8")
    monkeypatch.setenv("TOCSIN_USE_CASES", str(tmp_path / "own"))
    settings.cache_clear()
    result, rows = merged(cards.case)
    assert result.skew.checked == 0
    assert np.isin(stored.row_id, rows.row_id).all()


def test_rows_of_a_version_that_is_lost_are_learned_from_unchecked(
    cards: Job, model: Model, served: Served, caplog: pytest.LogCaptureFixture
) -> None:
    stored = serve(cards, model, Window(BEGIN, BEGIN + 3 * DAY), on_the_second_day)
    lose(cards, served, model)
    result, rows = merged(cards.case)
    assert result.skew.checked == 0
    assert np.isin(stored.row_id, rows.row_id).all()
    assert "can't score again what it scored" in caplog.text


def test_a_report_tells_the_share_of_skewed_rows(cards: Job, model: Model) -> None:
    measured = report(cards, model, lambda rows: np.arange(len(rows)) % 4 == 0)
    share = measured.skew.share
    assert share is not None
    assert 0.1 < share <= 0.26  # some are frauds for sure, or for sure none, either way
    assert published(cards.case, measured) == share
    assert "\nSERVING SKEW: the stored values of " in measured.text(cards.case)


def test_a_report_of_sound_rows_publishes_that_none_is_skewed(cards: Job, model: Model) -> None:
    measured = report(cards, model, None)
    assert published(cards.case, measured) == 0
    assert "SKEW" not in measured.text(cards.case)


def report(cards: Job, model: Model, broken: Callable[[Rows], np.ndarray] | None) -> Measured:
    serve(cards, model, Window(AS_OF - DAY, AS_OF), broken)
    run = Run.open(Pipeline.REPORT, "fraud", Window(AS_OF - DAY, AS_OF))
    with production_store() as store:
        return measure_stored(run, store, model)


def published(case: UseCase, measured: Measured) -> float:
    samples = report_samples(case, measured, rows=1, as_of=AS_OF)
    (value,) = (sample.value for sample in samples if sample.metric is SERVING_SKEW)
    return value
