"""Whatever comes in is kept once; what can't be taken as it is, is kept apart and counted."""

from dataclasses import dataclass, replace
from functools import partial

import numpy as np
import pytest
import sqlalchemy as sa

from monitoring.rows.quarantine import QuarantineReason
from monitoring.rows.rows import NEGATIVE, POSITIVE
from monitoring.rows.window import Window
from monitoring.store.added import LabelsAdded, RowsAdded, ScoresAdded
from monitoring.store.production_store import ProductionStore, open_store
from monitoring.store.row_source import LabelProblems
from tests.fixtures.postgres import fresh_database
from tests.store.made import HOUR, NOON, rows, use_case
from tests.store.processes import added, at_once

CASE = use_case()
DAY = Window(NOON, NOON + 24 * HOUR)
LATER = NOON + 48 * HOUR


@dataclass(frozen=True)
class Bad:
    """A row as a schema check sets it aside."""

    row_id: str
    reason: str
    row_number: int = 0
    detail: str = "what it was"
    payload: str = "1,2,x"


def add_scores(store: ProductionStore, scores: list[float], role: str = "champion") -> ScoresAdded:
    ids = [f"r{i}" for i in range(len(scores))]
    values = np.array(scores)
    return store.add_scores(
        CASE, ids, values, alarmed=values >= 0.5, model_version="1", role=role, scored_at=NOON
    )


def test_a_retried_call_adds_no_row_twice(store: ProductionStore) -> None:
    sent = rows(["a", "b", "c"])
    assert store.add_rows(CASE, sent) == RowsAdded(3, 0, 0)
    assert store.add_rows(CASE, sent) == RowsAdded(0, 3, 0)
    assert store.add_rows(CASE, rows([])) == RowsAdded(0, 0, 0)
    assert len(store.window(CASE, DAY, LATER)) == 3


def test_another_row_under_a_known_id_is_set_aside_and_not_lost(store: ProductionStore) -> None:
    sent = rows(["a", "b"])
    store.add_rows(CASE, sent)
    other = replace(sent, features=sent.features.assign(weight=[99.0, 0.1 + 1 / 7]))
    assert store.add_rows(CASE, other) == RowsAdded(added=0, repeated=1, quarantined=1)
    assert store.add_rows(CASE, other) == RowsAdded(added=0, repeated=1, quarantined=1)
    assert store.quarantined_counts(CASE, NOON - HOUR, LATER) == {QuarantineReason.REUSED_ID: 1}
    assert store.window(CASE, DAY, LATER).features["weight"].tolist() == [0.1, 0.1 + 1 / 7]


def test_an_id_twice_in_one_call_keeps_the_first(store: ProductionStore) -> None:
    assert store.add_rows(CASE, rows(["a", "a"])) == RowsAdded(added=1, repeated=0, quarantined=1)
    assert store.window(CASE, DAY, LATER).features["weight"].tolist() == [0.1]


def test_a_score_is_kept_once_for_each_role(store: ProductionStore) -> None:
    assert add_scores(store, [0.1, 0.9]) == ScoresAdded(2, 0)
    assert add_scores(store, [0.3, 0.9, 0.2]) == ScoresAdded(1, 2)
    assert add_scores(store, [0.1, 0.9], role="shadow") == ScoresAdded(2, 0)
    store.add_rows(CASE, rows(["r0"]))
    assert store.window(CASE, DAY, LATER).score == [0.1]


def test_what_is_added_together_is_stored_at_once_or_not_at_all(store: ProductionStore) -> None:
    def fails_at_the_third() -> None:
        with store.together():
            store.add_rows(CASE, rows(["r0"]))
            add_scores(store, [0.1])
            add_scores(store, [0.1], role="spectator")

    with pytest.raises(ValueError, match="spectator"):
        fails_at_the_third()
    assert len(store.window(CASE, DAY, LATER)) == 0
    with store.together():
        assert store.add_rows(CASE, rows(["r0"])).added == 1
        assert add_scores(store, [0.1]).added == 1
        assert store.add_labels(CASE, ["r0"], [POSITIVE], NOON).unknown == 0
        assert len(store.window(CASE, DAY, LATER)) == 0
    assert store.window(CASE, DAY, LATER).score == [0.1]


@pytest.mark.postgres
def test_the_planner_is_told_of_rows_that_were_added_together(postgres_url: str) -> None:
    with fresh_database(postgres_url) as url, open_store(url) as store:
        with store.together():
            store.add_rows(CASE, rows([f"r{place}" for place in range(1000)]))
        with store.engine.connect() as connection:
            size = sa.text("SELECT reltuples FROM pg_class WHERE relname = 'production_rows'")
            assert connection.execute(size).scalar_one() == 1000


def test_an_unknown_role_is_an_error(store: ProductionStore) -> None:
    with pytest.raises(ValueError, match="spectator"):
        add_scores(store, [0.5], role="spectator")


def test_the_first_label_stays_and_a_contradiction_is_kept_apart(store: ProductionStore) -> None:
    store.add_rows(CASE, rows(["a", "b"]))
    first = store.add_labels(CASE, ["a", "b"], [POSITIVE, NEGATIVE], NOON + HOUR)
    assert first == LabelsAdded(added=2, repeated=0, conflicting=0, unknown=0)
    for _ in range(2):
        again = store.add_labels(CASE, ["a", "b"], [NEGATIVE, NEGATIVE], NOON + 2 * HOUR)
        assert again == LabelsAdded(added=0, repeated=1, conflicting=1, unknown=0)
    assert store.window(CASE, DAY, LATER).label.tolist() == [POSITIVE, NEGATIVE]
    assert store.label_problems(CASE, NOON, LATER) == LabelProblems(unknown=0, conflicting=1)
    assert store.label_problems(CASE, NOON, NOON + HOUR).conflicting == 0


def test_labels_that_contradict_each_other_in_one_call_keep_the_first(
    store: ProductionStore,
) -> None:
    store.add_rows(CASE, rows(["a"]))
    added = store.add_labels(CASE, ["a", "a"], [POSITIVE, NEGATIVE], NOON + HOUR)
    assert added == LabelsAdded(added=1, repeated=0, conflicting=1, unknown=0)
    assert store.window(CASE, DAY, LATER).label.tolist() == [POSITIVE]


def test_a_label_without_its_row_is_counted_and_valid_once_the_row_comes(
    store: ProductionStore,
) -> None:
    added = store.add_labels(CASE, ["a"], [POSITIVE], NOON + HOUR)
    assert added == LabelsAdded(added=1, repeated=0, conflicting=0, unknown=1)
    assert store.label_problems(CASE, NOON, LATER).unknown == 1
    store.add_rows(CASE, rows(["a"]))
    assert store.label_problems(CASE, NOON, LATER).unknown == 0
    assert store.window(CASE, DAY, LATER).label.tolist() == [POSITIVE]


def test_quarantined_rows_are_kept_once_and_counted_by_reason(store: ProductionStore) -> None:
    bad = [Bad("a", "missing time"), Bad("a", "missing time", row_number=1), Bad("b", "other")]
    assert store.add_quarantined(CASE, bad, seen_at=NOON) == 3
    assert store.add_quarantined(CASE, bad, seen_at=NOON + HOUR) == 0
    counts = store.quarantined_counts(CASE, NOON - HOUR, NOON)
    assert counts == {"missing time": 2, "other": 1}
    assert store.quarantined_counts(CASE, NOON, LATER) == {}


def test_values_of_another_type_are_counted_by_column(store: ProductionStore) -> None:
    def bad(number: int, detail: str, reason: str = "unparsable number") -> Bad:
        return Bad(f"r{number}", reason, row_number=number, detail=detail)

    store.add_quarantined(
        CASE,
        [
            bad(0, "weight: 'heavy: very'"),
            bad(1, "weight: ''"),
            bad(2, "at: 'noon'", "unparsable time"),
            bad(3, "worth: -3", "negative amount"),
        ],
        seen_at=NOON,
    )
    assert store.unreadable_values(CASE, NOON - HOUR, NOON) == {"at": 1, "weight": 2}
    assert store.unreadable_values(CASE, NOON, LATER) == {}


def test_the_newest_times_are_those_known_at_the_moment(store: ProductionStore) -> None:
    assert store.newest_event_time(CASE, LATER) is None
    assert store.newest_label_time(CASE, LATER) is None
    sent = rows(["a", "b", "c"], every=HOUR, label=POSITIVE)
    store.add_rows(CASE, sent)
    store.add_labels(CASE, sent.row_id, sent.label, sent.label_time)
    assert store.newest_event_time(CASE, LATER) == NOON + 2 * HOUR
    assert store.newest_event_time(CASE, NOON + HOUR) == NOON + HOUR
    assert store.newest_label_time(CASE, NOON + 2 * HOUR) == NOON + 2 * HOUR


def test_what_several_processes_add_at_once_goes_in_once(store_url: str) -> None:
    done = at_once([partial(added, store_url, first) for first in (0, 1000, 2000)])
    assert sum(rows.added for rows, _ in done) == sum(labels.added for _, labels in done) == 3000
    assert sum(rows.repeated for rows, _ in done) == 6000
    assert sum(labels.repeated for _, labels in done) == 6000
    with open_store(store_url) as store:
        assert (store.window(CASE, DAY, LATER).label == POSITIVE).sum() == 3000


def test_more_ids_than_one_condition_takes(store: ProductionStore) -> None:
    sent = rows([f"r{i}" for i in range(10_500)], every=HOUR / 3600)
    store.add_rows(CASE, sent)
    assert store.add_rows(CASE, sent) == RowsAdded(0, 10_500, 0)
