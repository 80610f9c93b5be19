"""Numbers less an offset: at the ends of what a float holds they are infinite, none fails."""

import numpy as np
import pyarrow as pa

from monitoring.summary.whole_numbers import without_offset

LARGEST = np.finfo(np.float64).max


def test_what_lies_beyond_the_largest_number_is_infinite_and_no_warning() -> None:
    column = pa.array([str(LARGEST), "-1e17", None])
    numbers = np.array([LARGEST, -1e17, np.nan])
    left = without_offset(column, -int(LARGEST) // 2, numbers)
    assert left[0] == np.inf
    assert np.isfinite(left[1])
    assert np.isnan(left[2])


def test_a_whole_number_beyond_all_floats_stays_infinite() -> None:
    left = without_offset(pa.array(["1" + "0" * 400]), 2**60, np.array([np.inf]))
    assert left.tolist() == [np.inf]
