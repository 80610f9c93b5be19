"""Archive: the production rows that this retrain consumed, each of them once."""

from __future__ import annotations

from monitoring.settings import settings
from monitoring.steps.places import production_store
from monitoring.steps.run import Result, Run


class Archived(Result):
    """What was consumed, and the Parquet file that holds the labelled rows of it."""

    rows_consumed: int
    rows: int
    file: str | None


def archive_production_data(run: Run) -> Archived:
    """Consume and archive the rows that were new to this retrain, whether it promoted or not."""
    with production_store() as store:
        done = store.archive(run.case, run.key, run.as_of, settings().archives)
    archived = Archived(rows_consumed=done.rows_consumed, rows=done.rows, file=done.file)
    run.write("archived", archived)
    return archived
