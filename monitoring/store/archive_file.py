"""Archive file: labelled rows as Parquet, whole or not there at all, and never another's."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from monitoring.rows.features import arrow_schema, features_frame
from monitoring.rows.rows import Rows
from monitoring.store.database import StoreError
from monitoring.store.reading import declared_features

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa
    from numpy.typing import NDArray

    from monitoring.use_case import Features, UseCase

_FEATURE = "features."
"""Before each feature's name, since a feature may be called `amount` or `label` too."""


class ArchiveError(StoreError):
    """An archive file is missing or was changed; the message says where and what to do."""


class Scored(NamedTuple):
    """A score, and the model version that gave it."""

    score: float
    model_version: str


def encode(rows: Rows, scores: Mapping[str, Scored]) -> bytes:
    """Return the Parquet file of labelled rows, with the scores there are, by row id."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    time = pa.timestamp("us", tz="UTC")
    ids = rows.row_id.tolist()
    scored = [scores.get(row_id) for row_id in ids]
    columns = {
        "row_id": pa.array(ids, pa.string()),
        "event_time": pa.array(rows.event_time).cast(time),
        "arrival_time": pa.array(rows.arrival_time).cast(time),
        "amount": pa.nulls(len(ids), pa.float64())
        if rows.amount is None
        else pa.array(rows.amount, from_pandas=True),
        "label": pa.array(rows.label),
        "label_time": pa.array(rows.label_time).cast(time),
        "score": pa.array([each and each.score for each in scored], pa.float64()),
        "model_version": pa.array([each and each.model_version for each in scored], pa.string()),
    }
    columns |= {
        f"{_FEATURE}{name}": pa.array(rows.features[name], from_pandas=True)
        for name in rows.features
    }
    sink = pa.BufferOutputStream()
    pq.write_table(pa.table(columns), sink, compression="zstd")
    return bytes(sink.getvalue())


def read(path: Path, sha256: str | None, case: UseCase) -> Rows:
    """Return an archive's rows, without scores: unlike versions may have given them.

    Raises
    ------
    ArchiveError
        The file is not there, or is not the one that was written.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    cure = "training rows would be missing: put the file back from a backup"
    try:
        content = path.read_bytes()
    except FileNotFoundError as error:
        msg = f"archive {path} of use case {case.name} is not there; {cure}"
        raise ArchiveError(msg) from error
    found = hashlib.sha256(content).hexdigest()
    if found != sha256:
        msg = (
            f"archive {path} of use case {case.name} was changed since it was written "
            f"(sha256 {found}, recorded {sha256}); {cure}"
        )
        raise ArchiveError(msg)
    table = pq.read_table(pa.BufferReader(content))
    return Rows(
        features=_features(table, declared_features(case)),
        row_id=np.array(table["row_id"].to_pylist(), dtype=np.str_),
        event_time=_times(table["event_time"]),
        arrival_time=_times(table["arrival_time"]),
        label=table["label"].to_numpy().astype(np.int8),
        label_time=_times(table["label_time"]),
        amount=None if case.columns.amount is None else table["amount"].to_numpy(),
    )


def _features(table: pa.Table, declared: Features) -> pd.DataFrame:
    """Return the declared features; one that the archive doesn't have is missing in its rows."""
    import pyarrow as pa

    columns = [
        table[_FEATURE + field.name].cast(field.type)
        if _FEATURE + field.name in table.column_names
        else pa.nulls(len(table), field.type)
        for field in arrow_schema(declared)
    ]
    return features_frame(pa.table(columns, schema=arrow_schema(declared)), declared)


def _times(column: pa.ChunkedArray) -> NDArray[np.datetime64]:
    import pyarrow as pa

    times: NDArray[np.datetime64] = column.cast(pa.timestamp("us")).to_numpy()
    return times
