"""The gate's decision is saved with the version and published; after a kill it is the same."""

import shutil
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest
import requests
from mlflow import MlflowClient
from pydantic import TypeAdapter

from monitoring.drift.verdict import DriftStatus, FeatureVerdict, Verdict
from monitoring.rows.rows import POSITIVE, Rows, moment64
from monitoring.rows.window import ending
from monitoring.settings import settings
from monitoring.signals.pipelines import Pipeline
from monitoring.steps.places import model_registry, production_store
from monitoring.steps.retrain import retrain_outcome
from monitoring.steps.retrain.candidates import Selection
from monitoring.steps.retrain.decision import (
    Decision,
    Reason,
    check_production_data,
    decide,
    detect_drift,
)
from monitoring.steps.retrain.promotion import back_up_champion, promote
from monitoring.steps.retrain.training_set import FILE, Merged
from monitoring.steps.run import Run
from monitoring.store.row_formats import write_snapshot
from monitoring.training.gate import Outcome, Rule
from monitoring.training.registry import Registry
from monitoring.training.train import train
from monitoring.use_case import UseCase
from tests.training.conftest import Job, job

AS_OF = datetime(2026, 2, 1, tzinfo=UTC)
DAY = timedelta(days=1)


@pytest.fixture(scope="module")
def cards(fraud_case: UseCase, card_rows: Rows) -> Job:
    """A logistic regression trained on every other payment of ten days."""
    return job(fraud_case, card_rows.take(slice(None, None, 2)))


@pytest.fixture(scope="module")
def logged(cards: Job, mlflow_tables: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a registry's database: version 1 hardly alarms and serves; run `good` is to come."""
    folder = tmp_path_factory.mktemp("logged")
    database = Path(shutil.copy(mlflow_tables, folder / "mlflow.db"))
    registry = Registry(f"sqlite:///{database}", folder / "artifacts")
    dear = cards.case.model_copy(
        update={"costs": cards.case.costs.model_copy(update={"review": 2000.0})}
    )
    name = cards.trained.model.candidate
    blind = train(dear, name, cards.split, cards.searched, data_hash="", seed=0)
    version = registry.register(cards.case, registry.log(cards.case, blind, "blind", AS_OF))
    registry.promote(cards.case, version)
    registry.log(cards.case, cards.trained, "good", AS_OF)
    return database


@pytest.fixture(autouse=True)
def _own_state(
    logged: Path, pushgateway: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[None]:
    shutil.copy(logged, tmp_path / "mlflow.db")
    monkeypatch.setenv("TOCSIN_STATE", str(tmp_path))
    monkeypatch.setenv("TOCSIN_PUSHGATEWAY_URL", pushgateway)
    settings.cache_clear()
    yield
    settings.cache_clear()


def run_asked_by(reason: Reason, cards: Job) -> Run:
    """Return a run that has selected the good candidate, and has everything else before it."""
    run = Run.open(Pipeline.RETRAIN, "fraud", ending(AS_OF, DAY))
    client = MlflowClient(tracking_uri=settings().tracking_url)
    experiment = client.get_experiment_by_name("fraud").experiment_id
    (good,) = client.search_runs([experiment], "tags.`tocsin.run_key` = 'good'")
    chosen = Selection(
        candidate="logistic_regression",
        run_id=good.info.run_id,
        failed=(),
        words="the only one",
        figures={},
    )
    run.write("selection", chosen)
    run.write("decision", Decision.by(reason, "asked for"))
    back_up_champion(run)
    merged = Merged(
        rows=len(cards.rows),
        positives=int((cards.rows.label == POSITIVE).sum()),
        from_production=0,
        data_hash=write_snapshot(cards.rows, run.folder / FILE),
        synthetic=True,
        quarantined={},
        equal_content=0,
        out_of_order=0,
    )
    run.write("merged", merged)
    return run


def parts() -> tuple[str | None, ...]:
    registry, case = model_registry(), Run.open(Pipeline.RETRAIN, "fraud", ending(AS_OF, DAY)).case
    versions = [of(case) for of in (registry.champion, registry.challenger, registry.previous)]
    return tuple(None if version is None else version.number for version in versions)


def pushed(pushgateway: str, name: str) -> list[str]:
    lines = requests.get(f"{pushgateway}/metrics", timeout=5).text.splitlines()
    return [line for line in lines if line.startswith(f"{name}{{") and 'use_case="fraud"' in line]


def test_the_better_model_takes_over_and_a_second_try_decides_the_same(
    cards: Job, pushgateway: str
) -> None:
    run = run_asked_by(Reason.NEW_ROWS, cards)
    done = promote(run)
    assert (done.gate.rule, done.gate.outcome) == (Rule.CHEAPER, Outcome.PROMOTED)
    assert (done.version, done.serving) == ("2", "2")
    assert parts() == ("2", None, "1")
    assert promote(run) == done
    assert parts() == ("2", None, "1")

    client = MlflowClient(tracking_uri=settings().tracking_url)
    tags = client.get_model_version("fraud", "2").tags
    assert tags["tocsin.gate.outcome"] == "promoted"
    assert tags["tocsin.asked_by"] == "new rows"
    assert tags["tocsin.as_of"] == AS_OF.isoformat()
    retrain_outcome.publish_metrics(run)
    [said] = pushed(pushgateway, "tocsin_gate_decision_info")
    assert 'outcome="promoted"' in said
    assert 'rule="cheaper"' in said
    assert float(tags["tocsin.gate.cost_difference_high"]) < 0
    changes = pushed(pushgateway, "tocsin_gate_cost_change_ratio")
    assert len(changes) == 3
    assert all(float(line.split()[-1]) < 0 for line in changes)
    assert "likely to cost less" in done.words
    assert "95% between" in done.words


def test_drift_that_waited_for_labels_waits_no_more_once_a_champion_came_of_the_run(
    cards: Job, pushgateway: str
) -> None:
    run = run_asked_by(Reason.NEW_ROWS, cards)
    run.write("decision", Decision.by(Reason.NEW_ROWS, "made up", waiting=True))
    assert promote(run).gate.promote
    retrain_outcome.publish_metrics(run)
    assert value(pushgateway, "tocsin_waiting_for_labels") == 0


def test_a_challenger_is_compared_with_whoever_serves_by_then(cards: Job) -> None:
    run = run_asked_by(Reason.DRIFT, cards)
    registry, case = model_registry(), run.case
    other = registry.register(case, run.need("selection", Selection).run_id)
    again = registry.log(case, cards.trained, "again", AS_OF)
    registry.promote(case, registry.register(case, again))  # a person did, meanwhile
    done = promote(run)
    assert done.gate.compared is not None
    assert done.gate.compared.new_cost == done.gate.compared.old_cost
    assert done.version == other.number


def test_a_loser_stays_in_the_shadow(cards: Job) -> None:
    run = run_asked_by(Reason.FORCED, cards)
    again = model_registry().log(run.case, cards.trained, "again", AS_OF)
    model_registry().promote(run.case, model_registry().register(run.case, again))
    done = promote(run)
    assert (done.gate.rule, done.gate.outcome) == (Rule.CHEAPER, Outcome.LOST)
    assert parts() == ("2", "3", "1")


def test_drift_that_waits_for_labels_is_a_metric_until_they_came(
    cards: Job, pushgateway: str
) -> None:
    case = cards.case
    verdict_id = drifted_window(case)
    frauds = cards.rows.take(np.flatnonzero(cards.rows.label == 1)[:30])
    at = np.full(30, moment64(AS_OF - DAY / 2))
    others = cards.rows.take(np.flatnonzero(cards.rows.label == 0)[:30])
    with production_store() as store:
        for rows in (frauds, others):
            store.add_rows(case, replace(rows, event_time=at, arrival_time=at))
        store.add_labels(case, frauds.row_id[:29], frauds.label[:29], at[:29])
    waiting = decided(verdict_id)
    assert (waiting.reason, waiting.waiting) == (Reason.WAITING_FOR_LABELS, True)
    assert value(pushgateway, "tocsin_waiting_for_labels") == 1
    with production_store() as store:
        store.add_labels(case, frauds.row_id, frauds.label, at)
    asked = decided(verdict_id)
    assert (asked.reason, asked.waiting) == (Reason.DRIFT, False)
    assert value(pushgateway, "tocsin_waiting_for_labels") == 0


def drifted_window(case: UseCase) -> str:
    """Keep a verdict of the day before `AS_OF` that lies above its limit; return its id."""
    window = ending(AS_OF, DAY)
    verdict = Verdict(
        id="fraud_drifted",
        status=DriftStatus.TESTED,
        rows_reference=100,
        rows_current=100,
        features=(FeatureVerdict(name="V1", status=DriftStatus.TESTED, drifted=True),),
        window_start=window.start,
        window_end=window.end,
    )
    with production_store() as store:
        store.save_verdict(
            case,
            verdict.id,
            window=window,
            as_of=AS_OF,
            model_version="1",
            payload=TypeAdapter(Verdict).dump_json(verdict).decode(),
        )
    return verdict.id


def decided(verdict_id: str) -> Decision:
    run = Run.open(Pipeline.RETRAIN, "fraud", ending(AS_OF, DAY), verdict_id=verdict_id)
    run.clear()
    check_production_data(run)
    detect_drift(run)
    decision = decide(run)
    retrain_outcome.publish_metrics(run)
    return decision


def value(pushgateway: str, name: str) -> float:
    [line] = pushed(pushgateway, name)
    return float(line.split()[-1])
