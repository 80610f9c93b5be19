"""What a report measures of its windows, before anything is published or written."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from datetime import datetime

from monitoring.drift.verdict import Verdict
from monitoring.performance.class_estimate import ClassEstimate
from monitoring.performance.class_scorecard import ClassScorecard
from monitoring.performance.cost_curve import CostStep
from monitoring.performance.estimate import Estimate
from monitoring.performance.scorecard import Scorecard
from monitoring.rows.maturity import newest_mature_window
from monitoring.rows.rows import Rows
from monitoring.rows.serving_skew import NONE_CHECKED, Skew
from monitoring.rows.window import Window
from monitoring.signals.statuses import Unmeasured
from monitoring.steps.places import champion_model, model_registry, production_store
from monitoring.steps.report.arms import Arms, arms_of
from monitoring.steps.report.shadow import (
    Shadow,
    ShadowFigures,
    shadow_figures,
    shadows_of,
)
from monitoring.steps.report.window_figures import (
    classes_of,
    cost_steps_of,
    estimated_classes_of,
    estimated_of,
    realised_of,
    scores_of,
    skew_of,
)
from monitoring.steps.run import Result, Run, StepError, verdict_window
from monitoring.steps.window_verdict import make_verdict, own_scores
from monitoring.store.window_source import LabelProblems, WindowSource
from monitoring.training.model import Model
from monitoring.use_case import UseCase
from monitoring.wording import several

log = logging.getLogger(__name__)


class Availability(Result):
    """Whether there is anything to report on."""

    available: bool
    rows: int
    words: str


def check_data_availability(run: Run) -> Availability:
    """Check that the verdict's window has production rows, and that a champion serves."""
    case = run.case
    window = verdict_window(case, run.window)
    with production_store() as store:
        rows = store.count_rows(case, window, run.as_of)
    if model_registry().champion(case) is None:
        words = f"no champion yet: run `tocsin retrain {case.name}`"
        availability = Availability(available=False, rows=rows, words=words)
    elif rows == 0:
        availability = Availability(
            available=False, rows=0, words=f"no production rows in {window}"
        )
    else:
        availability = Availability(
            available=True, rows=rows, words=f"{several(rows, 'row')} in {window}"
        )
    run.write("availability", availability)
    log.info(availability.words)
    return availability


class Measured(Result):
    """The figures of one report run.

    Attributes
    ----------
    mature_version
        Version that scored the newest fully mature window; None where none did.
    scorer_unreadable
        Whether that version can't be loaded, so that nothing is known of its performance.
    estimated
        Of the window just closed, before its labels; None where the model scored none of it.
    realised
        Of the newest fully mature window; None where no row of it was scored.
    estimated_then
        The estimate of that mature window before its labels came: its distance from `realised`
        is the estimate's error.
    cost_steps
        What that window would have cost at other thresholds; none where it can't be priced.
    label_problems
        Of the labels that came since the window's start.
    shadow
        That window as the shadow model would have had it; None where no other one scored it.
    classes, estimated_classes
        By class, of the mature window and of the one just closed; None where the target has two
        values.
    shadow_status
        Why there is nothing of a shadow model that there is; None where nothing is amiss.
    arms
        The rows of that window that other versions decided on: no figure of the champion's is of
        these.
    skew
        Rows of the window just closed that were served with other values than are stored.
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
    shadow: ShadowFigures | None
    quarantined: dict[str, int]
    label_problems: LabelProblems
    model_version: str
    classes: ClassScorecard | None = None
    estimated_classes: ClassEstimate | None = None
    scorer_unreadable: bool = False
    shadow_status: Unmeasured | None = None
    arms: Arms = Arms()
    skew: Skew = NONE_CHECKED

    @property
    def mature_window(self) -> Window:
        """The window that `realised` is of."""
        return Window(self.mature_start, self.mature_end)

    def text(self, case: UseCase) -> str:
        """Return what was measured in two lines, and one more of a shadow and of each arm."""
        lines = [self.verdict.sentence]
        if self.realised is not None:
            lines.append(f"{self.mature_window}: {_sentence(self.realised, case)}")
            lines += [] if self.classes is None else [self.classes.sentence]
        elif self.scorer_unreadable:
            lines.append(f"the model that scored {self.mature_window} can't be loaded: see the log")
        else:
            lines.append(f"no scored rows in the mature window {self.mature_window}")
        if self.shadow is not None:
            shadow = self.shadow
            lines.append(
                f"version {shadow.version} ({shadow.candidate}) in shadow, on the "
                f"{several(shadow.card.rows, 'row')} that both scored: "
                f"{_sentence(shadow.card, case)}; the champion: {_sentence(shadow.champion, case)}"
            )
        lines += self.arms.sentences(case)
        if self.skew.skewed:
            lines.append(f"SERVING SKEW: {self.skew.sentence}")
        if self.shadow_status is not None:
            lines.append("the model in shadow can't be loaded or can't score: see the log")
        return "\n".join(lines)


def _sentence(card: Scorecard, case: UseCase) -> str:
    return card.sentence(case.words.positives, case.costs.currency)


def measure_windows(
    run: Run, store: WindowSource, model: Model, shadows: Sequence[Shadow] = ()
) -> Measured:
    """Make the verdict, the estimate and the realised scorecard of a run, from summaries.

    Neither a shadow model nor an earlier champion that can't be loaded stops the figures of the
    champion: theirs are absent, with a status.

    Parameters
    ----------
    shadows
        They score the window that just closed; none do in windows of the past.
    """
    case = run.case
    window = verdict_window(case, run.window)
    mature = _newest_mature(case, run.as_of)
    recent = store.window(case, window, run.as_of)
    own = own_scores(recent, model)
    past = store.scored(case, mature, run.as_of)
    scorer = _scorer(case, past, model)
    scored = None if scorer is None else scores_of(past, scorer)
    statuses = [shadow.score(case, recent, run.as_of) for shadow in shadows]
    shadow_status = next((status for status in statuses if status is not None), None)
    arms = arms_of(store, case, mature, run.as_of)
    own_part = mature.length * arms.champion_share
    figures = shadow_figures(
        store, case, mature, run.as_of, past=past, scorer=scorer, reviewed=own_part
    )
    if isinstance(figures, Unmeasured):
        shadow_status, figures = figures, None
    older = store.scored(case, _newest_mature(case, mature.end), mature.end)
    return Measured(
        verdict=make_verdict(run, store, model, recent),
        as_of=run.as_of,
        mature_start=mature.start,
        mature_end=mature.end,
        mature_rows=len(past),
        mature_version=None if scorer is None else scorer.version,
        scorer_unreadable=scorer is None and past.model_version is not None,
        estimated=estimated_of(scores_of(own, model), model, case, past),
        realised=realised_of(scored, scorer, case, own_part),
        classes=None if scorer is None else classes_of(past, scorer, case),
        estimated_classes=estimated_classes_of(own, model, case, past),
        estimated_then=None if scorer is None else estimated_of(scored, scorer, case, older),
        cost_steps=cost_steps_of(scored, scorer, case),
        shadow=figures,
        shadow_status=shadow_status,
        arms=arms,
        skew=skew_of(own, model),
        quarantined=dict(store.quarantined_counts(case, window.start, run.as_of)),
        label_problems=store.label_problems(case, window.start, run.as_of),
        model_version=str(model.version),
    )


def _newest_mature(case: UseCase, as_of: datetime) -> Window:
    return newest_mature_window(as_of, case.drift.window, case.labels.mature_after)


def _scorer(case: UseCase, rows: Rows, champion: Model) -> Model | None:
    """Return the model that scored `rows`: they are judged by its own bins and threshold.

    None where no model did, or where it can't be loaded any more.
    """
    if rows.model_version is None or rows.model_version == champion.version:
        return None if rows.model_version is None else champion
    try:
        return model_registry().load(case, rows.model_version)
    except Exception:  # whatever a registry, a store of files or a file format may raise
        log.warning(
            "use case %s: version %s can't be loaded", case.name, rows.model_version, exc_info=True
        )
        return None


class Outcome(Result):
    """The verdict that may trigger a retrain, and whether it lies above its limit.

    Attributes
    ----------
    triggers
        Whether it triggers one: not where retrains are started by hand only.
    """

    verdict_id: str
    drifted: bool
    triggers: bool
    as_of: datetime
    words: str


def measure(run: Run) -> Outcome:
    """Make every figure of the run: verdict, estimate, realised scorecard, quarantine counts."""
    model = champion_model(run.case)
    if model is None:
        msg = f"use case {run.use_case}: its champion was removed during the report: run it again"
        raise StepError(msg)
    with production_store() as store:
        measured = measure_windows(run, store, model, shadows_of(run.case, store))
    run.write("measured", measured)
    log.info(measured.text(run.case))
    return _outcome(measured, run.declared)


def drift_limit_crossed(run: Run) -> Outcome:
    """Return whether drift lies strictly above its critical limit, and by which verdict."""
    outcome = _outcome(run.need("measured", Measured), run.declared)
    log.info(outcome.words)
    return outcome


def _outcome(measured: Measured, case: UseCase) -> Outcome:
    verdict = measured.verdict
    by_hand = verdict.drifted and case.retrain.by_hand
    said = "; no retrain is triggered: they are started by hand only (`retrain.every: null`)"
    return Outcome(
        verdict_id=verdict.id,
        drifted=verdict.drifted,
        triggers=verdict.drifted and not by_hand,
        as_of=measured.as_of,
        words=f"{verdict.sentence}{said if by_hand else ''}",
    )
