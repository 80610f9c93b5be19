"""Snapshot: rows frozen in a Parquet file, and the hash by which a model names its data."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from monitoring.atomic_write import atomic_file
from monitoring.rows.rows import Rows

if TYPE_CHECKING:
    import pyarrow as pa

    from monitoring.use_case import Features

_TIMES = ("event_time", "arrival_time", "label_time")
_MARK = "row:"
"""Set before the columns that are not features: a feature may have any name of its own."""


def write_snapshot(rows: Rows, path: Path) -> str:
    """Write `rows` to `path` in one move; return the SHA-256 of the file.

    The same rows give the same file. Scores are not kept.
    """
    import pyarrow.parquet as pq

    with atomic_file(path) as partial:
        pq.write_table(_table(rows), partial, compression="zstd")
        return hashlib.sha256(partial.read_bytes()).hexdigest()


def read_snapshot(path: Path, features: Features) -> Rows:
    """Read what `write_snapshot` wrote."""
    import pandas as pd
    import pyarrow.parquet as pq

    table = pq.read_table(path)
    frame = pd.DataFrame({name: _feature(table, name, features.numeric) for name in features.names})

    def column(name: str) -> Any:
        return table.column(_MARK + name).to_numpy(zero_copy_only=False)

    return Rows(
        features=frame,
        row_id=column("row_id").astype(np.str_),
        label=column("label").astype(np.int8),
        amount=column("amount") if _MARK + "amount" in table.column_names else None,
        **{name: column(name).astype("datetime64[us]") for name in _TIMES},
    )


def _table(rows: Rows) -> pa.Table:
    import pyarrow as pa

    columns: dict[str, Any] = {
        name: pa.array(rows.features[name], from_pandas=True) for name in rows.features.columns
    }
    columns[_MARK + "row_id"] = pa.array(rows.row_id.astype(object), pa.string())
    columns[_MARK + "label"] = pa.array(rows.label)
    columns |= {_MARK + name: pa.array(getattr(rows, name)) for name in _TIMES}
    if rows.amount is not None:
        columns[_MARK + "amount"] = pa.array(rows.amount)
    return pa.table(columns)


def _feature(table: pa.Table, name: str, numeric: tuple[str, ...]) -> Any:
    import pandas as pd

    column = table.column(name)
    if name in numeric:
        return column.to_numpy(zero_copy_only=False).astype(np.float64)
    return pd.Series(column.to_pylist(), dtype="str")
