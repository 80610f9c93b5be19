"""Rows are of use to a retrain once their truth is settled; before that, labels mislead."""

from datetime import timedelta

import numpy as np

from monitoring.rows.maturity import settled
from monitoring.rows.rows import NEGATIVE, POSITIVE
from monitoring.store.production_store import ProductionStore
from monitoring.store.reading import Settled
from monitoring.use_case import UseCase
from tests.store.made import HOUR, NOON, at, rows, use_case

SILENT = use_case(absent="negative")  # matures in six hours
SPOKEN = use_case(absent="unknown")


def sent(store: ProductionStore, case: UseCase) -> None:
    """Add a row an hour from noon on; every other one is positive, and known an hour later."""
    added = rows(list("abcdefgh"), every=HOUR)
    store.add_rows(case, added)
    store.add_labels(
        case, added.row_id[::2], np.ones(4, np.int8), added.event_time[::2] + np.timedelta64(HOUR)
    )


def counted(
    store: ProductionStore, case: UseCase, *, since: int, after: int, as_of: int
) -> tuple[int, int]:
    found = store.settled_since(
        case, NOON + since * HOUR, after=NOON + after * HOUR, as_of=NOON + as_of * HOUR
    )
    assert isinstance(found, Settled)
    return found.rows, found.positives


def test_where_silence_means_negative_rows_settle_at_their_maturity(
    store: ProductionStore,
) -> None:
    sent(store, SILENT)
    assert counted(store, SILENT, since=0, after=0, as_of=5) == (0, 0)
    assert counted(store, SILENT, since=0, after=0, as_of=6) == (1, 1)
    assert counted(store, SILENT, since=0, after=0, as_of=9) == (4, 2)
    assert counted(store, SILENT, since=2, after=0, as_of=9) == (2, 1)
    assert counted(store, SILENT, since=0, after=6, as_of=9) == (3, 1)


def test_where_silence_means_nothing_rows_settle_when_their_label_comes(
    store: ProductionStore,
) -> None:
    sent(store, SPOKEN)
    assert counted(store, SPOKEN, since=0, after=0, as_of=0) == (0, 0)
    assert counted(store, SPOKEN, since=0, after=0, as_of=3) == (2, 2)
    assert counted(store, SPOKEN, since=0, after=1, as_of=3) == (1, 1)
    assert counted(store, SPOKEN, since=3, after=1, as_of=99) == (2, 2)


def test_no_rows_are_none(store: ProductionStore) -> None:
    assert counted(store, SILENT, since=0, after=0, as_of=9) == (0, 0)


def test_a_positive_known_early_is_no_truth_about_its_time() -> None:
    known = at(
        rows(list("abcd"), every=2 * HOUR), label=np.array([-1, POSITIVE, -1, POSITIVE], np.int8)
    )
    known = at(known, label_time=known.event_time + np.timedelta64(timedelta(minutes=1)))
    found = settled(known, SILENT.labels, NOON + 8 * HOUR)
    assert found.row_id.tolist() == ["a", "b"]
    assert found.label.tolist() == [NEGATIVE, POSITIVE]
    assert settled(known, SPOKEN.labels, NOON + 8 * HOUR).row_id.tolist() == ["b", "d"]
