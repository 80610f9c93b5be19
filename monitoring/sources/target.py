"""Target: the column of the truth becomes positive, negative or unlabelled."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from monitoring.rows.parsing import is_text, parse_numbers, parse_words
from monitoring.rows.rows import NEGATIVE, POSITIVE, UNLABELLED

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

    from monitoring.use_case import Target

_OTHER_OF_TWO = {0: 1, 1: 0}


@dataclass(frozen=True, eq=False)
class Labels:
    """The truth of each row.

    Attributes
    ----------
    label
        int8: `POSITIVE`, `NEGATIVE`, or `UNLABELLED` where nothing was there or it is unknown.
    unknown
        Where the value is neither the positive nor the negative one.
    """

    label: NDArray[np.int8]
    unknown: NDArray[np.bool_]


def parse_target(column: pd.Series, target: Target) -> Labels:
    """Tell positive, negative and unknown values apart; an empty one is `UNLABELLED`.

    The negative value is the other one of 0 and 1, of true and false; for any other target it is
    the most frequent of the other values.
    """
    import pandas as pd

    values, unreadable = _comparable(column, target)
    present = pd.notna(values)
    positive = present & (values == target.positive)
    others = values[present & ~positive]
    negative = present & ~positive
    if others.size:
        negative &= values == _negative(target, others)
    label = np.full(len(column), UNLABELLED, np.int8)
    label[positive] = POSITIVE
    label[negative] = NEGATIVE
    return Labels(label, unreadable | (present & ~positive & ~negative))


def _comparable(column: pd.Series, target: Target) -> tuple[Any, NDArray[np.bool_]]:
    """Return values that compare with the positive one, and where there are none such."""
    if isinstance(target.positive, str):
        words = parse_words(column).to_numpy(dtype=object, na_value=None)
        return words, np.zeros(len(column), np.bool_)
    if is_text(column):
        column = column.astype(object).replace(
            {"true": "1", "True": "1", "TRUE": "1", "false": "0", "False": "0", "FALSE": "0"}
        )
    numbers = parse_numbers(column)
    return numbers.values, numbers.unparsable


def _negative(target: Target, others: Any) -> Any:
    if not isinstance(target.positive, str) and int(target.positive) in _OTHER_OF_TWO:
        return _OTHER_OF_TWO[int(target.positive)]
    values, counts = np.unique(others, return_counts=True)
    return values[np.argmax(counts)]
