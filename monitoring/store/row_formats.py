"""Formats of the Parquet files that rows are saved in: archives and snapshots."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from monitoring.atomic_write import atomic_write
from monitoring.bounded_file import FileRefusedError, open_regular
from monitoring.rows.rows import UNLABELLED, Rows
from monitoring.store.database_failure import StoreError
from monitoring.stored_files import StoredPath, read
from monitoring.use_case_columns import Classes, Features

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa
    from numpy.typing import NDArray

    from monitoring.use_case import UseCase

_ARCHIVED_FEATURE = "features."
"""Before each feature's name, since a feature may be called `amount` or `label` too."""

_TIMES = ("event_time", "arrival_time", "label_time")

_SNAPSHOT_MARK = "row:"
"""Set before the columns that are not features: a feature may have any name of its own."""


class ArchiveError(StoreError):
    """An archive file is missing or was changed; the message says where and what to do."""


class Scored(NamedTuple):
    """A score, the model version that gave it, and the probability of each class as JSON."""

    score: float
    model_version: str
    probabilities: str | None = None


def arrow_schema(features: Features) -> pa.Schema:
    """Return the features' Arrow types, numeric first."""
    import pyarrow as pa

    kinds = dict.fromkeys(features.numeric, pa.float64())
    kinds |= dict.fromkeys(features.categorical, pa.string())
    return pa.schema(list(kinds.items()))


def features_frame(table: pa.Table, features: Features) -> pd.DataFrame:
    """Return the frame that `Rows` holds: float64 or `str`, missing as NaN in both."""
    import pandas as pd

    columns = {name: table[name].to_numpy() for name in features.numeric}
    columns |= {
        name: pd.array(table[name].to_pylist(), dtype="str") for name in features.categorical
    }
    return pd.DataFrame(columns, columns=list(features.names))


def declared_features(case: UseCase) -> Features:
    """Return the use case's features.

    Raises
    ------
    StoreError
        They are still `auto`: they are known once the source has been looked at.
    """
    features = case.columns.features
    if not isinstance(features, Features):
        msg = f"{case.name}: columns.features is `auto`; resolve it from the source first"
        raise StoreError(msg)
    return features


def readable_amounts(amounts: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return stored amounts with NaN for those that are no money at stake.

    Intake sets such rows aside; a store that an older version filled may hold amounts below 0,
    which count as missing: every later step can take that, and money says how many it lacks.
    """
    return np.where((amounts >= 0) & np.isfinite(amounts), amounts, np.nan)


def encode_archive(
    rows: Rows, scores: Mapping[str, Scored], classes: Classes | None = None
) -> bytes:
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
    if classes is not None and rows.true_class is not None:
        columns["true_class"] = pa.array(classes.named(rows.true_class), pa.string())
        given = [each and each.probabilities for each in scored]
        columns["probabilities"] = pa.array(given, pa.string())
    columns |= {
        f"{_ARCHIVED_FEATURE}{name}": pa.array(rows.features[name], from_pandas=True)
        for name in rows.features
    }
    sink = pa.BufferOutputStream()
    pq.write_table(pa.table(columns), sink, compression="zstd")
    return bytes(sink.getvalue())


def read_archive(path: StoredPath, sha256: str | None, case: UseCase) -> Rows:
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
        content = read(path)
    except FileNotFoundError as error:
        msg = f"archive {path} of use case {case.name} is missing; {cure}"
        raise ArchiveError(msg) from error
    except (OSError, FileRefusedError) as error:
        msg = f"archive {path} of use case {case.name} can't be read: {error}; {cure}"
        raise ArchiveError(msg) from error
    actual = hashlib.sha256(content).hexdigest()
    if actual != sha256:
        msg = (
            f"archive {path} of use case {case.name} was changed since it was written "
            f"(sha256 {actual}, recorded {sha256}); {cure}"
        )
        raise ArchiveError(msg)
    table = pq.read_table(pa.BufferReader(content))
    return Rows(
        features=_archived_features(table, declared_features(case)),
        row_id=np.array(table["row_id"].to_pylist(), dtype=np.str_),
        event_time=_moments(table["event_time"]),
        arrival_time=_moments(table["arrival_time"]),
        label=table["label"].to_numpy().astype(np.int8),
        label_time=_moments(table["label_time"]),
        amount=None
        if case.columns.amount is None
        else readable_amounts(table["amount"].to_numpy()),
        true_class=_archived_classes(table, case.columns.classes),
    )


def _archived_classes(table: pa.Table, classes: Classes | None) -> NDArray[np.int8] | None:
    """Return the place of each row's class; -1 where its archive, or the target, has none such."""
    if classes is None:
        return None
    if "true_class" not in table.column_names:
        return np.full(len(table), UNLABELLED, np.int8)
    return classes.places(table["true_class"].to_pylist())


def _archived_features(table: pa.Table, declared: Features) -> pd.DataFrame:
    """Return the declared features; one that the archive doesn't have is missing in its rows."""
    import pyarrow as pa

    columns = [
        table[_ARCHIVED_FEATURE + field.name].cast(field.type)
        if _ARCHIVED_FEATURE + field.name in table.column_names
        else pa.nulls(len(table), field.type)
        for field in arrow_schema(declared)
    ]
    return features_frame(pa.table(columns, schema=arrow_schema(declared)), declared)


def _moments(column: pa.ChunkedArray) -> NDArray[np.datetime64]:
    import pyarrow as pa

    times: NDArray[np.datetime64] = column.cast(pa.timestamp("us")).to_numpy()
    return times


def write_snapshot(rows: Rows, path: Path) -> str:
    """Write `rows` to `path` in one move; return the SHA-256 of the file.

    The same rows give the same file. Scores are left out.
    """
    content = encode_snapshot(rows)
    atomic_write(path, content)
    return hashlib.sha256(content).hexdigest()


def encode_snapshot(rows: Rows) -> bytes:
    """Return the Parquet file of rows without their scores; the same rows give the same file."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    sink = pa.BufferOutputStream()
    pq.write_table(_snapshot_table(rows), sink, compression="zstd")
    return bytes(sink.getvalue())


def read_snapshot(path: Path, features: Features, *, sha256: str) -> Rows:
    """Read what `write_snapshot` wrote.

    Parameters
    ----------
    sha256
        What `write_snapshot` returned.

    Raises
    ------
    StoreError
        The file is not there, or is not the one that was written.
    """
    import pandas as pd
    import pyarrow.parquet as pq

    try:
        with open_regular(path) as file:
            actual = hashlib.file_digest(file, "sha256").hexdigest()
    except (OSError, FileRefusedError) as error:
        msg = f"snapshot {path} can't be read: {error}; run the retrain again"
        raise StoreError(msg) from error
    if actual != sha256:
        msg = (
            f"snapshot {path} was changed since it was written (sha256 {actual}, recorded "
            f"{sha256}): run the retrain again"
        )
        raise StoreError(msg)
    table = pq.read_table(path)
    frame = pd.DataFrame(
        {name: _snapshot_feature(table, name, features.numeric) for name in features.names}
    )

    def column(name: str) -> Any:
        return table.column(_SNAPSHOT_MARK + name).to_numpy(zero_copy_only=False)

    return Rows(
        features=frame,
        row_id=column("row_id").astype(np.str_),
        label=column("label").astype(np.int8),
        amount=column("amount") if _SNAPSHOT_MARK + "amount" in table.column_names else None,
        true_class=column("true_class").astype(np.int8)
        if _SNAPSHOT_MARK + "true_class" in table.column_names
        else None,
        weight=column("weight") if _SNAPSHOT_MARK + "weight" in table.column_names else None,
        **{name: column(name).astype("datetime64[us]") for name in _TIMES},
    )


def _snapshot_table(rows: Rows) -> pa.Table:
    import pyarrow as pa

    columns: dict[str, Any] = {
        name: pa.array(rows.features[name], from_pandas=True) for name in rows.features.columns
    }
    columns[_SNAPSHOT_MARK + "row_id"] = pa.array(rows.row_id.astype(object), pa.string())
    columns[_SNAPSHOT_MARK + "label"] = pa.array(rows.label)
    if rows.true_class is not None:
        columns[_SNAPSHOT_MARK + "true_class"] = pa.array(rows.true_class)
    columns |= {_SNAPSHOT_MARK + name: pa.array(getattr(rows, name)) for name in _TIMES}
    if rows.amount is not None:
        columns[_SNAPSHOT_MARK + "amount"] = pa.array(rows.amount)
    if rows.weight is not None:
        columns[_SNAPSHOT_MARK + "weight"] = pa.array(rows.weight)
    return pa.table(columns)


def _snapshot_feature(table: pa.Table, name: str, numeric: tuple[str, ...]) -> Any:
    import pandas as pd

    column = table.column(name)
    if name in numeric:
        return column.to_numpy(zero_copy_only=False).astype(np.float64)
    return pd.Series(column.to_pylist(), dtype="str")
