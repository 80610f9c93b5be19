"""Measured: what a report run found of its windows, before anything is published or written."""

from __future__ import annotations

from datetime import datetime, timedelta

from monitoring.drift.verdict import Verdict
from monitoring.performance.cost_curve import CostStep, cost_steps
from monitoring.performance.estimate import estimate
from monitoring.performance.labels import POSITIVE, MatureScores, with_absent_labels
from monitoring.performance.prices import can_price
from monitoring.performance.scorecard import scorecard
from monitoring.performance.types import Estimate, Scorecard
from monitoring.rows.maturity import newest_mature_window
from monitoring.rows.rows import Rows
from monitoring.rows.store import ProductionStore
from monitoring.rows.window import Window
from monitoring.steps.drift import judge, own_scores
from monitoring.steps.places import model_registry
from monitoring.steps.run import Result, Run, verdict_window
from monitoring.summary.build import score_summary
from monitoring.summary.types import ScoreSummary
from monitoring.training.model import Model
from monitoring.use_case import UseCase


class Measured(Result):
    """The figures of one report run.

    Attributes
    ----------
    estimated
        Of the window just closed, before its labels; None where the model scored none of it.
    realised
        Of the newest fully mature window; None where no row of it was scored.
    estimated_then
        What the estimate said of that mature window before its labels: its distance from
        `realised` is the estimate's error.
    cost_steps
        What that window would have cost at other thresholds; none where it can't be priced.
    """

    verdict: Verdict
    as_of: datetime
    mature_start: datetime
    mature_end: datetime
    mature_rows: int
    mature_version: str | None
    estimated: Estimate | None
    realised: Scorecard | None
    estimated_then: Estimate | None
    cost_steps: tuple[CostStep, ...]
    quarantined: dict[str, int]
    model_version: str

    @property
    def mature_window(self) -> Window:
        """The window that `realised` is of."""
        return Window(self.mature_start, self.mature_end)


def measure_windows(run: Run, store: ProductionStore, model: Model) -> Measured:
    """Make the verdict, the estimate and the realised scorecard of a run, from summaries."""
    case = run.case
    window = verdict_window(case, run.window)
    mature = _newest_mature(case, run.as_of)
    recent = store.window(case, window, run.as_of)
    past = store.window(case, mature, run.as_of)
    scorer = _model_of(case, past, model)
    scored = None if scorer is None else scores_of(past, scorer)
    older = store.scored(case, _newest_mature(case, mature.end), mature.end)
    return Measured(
        verdict=judge(run, store, model, recent),
        as_of=run.as_of,
        mature_start=mature.start,
        mature_end=mature.end,
        mature_rows=len(past),
        mature_version=past.model_version,
        estimated=estimated(scores_of(own_scores(recent, model), model), model, case, past),
        realised=_realised(scored, scorer, case, mature.length),
        estimated_then=None if scorer is None else estimated(scored, scorer, case, older),
        cost_steps=_cost_steps(scored, scorer, case),
        quarantined=dict(store.quarantined_counts(case, window.start, run.as_of)),
        model_version=str(model.version),
    )


def scores_of(rows: Rows, model: Model) -> ScoreSummary | None:
    """Return the score histograms of `rows` on the model's bins; None where it scored none."""
    if rows.score is None or len(rows) == 0:
        return None
    return score_summary(rows, model.reference.score_edges)


def estimated(
    scores: ScoreSummary | None, model: Model, case: UseCase, mature: Rows
) -> Estimate | None:
    """Estimate the figures of rows whose labels are not looked at.

    Parameters
    ----------
    mature
        Rows of the newest window that was mature when the estimate is made: where the same model
        scored them, their labels mend its scores after those of its validation rows.
    """
    validation = model.reference.validation
    if scores is None or validation is None or validation.scores is None:
        return None
    known = [validation.scores]
    shown = scores_of(own_scores(mature, model), model)
    if shown is not None:
        known.append(_settled(shown, case).scores)
    return estimate(
        scores,
        known,
        threshold=model.threshold,
        costs=case.costs,
        min_positives=case.min_positives,
    )


def _newest_mature(case: UseCase, as_of: datetime) -> Window:
    return newest_mature_window(as_of, case.drift.window, case.labels.mature_after)


def _settled(scores: ScoreSummary, case: UseCase) -> MatureScores:
    return with_absent_labels(scores, case.labels.absent_at_maturity)


def _realised(
    scores: ScoreSummary | None, scorer: Model | None, case: UseCase, length: timedelta
) -> Scorecard | None:
    if scores is None or scorer is None:
        return None
    return scorecard(
        _settled(scores, case),
        threshold=scorer.threshold,
        costs=case.costs,
        days=length / timedelta(days=1),
        min_positives=case.min_positives,
    )


def _cost_steps(
    scores: ScoreSummary | None, scorer: Model | None, case: UseCase
) -> tuple[CostStep, ...]:
    if scores is None or scorer is None:
        return ()
    settled = _settled(scores, case).scores
    if not can_price(settled, case.costs, (POSITIVE,)):
        return ()
    return cost_steps(settled, threshold=scorer.threshold, costs=case.costs)


def _model_of(case: UseCase, rows: Rows, champion: Model) -> Model | None:
    """Return the model that scored `rows`: its own bins and threshold are those to judge it by."""
    if rows.model_version is None or rows.model_version == champion.version:
        return None if rows.model_version is None else champion
    return model_registry().load(case, rows.model_version)
