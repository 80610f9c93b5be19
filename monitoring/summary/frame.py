"""Pandas columns as Arrow columns."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa

_NUMBERS = {"integer", "floating", "mixed-integer-float", "decimal"}

_NOT_OF_ONE_TYPE = (TypeError, ValueError, NotImplementedError, OverflowError)
"""What Arrow raises of objects that it has no one type for; its own errors are among these."""

_DOUBLE = 8
"""Bytes of the longest floats that Arrow knows."""


def arrow_table(frame: pd.DataFrame, names: Sequence[str]) -> pa.Table:
    """Return those of a frame's columns called `names` that it has; its first where it has none."""
    import pyarrow as pa

    there = [name for name in names if name in frame.columns]
    # Without a column of theirs rows would not be counted: the first of all stands for them.
    columns = {name: arrow_column(frame[name]) for name in there or frame.columns[:1]}
    return pa.table(columns)


def arrow_column(column: pd.Series) -> pa.Array | pa.ChunkedArray:
    """Return a column as Arrow's; objects that Arrow has no one type for are spelled out."""
    import numpy as np
    import pyarrow as pa

    if isinstance(column.dtype, np.dtype) and column.dtype.kind in "fiub":
        if column.dtype.itemsize > _DOUBLE:
            column = column.astype(np.float64)
        return pa.array(np.ascontiguousarray(column.to_numpy()))  # without a copy, if it may be
    try:
        converted = pa.array(column, from_pandas=True)
    except _NOT_OF_ONE_TYPE:
        return _objects(column)
    return _objects(column) if isinstance(converted.type, pa.BaseExtensionType) else converted


def _objects(column: pd.Series) -> pa.Array:
    """Return numbers too large for an integer as floats, and the words that spell all else."""
    import pandas as pd
    import pyarrow as pa

    if pd.api.types.infer_dtype(column, skipna=True) in _NUMBERS:
        return pa.array(pd.to_numeric(column).astype("float64"))
    missing = column.isna()
    spelled = [
        None if lacks else _word(value) for value, lacks in zip(column, missing, strict=True)
    ]
    return pa.array(spelled, pa.large_string())


def _word(value: object) -> str:
    """Spell an object; half of a character, which is no text, by its number."""
    return str(value).encode("utf-8", "backslashreplace").decode("utf-8")
