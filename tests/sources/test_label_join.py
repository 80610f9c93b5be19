"""Labels joined to rows: the same as by a dictionary of all of them, whatever they are like."""

from collections import Counter
from collections.abc import Iterator
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from monitoring.sources.logs.label_join import LabelJoin
from monitoring.sources.logs.log_reader import LogPartError
from monitoring.sources.logs.score_problems import Arrivals, ScoreProblems, SharedIds

IDS = st.sampled_from([None, "", "a", "b", "c", "12345678", "a longer one of many letters"])
ROWS = st.lists(st.tuples(IDS, st.integers(0, 50)), max_size=30)
LABELS = st.lists(st.tuples(IDS, st.integers(0, 50), st.integers(0, 1)), max_size=30)


def rows_of(rows: list[tuple[str | None, int]]) -> Iterator[pa.RecordBatch]:
    for start in range(0, len(rows), 7):
        some = rows[start : start + 7]
        yield pa.record_batch(
            {
                "id": pa.array([one[0] for one in some], pa.string()),
                "time": pa.array([one[1] for one in some], pa.int64()),
                "score": pa.array(np.arange(start, start + len(some)) / 100),
                "amount": pa.array(np.full(len(some), np.nan)),
            }
        )


def labels_of(labels: list[tuple[str | None, int, int]]) -> Iterator[pa.RecordBatch]:
    for start in range(0, len(labels), 5):
        some = labels[start : start + 5]
        yield pa.record_batch(
            {
                "id": pa.array([one[0] for one in some], pa.string()),
                "label": pa.array([one[2] for one in some], pa.int8()),
                "time": pa.array([one[1] for one in some], pa.int64()),
            }
        )


@settings(max_examples=150, deadline=None)
@given(ROWS, LABELS, st.booleans())
def test_each_row_has_the_label_that_a_dictionary_would_give_it(
    rows: list[tuple[str | None, int]],
    labels: list[tuple[str | None, int, int]],
    newest_wins: bool,
) -> None:
    problems = ScoreProblems(arrivals=Arrivals(1, 0))
    join = LabelJoin(rows_of(rows), lambda: labels_of(labels), newest_wins=newest_wins)
    found: list[int] = []
    for start, some, label in join.blocks(problems):
        assert start == len(found)
        assert some["score"].tolist() == [place / 100 for place in range(start, start + len(some))]
        found += label.tolist()
    known: dict[str, list[tuple[int, int]]] = {}
    for name, time, label in labels:
        if name is not None:
            known.setdefault(name, []).append((time, label))
    of_rows = [known.get(str(name), []) if name is not None else [] for name, _ in rows]
    pick = max if newest_wins else min
    assert found == [pick(told)[1] if told else -1 for told in of_rows]
    assert problems.conflicting == sum(len({label for _, label in told}) > 1 for told in of_rows)
    assert problems.early == sum(
        bool(told) and min(told)[0] < time for told, (_, time) in zip(of_rows, rows, strict=True)
    )
    names = Counter(name for name, _ in rows if name is not None)
    assert problems.shared.rows == names.total() - len(names)
    assert problems.without_id == sum(name is None for name, _ in rows)
    assert problems.arrivals is not None
    assert problems.arrivals.met.total() == sum(map(len, of_rows))


def test_an_error_of_what_is_read_is_raised_as_it_is() -> None:
    def broken() -> Iterator[Any]:
        yield from labels_of([("a", 1, 1)])
        raise LogPartError("labels.parquet", "half of it is missing")

    join = LabelJoin(rows_of([("a", 0)]), broken, newest_wins=False)
    with pytest.raises(LogPartError, match=r"labels\.parquet: half of it is missing"):
        list(join.blocks(ScoreProblems()))


def test_of_more_ids_than_are_held_those_shared_are_counted_nearly() -> None:
    rng, shared = np.random.default_rng(0), SharedIds(most=10_000)
    ids = rng.integers(0, 2**64, 200_000, np.uint64)
    for some in np.split(np.concatenate([ids, ids[:20_000]]), 20):
        shared.add(some)
    assert shared.rows == pytest.approx(20_000, rel=0.2)
