"""Frame: pandas columns as Arrow columns."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa


def arrow_table(frame: pd.DataFrame, names: Sequence[str]) -> pa.Table:
    """Return those of a frame's columns called `names` that it has."""
    import pyarrow as pa

    found = {name: arrow_column(frame[name]) for name in names if name in frame.columns}
    return pa.table(found)


def arrow_column(column: pd.Series) -> pa.Array | pa.ChunkedArray:
    """Return a column as Arrow's; objects that Arrow has no one type for are spelled out."""
    import numpy as np
    import pyarrow as pa

    if isinstance(column.dtype, np.dtype) and column.dtype.kind in "fiub":
        return pa.array(np.ascontiguousarray(column.to_numpy()))  # without a copy, if it may be
    try:
        found = pa.array(column, from_pandas=True)
    except (pa.ArrowInvalid, pa.ArrowTypeError, pa.ArrowNotImplementedError):
        found = None
    if found is None or isinstance(found.type, pa.BaseExtensionType):
        missing = column.isna()
        spelled = [
            None if lacks else str(value) for value, lacks in zip(column, missing, strict=True)
        ]
        return pa.array(spelled, pa.large_string())
    return found
