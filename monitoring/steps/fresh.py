"""Fresh rows: how many labelled production rows no retrain has consumed yet."""

from __future__ import annotations

from monitoring.steps.places import production_store
from monitoring.steps.run import Result, Run


class Fresh(Result):
    """New labelled rows, and how many a retrain wants."""

    rows: int
    wanted: int

    @property
    def enough(self) -> bool:
        """Whether new rows alone justify a retrain."""
        return self.rows >= self.wanted


def check_production_data(run: Run) -> Fresh:
    """Count the labelled production rows that no retrain has consumed, as of the run."""
    case = run.case
    with production_store() as store:
        rows = store.new_labelled(case, run.as_of)
    fresh = Fresh(rows=rows, wanted=case.retrain.new_rows)
    run.write("fresh", fresh)
    return fresh
