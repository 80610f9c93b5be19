"""The figures of a report on stored rows."""

from collections.abc import Sequence

from monitoring.steps.report.beside import stored_others
from monitoring.steps.report.measurement import Measured, measure_windows
from monitoring.steps.report.shadow import Shadow
from monitoring.steps.run import Run
from monitoring.steps.stored_windows import StoredWindows
from monitoring.store.production_store import ProductionStore
from monitoring.training.model import Model


def measure_stored(
    run: Run, store: ProductionStore, model: Model, shadows: Sequence[Shadow] = ()
) -> Measured:
    """Measure the windows of a run as its report does."""
    windows = StoredWindows(run.case, store)
    return measure_windows(run, windows, model, stored_others(windows, shadows))
