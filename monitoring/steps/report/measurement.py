"""What a report measures of its windows, before anything is published or written."""

from __future__ import annotations

import logging
from datetime import datetime

from monitoring.drift.verdict import Verdict
from monitoring.performance.class_estimate import ClassEstimate
from monitoring.performance.class_scorecard import ClassScorecard
from monitoring.performance.cost_attribution import CostAttribution
from monitoring.performance.cost_curve import CostStep
from monitoring.performance.estimate import Estimate
from monitoring.performance.scorecard import Scorecard
from monitoring.rows.maturity import newest_mature_window
from monitoring.rows.serving_skew import NONE_CHECKED, Skew
from monitoring.rows.window import Window
from monitoring.signals.statuses import Unmeasured
from monitoring.steps.places import champion_model, model_registry, production_store
from monitoring.steps.report.arms import NO_ARMS, Arms
from monitoring.steps.report.beside import Others, no_others
from monitoring.steps.report.cost_of_drift import cost_of_drift
from monitoring.steps.report.drawn_file import write_drawn
from monitoring.steps.report.shadow import ShadowFigures
from monitoring.steps.report.window_figures import (
    classes_of,
    cost_steps_of,
    estimated_classes_of,
    estimated_of,
    realised_of,
)
from monitoring.steps.report.windows import others_of, windows_of
from monitoring.steps.run import Result, Run, StepError, verdict_window
from monitoring.steps.window_source import NO_SCORES, WindowSource
from monitoring.steps.window_verdict import make_verdict
from monitoring.store.row_source import LabelProblems
from monitoring.training.model import Model
from monitoring.training.versions import no_champion
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
        rows = windows_of(case, store).count(window, run.as_of)
    registry = model_registry()
    if registry.champion(case) is None:
        words = no_champion(case, registry.challenger(case))
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
    notes
        What else a reader has to know of where the windows were read from.
    cost_of_drift
        The change in estimated cost by the features that drifted; None where none did or nothing
        can be said, and of the windows of a backfill.
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
    arms: Arms = NO_ARMS
    skew: Skew = NONE_CHECKED
    notes: tuple[str, ...] = ()
    cost_of_drift: CostAttribution | None = None

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
        if self.cost_of_drift is not None:
            lines.append(self.cost_of_drift.sentence(case.costs.currency))
        if self.skew.skewed:
            lines.append(f"SERVING SKEW: {self.skew.sentence}")
        lines += self.notes
        if self.shadow_status is not None:
            lines.append("the model in shadow can't be loaded or can't score: see the log")
        return "\n".join(lines)


def _sentence(card: Scorecard, case: UseCase) -> str:
    return card.sentence(case.words.positives, case.costs.currency)


def measure_windows(
    run: Run, windows: WindowSource, model: Model, others: Others = no_others
) -> Measured:
    """Make the verdict, the estimate and the realised scorecard of a run, from summaries.

    Neither a shadow model nor an earlier champion that can't be loaded stops the figures of the
    champion: theirs are absent, with a status.

    Parameters
    ----------
    others
        What other versions did beside the champion; nothing is known of any in logs.
    """
    case, as_of = run.case, run.as_of
    window, mature = verdict_window(case, run.window), _newest_mature(case, as_of)
    closed = windows.summary(window, as_of, model)
    version = windows.scorer(mature, as_of)
    scorer = _scorer(case, version, model)
    past = windows.scores(mature, as_of, scorer or model)
    champion = past if scorer is model else NO_SCORES
    beside = others(window, mature, as_of, scorer)
    own_part = mature.length * beside.arms.champion_share
    older = _newest_mature(case, mature.end)
    then = None if scorer is None else windows.scores(older, mature.end, scorer).scores
    return Measured(
        verdict=make_verdict(run, windows, model),
        as_of=as_of,
        mature_start=mature.start,
        mature_end=mature.end,
        mature_rows=past.rows,
        mature_version=None if scorer is None else scorer.version,
        scorer_unreadable=scorer is None and version is not None,
        estimated=estimated_of(closed.scores, model, case, champion.scores),
        realised=realised_of(past.scores, scorer, case, own_part),
        classes=classes_of(past.classes, case),
        estimated_classes=estimated_classes_of(closed.classes, model, case, champion.classes),
        estimated_then=None if scorer is None else estimated_of(past.scores, scorer, case, then),
        cost_steps=cost_steps_of(past.scores, scorer, case),
        shadow=beside.shadow,
        shadow_status=beside.shadow_status,
        arms=beside.arms,
        skew=windows.skew(window, as_of, model),
        quarantined=dict(windows.set_aside(window.start, as_of)),
        label_problems=windows.label_problems(window.start, as_of),
        model_version=str(model.version),
        notes=windows.notes(window.start),
    )


def _newest_mature(case: UseCase, as_of: datetime) -> Window:
    return newest_mature_window(as_of, case.drift.window, case.labels.mature_after)


def _scorer(case: UseCase, version: str | None, champion: Model) -> Model | None:
    """Return the model of the version that scored rows: its own bins and threshold judge them.

    None where no model did, or where it can't be loaded any more.
    """
    if version is None or version == champion.version:
        return None if version is None else champion
    try:
        return model_registry().load(case, version)
    except Exception:  # whatever a registry, a store of files or a file format may raise
        log.warning("use case %s: version %s can't be loaded", case.name, version, exc_info=True)
        return None


class Outcome(Result):
    """The verdict that may trigger a retrain, and whether it lies above its limit.

    Attributes
    ----------
    triggers
        Whether it triggers one, or of a watched model a call of `production.on_drift`.
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
        windows = windows_of(run.case, store)
        measured = measure_windows(run, windows, model, others_of(windows, store))
        cost = _cost_of_drift(run, windows, model, measured)
        measured = measured.model_copy(update={"cost_of_drift": cost})
        _hand_over(run, windows, model, measured)
    run.write("measured", measured)
    log.info(measured.text(run.case))
    return _outcome(measured, run.declared)


def _cost_of_drift(
    run: Run, windows: WindowSource, model: Model, measured: Measured
) -> CostAttribution | None:
    shown = measured.mature_window if measured.mature_version == model.version else None
    return cost_of_drift(run, windows, model, measured.verdict, measured.estimated, shown)


def _hand_over(run: Run, windows: WindowSource, model: Model, measured: Measured) -> None:
    """Save the rows that were drawn on the way, for the steps that draw pages."""
    window, mature = verdict_window(run.case, run.window), measured.mature_window
    for of, features in {mature: False, window: True}.items():
        drawn = windows.drawn_in_passing(of, run.as_of, model, features=features)
        if drawn is not None:
            write_drawn(run, of, drawn)


def drift_limit_crossed(run: Run) -> Outcome:
    """Return whether drift lies strictly above its critical limit, and by which verdict."""
    outcome = _outcome(run.need("measured", Measured), run.declared)
    log.info(outcome.words)
    return outcome


def _outcome(measured: Measured, case: UseCase) -> Outcome:
    verdict = measured.verdict
    if case.production is not None:
        triggers = case.production.on_drift is not None
        said = "; nobody is called: `production.on_drift` names no webhook"
    else:
        triggers = not case.retrain.by_hand
        said = "; no retrain is triggered: they are started by hand only (`retrain.every: null`)"
    return Outcome(
        verdict_id=verdict.id,
        drifted=verdict.drifted,
        triggers=verdict.drifted and triggers,
        as_of=measured.as_of,
        words=f"{verdict.sentence}{said if verdict.drifted and not triggers else ''}",
    )
