"""What a report does, step by step; the reporting DAG and `tocsin report` call these by name."""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import datetime
from typing import Any

from monitoring.performance.scorecard import Scorecard
from monitoring.reports.entry import ReportKind
from monitoring.reports.facts import ReportFacts
from monitoring.reports.pages import write_index
from monitoring.reports.report import write_report
from monitoring.reports.retention import cited_reports, keep_newest
from monitoring.rows.maturity import matured
from monitoring.rows.window import Window
from monitoring.settings import settings
from monitoring.steps.drift import champion_model, own_scores
from monitoring.steps.measured import Measured, measure_windows
from monitoring.steps.notify import Told, tell
from monitoring.steps.places import model_registry, production_store
from monitoring.steps.publish import publish_report, publish_run_success
from monitoring.steps.replay import last_replay
from monitoring.steps.run import Result, Run, StepError, verdict_window
from monitoring.steps.shadow import shadow_of
from monitoring.use_case import UseCase

log = logging.getLogger(__name__)


class Availability(Result):
    """Whether there is anything to report on."""

    available: bool
    rows: int
    words: str


class Outcome(Result):
    """What the retrain is triggered by: the verdict, and whether it lies above its limit."""

    verdict_id: str
    drifted: bool
    as_of: datetime
    words: str


class Written(Result):
    """One report file, relative to the reports folder."""

    file: str


class Published(Result):
    """The figures were pushed."""


class Kept(Result):
    """What retention removed."""

    removed: tuple[str, ...]


def check_data_availability(run: Run) -> Availability:
    """Look for production rows in the verdict's window, and for a champion to judge them by."""
    case = run.case
    window = verdict_window(case, run.window)
    with production_store() as store:
        rows = store.count_rows(case, window, run.as_of)
    if model_registry().champion(case) is None:
        words = f"no champion yet: run `tocsin retrain {case.name}`"
        found = Availability(available=False, rows=rows, words=words)
    elif rows == 0:
        found = Availability(available=False, rows=0, words=f"no production rows in {window}")
    else:
        found = Availability(available=True, rows=rows, words=f"{rows:,} rows in {window}")
    run.write("availability", found)
    log.info(found.words)
    return found


def measure(run: Run) -> Outcome:
    """Make every figure of the run: verdict, estimate, realised scorecard, quarantine counts."""
    model = champion_model(run.case)
    if model is None:
        msg = f"use case {run.use_case}: its champion went away during the run"
        raise StepError(msg)
    with production_store() as store:
        measured = measure_windows(run, store, model, shadow_of(run.case, store))
    run.write("measured", measured)
    log.info(words_of(measured, run.case))
    return _outcome(measured)


def drift_limit_crossed(run: Run) -> Outcome:
    """Say whether drift lies strictly above its critical limit, and by which verdict."""
    return _outcome(run.need("measured", Measured))


def _outcome(measured: Measured) -> Outcome:
    verdict = measured.verdict
    return Outcome(
        verdict_id=verdict.id,
        drifted=verdict.drifted,
        as_of=measured.as_of,
        words=verdict.sentence,
    )


def report_quality(run: Run) -> Written:
    """Write the data quality report of the verdict's window."""
    return _write(run, ReportKind.QUALITY)


def report_drift(run: Run) -> Written:
    """Write the drift report of the verdict's window."""
    return _write(run, ReportKind.DRIFT)


def report_performance(run: Run) -> Written:
    """Write the performance report of the newest mature window."""
    return _write(run, ReportKind.PERFORMANCE)


def publish_metrics(run: Run) -> Published:
    """Publish what was measured, or why nothing was."""
    availability = run.read("availability", Availability)
    rows = None if availability is None else availability.rows
    publish_report(run, run.read("measured", Measured), rows=rows)
    published = Published()
    run.write("published", published)
    return published


def keep_newest_reports(run: Run) -> Kept:
    """Keep the newest reports of each kind and those that firing alerts cite, and list them."""
    case, folder, where = run.case, settings().reports, settings()
    mine = folder / case.name
    # Figures that are published nowhere raise no alert.
    cited = (
        frozenset[str]()
        if where.pushgateway_url is None
        else cited_reports(mine, case.name, where.prometheus_url)
    )
    removed = keep_newest(mine, case.report.keep, cited)
    write_index(folder, case)
    kept = Kept(removed=removed)
    run.write("kept", kept)
    return kept


def summary(run: Run) -> Told:
    """Tell people how the run went, whichever way it went; success is told to Prometheus last."""
    case = run.case
    availability = run.read("availability", Availability)
    measured = run.read("measured", Measured)
    skipped = availability is not None and not availability.available
    reported = all(run.read(f"report_{kind}", Written) is not None for kind in ReportKind)
    done = run.read("published", Published) is not None and run.read("kept", Kept) is not None
    succeeded = done and (skipped or reported)
    if not succeeded:
        told = Told(title=f"{case.title}: report failed", text="See the log of the failed step.")
    elif measured is not None:
        told = Told(title=f"{case.title}: report", text=words_of(measured, case))
    else:
        text = "" if availability is None else availability.words
        told = Told(title=f"{case.title}: nothing to report", text=text)
    tell(told, use_case=case.name, pipeline=run.pipeline.value, run=run.key)
    run.write("told", told)
    if succeeded:
        publish_run_success(run)
    return told


STEPS: dict[str, Callable[[Run], Result]] = {
    "check_data_availability": check_data_availability,
    "measure": measure,
    "report_quality": report_quality,
    "report_drift": report_drift,
    "report_performance": report_performance,
    "publish_metrics": publish_metrics,
    "keep_newest": keep_newest_reports,
    "summary": summary,
    "drift_limit_crossed": drift_limit_crossed,
}
"""The steps in the order of a run, by the name of their task."""


def call(name: str, run: dict[str, Any]) -> dict[str, Any]:
    """Call a step for a task: JSON in, small JSON out."""
    return STEPS[name](Run.model_validate(run)).model_dump(mode="json")


def _write(run: Run, kind: ReportKind) -> Written:
    folder = settings().reports
    path = write_report(kind, _facts(run, kind), folder)
    written = Written(file=str(path.relative_to(folder)))
    run.write(f"report_{kind}", written)
    return written


def _facts(run: Run, kind: ReportKind) -> ReportFacts:
    case, measured = run.case, run.need("measured", Measured)
    window = verdict_window(case, run.window)
    mature = measured.mature_window if kind is ReportKind.PERFORMANCE else None
    # The version that was measured, even if another one has become champion since; performance
    # is that of the version that scored the mature window.
    scorer = measured.mature_version if mature is not None else None
    version = scorer or measured.model_version
    model = model_registry().load(case, version)
    with production_store() as store:
        if mature is None:
            rows = store.window(case, window, run.as_of)
        else:
            rows = matured(store.scored(case, mature, run.as_of), case.labels, run.as_of)
    replayed = last_replay(case)
    moved = replayed is not None and _overlap(
        Window(replayed.start, replayed.end), mature or window
    )
    return ReportFacts(
        case=case,
        window=window,
        as_of=run.as_of,
        reference=model.reference_sample,
        current=rows if mature is not None else own_scores(rows, model),
        verdict=measured.verdict,
        card=measured.realised if mature is not None else None,
        model_version=version,
        threshold=model.threshold,
        sample=case.report.sample,
        mature_window=mature,
        synthetic=moved and replayed is not None and replayed.synthetic,
        time_shift=replayed.shift if moved and replayed is not None else None,
    )


def _overlap(one: Window, other: Window) -> bool:
    return one.start < other.end and other.start < one.end


def words_of(measured: Measured, case: UseCase) -> str:
    """Say what was measured, in two lines, and of a shadow in a third."""
    lines = [measured.verdict.sentence]
    card = measured.realised
    if card is None:
        lines.append(f"no scored rows in the mature window {measured.mature_window}")
    else:
        lines.append(f"{measured.mature_window}: {_sentence(card, case)}")
    shadow = measured.shadow
    if shadow is not None:
        lines.append(
            f"version {shadow.version} ({shadow.candidate}) in shadow, on the "
            f"{shadow.card.rows:,} rows that both scored: {_sentence(shadow.card, case)}; "
            f"the champion: {_sentence(shadow.champion, case)}"
        )
    return "\n".join(lines)


def _sentence(card: Scorecard, case: UseCase) -> str:
    return card.sentence(case.words.positives, case.costs.currency)
