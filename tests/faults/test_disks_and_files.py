"""Full disks, files that are cut, an hour's jump, two retrains at once."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import sqlalchemy as sa

from monitoring.errors import TocsinError
from monitoring.reports.entry import ReportKind
from monitoring.settings import settings
from monitoring.sources.synthetic.frames import synthetic_frame
from monitoring.steps import begin, in_process
from monitoring.steps.ingest import Ingested, ingest
from monitoring.steps.places import model_registry, production_store
from monitoring.steps.replay import Wanted, replay
from monitoring.store.schema import archived_rows, consumed_rows, production_rows, verdicts
from monitoring.training import TrainingError
from monitoring.training.run_record import BUNDLE
from monitoring.use_case import UseCase
from tests.fixtures.tiny import write_tiny

pytestmark = pytest.mark.faults

NAME = "harmed"
ORIGIN = datetime(2026, 1, 1, tzinfo=UTC)
END = datetime(2026, 2, 1, tzinfo=UTC)
SENT = 30

RETRAIN = (sys.executable, "-m", "monitoring.cli", "retrain", NAME, "--force")


@dataclass
class Bench:
    """A use case with a champion and traffic; reports, store and models lie on disks of their own.

    Attributes
    ----------
    runs
        How many moments were taken: each test looks from later ones.
    """

    case: UseCase
    folder: Path
    runs: int = 0

    def moment(self) -> datetime:
        """Return a moment from which nobody has looked yet."""
        self.runs += 1
        return END + timedelta(minutes=self.runs)

    def rows_until(self, as_of: datetime) -> pd.DataFrame:
        """Return labelled rows of the minute before a moment."""
        frame = synthetic_frame(self.case, SENT, seed=1000 + self.runs, positive_rate=0.2)
        end = (as_of - ORIGIN).total_seconds()
        frame["Time"] = np.linspace(end - 50, end - 10, SENT).round(3)
        return frame

    def ingest(self, path: Path, as_of: datetime, ids: str | None = None) -> Ingested:
        """Bring a file in, as it was known right before a moment."""
        now, columns = as_of - timedelta(seconds=1), self.case.columns
        case = self.case.model_copy(update={"columns": columns.model_copy(update={"id": ids})})
        return ingest(case, str(path), now=now, progress=lambda *_: None)

    def count(self, table: sa.Table) -> int:
        """Return how many records a table has."""
        with production_store() as store, store.engine.connect() as connection:
            return connection.execute(sa.select(sa.func.count()).select_from(table)).scalar_one()

    def versions(self) -> set[str]:
        """Return the numbers of all versions of the model."""
        client = model_registry()._client()
        return {str(v.version) for v in client.search_model_versions(f"name = '{NAME}'")}

    def report(self, as_of: datetime) -> None:
        """Run a report in this process."""
        in_process.report(begin.by_hand("report", NAME, as_of=as_of))

    def retrain(self, as_of: datetime) -> None:
        """Run a retrain in this process, whatever it finds."""
        in_process.retrain(begin.by_hand("retrain", NAME, as_of=as_of, force=True))

    def pages(self, as_of: datetime) -> list[str]:
        """Return the names of the reports of a moment, and of what was left half-written."""
        folder = settings().reports / NAME
        assert isinstance(folder, Path)
        return sorted(
            path.name
            for path in folder.iterdir()
            if f"{as_of:%Y%m%dT%H%M%S}" in path.name and path.suffix != ".json"
        )

    def check_report(self, as_of: datetime) -> None:
        """Check that a moment has each page and its verdict once."""
        assert [name.partition("_")[0] for name in self.pages(as_of)] == sorted(ReportKind)
        with production_store() as store, store.engine.connect() as connection:
            made = sa.select(sa.func.count()).where(verdicts.c.window_end == as_of)
            assert connection.execute(made).scalar_one() == 1

    def check_rows(self, as_of: datetime) -> None:
        """Check that each row has counted once, and none is left."""
        assert self.count(archived_rows) <= self.count(consumed_rows)
        assert self.count(consumed_rows) <= self.count(production_rows)
        with production_store() as store:
            assert store.new_labelled(self.case, as_of) == 0
            rows = store.training_rows(self.case, as_of, None, folder=settings().archives)
        assert len(np.unique(rows.row_id)) == len(rows)


@contextmanager
def disk(folder: Path) -> Iterator[None]:
    """Have a folder lie on a small disk of its own, where that is allowed."""
    folder.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=96m", "tocsin-test", str(folder)],
        capture_output=True,
        text=True,
        check=False,
    )
    if mounted.returncode != 0:
        pytest.skip(f"no disk of its own can be mounted: {mounted.stderr.strip()}")
    try:
        yield
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)


@contextmanager
def full(folder: Path) -> Iterator[None]:
    """Fill the disk that a folder lies on, until the block ends."""
    filler = folder / "filler"
    try:
        with filler.open("wb", buffering=0) as file:
            while True:
                try:
                    file.write(b"\0" * 4096)
                except OSError:
                    break
        yield
    finally:
        filler.unlink()


@pytest.fixture(scope="module")
def bench(tmp_path_factory: pytest.TempPathFactory, mlflow_tables: Path) -> Iterator[Bench]:
    """Return the use case, its champion trained and its traffic replayed."""
    folder = tmp_path_factory.mktemp("bench")
    case = write_tiny(NAME, folder, quick=True)
    with pytest.MonkeyPatch.context() as patch, ExitStack() as disks:
        for name in ("reports", "store", "models"):
            disks.enter_context(disk(folder / name))
        (folder / "state").mkdir()
        (folder / "state" / "mlflow.db").write_bytes(mlflow_tables.read_bytes())
        for name, value in {
            "STATE": folder / "state",
            "HOLD_BACK": 0.2,
            "DATA": folder / "data",
            "USE_CASES": folder / "use_cases",
            "REPORTS": folder / "reports" / "reports",
            "ARTIFACTS": folder / "models" / "artifacts",
            "DATABASE_URL": f"sqlite:///{folder / 'store' / 'production.db'}",
        }.items():
            patch.setenv(f"TOCSIN_{name}", str(value))
        settings.cache_clear()
        made = Bench(case, folder)
        made.retrain(END - timedelta(days=3))
        replay(case, Wanted(END))
        yield made
    settings.cache_clear()


def test_on_a_full_disk_no_report_is_half_written_and_the_next_try_writes_it(bench: Bench) -> None:
    as_of = bench.moment()
    with full(bench.folder / "reports"), pytest.raises(OSError, match="No space left"):
        bench.report(as_of)
    assert bench.pages(as_of) == []
    bench.report(as_of)
    bench.check_report(as_of)


def test_on_a_full_disk_no_model_is_half_logged_and_the_next_retrain_makes_one(
    bench: Bench,
) -> None:
    as_of, before = bench.moment(), bench.versions()
    with full(bench.folder / "models"), pytest.raises(TocsinError):
        bench.retrain(as_of)
    assert bench.versions() == before
    bench.retrain(as_of)
    assert len(bench.versions() - before) == 1
    bench.check_rows(as_of)


@pytest.mark.parametrize("kind", ["csv", "parquet"])
def test_of_a_half_written_file_nothing_is_stored_twice_when_it_comes_whole(
    bench: Bench, kind: str
) -> None:
    as_of, before = bench.moment(), bench.count(production_rows)
    rows = bench.rows_until(as_of).assign(id=[f"{kind}-{n}" for n in range(SENT)])
    path = bench.folder / f"half.{kind}"
    rows.to_csv(path, index=False) if kind == "csv" else rows.to_parquet(path)
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) * 2 // 3])
    if kind == "csv":
        first = bench.ingest(path, as_of, "id").rows
        assert 0 < first.added < SENT
    else:
        with pytest.raises(TocsinError, match=r"half\.parquet"):
            bench.ingest(path, as_of, "id")
        assert bench.count(production_rows) == before
    path.write_bytes(whole)
    bench.ingest(path, as_of, "id")
    assert bench.count(production_rows) == before + SENT
    with production_store() as store, store.engine.connect() as connection:
        came = sa.select(production_rows.c.row_id).where(production_rows.c.row_id.like(f"{kind}-%"))
        assert sorted(connection.execute(came).scalars()) == sorted(rows["id"])


def test_a_retrain_on_a_half_written_source_makes_its_one_version(bench: Bench) -> None:
    as_of, before = bench.moment(), bench.versions()
    source = bench.folder / "data" / f"{NAME}.csv"
    whole = source.read_bytes()
    source.write_bytes(whole[:-30])
    try:
        bench.retrain(as_of)
    finally:
        source.write_bytes(whole)
    assert len(bench.versions() - before) == 1
    bench.check_rows(as_of)


@pytest.mark.parametrize("file", ["model.skops"])
def test_a_report_by_a_half_written_model_names_it_and_the_next_one_is_whole(
    bench: Bench, file: str
) -> None:
    as_of = bench.moment()
    champion = model_registry().champion(bench.case)
    assert champion is not None
    (path,) = (bench.folder / "models").rglob(f"{champion.run_id}/**/{BUNDLE}/{file}")
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) // 2])
    try:
        with pytest.raises(TrainingError, match=file):
            bench.report(as_of)
    finally:
        path.write_bytes(whole)
    bench.report(as_of)
    bench.check_report(as_of)


@pytest.mark.parametrize("jump", [timedelta(hours=1), -timedelta(hours=1)])
def test_an_hour_s_jump_changes_no_figure_of_the_run_after_it(
    bench: Bench, jump: timedelta
) -> None:
    as_of = bench.moment()
    bench.report(as_of)
    before = verdict_of(as_of)
    bench.report(as_of + jump)
    bench.retrain(as_of + jump)
    bench.report(as_of)
    bench.retrain(as_of)
    assert set(before) <= set(verdict_of(as_of))
    bench.check_rows(as_of)


def verdict_of(as_of: datetime) -> list[str]:
    """Return the verdicts of the window that ends at a moment."""
    with production_store() as store, store.engine.connect() as connection:
        made = sa.select(verdicts.c.payload).where(verdicts.c.window_end == as_of)
        return list(connection.execute(made).scalars())


def test_two_retrains_at_once_make_a_version_each_and_share_no_row(bench: Bench) -> None:
    as_of, before = bench.moment(), bench.versions()
    path = bench.folder / "both.csv"
    bench.rows_until(as_of).to_csv(path, index=False)
    assert bench.ingest(path, as_of).rows.added == SENT
    moments = (as_of, as_of + timedelta(seconds=30))
    commands = [
        subprocess.Popen(
            [*RETRAIN, "--as-of", moment.isoformat()],
            env=dict(os.environ),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        for moment in moments
    ]
    said = [command.communicate(timeout=600)[0] for command in commands]
    assert [command.returncode for command in commands] == [0, 0], said
    assert len(bench.versions() - before) == 2
    champion = model_registry().champion(bench.case)
    assert champion is not None
    bench.check_rows(as_of)
