"""Which labels of prediction logs have no row: known once all rows that they may be of are mature.

A label says no more than an id and when it came. Its row may be as old as labels are waited for, so
that one window's rows tell nothing of it. But each stretch of time is joined with its labels until
it is mature, and what is kept of it holds how many labels it met, by when they came: of the labels
that came in a mature window, those that no stretch has met have no row.
"""

from __future__ import annotations

from collections import Counter

from monitoring.rows.window import Window
from monitoring.sources.logs.score_problems import Arrivals
from monitoring.steps.report.kept_parts import found_in, grid_of
from monitoring.store.window_summaries import WindowSummaries
from monitoring.use_case import UseCase


def arrivals_of(case: UseCase) -> Arrivals:
    """Return what counts labels by when they came, in stretches of a use case's pieces."""
    return Arrivals(*grid_of(case))


def labels_without_rows(
    case: UseCase, kept: WindowSummaries, model_version: str, mature: Window
) -> int | None:
    """Return how many of the labels that came in a mature window have no row.

    None where some time in which their rows may lie was not read since it is mature, or what is
    kept of it is damaged. Where rows
    share an id, their label met several of them, and may hide one that met none.
    """
    waited = case.labels.mature_after
    since = mature.start - waited
    held = kept.within("scores", model_version, Window(since, mature.end))
    reached = since
    came, met = Counter[int](), Counter[int]()
    for key in sorted(held, key=lambda one: one.window.start):
        found = found_in(held[key])
        if found is None or not found.arrivals_counted or held[key].as_of < key.window.end + waited:
            return None
        if key.window.start > reached:
            return None
        reached = max(reached, key.window.end)
        came.update(found.labels_came)
        met.update(found.labels_met)
    if reached < mature.end:
        return None
    counting = arrivals_of(case)
    first, last = counting.stretch_of(mature.start), counting.stretch_of(mature.end)
    return sum(max(came[stretch] - met[stretch], 0) for stretch in range(first, last))
