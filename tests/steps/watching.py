"""What tests of watched models share: logs whose model was adopted, and figures of a day."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from monitoring.rows.window import ending
from monitoring.settings import settings
from monitoring.signals.pipelines import Pipeline
from monitoring.steps.adopt import adopt
from monitoring.steps.places import champion_model, production_store
from monitoring.steps.report.measurement import Measured, measure_windows
from monitoring.steps.report.windows import windows_of
from monitoring.steps.run import Run
from tests.fixtures.watched import DAY, FIRST, Logs, write_logs

ADOPTED_AT = FIRST + 15 * DAY


@pytest.fixture(scope="package")
def written(tmp_path_factory: pytest.TempPathFactory, mlflow_tables: Path) -> Path:
    """A folder of logs whose model was adopted."""
    folder = tmp_path_factory.mktemp("watched")
    logs = write_logs(folder)
    (folder / "state").mkdir()
    (folder / "state" / "mlflow.db").write_bytes(mlflow_tables.read_bytes())
    with pytest.MonkeyPatch.context() as patch:
        use(folder, folder / "state", patch)
        adopt(logs.case, now=ADOPTED_AT)
    settings.cache_clear()
    return folder


def use(folder: Path, state: Path, patch: pytest.MonkeyPatch) -> None:
    patch.setenv("TOCSIN_STATE", str(state))
    patch.setenv("TOCSIN_DATA", str(folder / "data"))
    patch.setenv("TOCSIN_USE_CASES", str(folder / "use_cases"))
    settings.cache_clear()


@pytest.fixture
def logs(written: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Logs]:
    """The logs, linked into a folder that a test may change, and a store of its own."""
    shutil.copytree(written, tmp_path / "mine")
    use(tmp_path / "mine", written / "state", monkeypatch)
    monkeypatch.setenv("TOCSIN_DATABASE_URL", f"sqlite:///{tmp_path}/production.db")
    monkeypatch.setenv("TOCSIN_REPORTS", str(tmp_path / "reports"))
    settings.cache_clear()
    yield Logs(tmp_path / "mine")
    settings.cache_clear()


def measured(logs: Logs, day: int) -> Measured:
    """Measure the windows of a report at the end of a day."""
    run = Run.open(Pipeline.REPORT, "payments", ending(FIRST + (day + 1) * DAY, DAY))
    model = champion_model(logs.case)
    assert model is not None
    with production_store() as store:
        return measure_windows(run, windows_of(logs.case, store), model)
