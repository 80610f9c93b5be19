"""Rows are cut in time: nothing later in an earlier part."""

from dataclasses import replace

import numpy as np
import pytest

from monitoring.rows.rows import Rows
from monitoring.training import TrainingError
from monitoring.training.split import days_of, split_in_time
from monitoring.use_case_split import Split

THIRDS = Split(train=0.5, validation=0.25, test=0.25)


def test_parts_hold_every_row_once_each_later_than_the_part_before(card_rows: Rows) -> None:
    split = split_in_time(card_rows, Split())
    parts = (split.train, split.validation, split.test)
    assert [round(len(part) / len(card_rows), 2) for part in parts] == [0.6, 0.2, 0.2]
    assert np.array_equal(np.concatenate([part.row_id for part in parts]), card_rows.row_id)
    assert split.train.event_time[-1] < split.validation.event_time[0]
    assert split.validation.event_time[-1] < split.test.event_time[0]


@pytest.mark.parametrize("size", [2, 7, 40, 150])
def test_rows_of_one_moment_never_lie_in_two_parts(card_rows: Rows, size: int) -> None:
    rows = card_rows.take(slice(0, 1000))
    times = np.datetime64("2026-01-01", "us") + np.arange(1000) // size * np.timedelta64(1, "h")
    split = split_in_time(replace(rows, event_time=times), THIRDS)
    seen = [set(part.event_time.tolist()) for part in (split.train, split.validation, split.test)]
    assert not seen[0] & seen[1]
    assert not seen[1] & seen[2]
    assert abs(len(split.train) - 500) <= size


@pytest.mark.parametrize(
    ("positives", "words"),
    [
        ([], "train part .* no positives"),
        (range(500), "train part .* no negatives"),
        (range(0, 500, 7), "validation part .* no positives"),
        (range(0, 750, 7), "test part .* no positives"),
    ],
)
def test_a_part_without_both_classes_is_named(
    card_rows: Rows, positives: list[int], words: str
) -> None:
    label = np.zeros(1000, dtype=np.int8)
    label[list(positives)] = 1
    with pytest.raises(TrainingError, match=words):
        split_in_time(replace(card_rows.take(slice(0, 1000)), label=label), THIRDS)


def test_a_part_of_a_single_moment_is_an_error(card_rows: Rows) -> None:
    rows = card_rows.take(slice(0, 1000))
    times = np.repeat(
        np.array(["2026-01-01", "2026-01-02", "2026-01-03"], "M8[us]"), [500, 250, 250]
    )
    label = np.arange(1000, dtype=np.int8) % 2
    with pytest.raises(TrainingError, match="only rows of one moment"):
        split_in_time(replace(rows, event_time=times, label=label), THIRDS)


def test_no_rows_are_an_error(card_rows: Rows) -> None:
    with pytest.raises(TrainingError, match="0 rows"):
        split_in_time(card_rows.take(slice(0, 0)), Split())


def test_days_are_counted_from_the_first_to_the_last_row(card_rows: Rows) -> None:
    rows = card_rows.take(slice(0, 3))
    times = np.array(["2026-01-01T00", "2026-01-01T06", "2026-01-02T12"], "M8[us]")
    assert days_of(replace(rows, event_time=times)) == 1.5
