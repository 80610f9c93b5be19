"""The rows a retrain learns from: each once, and none with a label that had not come."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest

from monitoring.rows.rows import POSITIVE, UNLABELLED, moment64
from monitoring.rows.window import ending
from monitoring.settings import settings
from monitoring.signals.pipelines import Pipeline
from monitoring.sources.source import read_source
from monitoring.steps.places import production_store
from monitoring.steps.retrain.training_set import merge_production_data, merged_rows
from monitoring.steps.run import Run
from monitoring.store.database import StoreError
from monitoring.use_case import UseCase
from tests.fixtures.tiny import write_tiny

NOW = datetime(2026, 2, 1, tzinfo=UTC)


@pytest.fixture
def case(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[UseCase]:
    for name in ("state", "data", "use_cases"):
        monkeypatch.setenv(f"TOCSIN_{name.upper()}", str(tmp_path / name))
    settings.cache_clear()
    yield write_tiny("tiny", tmp_path)
    settings.cache_clear()


def merge_at(moment: datetime) -> Run:
    run = Run.open(Pipeline.RETRAIN, "tiny", ending(moment, timedelta(days=1)))
    merge_production_data(run)
    return run


def test_without_production_the_source_is_all_there_is(case: UseCase) -> None:
    rows = merged_rows(merge_at(NOW), case)
    source = read_source(case, settings().data).rows
    np.testing.assert_array_equal(rows.row_id, source.row_id)


def test_a_snapshot_that_was_changed_or_lost_is_not_learned_from(case: UseCase) -> None:
    run = merge_at(NOW)
    snapshot = run.folder / "training.parquet"
    whole = snapshot.read_bytes()
    for place in (100, len(whole) // 2, len(whole) - 9):
        snapshot.write_bytes(whole[:place] + bytes([whole[place] ^ 1]) + whole[place + 1 :])
        with pytest.raises(StoreError, match=r"training\.parquet was changed since it was written"):
            merged_rows(run, case)
    snapshot.unlink()
    with pytest.raises(StoreError, match=r"training\.parquet can't be read: .*No such file"):
        merged_rows(run, case)


def test_a_row_waiting_for_its_label_in_production_is_not_taken_from_the_source(
    case: UseCase,
) -> None:
    source = read_source(case, settings().data).rows
    newest = source.take(slice(-500, None))
    arrived = np.full(500, moment64(NOW - timedelta(hours=1)))
    with production_store() as store:
        store.add_rows(case, replace(newest, event_time=arrived, arrival_time=arrived))
    rows = merged_rows(merge_at(NOW), case)
    assert not np.isin(newest.row_id, rows.row_id).any()
    assert len(rows) == len(source) - 500

    with production_store() as store:
        label_time = np.full(500, moment64(NOW + timedelta(hours=1)))
        store.add_labels(case, newest.row_id, newest.label, label_time)
    assert len(merged_rows(merge_at(NOW), case)) == len(source) - 500
    later = merged_rows(merge_at(NOW + timedelta(hours=5)), case)  # six after they happened
    assert len(later) == len(np.unique(later.row_id)) == len(source)
    assert (later.label != UNLABELLED).all()


def test_while_silence_may_still_end_labels_that_came_early_teach_nothing(case: UseCase) -> None:
    """Only frauds are reported early: a model of such rows would take most payments for frauds."""
    source = read_source(case, settings().data).rows
    newest = source.take(slice(-500, None))
    arrived = np.full(500, moment64(NOW - timedelta(hours=1)))
    reported = newest.row_id[newest.label == POSITIVE]
    with production_store() as store:
        store.add_rows(case, replace(newest, event_time=arrived, arrival_time=arrived))
        store.add_labels(case, reported, np.ones(len(reported), np.int8), arrived[: len(reported)])
    assert len(reported) > 0
    assert len(merged_rows(merge_at(NOW), case)) == len(source) - 500
    mature = merged_rows(merge_at(NOW + timedelta(hours=5)), case)
    assert len(mature) == len(source)
    np.testing.assert_array_equal(np.sort(mature.label), np.sort(source.label))
