"""Merging is exact, and the same in any order."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from monitoring.rows.rows import Rows
from monitoring.summary.build import summarise
from monitoring.summary.files import to_json
from monitoring.summary.merge import MergeError, merge
from monitoring.summary.reference import fit_reference
from monitoring.summary.types import ColumnStatus, Reference, Summary
from tests.summary.made import FEATURES, frame, rows_of

TOWNS = [f"new town {i}" for i in range(60)]


def _reference() -> Reference:
    rng = np.random.default_rng(0)
    return fit_reference(
        rows_of(frame(rng, 500)),
        rows_of(frame(rng, 500), seed=1),
        features=FEATURES,
        threshold=0.2,
        chunk=50,
        importance={},
    )


REFERENCE = _reference()


def _window(seed: int, rows: int) -> Rows:
    rng = np.random.default_rng(seed)
    features = frame(rng, rows)
    features["town"] = features["town"].mask(rng.random(rows) < 0.3, rng.choice(TOWNS))
    return rows_of(features, seed=seed)


windows = st.builds(_window, st.integers(0, 10_000), st.integers(0, 200))


def same(one: Summary, other: Summary) -> bool:
    """Whether two summaries are equal to the last bit."""
    return to_json(one) == to_json(other)


@settings(max_examples=30, deadline=None)
@given(windows, windows, windows)
def test_merging_is_associative_and_commutative(a: Rows, b: Rows, c: Rows) -> None:
    x, y, z = (summarise(rows, REFERENCE) for rows in (a, b, c))
    assert same(merge(merge(x, y), z), merge(x, merge(y, z)))
    assert same(merge(x, y, z), merge(z, x, y))


@settings(max_examples=30, deadline=None)
@given(windows, st.integers(0, 200))
def test_the_parts_of_a_window_add_up_to_it(rows: Rows, cut: int) -> None:
    parts = (rows.take(slice(None, cut)), rows.take(slice(cut, None)))
    merged = merge(*(summarise(part, REFERENCE) for part in parts))
    whole = summarise(rows, REFERENCE)
    assert same(merged, whole)


def test_a_part_without_a_column_leaves_its_status() -> None:
    good = summarise(_window(1, 20), REFERENCE)
    rows = _window(2, 20)
    bad = summarise(replace(rows, features=rows.features.drop(columns="town")), REFERENCE)
    merged = merge(good, bad)
    assert merged.features["town"].status is ColumnStatus.MISSING_COLUMN
    assert merged.features["height"].counts.sum() == 40


@pytest.mark.parametrize("change", [{"bins_hash": "other"}, {"model_version": "9"}])
def test_unlike_summaries_do_not_merge(change: dict[str, str]) -> None:
    summary = summarise(_window(1, 20), REFERENCE)
    with pytest.raises(MergeError, match=r"other|9"):
        merge(summary, replace(summary, **change))


def test_nothing_to_merge_is_an_error() -> None:
    with pytest.raises(MergeError, match="nothing"):
        merge()
