"""Files that come in, are scored and are learned from have the same features of earlier rows."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from monitoring.rows.rows import Rows
from monitoring.rows.window import Window, ending
from monitoring.settings import settings
from monitoring.signals.pipelines import Pipeline
from monitoring.sources import portions
from monitoring.sources.source import SYNTHETIC_ROWS, read_source
from monitoring.steps import score_file
from monitoring.steps.ingest import ingest
from monitoring.steps.places import production_store
from monitoring.steps.replay import moved
from monitoring.steps.retrain.training_set import merge_production_data, merged_rows
from monitoring.steps.run import Run
from monitoring.store.schema import key_history
from monitoring.use_case import UseCase
from monitoring.use_case_file import load_use_case
from tests.fixtures.tiny import write_tiny

START, NOW = datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 2, 1, tzinfo=UTC)
ROWS, SOURCE = 3_000, 2_000

_COLUMNS = """
  features: {numeric: [V1, V2, Amount, usual, today, above]}
  inputs: {categorical: [customer]}
derive:
  usual: {mean: amount, by: customer, over: 30d}
  today: {count: rows, by: customer, over: 1d}
  above: Amount / usual
"""
MADE = ("usual", "today", "above")


@pytest.fixture
def case(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[UseCase]:
    """Cards of customers, the newest third of which is not in the source yet: `rest.csv`."""
    for name in ("state", "data", "use_cases"):
        monkeypatch.setenv(f"TOCSIN_{name.upper()}", str(tmp_path / name))
    monkeypatch.chdir(tmp_path)
    settings.cache_clear()
    write_tiny("tiny", tmp_path, rows=ROWS, quick=True)
    path, data = tmp_path / "use_cases" / "tiny.yml", tmp_path / "data" / "tiny.csv"
    head, _, tail = path.read_text("utf-8").partition("\n  features:")
    named = head.replace("amount: Amount", "amount: Amount\n  id: card_id")
    path.write_text(named + _COLUMNS + tail.partition("\n")[2], "utf-8")
    rng = np.random.default_rng(0)
    frame = pd.read_csv(data).assign(
        card_id=[f"card {n}" for n in range(ROWS)],
        customer=[f"c{n}" for n in rng.integers(0, 60, ROWS)],
    )
    frame.to_csv("whole.csv", index=False)
    frame.iloc[:SOURCE].to_csv(data, index=False)
    frame.iloc[SOURCE:].to_csv("rest.csv", index=False)
    yield load_use_case(path)
    settings.cache_clear()


def whole(case: UseCase) -> Rows:
    """Return the rows of both files, as one."""
    source = case.source.model_copy(update={"path": "whole.csv"})
    return read_source(case.model_copy(update={"source": source}), Path()).rows


def retrained(case: UseCase) -> Rows:
    run = Run.open(Pipeline.RETRAIN, case.name, ending(NOW, timedelta(days=1)))
    merge_production_data(run)
    return merged_rows(run, case)


def bring(case: UseCase, place: str) -> int:
    return ingest(case, place, now=NOW, progress=lambda *_: None).rows.added


def test_the_first_rows_of_production_know_those_of_the_source_that_a_retrain_read(
    case: UseCase, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(portions, "PORTION_BYTES", 60_000)  # of some 400 rows
    expected = whole(case)
    learned = retrained(case)
    np.testing.assert_array_equal(learned.features, expected.features.iloc[: len(learned)])
    scored = SimpleNamespace(
        version="1", threshold=0.5, scores=lambda rows: (rows["today"].to_numpy() / 1e3, None)
    )
    monkeypatch.setattr(score_file, "champion_model", lambda _: scored)
    out = Path("scores.csv")
    score_file.score_file(case, "rest.csv", out, now=NOW, progress=lambda *_: None)
    today = expected.features["today"].iloc[SOURCE:]
    assert (pd.read_csv(out)["score"] * 1e3).round().tolist() == today.tolist()
    assert today.mean() > 3

    assert bring(case, "rest.csv") == ROWS - SOURCE
    with production_store() as store:
        stored = store.window(case, Window(START, NOW), NOW)
    order = np.argsort(stored.row_id)
    wanted = expected.take(np.isin(expected.row_id, stored.row_id))
    names = list(MADE)
    np.testing.assert_array_equal(
        stored.features[names].to_numpy()[order],
        wanted.features[names].to_numpy()[np.argsort(wanted.row_id)],
    )
    assert ingest(case, "rest.csv", now=NOW, progress=lambda *_: None).rows.repeated == 1_000


def test_rows_that_are_moved_in_time_keep_their_values_and_are_known_where_they_are_now(
    case: UseCase,
) -> None:
    source = read_source(case, settings().data).rows
    retrained(case)
    late = moved(source.take(slice(-500, None)), ending(NOW, timedelta(days=1)), timedelta(0))
    with production_store() as store:
        store.add_rows(case, late)
        stored = store.window(case, ending(NOW, timedelta(days=1)), NOW)
        np.testing.assert_array_equal(stored.features, source.features.iloc[-500:])
        with store.engine.connect() as connection:
            columns = key_history.c.row_id, key_history.c.event_time
            known = connection.execute(key_history.select().with_only_columns(*columns)).all()
    assert len({row_id for row_id, _ in known}) == len(known)
    assert sum(time >= NOW - timedelta(days=1) for _, time in known) == 500


def test_made_up_rows_are_nobody_s_past(case: UseCase, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(SYNTHETIC_ROWS, "card", 3_000)
    (settings().data / "tiny.csv").unlink()
    retrained(case)
    with production_store() as store, store.engine.connect() as connection:
        assert connection.execute(key_history.select()).first() is None
