"""What goes into the store comes out as it was known at a moment."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from monitoring.rows.rows import NEGATIVE, POSITIVE, UNLABELLED, moment64
from monitoring.rows.window import Window
from monitoring.store import block_reading, bulk_read, row_blocks
from monitoring.store.database_failure import StoreError
from monitoring.store.production_store import ProductionStore
from monitoring.use_case import UseCase
from monitoring.use_case_columns import Features
from tests.store.made import HOUR, NOON, rows, use_case

CASE = use_case()
DAY = Window(NOON, NOON + 24 * HOUR)
LATER = NOON + 48 * HOUR


def with_features(**kinds: tuple[str, ...]) -> UseCase:
    columns = CASE.columns.model_copy(update={"features": Features(**kinds)})
    return CASE.model_copy(update={"columns": columns})


def score(
    store: ProductionStore, ids: list[str], value: float, *, version: str, hours: int
) -> None:
    store.add_scores(
        CASE,
        ids,
        np.full(len(ids), value),
        alarmed=np.full(len(ids), value >= 0.5),
        model_version=version,
        role="champion",
        scored_at=NOON + hours * HOUR,
    )


def test_rows_come_back_as_they_went_in(store: ProductionStore) -> None:
    sent = rows([f"r{i}" for i in range(10)], label=POSITIVE)
    store.add_rows(CASE, sent)
    store.add_labels(CASE, sent.row_id, sent.label, sent.label_time)
    back = store.window(CASE, DAY, LATER)
    pd.testing.assert_frame_equal(back.features, sent.features, check_exact=True)
    for name in ("row_id", "event_time", "arrival_time", "amount", "label", "label_time"):
        np.testing.assert_array_equal(getattr(back, name), getattr(sent, name), err_msg=name)
        assert getattr(back, name).dtype == getattr(sent, name).dtype
    assert back.score is None
    assert back.model_version is None


def test_a_long_window_is_read_in_portions_and_comes_back_whole(
    store: ProductionStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bulk_read, "PORTION", 3)
    monkeypatch.setattr(block_reading, "PORTION", 3)
    monkeypatch.setattr(row_blocks, "LARGEST", 2)
    sent = rows([f"r{i}" for i in range(10)], label=POSITIVE)
    store.add_rows(CASE, sent)
    store.add_labels(CASE, sent.row_id[:5], sent.label[:5], sent.label_time[:5])
    score(store, ["r4", "r5"], 0.75, version="9", hours=1)
    back = store.window(CASE, DAY, LATER)
    pd.testing.assert_frame_equal(back.features, sent.features, check_exact=True)
    assert back.row_id.tolist() == sent.row_id.tolist()
    assert back.label.tolist() == [POSITIVE] * 5 + [UNLABELLED] * 5
    assert back.amount is not None
    np.testing.assert_array_equal(back.amount, sent.amount)
    assert back.score is not None
    assert np.flatnonzero(back.score == 0.75).tolist() == [4, 5]
    assert np.isnan(back.score).sum() == 8
    assert back.model_version == "9"


def test_numbers_keep_their_last_bit_and_times_their_microsecond(store: ProductionStore) -> None:
    generator = np.random.default_rng(7)
    numbers = generator.normal(size=300) * 10.0 ** generator.integers(-300, 300, size=300)
    sent = rows([f"r{i}" for i in range(300)])
    sent = replace(
        sent,
        features=sent.features.assign(weight=numbers),
        event_time=sent.event_time + np.timedelta64(1, "us"),
    )
    store.add_rows(CASE, sent)
    back = store.window(CASE, DAY, LATER)
    np.testing.assert_array_equal(back.features["weight"], numbers)
    np.testing.assert_array_equal(back.event_time, sent.event_time)


def test_ids_and_categories_may_hold_anything(store: ProductionStore) -> None:
    nasty = ["'; drop table labels; --", '{"a": "%s"}', "a%b:c\\", "零 \n\t 'é'"]
    sent = rows(nasty)
    sent = replace(sent, features=sent.features.assign(label=pd.array(nasty, dtype="str")))
    store.add_rows(CASE, sent)
    store.add_labels(CASE, nasty, [POSITIVE] * 4, NOON)
    back = store.window(CASE, DAY, LATER)
    assert back.row_id.tolist() == nasty
    assert back.features["label"].tolist() == nasty
    assert back.label.tolist() == [POSITIVE] * 4


def test_a_window_holds_its_start_and_not_its_end(store: ProductionStore) -> None:
    store.add_rows(CASE, rows(["a", "b", "c"], every=HOUR))
    assert store.window(CASE, Window(NOON, NOON + 2 * HOUR), LATER).row_id.tolist() == ["a", "b"]


def test_rows_are_counted_as_they_are_read(store: ProductionStore) -> None:
    store.add_rows(CASE, rows(["a", "b", "c", "d"], every=HOUR))
    store.add_rows(use_case("letters"), rows(["a"]))
    part = Window(NOON + HOUR, NOON + 3 * HOUR)
    counts = [store.count_rows(CASE, window, LATER) for window in (DAY, part)]
    assert counts == [len(store.window(CASE, window, LATER)) for window in (DAY, part)] == [4, 2]
    assert store.count_rows(CASE, DAY, NOON + HOUR) == 2  # the others had not arrived


def test_rows_of_another_use_case_are_not_seen(store: ProductionStore) -> None:
    store.add_rows(CASE, rows(["a"]))
    other = use_case("letters")
    store.add_rows(other, rows(["a", "b"]))
    assert len(store.window(CASE, DAY, LATER)) == 1
    assert len(store.window(other, DAY, LATER)) == 2


def test_rows_that_arrived_later_and_labels_that_came_later_are_not_seen(
    store: ProductionStore,
) -> None:
    sent = rows(["a", "b", "c"], every=HOUR, label=NEGATIVE)
    late = np.array([moment64(NOON + 9 * HOUR)])
    sent = replace(sent, arrival_time=np.concatenate([sent.arrival_time[:2], late]))
    store.add_rows(CASE, sent)
    store.add_labels(CASE, sent.row_id, sent.label, sent.label_time)
    seen = store.window(CASE, DAY, NOON + HOUR)
    assert seen.row_id.tolist() == ["a", "b"]
    assert seen.label.tolist() == [NEGATIVE, UNLABELLED]
    assert np.isnat(seen.label_time).tolist() == [False, True]


def test_scores_are_those_of_the_version_that_scored_last(store: ProductionStore) -> None:
    store.add_rows(CASE, rows(["a", "b", "c"]))
    score(store, ["a", "b"], 0.25, version="9", hours=1)
    score(store, ["b", "c"], 0.75, version="10", hours=2)
    seen = store.window(CASE, DAY, LATER)
    assert seen.model_version == "10"
    np.testing.assert_array_equal(seen.score, [np.nan, 0.75, 0.75])
    before = store.window(CASE, DAY, NOON + HOUR)
    assert before.model_version == "9"
    np.testing.assert_array_equal(before.score, [0.25, 0.25, np.nan])


def test_a_shadow_is_not_taken_for_the_champion(store: ProductionStore) -> None:
    store.add_rows(CASE, rows(["a"]))
    yes, value = np.array([True]), np.array([0.9])
    store.add_scores(
        CASE, ["a"], value, alarmed=yes, model_version="2", role="shadow", scored_at=NOON
    )
    assert store.window(CASE, DAY, LATER).score is None


def test_an_empty_window_has_the_columns_of_the_use_case(store: ProductionStore) -> None:
    empty = store.window(CASE, DAY, LATER)
    assert len(empty) == 0
    assert empty.features.dtypes.equals(rows(["a"]).features.dtypes)


def test_without_amounts_there_are_none(store: ProductionStore) -> None:
    case = use_case(amount=None)
    store.add_rows(case, replace(rows(["a"]), amount=None))
    assert store.window(case, DAY, LATER).amount is None


def test_a_feature_declared_later_is_missing_in_older_rows(store: ProductionStore) -> None:
    store.add_rows(CASE, rows(["a"]))
    grown = with_features(numeric=("height", "weight"), categorical=("label", "colour"))
    back = store.window(grown, DAY, LATER).features
    assert list(back.columns) == ["height", "weight", "label", "colour"]
    assert back[["height", "colour"]].isna().all(axis=None)
    assert back[["weight", "label"]].notna().all(axis=None)


def test_a_feature_of_another_kind_is_an_error_that_names_it(store: ProductionStore) -> None:
    store.add_rows(CASE, rows(["a"]))
    with pytest.raises(ValueError, match="label"):
        store.window(with_features(numeric=("label",)), DAY, LATER)


def test_features_that_are_not_resolved_are_an_error_that_says_so(store: ProductionStore) -> None:
    columns = CASE.columns.model_copy(update={"features": "auto"})
    with pytest.raises(StoreError, match="auto"):
        store.window(CASE.model_copy(update={"columns": columns}), DAY, LATER)
