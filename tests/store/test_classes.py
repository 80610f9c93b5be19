"""A target of classes in the store: labels by name, a probability per class, archives with both."""

import json
import shutil
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest
import sqlalchemy as sa

from monitoring.errors import InputError
from monitoring.rows.rows import UNLABELLED, Role, Rows
from monitoring.rows.window import Window
from monitoring.sources.source import read_source
from monitoring.store.database import MIGRATIONS
from monitoring.store.production_store import ProductionStore, open_store
from monitoring.store.row_formats import read_snapshot, write_snapshot
from monitoring.use_case import UseCase
from monitoring.use_case_columns import Features
from tests.fixtures.three_classes import NAMES, write_accidents
from tests.test_saved_formats import SAVED


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("accidents")


@pytest.fixture(scope="module")
def case(folder: Path) -> UseCase:
    return write_accidents(folder, rows=60)


@pytest.fixture(scope="module")
def sent(case: UseCase, folder: Path) -> Rows:
    rows = read_source(case, folder / "data").rows
    rng = np.random.default_rng(0)
    probabilities = rng.dirichlet([1, 1, 1], len(rows))
    return replace(rows, score=probabilities[:, 2], probabilities=probabilities, model_version="1")


@pytest.fixture
def store(tmp_path: Path, case: UseCase, sent: Rows) -> ProductionStore:
    store = open_store(f"sqlite:///{tmp_path / 'store.db'}")
    store.add_rows(case, sent)
    assert sent.score is not None
    store.add_scores(
        case,
        sent.row_id,
        sent.score,
        alarmed=sent.score > 0.5,
        model_version="1",
        role=Role.CHAMPION,
        scored_at=sent.event_time,
        probabilities=sent.probabilities,
    )
    return store


def names_of(rows: Rows) -> list[str]:
    return [NAMES[place] for place in np.asarray(rows.true_class)]


def whole(rows: Rows) -> tuple[Window, datetime]:
    """Return a window of all rows, and a moment when all of their labels have come."""
    start: datetime = rows.event_time[0].item().replace(tzinfo=UTC)
    end = start + timedelta(days=30)
    return Window(start, end), end


def test_labels_by_name_and_a_probability_per_class_come_back(
    store: ProductionStore, case: UseCase, sent: Rows
) -> None:
    added = store.add_labels(case, sent.row_id[:40], names_of(sent)[:40], sent.label_time[:40])
    assert added.added == 40
    window, as_of = whole(sent)
    rows = store.window(case, window, as_of)
    assert np.array_equal(rows.row_id, sent.row_id)
    np.testing.assert_array_equal(rows.probabilities, sent.probabilities)
    assert rows.true_class is not None
    labelled = np.isin(rows.row_id, sent.row_id[:40])
    assert np.array_equal(rows.true_class[labelled], np.asarray(sent.true_class)[:40])
    assert (rows.true_class[~labelled] == UNLABELLED).all()
    assert np.array_equal(rows.label == 1, rows.true_class == 2)


def test_a_label_that_is_no_class_is_set_aside_and_another_class_contradicts(
    store: ProductionStore, case: UseCase, sent: Rows
) -> None:
    ids, at = sent.row_id[:2], sent.label_time[:2]
    assert store.add_labels(case, ids, ["slight", "unheard of"], at).quarantined == 1
    again = store.add_labels(case, ids[:1], ["slight"], at[:1])
    other = store.add_labels(case, ids[:1], ["serious"], at[:1])
    assert (again.repeated, again.conflicting) == (1, 0)
    assert (other.repeated, other.conflicting) == (0, 1)
    with store.engine.connect() as connection:
        kept = connection.execute(sa.text("SELECT true_class FROM label_conflicts")).scalars().all()
        shown = connection.execute(sa.text("SELECT detail FROM quarantined_rows")).scalar_one()
    assert kept == ["serious"]
    assert shown == "label: unheard of"


def test_probabilities_of_another_number_of_classes_are_an_error(
    store: ProductionStore, case: UseCase, sent: Rows
) -> None:
    with pytest.raises(InputError, match=r"3 classes \(slight, serious, fatal\) are needed, not"):
        store.add_scores(
            case,
            sent.row_id,
            np.asarray(sent.score),
            alarmed=np.zeros(len(sent), bool),
            model_version="2",
            role="champion",
            scored_at=sent.event_time,
            probabilities=np.asarray(sent.probabilities)[:, :2],
        )


def test_archives_and_training_rows_hold_the_classes(
    store: ProductionStore, case: UseCase, sent: Rows, tmp_path: Path
) -> None:
    store.add_labels(case, sent.row_id, names_of(sent), sent.label_time)
    _, as_of = whole(sent)
    store.archive(case, "run", as_of, tmp_path / "archives")
    rows = store.training_rows(case, as_of, None, folder=tmp_path / "archives")
    assert np.array_equal(np.asarray(rows.true_class), np.asarray(sent.true_class))
    (file,) = (tmp_path / "archives").iterdir()
    table = pq.read_table(file)
    assert table["true_class"].to_pylist() == names_of(sent)
    first = json.loads(table["probabilities"][0].as_py())
    assert list(first) == list(NAMES)


def test_a_snapshot_holds_the_classes(case: UseCase, sent: Rows, tmp_path: Path) -> None:
    sha256 = write_snapshot(sent, tmp_path / "rows.parquet")
    assert isinstance(case.columns.features, Features)
    rows = read_snapshot(tmp_path / "rows.parquet", case.columns.features, sha256=sha256)
    assert np.array_equal(np.asarray(rows.true_class), np.asarray(sent.true_class))


def test_a_store_of_before_gets_the_columns_and_keeps_its_rows(tmp_path: Path) -> None:
    shutil.copy(SAVED / "store.db", tmp_path / "store.db")
    with open_store(f"sqlite:///{tmp_path / 'store.db'}") as store, store.engine.connect() as now:
        version = now.execute(sa.text("SELECT version_num FROM alembic_version")).scalar_one()
        assert version == max(path.name[:4] for path in (MIGRATIONS / "versions").glob("0*.py"))
        counts = sa.text("SELECT count(*), count(true_class) FROM labels")
        rows, named = now.execute(counts).one()
        assert rows > 0
        assert named == 0
