"""Earlier rows of a key are in the store with the rows themselves: each once, or not at all."""

from datetime import UTC, datetime, timedelta

import numpy as np
import pandas as pd
import pytest
import sqlalchemy as sa

from monitoring.rows.rows import Rows
from monitoring.rows.window import Window
from monitoring.sources.schema_check import check
from monitoring.store import intake
from monitoring.store.key_history import LATE
from monitoring.store.production_store import ProductionStore
from monitoring.store.schema import key_history, production_rows
from monitoring.use_case import UseCase
from tests.rows.customers import MODELLED, customer_case, customers
from tests.rows.made import HASH, START

CASE = customer_case()
LATER = START + timedelta(days=400)
ALL = Window(START, LATER)
NO_IDS = np.empty(0, np.str_)


def offline(frame: pd.DataFrame, case: UseCase = CASE) -> Rows:
    """Return rows of a file, whose features know the file alone."""
    return check(frame, case, source_hash=HASH).rows


def arrive(store: ProductionStore, frame: pd.DataFrame, case: UseCase = CASE) -> Rows:
    """Add rows as a batch of production, and return them."""
    batch = check(frame, case, source_hash=HASH, arrival=LATER, stored=store.history(case)).rows
    store.add_rows(case, batch)
    return batch


def same(rows: Rows, expected: Rows) -> None:
    """Assert that rows have the features that they are expected to have, to the last bit."""
    order, wanted = np.argsort(rows.row_id), np.argsort(expected.row_id)
    np.testing.assert_array_equal(rows.row_id[order], expected.row_id[wanted])
    for name in MODELLED:
        one = rows.features[name].to_numpy()[order]
        np.testing.assert_array_equal(one, expected.features[name].to_numpy()[wanted], name)


def records(store: ProductionStore, table: sa.Table = key_history) -> int:
    with store.engine.connect() as connection:
        return connection.execute(sa.select(sa.func.count()).select_from(table)).scalar_one()


def test_ten_thousand_rows_that_come_in_portions_have_the_values_of_the_whole_file(
    store: ProductionStore,
) -> None:
    frame = customers(10_000)
    for start in range(0, 10_000, 2_500):
        arrive(store, frame.iloc[start : start + 2_500])
    expected = offline(frame)
    same(store.window(CASE, ALL, LATER), expected)
    assert expected.features["sent"].mean() > 5


def test_production_begins_with_what_the_source_knew(store: ProductionStore) -> None:
    frame = customers(1_500)
    source = offline(frame.iloc[:1_200])
    history = store.history(CASE)
    assert history.begin_with(source) > 1_000
    assert history.begin_with(source) == 0
    for start in range(1_200, 1_500, 100):
        arrive(store, frame.iloc[start : start + 100])
    same(store.window(CASE, ALL, LATER), offline(frame).take(slice(1_200, None)))
    # A later source holds rows that came in production: they are not there twice.
    assert history.begin_with(offline(frame)) == 0


def test_without_ids_only_rows_from_before_production_are_taken_from_the_source(
    store: ProductionStore,
) -> None:
    case = customer_case(id=None)
    frame = customers(200)
    rows = check(frame, case, source_hash="f" * 64, arrival=LATER).rows
    store.add_rows(case, rows.take(slice(100, None)))
    before = records(store)
    store.history(case).begin_with(offline(frame, case))
    taken = (rows.event_time < rows.event_time[100]) & frame["customer"].notna().to_numpy()
    with store.engine.connect() as connection:
        of_customers = sa.select(sa.func.count()).where(key_history.c.key_column == "customer")
        there = connection.execute(of_customers).scalar_one()
    assert there == taken.sum() + frame["customer"].iloc[100:].notna().sum()
    assert records(store) > before


def test_a_row_from_the_source_that_comes_in_production_counts_once_as_it_came(
    store: ProductionStore,
) -> None:
    frame = customers(60).assign(customer="c1", worth=10.0, at=np.arange(60) * 60.0)
    store.history(CASE).begin_with(offline(frame.iloc[:50]))
    # Replayed: the same ids, a day later, with another amount.
    arrive(store, frame.iloc[40:50].assign(at=np.arange(10) * 60.0 + 86400, worth=20.0))
    asks = frame.iloc[[59]].assign(at=2 * 86400.0)
    features = arrive(store, asks).features.iloc[0]
    assert (features["sent"], features["spent"]) == (50, 40 * 10.0 + 10 * 20.0)


def test_a_row_sent_again_keeps_its_values_though_late_rows_came_meanwhile(
    store: ProductionStore,
) -> None:
    frame = customers(40).assign(customer="c1", at=np.arange(40) * 60.0)
    late, others = frame.iloc[[5]], frame.drop(index=5)
    first = arrive(store, others)
    arrive(store, late)
    count = records(store)
    again = check(others, CASE, source_hash=HASH, arrival=LATER, stored=store.history(CASE)).rows
    same(again, first)
    assert store.add_rows(CASE, again).repeated == 39
    # What knows no store has the late row in its values: it is the same row all the same.
    assert store.add_rows(CASE, offline(frame)).repeated == 40
    assert records(store) == count
    after = arrive(store, frame.iloc[[39]].assign(parcel="next", at=40 * 60.0))
    assert after.features["sent"].tolist() == [40]


def test_rows_set_aside_are_in_nobody_s_history(store: ProductionStore) -> None:
    frame = customers(12).assign(customer="c1", at=np.arange(12) * 60.0).astype({"worth": object})
    frame.loc[3, "worth"] = -1.0
    frame.loc[4, "parcel"] = "p2"  # the id of another one
    sent = arrive(store, frame).features["sent"].tolist()
    assert sent == [0, 1, 2, *range(3, 10)]
    # An id that is stored, with another amount: refused by the store, and not counted.
    reused = pd.concat([frame.iloc[[1]].assign(worth=99.0, at=13 * 60.0), frame.iloc[[11]]])
    reused.iloc[1, [0, 1]] = ["next", 14 * 60.0]
    batch = check(reused, CASE, source_hash=HASH, arrival=LATER, stored=store.history(CASE)).rows
    assert store.add_rows(CASE, batch).quarantined == 1
    assert batch.features["sent"].tolist()[-1] == 10


def test_rows_and_their_history_are_written_together_or_not_at_all(
    store: ProductionStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = offline(customers(20))

    def cut_off(*_: object) -> None:
        intake_insert(*_)  # type: ignore[arg-type]
        message = "killed"
        raise RuntimeError(message)

    intake_insert = intake.insert_history
    monkeypatch.setattr(intake, "insert_history", cut_off)
    with pytest.raises(RuntimeError, match="killed"):
        store.add_rows(CASE, rows)
    assert (records(store, production_rows), records(store)) == (0, 0)
    monkeypatch.undo()

    def stop() -> None:
        with store.together():
            store.add_rows(CASE, rows)
            message = "killed later"
            raise RuntimeError(message)

    with pytest.raises(RuntimeError, match="killed later"):
        stop()
    assert (records(store, production_rows), records(store)) == (0, 0)
    assert store.add_rows(CASE, rows).added == 20
    assert records(store) == 20 + customers(20)["customer"].notna().sum()


def test_keys_of_any_length_and_content_are_kept(store: ProductionStore) -> None:
    for place, key in enumerate(["a\0b", "x" * 100_000, "é", "%_'"]):
        frame = customers(3).assign(customer=key, at=np.arange(3.0))
        frame["parcel"] = [f"{place}-{n}" for n in range(3)]
        store.add_rows(CASE, offline(frame))
        end = np.datetime64("2026-03-02", "us")
        found = store.history(CASE).earlier(
            "customer", [key], end - np.timedelta64(1, "D"), end, NO_IDS
        )
        assert found.key.tolist() == [key] * 3
        assert found.numbers["worth"].tolist() == frame["worth"].tolist()


def test_a_column_that_was_not_aggregated_before_is_missing_in_earlier_rows(
    store: ProductionStore,
) -> None:
    fewer = customer_case(
        {"sent": {"count": "rows", "by": "customer", "over": "30d"}},
        features={"numeric": ("worth", "sent"), "categorical": ("kind",)},
    )
    frame = customers(30).assign(customer="c1", at=np.arange(30) * 60.0)
    arrive(store, frame.iloc[:20], fewer)
    features = arrive(store, frame.iloc[20:]).features
    assert features["sent"].tolist() == list(range(20, 30))
    assert features["spent"].tolist()[:2] == [0, frame["worth"][20]]


def test_a_moment_of_history_is_read_in_utc(store: ProductionStore) -> None:
    arrive(store, customers(1).assign(customer="c1", at=3600.0))
    when = np.datetime64(datetime(2026, 3, 1, 1, tzinfo=UTC).replace(tzinfo=None), "us")
    second = np.timedelta64(1, "s")
    history = store.history(CASE)
    assert len(history.earlier("customer", ["c1"], when, when + second, NO_IDS).key) == 1
    assert len(history.earlier("customer", ["c1"], when - second, when, NO_IDS).key) == 0


def test_what_no_feature_looks_back_to_is_removed_and_no_value_changes(
    store: ProductionStore,
) -> None:
    frame = customers(400).assign(at=np.arange(400) * 86400.0 / 4)  # a hundred days
    for start in range(0, 400, 100):
        arrive(store, frame.iloc[start : start + 100])
    history, before = store.history(CASE), records(store)
    end = START + timedelta(days=100)
    assert history.prune(end) > before / 2
    assert history.prune(end) == 0
    oldest = end - LATE - timedelta(days=30)
    with store.engine.connect() as connection:
        first = sa.select(sa.func.min(key_history.c.event_time))
        assert oldest <= connection.execute(first).scalar_one() < oldest + timedelta(days=1)
    later = frame.iloc[:50].assign(
        parcel=[f"later{n}" for n in range(50)], at=100 * 86400.0 + np.arange(50) * 60.0
    )
    same(arrive(store, later), offline(pd.concat([frame, later])).take(slice(400, None)))
    features = {"numeric": ("worth",), "categorical": ("kind",)}
    fewer = customer_case({}, features=features, inputs=None)
    left = records(store)
    assert store.history(fewer).prune(end) == left > 0
