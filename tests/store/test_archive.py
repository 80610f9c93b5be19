"""What a retrain consumed is archived exactly once, whatever happens on the way."""

from collections import Counter
from functools import partial
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest

from monitoring.rows.rows import NEGATIVE, POSITIVE, Rows
from monitoring.rows.window import ending
from monitoring.store.production_store import ProductionStore
from monitoring.store.row_formats import ArchiveError
from monitoring.use_case import UseCase
from tests.store.made import HOUR, NOON, rows, use_case
from tests.store.processes import LATER, archived, at_once, case_of_kill, killed_at_each_line

CASE = use_case()
SILENCE_IS_NEGATIVE = use_case(absent="negative")


def send(store: ProductionStore, case: UseCase, sent: Rows, labelled: int) -> None:
    """Add rows, and labels for the first of them."""
    store.add_rows(case, sent)
    first = sent.take(slice(labelled))
    store.add_labels(case, first.row_id, first.label, first.label_time)


def files(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def archived_ids(folder: Path) -> list[str]:
    tables = [pq.read_table(folder / name) for name in files(folder)]
    return [row_id for table in tables for row_id in table["row_id"].to_pylist()]


def test_an_archive_takes_labelled_rows_only_and_names_their_time_range(
    store: ProductionStore, tmp_path: Path
) -> None:
    send(store, CASE, rows(["a", "b", "c", "d"], label=POSITIVE), labelled=3)
    assert store.new_labelled(CASE, LATER) == 3
    archive = store.archive(CASE, "retrain 1", LATER, tmp_path / "archives")
    assert (archive.rows, archive.rows_consumed, archive.complete) == (3, 3, True)
    [name] = files(tmp_path / "archives")
    assert name == archive.file
    assert name.startswith("parcels_20260301T120000Z_20260301T120201Z_")
    assert archived_ids(tmp_path / "archives") == ["a", "b", "c"]
    assert store.new_labelled(CASE, LATER) == 0


def test_an_archive_holds_features_amounts_times_labels_and_scores(
    store: ProductionStore, tmp_path: Path
) -> None:
    sent = rows(["a", "b", "c"], label=POSITIVE)
    send(store, CASE, sent, labelled=3)
    for version, score in (("7", 0.25), ("8", 0.75)):
        store.add_scores(
            CASE,
            ["a", "b"],
            np.full(2, score),
            alarmed=np.full(2, score > 0.5),
            model_version=version,
            role="champion",
            scored_at=NOON + int(version) * HOUR,
        )
    archive = store.archive(CASE, "retrain 1", LATER, tmp_path)
    table = pq.read_table(tmp_path / str(archive.file)).to_pandas()
    assert table["score"].tolist()[:2] == [0.75, 0.75]
    assert table["model_version"].tolist()[:2] == ["8", "8"]
    assert table[["score", "model_version"]].isna().to_numpy()[2].all()
    np.testing.assert_array_equal(table["features.weight"], sent.features["weight"])
    np.testing.assert_array_equal(table["amount"], sent.amount)
    np.testing.assert_array_equal(
        table["label_time"].dt.tz_localize(None).to_numpy("datetime64[us]"), sent.label_time
    )


def test_rows_stay_in_the_store_after_archiving(store: ProductionStore, tmp_path: Path) -> None:
    send(store, CASE, rows(["a", "b"], label=POSITIVE), labelled=2)
    store.archive(CASE, "retrain 1", LATER, tmp_path)
    assert len(store.window(CASE, ending(NOON + HOUR, HOUR), LATER)) == 2


def test_a_rerun_takes_the_same_rows_though_more_have_come(
    store: ProductionStore, tmp_path: Path
) -> None:
    send(store, CASE, rows(["a", "b"], label=POSITIVE), labelled=2)
    first = store.archive(CASE, "retrain 1", NOON + 2 * HOUR, tmp_path)
    send(store, CASE, rows(["c"], label=POSITIVE), labelled=1)
    assert store.archive(CASE, "retrain 1", LATER, tmp_path) == first
    assert store.new_labelled(CASE, LATER) == 1
    assert store.archive(CASE, "retrain 2", LATER, tmp_path).rows == 1
    assert archived_ids(tmp_path).count("c") == 1


def test_nothing_new_makes_no_file(store: ProductionStore, tmp_path: Path) -> None:
    store.add_rows(CASE, rows(["a"]))
    archive = store.archive(CASE, "retrain 1", LATER, tmp_path)
    assert (archive.rows, archive.file, archive.complete) == (0, None, True)
    assert files(tmp_path) == []


def test_silence_counts_at_maturity_once_and_is_archived_only_when_its_label_comes(
    store: ProductionStore, tmp_path: Path
) -> None:
    case = SILENCE_IS_NEGATIVE
    send(store, case, rows(["labelled", "silent", "young"], label=POSITIVE), labelled=1)
    assert store.new_labelled(case, NOON + 5 * HOUR) == 1
    mature_for_two = NOON + 6 * HOUR + 60 * (HOUR / 3600)
    assert store.new_labelled(case, mature_for_two) == 2
    assert store.archive(case, "retrain 1", mature_for_two, tmp_path).rows_consumed == 2
    assert archived_ids(tmp_path) == ["labelled"]
    assert store.new_labelled(case, mature_for_two) == 0
    store.add_labels(case, ["silent"], [POSITIVE], NOON + 7 * HOUR)
    assert store.new_labelled(case, LATER) == 1, (
        "the third row, mature by now; not the second again"
    )
    assert store.archive(case, "retrain 2", LATER, tmp_path).rows == 1
    assert sorted(archived_ids(tmp_path)) == ["labelled", "silent"]


def test_training_rows_are_live_and_archived_rows_each_once_in_time_order(
    store: ProductionStore, tmp_path: Path
) -> None:
    sent = rows([f"r{i}" for i in range(9)], label=POSITIVE)
    backwards = sent.take(np.arange(8, -1, -1))
    send(store, CASE, backwards.take(slice(0, 4)), labelled=4)
    before = store.training_rows(CASE, LATER, None, folder=tmp_path)
    store.archive(CASE, "retrain 1", LATER, tmp_path)
    after = store.training_rows(CASE, LATER, None, folder=tmp_path)
    assert before.row_id.tolist() == after.row_id.tolist() == ["r5", "r6", "r7", "r8"]
    send(store, CASE, backwards.take(slice(4, 9)), labelled=4)
    mixed = store.training_rows(CASE, LATER, None, folder=tmp_path)
    assert mixed.row_id.tolist() == [f"r{i}" for i in range(1, 9)]
    expected = sent.take(slice(1, 9))
    for name in ("event_time", "arrival_time", "amount", "label", "label_time"):
        np.testing.assert_array_equal(getattr(mixed, name), getattr(expected, name), err_msg=name)
        assert getattr(mixed, name).dtype == getattr(expected, name).dtype
    assert mixed.features.equals(expected.features)


def test_training_rows_know_no_label_that_came_later(
    store: ProductionStore, tmp_path: Path
) -> None:
    sent = rows(["a", "b", "c"], every=HOUR, label=POSITIVE)
    send(store, CASE, sent, labelled=3)
    store.archive(CASE, "retrain 1", LATER, tmp_path)
    past = store.training_rows(CASE, NOON + 2 * HOUR, None, folder=tmp_path)
    assert past.row_id.tolist() == ["a", "b"]


def test_training_rows_reach_back_as_far_as_the_span(
    store: ProductionStore, tmp_path: Path
) -> None:
    sent = rows(["a", "b", "c", "d"], every=HOUR, label=POSITIVE)
    send(store, CASE, sent.take(slice(0, 2)), labelled=2)
    store.archive(CASE, "retrain 1", LATER, tmp_path)
    send(store, CASE, sent.take(slice(2, 4)), labelled=2)
    as_of = NOON + 5 * HOUR
    found = store.training_rows(CASE, as_of, 4 * HOUR, folder=tmp_path)
    assert found.row_id.tolist() == ["b", "c", "d"]


def test_mature_silence_is_trained_on_as_negative_until_a_label_comes(
    store: ProductionStore, tmp_path: Path
) -> None:
    case = SILENCE_IS_NEGATIVE
    send(store, case, rows(["a", "b"], label=POSITIVE), labelled=1)
    store.archive(case, "retrain 1", LATER, tmp_path)
    found = store.training_rows(case, LATER, None, folder=tmp_path)
    assert found.label.tolist() == [POSITIVE, NEGATIVE]
    store.add_labels(case, ["b"], [POSITIVE], NOON + 9 * HOUR)
    assert store.training_rows(case, LATER, None, folder=tmp_path).label.tolist() == [POSITIVE] * 2


@pytest.mark.parametrize("harm", ["gone", "changed"])
def test_an_archive_that_is_gone_or_changed_is_an_error_that_names_it(
    store: ProductionStore, tmp_path: Path, harm: str
) -> None:
    send(store, CASE, rows(["a"], label=POSITIVE), labelled=1)
    path = tmp_path / str(store.archive(CASE, "retrain 1", LATER, tmp_path).file)
    if harm == "gone":
        path.unlink()
    else:
        path.write_bytes(path.read_bytes()[:-1])
    with pytest.raises(ArchiveError, match=path.name):
        store.training_rows(CASE, LATER, None, folder=tmp_path)


@pytest.mark.faults
def test_killed_at_any_line_a_rerun_archives_each_row_once(
    store: ProductionStore, store_url: str, tmp_path: Path
) -> None:
    folder = tmp_path / "archives"
    [kills] = at_once([partial(killed_at_each_line, store_url, folder)])
    assert kills > 100, "every line of claiming, writing and completing"
    half_way: Counter[bool] = Counter()
    for number in range(kills + 1):
        case = use_case(case_of_kill(number))
        half_way[any(folder.glob(f".{case.name}_2*"))] += 1
        archive = store.archive(case, "retrain 1", LATER, folder)
        assert (archive.complete, archive.rows, archive.rows_consumed) == (True, 2, 2)
        assert [path.name for path in folder.glob(f"{case.name}_2*")] == [archive.file]
        assert pq.read_table(folder / str(archive.file))["row_id"].to_pylist() == ["a", "b"]
        assert store.new_labelled(case, LATER) == 0
        assert store.training_rows(case, LATER, None, folder=folder).row_id.tolist() == ["a", "b"]
    assert half_way[True] > 0, "some were killed while they wrote"
    assert len(list(folder.iterdir())) == kills + 1, "no half-written file stays"


def test_two_retrains_at_the_same_time_share_no_row(
    store: ProductionStore, store_url: str, tmp_path: Path
) -> None:
    sent = rows([f"r{i}" for i in range(2000)], label=POSITIVE)
    send(store, CASE, sent, labelled=2000)
    at_once([partial(archived, store_url, tmp_path, key) for key in ("one", "two", "three")])
    assert sorted(archived_ids(tmp_path)) == sorted(sent.row_id.tolist())


def test_two_tries_of_one_retrain_at_the_same_time_make_one_archive(
    store: ProductionStore, store_url: str, tmp_path: Path
) -> None:
    sent = rows([f"r{i}" for i in range(2000)], label=POSITIVE)
    send(store, CASE, sent, labelled=2000)
    names = at_once([partial(archived, store_url, tmp_path, "retrain 1")] * 3)
    assert files(tmp_path) == sorted(set(names))
    assert len(store.training_rows(CASE, LATER, None, folder=tmp_path)) == 2000
