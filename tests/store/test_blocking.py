"""Blocked rows show no truth: they are nothing to learn from, and others stand for them."""

from datetime import timedelta
from pathlib import Path

import numpy as np
import pytest

from monitoring.errors import InputError
from monitoring.rows.control_group import Control
from monitoring.rows.rows import NEGATIVE, POSITIVE, UNLABELLED, Rows
from monitoring.rows.window import Window
from monitoring.store.production_store import ProductionStore
from monitoring.store.row_formats import read_snapshot, write_snapshot
from monitoring.use_case import UseCase
from monitoring.use_case_decisions import Decisions
from tests.store.made import HOUR, NOON, rows, use_case

DAY = Window(NOON, NOON + timedelta(days=1))
AS_OF = DAY.end
IDS = list("abcdef")
"""a and b were blocked, c let through at one in four, d to f not flagged."""


@pytest.fixture
def case() -> UseCase:
    """Parcels whose alarms block."""
    decisions = Decisions(blocking="alarm", control_share=0.25)
    return use_case(absent="negative").model_copy(update={"decisions": decisions})


@pytest.fixture
def filled(store: ProductionStore, case: UseCase) -> ProductionStore:
    """A store with these rows, scored and decided; a label came for f."""
    sent = rows(IDS)
    store.add_rows(case, sent)
    through = Control(np.array([False, False, True]), np.full(3, 0.25))
    assert store.add_decisions(case, sent.row_id[:3], through, NOON) == 3
    store.add_scores(
        case,
        sent.row_id,
        np.array([0.9, 0.9, 0.9, 0.1, 0.1, 0.1]),
        alarmed=np.arange(6) < 3,
        model_version="1",
        role="champion",
        scored_at=NOON,
    )
    store.add_labels(case, ["f"], [POSITIVE], NOON + HOUR)
    return store


def learned(store: ProductionStore, case: UseCase, folder: Path) -> Rows:
    return store.training_rows(case, AS_OF, None, folder=folder)


def test_a_blocked_row_is_not_learned_from_and_does_not_count_as_new(
    filled: ProductionStore, case: UseCase, tmp_path: Path
) -> None:
    seen = filled.window(case, DAY, AS_OF)
    assert seen.weight is not None
    assert seen.weight.tolist() == [0, 0, 4, 1, 1, 1]
    taken = learned(filled, case, tmp_path)
    assert taken.row_id.tolist() == ["c", "d", "e", "f"]
    assert taken.label.tolist() == [NEGATIVE, NEGATIVE, NEGATIVE, POSITIVE]
    assert taken.weight is not None
    assert taken.weight.tolist() == [4, 1, 1, 1]
    assert filled.new_labelled(case, AS_OF) == 4
    settled = filled.settled_since(case, NOON, after=NOON, as_of=AS_OF)
    assert (settled.rows, settled.positives) == (4, 1)


def test_a_review_shows_the_truth_of_a_blocked_row(
    filled: ProductionStore, case: UseCase, tmp_path: Path
) -> None:
    filled.add_labels(case, ["a"], [POSITIVE], NOON + HOUR)
    filled.archive(case, "first", AS_OF, tmp_path)
    taken = learned(filled, case, tmp_path)
    assert taken.row_id.tolist() == ["a", "c", "d", "e", "f"]
    assert taken.weight is not None
    assert taken.weight.tolist() == [0, 4, 1, 1, 1]
    sha256 = write_snapshot(taken, tmp_path / "rows.parquet")
    features = case.columns.features
    saved = read_snapshot(tmp_path / "rows.parquet", features, sha256=sha256)  # type: ignore[arg-type]
    assert saved.weight is not None
    assert saved.weight.tolist() == [0, 4, 1, 1, 1]
    filled.add_labels(case, ["b"], [NEGATIVE], NOON + HOUR)
    assert filled.window(case, DAY, AS_OF).weight is None
    assert learned(filled, case, tmp_path).weight is None


def test_the_same_rows_where_nothing_blocks_mean_what_they_always_meant(
    filled: ProductionStore, tmp_path: Path
) -> None:
    plain = use_case(absent="negative")
    assert filled.window(plain, DAY, AS_OF).weight is None
    assert len(learned(filled, plain, tmp_path)) == 6
    assert filled.new_labelled(plain, AS_OF) == 6


def test_a_row_is_decided_once_and_a_later_share_changes_nothing(
    filled: ProductionStore, case: UseCase
) -> None:
    ids = np.array(["a", "c", "new"])
    everyone = case.decisions.model_copy(update={"control_share": 1.0})
    open_handed = case.model_copy(update={"decisions": everyone})
    assert filled.decide(open_handed, ids, NOON).tolist() == [False, True, True]
    assert filled.window(case, DAY, NOON - HOUR).weight is None


def test_a_row_can_t_have_been_let_through_with_no_probability(
    filled: ProductionStore, case: UseCase
) -> None:
    control = Control(np.array([False, True]), np.array([0.0, 0.0]))
    with pytest.raises(InputError, match=r"control probability 0 of row 1"):
        filled.add_decisions(case, ["x", "y"], control, NOON)
    assert filled.window(case, DAY, AS_OF).label[:2].tolist() == [UNLABELLED] * 2
