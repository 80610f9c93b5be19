"""Full disks, files that are cut, an hour's jump, two retrains at once."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import sqlalchemy as sa

from monitoring.errors import TocsinError
from monitoring.reports.entry import ReportKind
from monitoring.rows.window import ending
from monitoring.settings import settings
from monitoring.signals.pipelines import Pipeline
from monitoring.sources.synthetic.frames import synthetic_frame
from monitoring.steps import begin, in_process
from monitoring.steps.ingest import Ingested, ingest
from monitoring.steps.places import model_registry, production_store
from monitoring.steps.replay import Wanted, replay
from monitoring.store.database_failure import StoreError
from monitoring.store.schema import archived_rows, consumed_rows, production_rows, verdicts
from monitoring.training import TrainingError
from monitoring.training.run_record import BUNDLE
from monitoring.use_case import UseCase
from tests.fixtures.disks import disk, full
from tests.fixtures.tiny import write_tiny

pytestmark = pytest.mark.faults

NAME = "harmed"
ORIGIN = datetime(2026, 1, 1, tzinfo=UTC)
END = datetime(2026, 2, 1, tzinfo=UTC)
SENT = 30

DISK_FULL = r"production\.db failed: .*the disk that it lies on is full: free some space"

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

    def champion(self) -> str:
        """Return the number of the version that serves."""
        version = model_registry().champion(self.case)
        assert version is not None
        return str(version.number)

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
            if f"{as_of:%Y%m%dT%H%M%S}" in path.name
            and path.suffix != ".json"
            and not path.name.startswith(Pipeline.RETRAIN)
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
    with full(bench.folder / "models"), pytest.raises(TocsinError, match="No space left"):
        bench.retrain(as_of)
    assert bench.versions() == before
    bench.retrain(as_of)
    assert len(bench.versions() - before) == 1
    bench.check_rows(as_of)


@pytest.mark.parametrize("what", ["report", "retrain"])
def test_on_a_full_disk_for_the_store_a_run_says_so_and_the_next_one_is_whole(
    bench: Bench, what: str
) -> None:
    as_of, before = bench.moment(), bench.versions()
    run = getattr(bench, what)
    with full(bench.folder / "store"), pytest.raises(StoreError, match=DISK_FULL):
        run(as_of)
    assert bench.versions() == before
    run(as_of)
    assert len(bench.versions() - before) == (what == "retrain")
    if what == "report":
        bench.check_report(as_of)
    else:
        bench.check_rows(as_of)
        assert all(len(payloads) == 1 for payloads in verdicts_of(as_of).values())


def test_on_a_full_disk_for_the_store_no_row_is_half_stored_and_the_same_file_brings_each_once(
    bench: Bench,
) -> None:
    as_of, before = bench.moment(), bench.count(production_rows)
    path = bench.folder / "full.csv"
    bench.rows_until(as_of).to_csv(path, index=False)
    with full(bench.folder / "store"), pytest.raises(StoreError, match=DISK_FULL):
        bench.ingest(path, as_of)
    assert bench.ingest(path, as_of).rows.added == SENT
    assert bench.count(production_rows) == before + SENT
    assert bench.ingest(path, as_of).new == 0


def test_a_number_cut_short_at_the_end_of_a_file_is_stored_as_it_is_once_the_file_is_whole(
    bench: Bench,
) -> None:
    as_of = bench.moment()
    rows = bench.rows_until(as_of).assign(id=[f"short-{n}" for n in range(SENT)], Amount=1234.5)
    path = bench.folder / "short.csv"
    rows[["id", *(name for name in rows if name not in ("id", "Amount")), "Amount"]].to_csv(
        path, index=False
    )
    whole = path.read_bytes()
    path.write_bytes(whole[: -len(".5\n")])
    cut = bench.ingest(path, as_of, "id")
    assert (cut.rows.added, cut.rows.set_aside) == (SENT - 1, 1)
    path.write_bytes(whole)
    after = bench.ingest(path, as_of, "id")
    assert (after.rows.added, after.rows.repeated, after.set_aside) == (1, SENT - 1, {})
    with production_store() as store:
        stored = store.window(bench.case, ending(as_of, timedelta(minutes=1)), as_of)
    short = [str(row_id).startswith("short-") for row_id in stored.row_id]
    assert stored.features["Amount"][short].tolist() == [1234.5] * SENT


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


@pytest.mark.parametrize(
    "file", ["model.skops", "reference.tocsin", "reference_sample.parquet", "manifest.json"]
)
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
    as_of, versions = bench.moment(), bench.versions()
    bench.report(as_of)
    before = verdicts_of(as_of)
    serving = bench.champion()
    assert list(before) == [serving]
    bench.report(as_of + jump)
    bench.retrain(as_of + jump)
    bench.report(as_of)
    bench.retrain(as_of)
    # One of each version that serves: the one of before, unchanged, and that of a new champion.
    after = verdicts_of(as_of)
    assert after[serving] == before[serving]
    assert set(after) <= {serving, *(bench.versions() - versions)}
    for moment in (as_of, as_of + jump):
        assert all(len(payloads) == 1 for payloads in verdicts_of(moment).values())
    assert len(bench.versions() - versions) == 2
    bench.check_rows(as_of)


def verdicts_of(as_of: datetime) -> dict[str, list[str]]:
    """Return the verdicts of the window that ends at a moment, by the version of the model."""
    found: dict[str, list[str]] = {}
    with production_store() as store, store.engine.connect() as connection:
        made = sa.select(verdicts.c.model_version, verdicts.c.payload).where(
            verdicts.c.window_end == as_of
        )
        for version, payload in connection.execute(made):
            found.setdefault(version, []).append(payload)
    return found


def test_two_retrains_at_once_make_a_version_each_and_share_no_row(bench: Bench) -> None:
    as_of, before = bench.moment(), bench.versions()
    path = bench.folder / "both.csv"
    bench.rows_until(as_of).to_csv(path, index=False)
    assert bench.ingest(path, as_of).rows.added == SENT
    codes, said = retrained_at_once(as_of, as_of + timedelta(seconds=30))
    assert codes == [0, 0], said
    assert len(bench.versions() - before) == 2
    assert bench.champion() in bench.versions()
    bench.check_rows(as_of)


def test_of_two_retrains_of_one_moment_one_runs_and_the_other_says_so(bench: Bench) -> None:
    """Before: the later one emptied the folder of the first, whose steps then found no results."""
    as_of, before = bench.moment(), bench.versions()
    codes, said = retrained_at_once(as_of, as_of)
    assert sorted(codes) == [0, 2], said
    assert "is running in another process" in said[codes.index(2)]
    assert len(bench.versions() - before) == 1
    bench.check_rows(as_of)


def retrained_at_once(*moments: datetime) -> tuple[list[int], list[str]]:
    """Start a retrain for each moment at the same time; return how each ended, and its output."""
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
    return [command.returncode for command in commands], said
