"""The files a report writes: three pages for people, and the list of those that are kept."""

from __future__ import annotations

import logging

from monitoring.reports.entry import ReportKind
from monitoring.reports.facts import ReportFacts
from monitoring.reports.pages import write_index
from monitoring.reports.report import write_report
from monitoring.reports.retention import cited_reports, keep_newest
from monitoring.rows.maturity import matured
from monitoring.rows.window import Window
from monitoring.settings import settings
from monitoring.steps.places import model_registry, production_store
from monitoring.steps.replay_record import last_replay
from monitoring.steps.report.drawn_file import read_drawn
from monitoring.steps.report.measurement import Measured
from monitoring.steps.report.windows import windows_of
from monitoring.steps.run import Result, Run, verdict_window
from monitoring.summary.types import FeatureKind
from monitoring.wording import several

log = logging.getLogger(__name__)


class ReportFile(Result):
    """One report file, relative to the reports folder."""

    file: str


class Retention(Result):
    """The reports that retention removed."""

    removed: tuple[str, ...]


def report_quality(run: Run) -> ReportFile:
    """Write the data quality report of the verdict's window."""
    return _write(run, ReportKind.QUALITY)


def report_drift(run: Run) -> ReportFile:
    """Write the drift report of the verdict's window."""
    return _write(run, ReportKind.DRIFT)


def report_performance(run: Run) -> ReportFile:
    """Write the performance report of the newest mature window."""
    return _write(run, ReportKind.PERFORMANCE)


def keep_newest_reports(run: Run) -> Retention:
    """Keep the newest reports of each kind and those that firing alerts cite, and list them.

    Of earlier rows of keys, what history features look back to is kept.
    """
    case, folder, where = run.declared, settings().reports, settings()
    mine = folder / case.name
    # Figures that are published nowhere raise no alert.
    cited = (
        frozenset[str]()
        if where.pushgateway_url is None
        else cited_reports(mine, case.name, where.prometheus_url, where.prometheus_sign_in)
    )
    removed = keep_newest(mine, case.report.keep, cited)
    write_index(folder, case)
    with production_store() as store:
        pruned = store.history(case).prune(run.as_of)
    log.info("%s of history features removed", several(pruned, "record"))
    retention = Retention(removed=removed)
    run.write("retention", retention)
    return retention


def _write(run: Run, kind: ReportKind) -> ReportFile:
    folder = settings().reports
    path = write_report(kind, _facts(run, kind), folder)
    written = ReportFile(file=f"{path.parent.name}/{path.name}")
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
        windows = windows_of(case, store)
        quality = kind is ReportKind.QUALITY
        unreadable = windows.unreadable(window.start, run.as_of) if quality else {}
        drawn = read_drawn(run, mature or window) or windows.draw(
            mature or window,
            run.as_of,
            model,
            size=case.report.sample,
            features=mature is None,
        )
    rows = drawn.rows if mature is None else matured(drawn.rows, case.labels, run.as_of)
    replayed = last_replay(case)
    moved = replayed is not None and _overlap(
        Window(replayed.start, replayed.end), mature or window
    )
    return ReportFacts(
        case=case,
        window=window,
        as_of=run.as_of,
        reference=model.reference_sample,
        current=rows,
        rows=drawn.of,
        verdict=measured.verdict,
        cost_of_drift=measured.cost_of_drift,
        card=measured.realised if mature is not None else None,
        classes=measured.classes if mature is not None else None,
        model_version=version,
        threshold=model.threshold,
        sample=case.report.sample,
        mature_window=mature,
        ranges={
            part.name: part.seen_range
            for part in model.reference.bins
            if part.kind is FeatureKind.NUMERIC and not part.valueless
        },
        unreadable=unreadable,
        synthetic=moved and replayed is not None and replayed.synthetic,
        time_shift=replayed.shift if moved and replayed is not None else None,
    )


def _overlap(one: Window, other: Window) -> bool:
    return one.start < other.end and other.start < one.end
