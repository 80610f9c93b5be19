"""A label that is corrected later: the first stays, or the newest wins; both are counted."""

from datetime import datetime
from pathlib import Path

import numpy as np
import pytest

from monitoring.rows.quarantine import QuarantineReason
from monitoring.rows.rows import NEGATIVE, POSITIVE, UNLABELLED, moment64
from monitoring.rows.window import Window
from monitoring.store.added import LabelsAdded
from monitoring.store.production_store import ProductionStore
from monitoring.store.reading import Settled
from monitoring.store.row_source import LabelProblems
from monitoring.use_case import UseCase
from tests.store.made import HOUR, NOON, at, rows, use_case

FIRST_STAYS = use_case()
NEWEST_WINS = FIRST_STAYS.model_copy(
    update={"labels": FIRST_STAYS.labels.model_copy(update={"newest_wins": True})}
)
DAY = Window(NOON, NOON + 24 * HOUR)
LATER = NOON + 48 * HOUR


def send(store: ProductionStore, case: UseCase, label: int, hours: float) -> LabelsAdded:
    """Send a label of row a that came so many hours after noon."""
    return store.add_labels(case, ["a"], [label], NOON + hours * HOUR)


def label_at(store: ProductionStore, case: UseCase, hours: float) -> tuple[int, object]:
    """Return the label of row a, and its time, as known so many hours after noon."""
    found = store.window(case, DAY, NOON + hours * HOUR)
    return int(found.label[0]), found.label_time[0]


def moment(hours: float) -> np.datetime64:
    return moment64(NOON + hours * HOUR)


@pytest.fixture
def reversed_chargeback(store: ProductionStore) -> ProductionStore:
    """Row a: positive at 1, negative at 2, positive again at 3."""
    store.add_rows(NEWEST_WINS, rows(["a"]))
    for label, hours in ((POSITIVE, 1), (NEGATIVE, 2), (POSITIVE, 3)):
        send(store, NEWEST_WINS, label, hours)
    return store


def test_the_newest_label_wins_from_its_own_time_on(reversed_chargeback: ProductionStore) -> None:
    store = reversed_chargeback
    assert label_at(store, NEWEST_WINS, 0.5)[0] == UNLABELLED
    assert label_at(store, NEWEST_WINS, 1.5) == (POSITIVE, moment(1))
    assert label_at(store, NEWEST_WINS, 2.5) == (NEGATIVE, moment(2))
    assert label_at(store, NEWEST_WINS, 4) == (POSITIVE, moment(3))
    assert label_at(store, FIRST_STAYS, 4) == (POSITIVE, moment(1))


def test_sent_again_nothing_changes(reversed_chargeback: ProductionStore) -> None:
    store = reversed_chargeback
    before = store.label_problems(NEWEST_WINS, NOON, LATER)
    for label, hours in ((NEGATIVE, 2), (POSITIVE, 3), (POSITIVE, 1)):
        assert send(store, NEWEST_WINS, label, hours).added == 0
    assert store.label_problems(NEWEST_WINS, NOON, LATER) == before
    assert label_at(store, NEWEST_WINS, 4) == (POSITIVE, moment(3))


def test_corrections_and_contradictions_are_counted_apart(
    reversed_chargeback: ProductionStore,
) -> None:
    store = reversed_chargeback
    assert store.label_problems(NEWEST_WINS, NOON, LATER) == LabelProblems(0, 0, corrected=2)
    assert store.label_problems(FIRST_STAYS, NOON, LATER) == LabelProblems(0, 2, corrected=0)
    assert store.label_problems(NEWEST_WINS, NOON + 2 * HOUR, LATER).corrected == 1
    assert store.label_problems(NEWEST_WINS, NOON, NOON + 2 * HOUR).corrected == 1
    store.add_rows(NEWEST_WINS, rows(["b"]))
    both = store.add_labels(
        NEWEST_WINS,
        ["b", "b", "b"],
        [POSITIVE, NEGATIVE, POSITIVE],
        np.array([moment(1), moment(2), moment(3)]),
    )
    assert both == LabelsAdded(added=1, repeated=0, conflicting=0, unknown=0, corrected=2)


def test_a_correction_that_is_older_than_what_it_corrects_changes_nothing(
    store: ProductionStore,
) -> None:
    store.add_rows(NEWEST_WINS, rows(["a"]))
    send(store, NEWEST_WINS, POSITIVE, 5)
    send(store, NEWEST_WINS, NEGATIVE, 2)
    assert label_at(store, NEWEST_WINS, 6) == (POSITIVE, moment(5))
    assert label_at(store, NEWEST_WINS, 3) == (NEGATIVE, moment(2))


def test_of_two_with_one_time_the_one_received_later_wins(store: ProductionStore) -> None:
    store.add_rows(NEWEST_WINS, rows(["a"]))
    send(store, NEWEST_WINS, POSITIVE, 1)
    send(store, NEWEST_WINS, NEGATIVE, 1)
    assert label_at(store, NEWEST_WINS, 2) == (NEGATIVE, moment(1))


def test_a_retrain_learns_from_the_corrected_label_of_archived_rows_too(
    store: ProductionStore, tmp_path: Path
) -> None:
    store.add_rows(NEWEST_WINS, rows(["a", "b"]))
    store.add_labels(NEWEST_WINS, ["a", "b"], [POSITIVE, POSITIVE], NOON + HOUR)
    archived = store.archive(NEWEST_WINS, "retrain 1", NOON + 2 * HOUR, tmp_path)
    assert archived.rows == 2
    send(store, NEWEST_WINS, NEGATIVE, 3)

    def learned(as_of: datetime, case: UseCase = NEWEST_WINS) -> list[int]:
        found = store.training_rows(case, as_of, None, folder=tmp_path)
        return found.take(np.argsort(found.row_id)).label.tolist()

    assert learned(NOON + 2 * HOUR) == [POSITIVE, POSITIVE]
    assert learned(LATER) == [NEGATIVE, POSITIVE]
    assert learned(LATER, FIRST_STAYS) == [POSITIVE, POSITIVE]


def test_settled_positives_are_those_by_their_newest_label(store: ProductionStore) -> None:
    store.add_rows(NEWEST_WINS, rows(["a", "b"]))
    store.add_labels(NEWEST_WINS, ["a", "b"], [POSITIVE, POSITIVE], NOON + HOUR)
    send(store, NEWEST_WINS, NEGATIVE, 3)
    settled = store.settled_since(NEWEST_WINS, NOON, after=NOON, as_of=LATER)
    assert settled == Settled(rows=2, positives=1)
    first = store.settled_since(FIRST_STAYS, NOON, after=NOON, as_of=LATER)
    assert first == Settled(rows=2, positives=2)


# Labels and rows whose times can't be.


def test_a_label_before_its_event_is_taken_and_counted(store: ProductionStore) -> None:
    store.add_rows(FIRST_STAYS, rows(["a", "b"]))
    store.add_labels(FIRST_STAYS, ["a"], [POSITIVE], NOON - HOUR)
    store.add_labels(FIRST_STAYS, ["b"], [POSITIVE], NOON + HOUR)
    assert store.label_problems(FIRST_STAYS, NOON - 2 * HOUR, LATER).before_event == 1
    assert store.label_problems(FIRST_STAYS, NOON, LATER).before_event == 0
    assert store.window(FIRST_STAYS, DAY, LATER).label.tolist() == [POSITIVE, POSITIVE]


def test_a_label_from_the_future_is_set_aside_and_counted_when_it_was_received(
    store: ProductionStore,
) -> None:
    store.add_rows(FIRST_STAYS, rows(["a", "b"]))
    times = np.array([moment(3), moment(2) + np.timedelta64(5, "m")])
    added = store.add_labels(
        FIRST_STAYS, ["a", "b"], [POSITIVE, POSITIVE], times, received_at=NOON + 2 * HOUR
    )
    assert (added.added, added.quarantined) == (1, 1)
    counted = store.quarantined_counts(FIRST_STAYS, NOON, NOON + 2 * HOUR)
    assert counted == {QuarantineReason.FROM_THE_FUTURE: 1}
    assert store.window(FIRST_STAYS, DAY, LATER).label.tolist() == [UNLABELLED, POSITIVE]


def test_a_row_from_the_future_is_set_aside_but_not_one_of_a_clock_that_runs_ahead(
    store: ProductionStore,
) -> None:
    sent = rows(["a", "b", "c"])
    ahead = np.array([np.timedelta64(0, "m"), np.timedelta64(5, "m"), np.timedelta64(6, "m")])
    added = store.add_rows(FIRST_STAYS, at(sent, event_time=sent.arrival_time + ahead))
    assert (added.added, added.quarantined) == (2, 1)
    counted = store.quarantined_counts(FIRST_STAYS, NOON - HOUR, LATER)
    assert counted == {QuarantineReason.FROM_THE_FUTURE: 1}
    assert sorted(store.window(FIRST_STAYS, DAY, LATER).row_id.tolist()) == ["a", "b"]
