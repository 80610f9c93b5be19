"""One retrain a drift episode, until as many labels of the drifted time have come again."""

import shutil
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest
import yaml
from mlflow import MlflowClient
from pydantic import TypeAdapter

from monitoring.drift.verdict import DriftStatus, FeatureVerdict, Verdict
from monitoring.rows.rows import moment64
from monitoring.rows.window import ending
from monitoring.settings import settings
from monitoring.signals.pipelines import Pipeline
from monitoring.sources.source import read_source
from monitoring.steps.places import model_registry, production_store
from monitoring.steps.retrain.decision import (
    DriftFinding,
    Episode,
    NewRows,
    Reason,
    decide,
    detect_drift,
    episode_of,
)
from monitoring.steps.run import Run
from monitoring.training.versions import Version
from monitoring.use_case import UseCase
from tests.fixtures.tiny import write_tiny

NOW = datetime(2026, 2, 10, tzinfo=UTC)
DAY = timedelta(days=1)


@pytest.fixture
def case(tmp_path: Path, mlflow_tables: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[UseCase]:
    for name in ("state", "data", "use_cases"):
        monkeypatch.setenv(f"TOCSIN_{name.upper()}", str(tmp_path / name))
    settings.cache_clear()
    (tmp_path / "state").mkdir()
    shutil.copy(mlflow_tables, tmp_path / "state" / "mlflow.db")
    yield write_tiny("tiny", tmp_path)
    settings.cache_clear()


def frauds_a_day(case: UseCase, days: int, frauds: int) -> None:
    """Add so many frauds, and no other rows, on each of the days before `NOW`."""
    source = read_source(case, settings().data).rows
    some = source.take(np.flatnonzero(source.label == 1)[: days * frauds])
    age = np.repeat(np.arange(1, days + 1), frauds)[: len(some)]
    at = moment64(NOW) - age * np.timedelta64(1, "D") + np.timedelta64(1, "h")
    with production_store() as store:
        store.add_rows(case, replace(some, event_time=at, arrival_time=at))
        store.add_labels(case, some.row_id, some.label, at + np.timedelta64(1, "h"))


def challenged(case: UseCase, as_of: datetime, asked_by: str) -> Version:
    """Let a retrain as of then have been to the gate; return its challenger."""
    client = MlflowClient(tracking_uri=settings().tracking_url)
    if not client.search_registered_models():
        client.create_registered_model(case.name)
    made = client.create_model_version(case.name, source="none")
    version = Version(str(made.version), "none", "none")
    model_registry().note(case, version, {}, asked_by=asked_by, as_of=as_of)
    return version


def run_at(moment: datetime, verdict_id: str | None = None) -> Run:
    return Run.open(Pipeline.RETRAIN, "tiny", ending(moment, DAY), verdict_id=verdict_id)


def test_labels_of_the_drifted_time_count_once_they_are_mature(case: UseCase) -> None:
    frauds_a_day(case, days=4, frauds=10)
    counted = episode_of(run_at(NOW), NOW - 2 * DAY)
    assert (counted.rows, counted.positives, counted.retrained) == (20, 20, None)
    assert counted.wanted_positives == case.min_positives
    assert episode_of(run_at(NOW - 2 * DAY + timedelta(hours=3)), NOW - 2 * DAY).positives == 0


def test_after_the_retrain_it_asked_for_only_later_labels_count(case: UseCase) -> None:
    frauds_a_day(case, days=6, frauds=8)
    since = NOW - 5 * DAY
    assert counts(episode_of(run_at(NOW), since)) == (40, None)
    challenged(case, NOW - 2 * DAY, "drift")
    assert counts(episode_of(run_at(NOW), since)) == (16, NOW - 2 * DAY)
    challenged(case, NOW - DAY, "new rows")
    again = episode_of(run_at(NOW), since)
    assert counts(again) == (16, NOW - 2 * DAY)
    assert again.wanted_rows == 0.4 * case.retrain.new_rows  # that one lost
    assert not again.answered
    assert again.waiting


@pytest.mark.parametrize("asked_by", ["drift", "new rows"])
def test_a_drift_is_answered_once_a_challenger_of_its_time_served(
    case: UseCase, asked_by: str
) -> None:
    frauds_a_day(case, days=6, frauds=8)
    registry = model_registry()
    registry.promote(case, challenged(case, NOW - 2 * DAY, asked_by))
    one = episode_of(run_at(NOW), NOW - 5 * DAY)
    assert one.answered
    assert not one.enough
    assert not one.waiting


def test_retrains_of_an_earlier_episode_or_a_later_moment_don_t_count(case: UseCase) -> None:
    frauds_a_day(case, days=6, frauds=8)
    challenged(case, NOW - 4 * DAY, "drift")
    assert counts(episode_of(run_at(NOW), NOW - 3 * DAY)) == (24, None)
    assert counts(episode_of(run_at(NOW - 5 * DAY + DAY / 2), NOW - 6 * DAY)) == (16, None)


def counts(one: Episode) -> tuple[int, datetime | None]:
    return one.positives, one.retrained


def verdict(case: UseCase, age: int, *, above: bool) -> str:
    """Keep a verdict of the day that ended so many days before `NOW`; return its id."""
    window = ending(NOW - age * DAY, DAY)
    tested = FeatureVerdict(name="V1", status=DriftStatus.TESTED, drifted=above)
    made = Verdict(
        id=f"tiny_{age}",
        status=DriftStatus.TESTED,
        rows_reference=100,
        rows_current=100,
        features=(tested,),
        window_start=window.start,
        window_end=window.end,
    )
    with production_store() as store:
        store.save_verdict(
            case,
            made.id,
            window=window,
            as_of=window.end,
            model_version="1",
            payload=TypeAdapter(Verdict).dump_json(made).decode(),
        )
    return made.id


def found_at(age: int) -> DriftFinding:
    return detect_drift(run_at(NOW - age * DAY, verdict_id=f"tiny_{age}"))


def test_the_stored_verdicts_say_when_the_drift_began(case: UseCase) -> None:
    for age, above in enumerate((True, True, False, True, False)):
        verdict(case, age, above=above)
    assert found_at(0).since == NOW - 2 * DAY
    assert found_at(1).since == NOW - 2 * DAY
    assert found_at(2).since is None
    assert found_at(3).since == NOW - 4 * DAY
    assert found_at(4).since is None


def test_a_retrain_that_is_started_by_hand_only_was_asked_for_by_a_person(case: UseCase) -> None:
    run = run_at(NOW)
    run.write("fresh", NewRows(rows=0, wanted=1000))
    run.write("drift", DriftFinding(verdict_id=None, share=None, since=None, words="no drift"))
    assert decide(run).reason is Reason.NO_CHAMPION
    folder = settings().use_cases
    assert folder is not None
    declared = yaml.safe_load((folder / "tiny.yml").read_text(encoding="utf-8"))
    declared["retrain"]["every"] = None
    (folder / "tiny.yml").write_text(yaml.safe_dump(declared), encoding="utf-8")
    assert decide(run).reason is Reason.FORCED
