"""What the drift of a window costs: its change in estimated cost, by the features that drifted."""

from __future__ import annotations

import zlib

from monitoring.drift.verdict import Verdict
from monitoring.performance.cost_attribution import (
    PER_ROWS,
    CostAttribution,
    ScoredWindow,
    attribute_cost,
)
from monitoring.performance.estimate import Estimate
from monitoring.rows.window import Window
from monitoring.steps.report.window_figures import estimated_of
from monitoring.steps.run import Run, verdict_window
from monitoring.steps.window_source import WindowSource
from monitoring.summary.types import ScoreSummary
from monitoring.training.model import Model
from monitoring.use_case import UseCase


def cost_of_drift(
    run: Run,
    windows: WindowSource,
    model: Model,
    verdict: Verdict,
    estimated: Estimate | None,
    shown: Window | None,
) -> CostAttribution | None:
    """Divide the change in estimated cost among the features that drifted.

    Parameters
    ----------
    estimated
        Of the verdict's window.
    shown
        The newest mature window, by whose scores `estimated` was made; None where they are not the
        model's.

    Returns
    -------
    CostAttribution | None
        None where none of the model's features did, where no cost can be estimated or is one by
        class, of a model that can't be asked since it serves elsewhere, and where the parts leave
        too much of the change: the estimate then follows something else than these scores.
    """
    case = run.case
    drifted = [
        part.name
        for part in sorted(verdict.features, key=lambda part: -(part.effect or 0.0))
        if part.drifted and part.name in model.features.names
    ]
    after = _per_rows(estimated)
    askable = model.pipeline is not None and case.columns.classes is None
    if not drifted or not askable or after is None:
        return None
    scores = None if shown is None else windows.scores(shown, run.as_of, model).scores
    before = _cost_before(case, model, scores)
    if before is None:
        return None
    window = verdict_window(case, run.window)
    rows = windows.draw(window, run.as_of, model, size=case.report.sample, features=True).rows
    assert rows.score is not None  # noqa: S101  # nosec B101 # their cost was estimated by it
    names = list(model.features.names)
    attribution = attribute_cost(
        ScoredWindow(
            features=rows.features[names],
            score=rows.score,
            threshold=model.threshold,
            amount=rows.amount,
            amount_column=case.columns.amount if case.columns.amount in names else None,
        ),
        model.reference_sample,
        drifted,
        model.score,
        costs=case.costs,
        before=before,
        after=after,
        seed=zlib.crc32(verdict.id.encode()),
    )
    return attribution if attribution.explains else None


def _cost_before(case: UseCase, model: Model, shown: ScoreSummary | None) -> float | None:
    """Return what 1,000 rows were estimated to cost that the scores were calibrated on first."""
    validation = model.reference.validation
    scores = None if validation is None else validation.scores
    return _per_rows(estimated_of(scores, model, case, shown))


def _per_rows(estimated: Estimate | None) -> float | None:
    if estimated is None or estimated.cost is None:
        return None
    return estimated.cost.value / estimated.rows * PER_ROWS
