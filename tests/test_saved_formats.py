"""What earlier versions saved is read by the code as it is now.

Format 1 is all that version 0.1.0 saved, before its modules moved; format 2 added the hash of their
content to references and summaries.
"""

import gzip
import json
import shutil
import sqlite3
from datetime import timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from monitoring.rows.window import Window
from monitoring.steps.window_verdict import load_verdict
from monitoring.store.production_store import ProductionStore, open_store
from monitoring.summary.files import load_reference, load_summary
from monitoring.training.trained import Trained
from tests.store.made import NOON, use_case

FIXTURES = Path(__file__).parent / "fixtures"
SAVED = FIXTURES / "format_1"
AS_OF = NOON + timedelta(days=1)
CASE = use_case(absent="negative")


@pytest.fixture(scope="module")
def expected() -> dict[str, Any]:
    """What the code that wrote the files said of them."""
    facts: dict[str, Any] = json.loads((SAVED / "expected.json").read_text(encoding="utf-8"))
    return facts


@pytest.fixture
def store(tmp_path: Path) -> ProductionStore:
    """A copy of the saved store, opened and brought up to date."""
    shutil.copy(SAVED / "store.db", tmp_path / "store.db")
    return open_store(f"sqlite:///{tmp_path / 'store.db'}")


def test_a_model_saved_before_scores_as_it_did(expected: dict[str, Any]) -> None:
    trained = Trained.load(SAVED / "trained")
    scores = trained.model.score(pd.DataFrame(expected["features"]))
    np.testing.assert_allclose(scores, expected["scores"], rtol=1e-12)
    assert trained.model.threshold == expected["threshold"]
    assert trained.model.test.recall.value == expected["test_recall"]


@pytest.mark.parametrize("version", [1, 2])
def test_a_reference_and_a_summary_saved_before_are_read(
    expected: dict[str, Any], version: int
) -> None:
    saved = FIXTURES / f"format_{version}"
    reference = load_reference(saved / "reference.json.gz")
    assert {bins.name for bins in reference.bins} == set(expected["features"])
    assert load_summary(saved / "summary.json.gz").rows == expected["summary_rows"]
    whole = json.loads(gzip.decompress((saved / "reference.json.gz").read_bytes()))
    assert whole["version"] == version


def test_a_store_saved_before_holds_its_rows_scores_and_labels(store: ProductionStore) -> None:
    with store:
        rows = store.window(CASE, Window(NOON, AS_OF), AS_OF)
        assert len(rows) == 12
        assert rows.score is not None
        assert rows.model_version == "1"
        assert np.isfinite(rows.score).all()
        assert sum(rows.label == 1) == 2


def test_a_store_saved_before_hands_out_its_verdict(store: ProductionStore) -> None:
    with store:
        verdict = load_verdict(store, CASE, "v1")
    assert (len(verdict.tested), verdict.drifted) == (9, False)


def test_an_archive_written_before_gives_its_rows_once(store: ProductionStore) -> None:
    with store:
        rows = store.training_rows(CASE, AS_OF, None, folder=SAVED / "archive")
    assert len(rows) == len(set(rows.row_id.tolist())) == 12


def test_the_saved_store_is_at_the_first_revision() -> None:
    with sqlite3.connect(f"file:{SAVED / 'store.db'}?mode=ro", uri=True) as database:
        assert database.execute("select version_num from alembic_version").fetchone() == ("0001",)
