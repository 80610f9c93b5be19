"""Arms of a target of classes: figures of each class, on the rows that an arm decided on."""

import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest

from monitoring.rows.rows import Role, Rows
from monitoring.rows.window import Window
from monitoring.settings import settings
from monitoring.signals import Pipeline
from monitoring.signals.catalogue import STATUS
from monitoring.signals.class_metrics import AVERAGED, CLASS_COST, CLASS_RECALL, DECIDED
from monitoring.signals.statuses import Unmeasured
from monitoring.sources.source import read_source
from monitoring.steps import begin, in_process
from monitoring.steps.places import champion_model, model_registry, production_store
from monitoring.steps.replay import labels_of, moved
from monitoring.steps.report.measurement import Measured
from monitoring.steps.report.report_outcome import report_samples
from monitoring.steps.run import Run
from monitoring.training.model import Model
from monitoring.use_case import UseCase
from monitoring.use_case_file import load_use_case
from tests.fixtures.three_classes import NAMES, write_accidents
from tests.steps.measured import measure_stored

NOW = datetime(2026, 3, 1, tzinfo=UTC)
DAY = timedelta(days=1)
TRAFFIC = Window(NOW - 2 * DAY, NOW - DAY)


@dataclass(frozen=True)
class Decided:
    """A day of which a champion decided on some rows, and a version beside it on the others."""

    case: UseCase
    champion: Model
    arm: Model
    own: Rows
    of_arm: Rows
    measured: Measured

    @property
    def role(self) -> str:
        """What the figures of the arm are published under."""
        return f"arm {self.arm.candidate}"


@pytest.fixture(scope="module")
def decided(mlflow_tables: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Decided]:
    folder = tmp_path_factory.mktemp("class_arms")
    (folder / "state").mkdir()
    shutil.copy(mlflow_tables, folder / "state" / "mlflow.db")
    write_accidents(folder)
    file = folder / "use_cases" / "accidents.yml"
    with file.open("a", encoding="utf-8") as written:
        written.write("serve: {shares: {challenger: 0.3}}\n")
    case = load_use_case(file)
    where = {
        "TOCSIN_STATE": folder / "state",
        "TOCSIN_DATA": folder / "data",
        "TOCSIN_USE_CASES": folder / "use_cases",
        "TOCSIN_DATABASE_URL": f"sqlite:///{folder / 'production'}.db",
    }
    with pytest.MonkeyPatch.context() as patch:
        for variable, value in where.items():
            patch.setenv(variable, str(value))
        settings.cache_clear()
        in_process.retrain(begin.by_hand(Pipeline.RETRAIN, case.name, as_of=TRAFFIC.start))
        yield with_traffic(case)
    settings.cache_clear()


def with_traffic(case: UseCase) -> Decided:
    """Send a day's rows, a third of them to another candidate's version; measure it."""
    champion, registry = champion_model(case), model_registry()
    assert champion is not None
    beside = next(name for name in case.candidates if name != champion.candidate)
    version = registry.newest(case, beside)
    assert version is not None
    arm = registry.load(case, version.number)
    rows = read_source(case, settings().data).rows
    sent = moved(rows.take(slice(0, 3000)), TRAFFIC, timedelta(hours=2))
    third = np.arange(len(sent)) % 3 == 0
    own, of_arm = sent.take(~third), sent.take(third)
    run = Run.open(Pipeline.REPORT, case.name, Window(NOW - DAY, NOW))
    with production_store() as store:
        store.add_rows(case, sent)
        for model, part, role in ((champion, own, Role.CHAMPION), (arm, of_arm, Role.ARM)):
            scores, probabilities = model.scores(part.features)
            store.add_scores(
                case,
                part.row_id,
                scores,
                alarmed=scores >= model.threshold,
                model_version=str(model.version),
                role=role,
                scored_at=part.arrival_time,
                probabilities=probabilities,
            )
        store.add_labels(case, sent.row_id, labels_of(case, sent), sent.label_time)
        measured = measure_stored(run, store, champion)
    return Decided(case, champion, arm, own, of_arm, measured)


def test_an_arm_has_the_figures_of_each_class_on_its_own_rows(decided: Decided) -> None:
    (arm,) = decided.measured.arms.figures
    assert arm.classes is not None
    assert decided.measured.classes is not None
    for card, rows in ((decided.measured.classes, decided.own), (arm.classes, decided.of_arm)):
        assert card.labelled == len(rows)
        assert rows.true_class is not None
        counted = np.bincount(rows.true_class, minlength=3).tolist()
        assert [one.rows for one in card.classes] == counted
    assert arm.classes.sentence in arm.sentence(decided.case)


def test_each_class_of_an_arm_is_published_beside_the_champion_s(decided: Decided) -> None:
    samples = report_samples(decided.case, decided.measured, rows=1, as_of=NOW)
    for metric, each in ((CLASS_RECALL, 3), (DECIDED, 9), (CLASS_COST, 1), (AVERAGED, 9)):
        by_role = [sample.labels["role"] for sample in samples if sample.metric is metric]
        assert {role: by_role.count(role) for role in by_role} == {
            "champion": each,
            decided.role: each,
        }
    own = [sample for sample in samples if sample.metric is DECIDED]
    of_arm = [sample for sample in own if sample.labels["role"] == decided.role]
    assert sum(sample.value for sample in of_arm) == len(decided.of_arm)
    assert {sample.labels["class"] for sample in of_arm} == set(NAMES)


def test_classes_of_an_arm_that_cannot_be_loaded_say_why(decided: Decided) -> None:
    (arm,) = decided.measured.arms.figures
    lost = arm.model_copy(update={"card": None, "classes": None})
    arms = decided.measured.arms.model_copy(update={"figures": (lost,)})
    measured = decided.measured.model_copy(update={"arms": arms})
    samples = report_samples(decided.case, measured, rows=1, as_of=NOW)
    said = {s.labels["of"]: s.labels["status"] for s in samples if s.metric is STATUS}
    assert said[f"classes of production {decided.role}"] == Unmeasured.UNREADABLE
    assert said[f"production {decided.role}"] == Unmeasured.UNREADABLE
