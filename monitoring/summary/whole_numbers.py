"""Whole numbers beyond 2^53, which have no float each: less an offset they keep all digits."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import pyarrow as pa
    from numpy.typing import NDArray

EXACT = 2.0**53
"""Up to here every whole number has a float64 of its own."""

_HALF = 2.0**62


def is_whole(column: pa.Array) -> bool:
    """Whether a column is of a type whose whole numbers are known to the last digit."""
    import pyarrow as pa

    return bool(pa.types.is_integer(column.type) or pa.types.is_decimal(column.type))


def without_offset(
    column: pa.Array, offset: int, numbers: NDArray[np.floating]
) -> NDArray[np.float64]:
    """Return numbers less an offset: whole ones to the last digit.

    Parameters
    ----------
    column
        Numbers, or the text that they stand in.
    numbers
        The same as floats; NaN where missing.
    """
    import pyarrow as pa
    import pyarrow.compute as pc

    with np.errstate(over="ignore"):  # beyond the largest number is infinity
        rough = numbers.astype(np.float64) - float(offset)
    if pa.types.is_integer(column.type):
        wide = pa.int64() if pa.types.is_signed_integer(column.type) else pa.uint64()
        whole = np.from_dlpack(pc.cast(pc.fill_null(column, 0), wide)).view(np.uint64)
        exact = (whole - np.uint64(offset % 2**64)).view(np.int64)  # modulo 2^64
        return np.where(np.abs(rough) < _HALF, exact, rough)
    if not (is_whole(column) or _is_text(column)):
        return rough
    values = column.to_pylist()
    for place in np.flatnonzero(np.abs(numbers) >= EXACT).tolist():
        try:
            rough[place] = int(values[place]) - offset
        except (ValueError, OverflowError):  # no whole number as it stands, or one beyond floats
            continue
    return rough


def _is_text(column: pa.Array) -> bool:
    import pyarrow as pa

    return bool(pa.types.is_string(column.type) or pa.types.is_large_string(column.type))
