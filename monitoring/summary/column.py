"""Column: a frame's column as numbers or as words, or neither where its type has changed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa
    from numpy.typing import NDArray

EXACT = 2.0**53
"""Up to here every whole number has a float64 of its own."""

_NUMBERS = {"integer", "floating", "mixed-integer-float", "decimal", "boolean", "empty"}
_WORDS = {"string", "boolean", "integer", "empty"}


def numbers_of(column: pd.Series) -> NDArray[np.float64] | None:
    """Return the column as float64, missing as NaN; None where it doesn't hold numbers.

    Numbers, booleans and objects that are numbers are taken; a column without any value is all
    missing, whatever its type.
    """
    import pandas as pd

    if pd.api.types.is_numeric_dtype(column.dtype) and not _complex(column):
        return np.ascontiguousarray(column.to_numpy(np.float64, na_value=np.nan))
    if column.isna().all():
        return np.full(len(column), np.nan)
    if column.dtype == object and pd.api.types.infer_dtype(column, skipna=True) in _NUMBERS:
        return pd.to_numeric(column).to_numpy(np.float64, na_value=np.nan)
    return None


def words_of(column: pd.Series) -> pa.Array | None:
    """Return the column as an Arrow array of words; None where it holds neither words nor codes.

    Codes are whole numbers and booleans; they are read as the words that spell them.
    """
    import pandas as pd
    import pyarrow as pa
    import pyarrow.compute as pc

    if isinstance(column.dtype, pd.CategoricalDtype):
        column = column.astype(column.cat.categories.dtype)
    if isinstance(column.dtype, pd.StringDtype):
        return _whole(pa.array(column, from_pandas=True))
    if column.isna().all():
        return pa.nulls(len(column), pa.string())
    if column.dtype == object and pd.api.types.infer_dtype(column, skipna=True) in _WORDS:
        spelled = [
            None if missing else str(value)
            for value, missing in zip(column, column.isna(), strict=True)
        ]
        return pa.array(spelled, pa.string())
    if _holds_whole_floats(column):
        column = column.astype("Int64")
    if pd.api.types.is_bool_dtype(column.dtype) or pd.api.types.is_integer_dtype(column.dtype):
        return pc.cast(_whole(pa.array(column, from_pandas=True)), pa.string())
    return None


def _complex(column: pd.Series) -> bool:
    return column.dtype.kind == "c"


def _holds_whole_floats(column: pd.Series) -> bool:
    """Whether floats are whole and exact: integers become floats where some are missing."""
    import pandas as pd

    if not pd.api.types.is_float_dtype(column.dtype):
        return False
    numbers = column.dropna().to_numpy(np.float64)
    return bool((numbers == np.rint(numbers)).all() and (np.abs(numbers) <= EXACT).all())


def _whole(array: pa.Array | pa.ChunkedArray) -> pa.Array:
    import pyarrow as pa

    return array.combine_chunks() if isinstance(array, pa.ChunkedArray) else array
