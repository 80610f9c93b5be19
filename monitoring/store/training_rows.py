"""Training rows: every row whose label is known, live or archived, each once."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from monitoring.rows.combine import together
from monitoring.rows.maturity import matured
from monitoring.rows.rows import Rows
from monitoring.store.archive import complete_archives, counts_as_labelled, in_complete_archive
from monitoring.store.archive_file import read
from monitoring.store.database import consistent_read
from monitoring.store.reading import known, read_in_portions, select_rows, to_rows
from monitoring.store.tables import production_rows

if TYPE_CHECKING:
    from sqlalchemy.engine import Engine

    from monitoring.use_case import UseCase


def read_training_rows(
    engine: Engine, case: UseCase, as_of: datetime, span: timedelta | None, folder: Path
) -> Rows:
    """Return the training rows as of a moment; see `ProductionStore.training_rows`."""
    live = select_rows(as_of).where(
        *known(case, as_of), counts_as_labelled(case, as_of), ~in_complete_archive()
    )
    start = None if span is None else as_of - span
    if start is not None:
        live = live.where(production_rows.c.event_time >= start)
    with consistent_read(engine) as connection:
        parts = [to_rows(case, read_in_portions(connection, live))]
        archives = complete_archives(connection, case)
    parts += [
        read(folder / archive.file, archive.sha256, case)
        for archive in archives
        if archive.file is not None
        and (start is None or archive.last_event is None or archive.last_event >= start)
    ]
    rows = matured(_in_order(together(parts)).as_of(as_of), case.labels, as_of).labelled
    if start is not None:
        rows = rows.take(rows.event_time >= np.datetime64(start.replace(tzinfo=None), "us"))
    return rows


def _in_order(rows: Rows) -> Rows:
    """Return rows in order of event time."""
    return rows.take(np.lexsort((rows.row_id, rows.event_time)))
