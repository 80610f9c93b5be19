"""A use case of three classes from file to report: retrain, traffic, estimate, scorecard, pages."""

import shutil
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest
from mlflow import MlflowClient

from monitoring.performance.scorecard import CardStatus
from monitoring.settings import settings
from monitoring.signals import Pipeline
from monitoring.signals.catalogue import STATUS
from monitoring.signals.class_metrics import (
    CLASS_COST,
    CLASS_DRIFT,
    CLASS_RECALL,
    DECIDED,
    ESTIMATED_CLASS,
    EXPECTED_CLASS,
)
from monitoring.signals.metric import Sample
from monitoring.steps import begin, in_process
from monitoring.steps.places import champion_model, model_registry, production_store
from monitoring.steps.replay import Wanted, replay
from monitoring.steps.report.measurement import Measured
from monitoring.steps.report.report_outcome import report_samples
from monitoring.steps.run import Run
from monitoring.training.model import Model
from monitoring.use_case import UseCase
from tests.fixtures.three_classes import NAMES, write_accidents

NOW = datetime(2026, 3, 1, tzinfo=UTC)


@pytest.fixture(scope="module")
def case(mlflow_tables: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[UseCase]:
    """The use case, watched by this process, with a champion and two days of its traffic."""
    folder = tmp_path_factory.mktemp("watched")
    (folder / "state").mkdir()
    shutil.copy(mlflow_tables, folder / "state" / "mlflow.db")
    case = write_accidents(folder, split="{by: random, random_state: 42, train: 0.6, test: 0.4}")
    where = {
        "TOCSIN_STATE": folder / "state",
        "TOCSIN_DATA": folder / "data",
        "TOCSIN_REPORTS": folder / "reports",
        "TOCSIN_USE_CASES": folder / "use_cases",
        "TOCSIN_HOLD_BACK": 0.2,
        "TOCSIN_DATABASE_URL": f"sqlite:///{folder / 'production'}.db",
    }
    with pytest.MonkeyPatch.context() as patch:
        for variable, value in where.items():
            patch.setenv(variable, str(value))
        settings.cache_clear()
        in_process.retrain(begin.by_hand(Pipeline.RETRAIN, case.name, as_of=NOW))
        replay(case, Wanted(NOW, length=timedelta(days=4)))
        yield case
    settings.cache_clear()


@pytest.fixture(scope="module")
def run(case: UseCase) -> Run:
    run = begin.by_hand(Pipeline.REPORT, case.name, as_of=NOW)
    in_process.report(run)
    return run


@pytest.fixture(scope="module")
def measured(run: Run) -> Measured:
    return run.need("measured", Measured)


@pytest.fixture(scope="module")
def champion(case: UseCase) -> Model:
    model = champion_model(case)
    assert model is not None
    return model


def test_the_champion_is_judged_by_class_on_its_test_rows(champion: Model) -> None:
    assert champion.test_classes is not None
    assert [one.name for one in champion.test_classes.classes] == list(NAMES)
    assert champion.test_classes.labelled == pytest.approx(0.8 * 2400, rel=0.05)


def test_mlflow_holds_the_figures_of_every_class(case: UseCase) -> None:
    version = model_registry().champion(case)
    assert version is not None
    logged = MlflowClient(f"sqlite:///{settings().state / 'mlflow.db'}").get_run(version.run_id)
    for name in NAMES:
        for figure in ("recall", "precision", "f1"):
            assert 0 <= logged.data.metrics[f"test_{figure}_{name}"] <= 1
    assert {"test_macro_f1", "test_weighted_recall", "test_class_cost"} <= set(logged.data.metrics)


def test_a_report_has_scorecard_and_estimate_by_class(measured: Measured) -> None:
    assert measured.classes is not None
    assert measured.realised is not None
    fatal = measured.classes.classes[2]
    assert (fatal.rows, fatal.right) == (measured.realised.positives, measured.realised.detected)
    assert measured.classes.cost is not None
    estimated = measured.estimated_classes
    assert estimated is not None
    assert estimated.status is CardStatus.JUDGED
    assert sum(one.rows for one in estimated.classes) == pytest.approx(estimated.rows)
    assert estimated.cost is not None
    assert "Recall by class: slight" in measured.text(case_of_accidents())


def case_of_accidents() -> UseCase:
    return begin.by_hand(Pipeline.REPORT, "accidents", as_of=NOW).declared


def test_the_verdict_has_the_drift_of_the_decided_classes(measured: Measured) -> None:
    assert measured.verdict.decided_class is not None
    assert measured.verdict.decided_class.effect is not None
    assert measured.verdict.decided_class.name not in {
        part.name for part in measured.verdict.features
    }


def test_every_figure_by_class_is_published(case: UseCase, measured: Measured) -> None:
    samples = report_samples(case, measured, rows=1, as_of=NOW)

    def of(metric: object) -> list[Sample]:
        return [sample for sample in samples if sample.metric is metric]

    assert {sample.labels["class"] for sample in of(CLASS_RECALL)} == set(NAMES)
    assert len(of(DECIDED)) == 9
    assert measured.classes is not None
    assert sum(sample.value for sample in of(DECIDED)) == measured.classes.labelled
    assert len(of(ESTIMATED_CLASS)) == 9
    assert len(of(EXPECTED_CLASS)) == 3
    assert len(of(CLASS_COST)) == len(of(CLASS_DRIFT)) == 1


def test_figures_by_class_that_are_absent_say_why(case: UseCase, measured: Measured) -> None:
    absent = measured.model_copy(update={"classes": None, "estimated_classes": None})
    samples = report_samples(case, absent, rows=1, as_of=NOW)
    said = {s.labels["of"]: s.labels["status"] for s in samples if s.metric is STATUS}
    assert said["classes of production champion"] == "no rows"
    assert said["estimate by class"] == "not measured"


def test_the_report_shows_the_confusion_matrix_in_words_of_the_use_case(
    case: UseCase, run: Run, measured: Measured
) -> None:
    (page,) = (settings().reports / case.name).glob("*performance*.html")
    text = page.read_text(encoding="utf-8")
    for words in ("Confusion matrix", "Decided fatal", "fatal (watched)", "severe accidents"):
        assert words in text
    assert measured.classes is not None
    assert f"{measured.classes.matrix[2][2]:,}" in text


def test_the_store_hands_the_next_retrain_the_classes_of_its_labels(case: UseCase) -> None:
    with production_store() as store:
        rows = store.training_rows(case, NOW, None, folder=settings().archives)
    assert rows.true_class is not None
    assert set(rows.true_class) == {0, 1, 2}
    assert np.array_equal(rows.label == 1, rows.true_class == 2)
