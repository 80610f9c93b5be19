"""What later steps can't take is set aside at every entry, with its reason, and counted."""

from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import sqlalchemy as sa

from monitoring import scorecard
from monitoring.errors import TocsinError
from monitoring.rows.quarantine import QuarantineReason
from monitoring.rows.rows import NEGATIVE, NO_TIME, POSITIVE, UNLABELLED, Rows, moment64
from monitoring.rows.window import Window
from monitoring.store.added import LabelsAdded, RowsAdded, ScoresAdded
from monitoring.store.database import writing
from monitoring.store.intake import insert_blocks
from monitoring.store.production_store import ProductionStore
from tests.store.made import HOUR, NOON, rows, use_case

CASE = use_case()
DAY = Window(NOON, NOON + 24 * HOUR)
LATER = NOON + 48 * HOUR


def changed(sent: Rows, name: str, place: int, value: object) -> Rows:
    """Return the rows with one other value in one array."""
    array = getattr(sent, name).copy()
    if array.dtype.kind == "U":
        array = array.astype(object)
        array[place] = value
        return replace(sent, **{name: array.astype(np.str_)})
    array[place] = value
    return replace(sent, **{name: array})


def with_feature(sent: Rows, place: int, value: float) -> Rows:
    features = sent.features.copy()
    features.loc[place, "weight"] = value
    return replace(sent, features=features)


FAULTS: dict[str, tuple[QuarantineReason, Any]] = {
    "negative amount": (
        QuarantineReason.NEGATIVE_AMOUNT,
        lambda sent: changed(sent, "amount", 1, -5.0),
    ),
    "amount beyond all bounds": (
        QuarantineReason.AMOUNT_OUT_OF_RANGE,
        lambda sent: changed(sent, "amount", 1, 1e200),
    ),
    "infinite amount": (
        QuarantineReason.INFINITE_NUMBER,
        lambda sent: changed(sent, "amount", 1, np.inf),
    ),
    "infinite feature": (
        QuarantineReason.INFINITE_NUMBER,
        lambda sent: with_feature(sent, 1, -np.inf),
    ),
    "no event time": (
        QuarantineReason.MISSING_TIME,
        lambda sent: changed(sent, "event_time", 1, NO_TIME),
    ),
    "no arrival time": (
        QuarantineReason.MISSING_TIME,
        lambda sent: changed(sent, "arrival_time", 1, NO_TIME),
    ),
    "time out of range": (
        QuarantineReason.TIME_OUT_OF_RANGE,
        lambda sent: changed(sent, "event_time", 1, np.datetime64("30000-01-01", "us")),
    ),
    "no id": (QuarantineReason.MISSING_ID, lambda sent: changed(sent, "row_id", 1, "")),
    "id too long": (
        QuarantineReason.UNUSABLE_ID,
        lambda sent: changed(sent, "row_id", 1, "x" * 201),
    ),
    "id with a NUL": (
        QuarantineReason.UNUSABLE_ID,
        lambda sent: changed(sent, "row_id", 1, "a\0b"),
    ),
}


@pytest.mark.parametrize(("reason", "spoil"), FAULTS.values(), ids=FAULTS.keys())
def test_a_row_that_later_steps_cannot_take_is_set_aside_and_the_others_go_in(
    store: ProductionStore, reason: QuarantineReason, spoil: Any
) -> None:
    sent = spoil(rows(["a", "b", "c"]))
    for added in (2, 0):  # a retry sets nothing aside twice
        assert store.add_rows(CASE, sent) == RowsAdded(added, repeated=2 - added, quarantined=1)
    assert store.quarantined_counts(CASE, NOON - HOUR, LATER) == {reason: 1}
    assert store.window(CASE, DAY, LATER).row_id.tolist() == ["a", "c"]


def test_a_missing_amount_or_feature_is_no_fault(store: ProductionStore) -> None:
    sent = with_feature(changed(rows(["a", "b"]), "amount", 1, np.nan), 0, np.nan)
    assert store.add_rows(CASE, sent) == RowsAdded(2, 0, 0)
    assert np.isnan(store.window(CASE, DAY, LATER).amount).tolist() == [False, True]


def test_a_row_set_aside_keeps_what_came_and_says_what_is_wrong(store: ProductionStore) -> None:
    store.add_rows(CASE, changed(rows(["a", "b"]), "amount", 1, -5.0))
    with store.engine.connect() as connection:
        [record] = connection.execute(
            sa.text("SELECT row_id, reason, detail, payload FROM quarantined_rows")
        )
    assert record.row_id == "b"
    assert record.detail == "amount: -5.0"
    for value in ('"weight":0.24285714285714285', '"amount":-5.0', "2026-03-01T12:01:00"):
        assert value in record.payload


def test_rows_of_which_none_has_a_time_are_an_error_that_says_so(store: ProductionStore) -> None:
    sent = rows(["a"])
    timeless = np.array(["NaT"], "datetime64[us]")
    with pytest.raises(TocsinError, match="none of the 1 rows has a time"):
        store.add_rows(CASE, replace(sent, event_time=timeless, arrival_time=timeless))


@pytest.mark.parametrize("wrong", [-0.01, 1.01, np.nan, np.inf])
def test_a_score_outside_0_to_1_is_set_aside_and_the_others_go_in(
    store: ProductionStore, wrong: float
) -> None:
    store.add_rows(CASE, rows(["a", "b"]))
    for added in (1, 0):
        assert store.add_scores(
            CASE,
            ["a", "b"],
            np.array([0.5, wrong]),
            alarmed=np.array([True, False]),
            model_version="1",
            role="champion",
            scored_at=NOON,
        ) == ScoresAdded(added, repeated=1 - added, quarantined=1)
    assert store.quarantined_counts(CASE, NOON - HOUR, LATER) == {
        QuarantineReason.SCORE_OUT_OF_RANGE: 1
    }
    assert np.isnan(store.window(CASE, DAY, LATER).score).tolist() == [False, True]


@pytest.mark.parametrize("wrong", [UNLABELLED, 2])
def test_a_label_that_is_neither_positive_nor_negative_is_set_aside(
    store: ProductionStore, wrong: int
) -> None:
    store.add_rows(CASE, rows(["a", "b"]))
    added = store.add_labels(CASE, ["a", "b"], [POSITIVE, wrong], NOON)
    assert added == LabelsAdded(added=1, repeated=0, conflicting=0, unknown=0, quarantined=1)
    assert store.quarantined_counts(CASE, NOON - HOUR, LATER) == {QuarantineReason.UNKNOWN_LABEL: 1}
    assert store.window(CASE, DAY, LATER).label.tolist() == [POSITIVE, UNLABELLED]


def test_a_label_without_a_time_is_set_aside(store: ProductionStore) -> None:
    store.add_rows(CASE, rows(["a", "b"]))
    times = np.array([moment64(NOON), NO_TIME])
    added = store.add_labels(CASE, ["a", "b"], [POSITIVE, POSITIVE], times)
    assert (added.added, added.quarantined) == (1, 1)
    assert store.quarantined_counts(CASE, NOON - HOUR, LATER) == {QuarantineReason.MISSING_TIME: 1}


def test_labels_of_which_none_has_a_time_are_an_error_that_says_so(store: ProductionStore) -> None:
    with pytest.raises(TocsinError, match="none of the 1 labels has a time"):
        store.add_labels(CASE, ["a"], [POSITIVE], np.array([NO_TIME]))


def test_an_amount_below_0_that_an_older_version_stored_is_read_as_missing(
    store: ProductionStore, tmp_path: Path
) -> None:
    """Else each report on its window, and each retrain, would fail once its label is positive."""
    sent = rows([f"r{i}" for i in range(6)], every=timedelta(minutes=10))
    with writing(store.engine) as connection:
        insert_blocks(connection, CASE.name, changed(sent, "amount", 1, -5.0))
    labels = [POSITIVE, POSITIVE, NEGATIVE, NEGATIVE, POSITIVE, NEGATIVE]
    store.add_labels(CASE, sent.row_id, labels, NOON + HOUR)
    live = store.window(CASE, DAY, LATER)
    store.archive(CASE, "retrain_1", LATER, tmp_path)
    archived = store.training_rows(CASE, LATER, None, folder=tmp_path)
    for read in (live, archived):
        assert read.amount is not None
        assert np.isnan(read.amount).tolist() == [False, True, False, False, False, False]
        card = scorecard(
            read.label,
            np.linspace(0.1, 0.9, 6),
            threshold=0.5,
            amounts=read.amount,
            costs={"missed": {"of_amount": 1}, "false_alarm": 5, "review": 2},
        )
        assert card.money is not None
        assert card.money.unpriced == 1
