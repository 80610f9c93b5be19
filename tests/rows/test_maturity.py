"""What a label that has not come means, and which window is past waiting."""

from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from monitoring.rows.maturity import matured, newest_mature_window
from monitoring.rows.rows import NEGATIVE, POSITIVE, UNLABELLED, moment64
from monitoring.rows.window import Window
from tests.store.made import HOUR, NOON, rows, use_case


def test_silence_becomes_negative_at_maturity_and_not_before() -> None:
    sent = rows(["a", "b"], every=HOUR)
    labels = use_case(absent="negative").labels
    seen = matured(sent, labels, NOON + 6 * HOUR)
    assert seen.label.tolist() == [NEGATIVE, UNLABELLED]
    assert seen.label_time[0] == moment64(NOON + 6 * HOUR)
    assert np.isnat(seen.label_time[1])
    assert (seen.label.dtype, seen.label_time.dtype) == (sent.label.dtype, sent.label_time.dtype)


def test_a_label_that_came_is_left_alone() -> None:
    sent = rows(["a"], label=POSITIVE)
    seen = matured(sent, use_case(absent="negative").labels, NOON + 99 * HOUR)
    assert seen.label.tolist() == [POSITIVE]
    np.testing.assert_array_equal(seen.label_time, sent.label_time)


def test_silence_stays_unknown_where_the_use_case_says_so() -> None:
    sent = rows(["a"])
    assert matured(sent, use_case(absent="unknown").labels, NOON + 99 * HOUR) is sent


@pytest.mark.parametrize(
    ("mature_after", "ends_before"), [(6, 1), (24, 1), (25, 2), (48, 2), (49, 3)]
)
def test_the_newest_mature_window_is_in_step_with_the_runs_windows(
    mature_after: int, ends_before: int
) -> None:
    end, day = datetime(2026, 3, 10, tzinfo=UTC), timedelta(days=1)
    window = newest_mature_window(end, day, timedelta(hours=mature_after))
    assert window == Window(end - (ends_before + 1) * day, end - ends_before * day)
    assert window.end + timedelta(hours=mature_after) <= end
