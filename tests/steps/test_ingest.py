"""Files come into the store by `tocsin ingest`, each row once, and are scored by `tocsin score`."""

import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from typer.testing import CliRunner

from monitoring.cli import app
from monitoring.rows.quarantine import QuarantineReason
from monitoring.rows.rows import Rows
from monitoring.rows.window import Window
from monitoring.settings import settings
from monitoring.sources import portions
from monitoring.sources.typed_columns import SchemaError
from monitoring.steps.ingest import Ingested, Tally, ingest
from monitoring.steps.places import production_store
from monitoring.training.model import Model
from monitoring.use_case import UseCase
from monitoring.use_case_columns import Logged
from monitoring.use_case_decisions import Decisions
from tests.store.made import NOON, use_case
from tests.training.conftest import Job

LATER = NOON + timedelta(days=1)

LOGGED = Logged(
    score="score",
    decision="flagged",
    model_version="model",
    scored_at="at",
    arrived_at="at",
    labelled_at="told_at",
)


@pytest.fixture
def case(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[UseCase]:
    """Parcels with an id, of which prediction logs have columns of their own."""
    monkeypatch.setenv("TOCSIN_STATE", str(tmp_path / "state"))
    monkeypatch.chdir(tmp_path)
    settings.cache_clear()
    made = use_case()
    columns = made.columns.model_copy(update={"id": "parcel", "logged": LOGGED})
    yield made.model_copy(update={"columns": columns})
    settings.cache_clear()


def parcels(count: int = 6) -> pd.DataFrame:
    """Return a log of parcels: rows, their scores, and the label of every other one."""
    number = np.arange(count)
    times = [(NOON + timedelta(minutes=minute)).isoformat() for minute in number.tolist()]
    return pd.DataFrame(
        {
            "parcel": [f'p{n}"\n' for n in number],
            "at": times,
            "weight": number / 7,
            "worth": number * 3.0,
            "label": ["a,b", "c\n"] * (count // 2),
            "lost": [1.0, np.nan] * (count // 2),
            "told_at": times,
            "score": number / 10,
            "flagged": [value > 0.2 for value in number / 10],
            "model": "3",
        }
    )


def brought(case: UseCase, place: str) -> Ingested:
    return ingest(case, place, now=LATER, progress=lambda *_: None)


def stored(case: UseCase) -> Rows:
    with production_store() as store:
        return store.window(case, Window(NOON, LATER), LATER)


ALL = Ingested(rows=Tally(added=6), scores=Tally(added=6), labels=Tally(added=3), new=15)
AGAIN = Ingested(rows=Tally(repeated=6), scores=Tally(repeated=6), labels=Tally(repeated=3))


def csv_of(frame: pd.DataFrame) -> str:
    frame.to_csv("log.csv", index=False)
    return "log.csv"


def parquet_of(frame: pd.DataFrame) -> str:
    frame.to_parquet("log.parquet")
    return "log.parquet"


@pytest.mark.parametrize("write", [csv_of, parquet_of])
def test_rows_scores_and_labels_of_one_file_come_in_once_portion_by_portion(
    case: UseCase, write: Callable[[pd.DataFrame], str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(portions, "PORTION_BYTES", 100)  # one row or two, some over several lines
    monkeypatch.setattr(portions, "PORTION_ROWS", 4)
    place = write(parcels())
    assert brought(case, place) == ALL
    assert brought(case, place) == AGAIN
    assert "nothing changed" in brought(case, place).words
    rows = stored(case)
    sent = parcels()
    assert rows.row_id.tolist() == sent["parcel"].tolist()
    pd.testing.assert_frame_equal(
        rows.features, sent[["weight", "worth", "label"]].astype({"label": "str"})
    )
    np.testing.assert_array_equal(rows.score, sent["score"])
    assert rows.model_version == "3"
    assert rows.label.tolist() == [1, -1] * 3
    np.testing.assert_array_equal(rows.arrival_time, rows.event_time)


def test_parts_that_come_apart_give_what_one_file_gives(case: UseCase) -> None:
    log = parcels()
    total = [
        brought(case, csv_of(log[names]))
        for names in (
            ["parcel", "lost", "told_at"],
            ["parcel", "at", "weight", "worth", "label"],
            ["parcel", "score", "flagged", "model", "at"],
        )
    ]
    assert [each.new for each in total] == [3, 6, 6]
    assert total[0].labels == Tally(added=3, unknown=3)
    assert stored(case).label.tolist() == [1, -1] * 3
    assert brought(case, csv_of(log)) == AGAIN


def test_what_can_not_be_taken_is_set_aside_by_reason_and_the_rest_goes_in(case: UseCase) -> None:
    log = parcels()
    log.loc[0, "worth"] = -1.0
    log["score"] = log["score"].astype(object)
    log.loc[1, "score"] = "high"
    log.loc[2, "score"] = 7.0
    place = csv_of(log)
    Path(place).write_text(Path(place).read_text() + "too,narrow\n")
    for added, repeated, new in ((5, 0, 15), (0, 5, 0)):
        done = brought(case, place)
        assert done.rows == Tally(added=added, repeated=repeated, set_aside=2)
        assert done.set_aside == {
            "wrong number of columns": 1,
            "negative amount": 1,
            "unreadable score": 1,
            "score outside 0 to 1": 1,
        }
        assert done.new == new


@pytest.mark.parametrize("size", [40, 100, 8 * 2**20])
def test_a_cut_row_is_set_aside_until_its_file_is_whole(
    case: UseCase, monkeypatch: pytest.MonkeyPatch, size: int
) -> None:
    """Before: the shortened number was stored, and the true row then set aside as a duplicate."""
    monkeypatch.setattr(portions, "PORTION_BYTES", size)
    log = parcels().assign(parcel=[f"p{n}" for n in range(6)], worth=1234.5)
    rows = log[["parcel", "at", "weight", "label", "worth"]].assign(label="a")
    path = Path(csv_of(rows))
    whole = path.read_bytes()
    path.write_bytes(whole[:-3])
    cut = brought(case, str(path))
    assert (cut.rows.added, cut.set_aside) == (5, {"last line without an end": 1})
    path.write_bytes(whole)
    after = brought(case, str(path))
    assert (after.rows, after.set_aside) == (Tally(added=1, repeated=5), {})
    assert stored(case).features["worth"].tolist() == [1234.5] * 6


@pytest.mark.parametrize("cut", [2, 4])
def test_no_label_and_no_score_of_a_cut_line_is_stored(case: UseCase, cut: int) -> None:
    log = parcels().assign(parcel=[f"p{n}" for n in range(6)])
    brought(case, csv_of(log))
    labels = Path("labels.csv")
    pd.DataFrame({"lost": [1, 1], "parcel": ["p2", "p3456"]}).to_csv(labels, index=False)
    labels.write_bytes(labels.read_bytes()[:-cut])
    done = brought(case, str(labels))
    assert done.labels == Tally(repeated=1)
    assert done.set_aside == {"last line without an end": 1}


def test_a_cut_file_without_ids_stores_nothing_since_whole_it_has_other_ids(case: UseCase) -> None:
    columns = case.columns.model_copy(update={"id": None, "logged": Logged()})
    unnamed = case.model_copy(update={"columns": columns})
    path = Path(csv_of(parcels()[["at", "label", "weight", "worth"]].assign(label="a")))
    whole = path.read_bytes()
    path.write_bytes(whole[:-2])
    with pytest.raises(SchemaError, match=r"log\.csv: its last line has no end.*nothing is stored"):
        brought(unnamed, str(path))
    path.write_bytes(whole)
    assert brought(unnamed, str(path)).rows == Tally(added=6)


def test_a_label_that_contradicts_is_kept_as_history_once(case: UseCase) -> None:
    brought(case, csv_of(parcels()))
    changed = pd.DataFrame({"parcel": parcels()["parcel"][:3], "lost": [0, 0, 1]})
    first = brought(case, csv_of(changed)).labels
    assert first == Tally(added=1, repeated=1, contradicting=1)
    again = brought(case, csv_of(changed))
    assert (again.labels, again.new) == (Tally(repeated=3), 0)
    assert stored(case).label.tolist()[:3] == [1, 0, 1]


@pytest.mark.parametrize(
    ("columns", "said"),
    [
        (["parcel", "model"], "no column of it is declared"),
        (["lost"], "column 'parcel' is missing"),
        (["parcel", "at", "weight"], "column 'worth' is missing"),
        (["parcel", "score"], "'flagged', 'model' is missing"),
    ],
)
def test_a_file_that_is_not_what_was_declared_says_what_is_missing(
    case: UseCase, columns: list[str], said: str
) -> None:
    with pytest.raises(SchemaError, match=said):
        brought(case, csv_of(parcels()[columns]))


def test_a_file_is_scored_by_the_champion_and_what_can_not_be_is_named(
    cards: Job, model: Model, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    rows = cards.split.test.take(slice(0, 40))
    frame = rows.features.assign(Time=np.arange(len(rows)), Amount=rows.amount)
    frame.loc[7, "Amount"] = -1.0
    text = frame.to_csv(index=False)
    runner = CliRunner()
    for out in ("scores.csv", "scores.parquet"):
        called = runner.invoke(app, ["score", "fraud", "-", "--out", out, "--json"], input=text)
        assert called.exit_code == 1, called.output
        said = json.loads(called.stdout)
        assert (said["rows"], said["unscored"]) == (39, {"negative amount": 1})
        read = pd.read_csv(out) if out.endswith("csv") else pd.read_parquet(out)
        expected = model.score(rows.features)
        scored = np.arange(len(rows)) != 7
        np.testing.assert_allclose(read["score"][scored], expected[scored], rtol=1e-12)
        assert read["score"].isna().tolist() == (~scored).tolist()
        assert read["decision"][scored].tolist() == (expected[scored] >= model.threshold).tolist()
        assert read["not_scored"][7] == "negative amount: Amount: -1.0"
        assert set(read["model_version"].astype(str)) == {model.version}
    cut = frame.drop(index=7).to_csv(index=False)[:-2]
    monkeypatch.setattr(portions, "PORTION_BYTES", len(cut) - 30)  # the cut row is one of its own
    called = runner.invoke(app, ["score", "fraud", "-", "--out", "cut.csv"], input=cut)
    assert called.exit_code == 1, called.output
    assert pd.read_csv("cut.csv")["not_scored"].str.startswith("last line").sum() == 1
    whole = frame.drop(index=7).to_csv(index=False)
    called = runner.invoke(app, ["score", "fraud", "-", "--out", "whole.csv"], input=whole)
    assert called.exit_code == 0, called.output
    # The scores of rows that came without an id are known by the ids that both commands give.
    assert runner.invoke(app, ["ingest", "fraud", "-"], input=text).exit_code == 1
    called = runner.invoke(app, ["ingest", "fraud", "scores.csv", "--json"])
    assert json.loads(called.stdout)["scores"]["added"] == 39
    with production_store() as store:
        now = datetime.now(UTC)
        held = store.window(cards.case, Window(now - timedelta(days=9999), now), now)
    assert np.isfinite(np.asarray(held.score)).sum() == 39


def test_decisions_that_blocked_come_with_the_scores_and_a_probability_that_can_t_be_is_set_aside(
    case: UseCase,
) -> None:
    logged = LOGGED.model_copy(update={"control": "passed", "control_probability": "chance"})
    columns = case.columns.model_copy(update={"logged": logged})
    decisions = Decisions(blocking="alarm", control_share=0.5)
    blocking = case.model_copy(update={"columns": columns, "decisions": decisions})
    told = parcels().assign(  # flagged: 3, 4, 5
        lost=np.nan,
        passed=[False, False, False, True, True, False],
        chance=[None, None, None, "0.1", "0", None],
    )
    place = csv_of(told)
    first = brought(blocking, place)
    assert first.scores == Tally(added=5, set_aside=1)
    assert first.set_aside == {QuarantineReason.UNREADABLE_SCORE: 1}
    again = brought(blocking, place)
    assert (again.scores, again.new) == (Tally(repeated=5, set_aside=1), 0)
    weight = stored(blocking).weight
    assert weight is not None
    assert weight.tolist() == [1, 1, 1, 10, 1, 0]
