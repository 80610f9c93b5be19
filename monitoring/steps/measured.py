"""Measured: what a report run found of its windows, before anything is published or written."""

from __future__ import annotations

from datetime import datetime

from monitoring.drift.verdict import Verdict
from monitoring.performance.cost_curve import CostStep
from monitoring.performance.estimate import Estimate
from monitoring.performance.scorecard import Scorecard
from monitoring.rows.maturity import newest_mature_window
from monitoring.rows.rows import Rows
from monitoring.rows.window import Window
from monitoring.steps.cards import cost_steps_of, estimated_of, realised_of, scores_of
from monitoring.steps.drift import judge, own_scores
from monitoring.steps.places import model_registry
from monitoring.steps.run import Result, Run, verdict_window
from monitoring.steps.shadow import Shadow, Shadowed, shadowed
from monitoring.store.window_source import LabelProblems, WindowSource
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
    label_problems
        Of all labels that had come.
    shadow
        That window as the shadow model would have had it; None where no other one scored it.
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
    shadow: Shadowed | None
    quarantined: dict[str, int]
    label_problems: LabelProblems
    model_version: str

    @property
    def mature_window(self) -> Window:
        """The window that `realised` is of."""
        return Window(self.mature_start, self.mature_end)


def measure_windows(
    run: Run, store: WindowSource, model: Model, shadow: Shadow | None = None
) -> Measured:
    """Make the verdict, the estimate and the realised scorecard of a run, from summaries.

    Parameters
    ----------
    shadow
        Scores the window that just closed; None where nothing does, as in windows of the past.
    """
    case = run.case
    window = verdict_window(case, run.window)
    mature = _newest_mature(case, run.as_of)
    recent = store.window(case, window, run.as_of)
    past = store.scored(case, mature, run.as_of)
    scorer = _model_of(case, past, model)
    scored = None if scorer is None else scores_of(past, scorer)
    if shadow is not None:
        shadow.score(case, recent, run.as_of)
    older = store.scored(case, _newest_mature(case, mature.end), mature.end)
    return Measured(
        verdict=judge(run, store, model, recent),
        as_of=run.as_of,
        mature_start=mature.start,
        mature_end=mature.end,
        mature_rows=len(past),
        mature_version=past.model_version,
        estimated=estimated_of(scores_of(own_scores(recent, model), model), model, case, past),
        realised=realised_of(scored, scorer, case, mature.length),
        estimated_then=None if scorer is None else estimated_of(scored, scorer, case, older),
        cost_steps=cost_steps_of(scored, scorer, case),
        shadow=shadowed(store, case, mature, run.as_of, past=past, scorer=scorer),
        quarantined=dict(store.quarantined_counts(case, window.start, run.as_of)),
        label_problems=store.label_problems(case, run.as_of),
        model_version=str(model.version),
    )


def _newest_mature(case: UseCase, as_of: datetime) -> Window:
    return newest_mature_window(as_of, case.drift.window, case.labels.mature_after)


def _model_of(case: UseCase, rows: Rows, champion: Model) -> Model | None:
    """Return the model that scored `rows`: its own bins and threshold are those to judge it by."""
    if rows.model_version is None or rows.model_version == champion.version:
        return None if rows.model_version is None else champion
    return model_registry().load(case, rows.model_version)
