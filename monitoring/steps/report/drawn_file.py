"""Rows drawn while a window was measured, handed over to the steps that draw pages."""

from __future__ import annotations

import io
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from monitoring.atomic_write import atomic_write
from monitoring.rows.rows import Rows
from monitoring.rows.window import Window
from monitoring.steps.run import Run
from monitoring.steps.window_source import DrawnRows

if TYPE_CHECKING:
    import pandas as pd

_FEATURE, _OWN = "feature ", "row "
_FORMAT, _OF, _VERSION = b"format", b"of", b"version"
_TIMES = ("event_time", "arrival_time", "label_time")


def write_drawn(run: Run, window: Window, drawn: DrawnRows) -> None:
    """Save the rows that were drawn of a window, for the run's later steps."""
    import pyarrow as pa
    from pyarrow import parquet

    rows = drawn.rows
    named = {f"{_FEATURE}{name}": column for name, column in rows.features.items()}
    own = {"id": rows.row_id, "label": rows.label, "amount": rows.amount, "score": rows.score}
    own |= {name: getattr(rows, name) for name in _TIMES}
    columns = named | {f"{_OWN}{name}": kept for name, kept in own.items() if kept is not None}
    said = {_FORMAT: b"1", _OF: str(drawn.of).encode()}
    if rows.model_version is not None:
        said[_VERSION] = rows.model_version.encode()
    table = pa.table({name: pa.array(column) for name, column in columns.items()})
    content = io.BytesIO()
    parquet.write_table(table.replace_schema_metadata(said), content)
    atomic_write(_place(run, window), content.getvalue())


def read_drawn(run: Run, window: Window) -> DrawnRows | None:
    """Return the rows that this run drew of a window as it was measured; None where it did not."""
    from pyarrow import parquet

    path = _place(run, window)
    if not path.is_file():
        return None
    table = parquet.read_table(path)
    said, frame = table.schema.metadata, table.to_pandas()
    features = frame.filter([name for name in frame if name.startswith(_FEATURE)])
    features.columns = features.columns.str.removeprefix(_FEATURE)
    version = said.get(_VERSION)
    rows = Rows(
        features=features,
        row_id=frame[f"{_OWN}id"].to_numpy(np.str_),
        label=frame[f"{_OWN}label"].to_numpy(np.int8),
        amount=_numbers(frame, "amount"),
        score=_numbers(frame, "score"),
        model_version=None if version is None else version.decode(),
        **{name: frame[f"{_OWN}{name}"].to_numpy("datetime64[us]") for name in _TIMES},
    )
    return DrawnRows(rows, int(said[_OF]))


def _numbers(frame: pd.DataFrame, name: str) -> np.ndarray[tuple[int], np.dtype[np.float64]] | None:
    column = f"{_OWN}{name}"
    return frame[column].to_numpy(np.float64) if column in frame else None


def _place(run: Run, window: Window) -> Path:
    return run.folder / f"drawn_{window.start:%Y%m%dT%H%M%S}_{window.end:%Y%m%dT%H%M%S}.parquet"
