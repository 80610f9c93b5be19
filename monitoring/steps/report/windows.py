"""Which window source a use case has, and what finds the figures of other versions in it."""

from __future__ import annotations

from monitoring.steps.report.beside import Others, no_others, stored_others
from monitoring.steps.report.logged_windows import logged_windows
from monitoring.steps.report.shadow import shadows_of
from monitoring.steps.stored_windows import StoredWindows
from monitoring.steps.window_source import WindowSource
from monitoring.store.production_store import ProductionStore
from monitoring.use_case import UseCase


def windows_of(case: UseCase, store: ProductionStore) -> WindowSource:
    """Return where the windows of a use case are read from."""
    if case.production is not None:
        return logged_windows(case, case.production, store)
    return StoredWindows(case, store)


def others_of(windows: WindowSource, store: ProductionStore) -> Others:
    """Return what finds the figures of other versions; in logs there are none but the adopted."""
    if isinstance(windows, StoredWindows):
        return stored_others(windows, shadows_of(windows.case, store))
    return no_others
