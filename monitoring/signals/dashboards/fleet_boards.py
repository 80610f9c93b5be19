"""The dashboards across use cases: all models, and the health of the pipelines."""

from __future__ import annotations

from collections.abc import Sequence

from monitoring.signals.catalogue import (
    BROKEN_USE_CASE,
    DRIFT_SCORE,
    LAST_ATTEMPT,
    LAST_SUCCESS,
    MODEL,
    NEXT_DUE,
    QUARANTINED,
)
from monitoring.signals.dashboards.api_panels import api_panels
from monitoring.signals.dashboards.panel import (
    ANY_WARNING,
    AT_LEAST_ONE,
    ITS_BOARD,
    NOT_EVEN_ONE,
    Board,
    Column,
    Display,
    Limit,
    Line,
    PageLink,
    Panel,
    Query,
    Scale,
    Section,
)
from monitoring.signals.dashboards.queries import limits_of
from monitoring.signals.links import FLEET, HEALTH, FleetPanel, HealthPanel, path_of
from monitoring.signals.metric import USE_CASE, Metric, decimal
from monitoring.signals.performance_metrics import (
    ESTIMATED,
    MISSED,
    MONEY_MISSED,
    NET_SAVING,
    RECALL,
)
from monitoring.signals.pipelines import GROUP_LABEL, JOB, RUN_TIME_LIMIT, Pipeline
from monitoring.signals.promql import (
    ALERTS,
    BY_PIPELINE,
    PUSH_FAILURE_TIME,
    PUSH_TIME,
    SERVE_COMPONENT_UP,
    UP,
    live,
    of_each,
    series,
)
from monitoring.signals.thresholds import Side, business_thresholds
from monitoring.use_case import Severity, UseCase

_BY_CASE = f"by ({USE_CASE})"


def fleet_board(cases: Sequence[UseCase] = ()) -> Board:
    """Return the dashboard of all models; its first table links to the dashboard of each model.

    Parameters
    ----------
    cases
        Those whose titles and limits are known; others are called by their names.
    """
    return Board(
        uid=FLEET,
        title="Fleet",
        description="Every watched model, those with most critical alerts first.",
        sections=(
            Section(
                "Models",
                (
                    _models(cases),
                    alert_list(FleetPanel.ALERTS, "any model, and on the stack"),
                    *_against_limits(cases),
                ),
                collapsed=False,
            ),
            Section(
                "Over time",
                (
                    _course(cases, FleetPanel.RECALL, RECALL, Scale.RATIO, "Higher is better."),
                    _course(cases, FleetPanel.DRIFT, DRIFT_SCORE, Scale.RATIO, "Lower is better."),
                    _course(cases, FleetPanel.MISSED, MISSED, Scale.COUNT, "Lower is better."),
                ),
                collapsed=False,
            ),
        ),
        links=(PageLink("Pipeline health", path_of(HEALTH)),),
        alerts=NOT_THE_WATCHDOG,
    )


NOT_THE_WATCHDOG = '{severity!="none"}'
"""The alerts that notify: the watchdog always fires."""


def alert_list(place: FleetPanel | HealthPanel, of: str) -> Panel:
    """Return the list of all alerts that fire."""
    firing = series(ALERTS, alertstate="firing", severity="!~none")
    return Panel(
        place,
        "Firing alerts",
        f"Alerts on {of} that fire now, and since when. The runbook says what to do.",
        Display.ALERTS,
        Scale.TEXT,
        (Query(f"max by ({USE_CASE}, alertname, severity) ({firing})", "firing"),),
        width=8,
        columns=(
            Column(USE_CASE, "model", opens=ITS_BOARD),
            Column("alertname", "alert"),
            Column("severity", "severity"),
        ),
        nothing="no alert is firing",
    )


_ESTIMATED_RECALL = of_each(ESTIMATED, of=RECALL.key)


def _models(cases: Sequence[UseCase]) -> Panel:
    report = series(LAST_SUCCESS.name, pipeline=Pipeline.REPORT.value)
    return Panel(
        FleetPanel.MODELS,
        "Models, worst first",
        "Firing alerts; recall of the newest mature window, and as estimated for the newest one; "
        "money in each model's own currency; the version that serves; and the time since the last "
        "report. Click a model for its dashboard.",
        Display.TABLE,
        Scale.COUNT,
        (
            Query(_firing(Severity.CRITICAL), "critical"),
            Query(_firing(Severity.WARNING), "warnings"),
            Query(of_each(RECALL, **live(RECALL)), "recall"),
            Query(_ESTIMATED_RECALL, "estimated"),
            Query(of_each(NET_SAVING, **live(NET_SAVING)), "net saving"),
            Query(of_each(MONEY_MISSED, **live(MONEY_MISSED)), "money missed"),
            Query(of_each(MISSED, **live(MISSED)), "missed"),
            Query(of_each(DRIFT_SCORE, **live(DRIFT_SCORE)), "drift score"),
            Query(of_each(MODEL, "version"), "serves"),
            Query(f"time() - max {_BY_CASE} ({report})", "last report"),
        ),
        width=24,
        height=8,
        columns=(
            Column(USE_CASE, "model", opens=ITS_BOARD, width=160, named=_titles(cases)),
            Column("critical", "critical", Scale.COUNT, (NOT_EVEN_ONE,), worst_first=True),
            Column("warnings", "warnings", Scale.COUNT, (ANY_WARNING,), worst_first=True),
            Column("recall", "recall", Scale.RATIO),
            Column("estimated", "est. recall", Scale.RATIO),
            Column("net saving", "net saving", Scale.COUNT),
            Column("money missed", "money missed", Scale.COUNT),
            Column("missed", "missed", Scale.COUNT),
            Column("drift score", "drift score", Scale.RATIO),
            Column("version", "version"),
            Column("last report", "last report", Scale.AGE),
        ),
    )


def _against_limits(cases: Sequence[UseCase]) -> tuple[Panel, ...]:
    """Return figures of each model in the colours of its own limits, which a table can't have."""
    figures = (
        (FleetPanel.RECALL_NOW, RECALL, of_each(RECALL, **live(RECALL)), "Recall now"),
        (FleetPanel.ESTIMATED_NOW, RECALL, _ESTIMATED_RECALL, "Recall, estimated"),
        (FleetPanel.DRIFT_NOW, DRIFT_SCORE, of_each(DRIFT_SCORE), "Drift score now"),
    )
    shares = (
        Panel(
            place,
            title,
            f"{limited.help} Green, orange, red: within the model's limits, past its warning, past "
            "its critical one.",
            Display.STAT,
            Scale.RATIO,
            (Query(expr, _MODEL),),
            width=4,
            lines=_lines(cases, limited),
        )
        for place, limited, expr, title in figures
    )
    saving = Panel(
        FleetPanel.SAVING_NOW,
        "Net saving now",
        "Cost without a model minus cost with it, of the newest mature window, in each model's own "
        "currency. Red: the model costs more than it brings.",
        Display.STAT,
        Scale.COUNT,
        (Query(of_each(NET_SAVING, **live(NET_SAVING)), _MODEL, (Limit.below(0),)),),
        width=4,
        lines=_lines(cases),
    )
    return (*shares, saving)


_MODEL = f"{{{{{USE_CASE}}}}}"


def _titles(cases: Sequence[UseCase]) -> dict[str, str]:
    return {case.name: case.title for case in cases}


def _lines(cases: Sequence[UseCase], limited: Metric | None = None) -> tuple[Line, ...]:
    """Return each model under its title, with its limits of a metric where one is given."""
    return tuple(
        Line(
            case.name,
            case.title,
            () if limited is None else limits_of(business_thresholds(case), limited),
        )
        for case in cases
    )


def _firing(severity: Severity) -> str:
    """Return how many alerts of each model fire: one that names several figures is one."""
    of_models = {"alertstate": "firing", USE_CASE: "~.+"}
    firing = series(ALERTS, **of_models)
    alerts = series(ALERTS, **of_models, severity=severity.value)
    known = f"max {_BY_CASE} ({LAST_SUCCESS.name} or {firing})"
    counted = f"count {_BY_CASE} (count by ({USE_CASE}, alertname) ({alerts}))"
    return f"{counted} or 0 * {known}"


def _course(
    cases: Sequence[UseCase], place: FleetPanel, metric: Metric, scale: Scale, good: str
) -> Panel:
    return Panel(
        place,
        f"{metric.title} by model",
        f"{metric.help} {good}",
        Display.LINES,
        scale,
        (Query(of_each(metric, **live(metric)), _MODEL),),
        width=8,
        whole=scale is Scale.RATIO,
        lines=_lines(cases),
    )


_RUN = f"{_MODEL} · {{{{pipeline}}}}"
_BY_RUN = f"max by ({', '.join(BY_PIPELINE)})"
_BY_PART = f"max by ({USE_CASE}, {GROUP_LABEL})"


def health_board(cases: Sequence[UseCase] = ()) -> Board:
    """Return the dashboard of runs, pushes and components; `cases` as of `fleet_board`."""
    return Board(
        uid=HEALTH,
        title="Pipeline health",
        description="Whether runs succeed, metrics arrive and every component answers.",
        sections=(
            Section("Components and runs", _runs(cases), collapsed=False),
            Section("Pushes and rows", _pushes(cases), collapsed=False),
            Section("Predictions and labels by the API", api_panels()),
        ),
        links=(PageLink("All models", path_of(FLEET)),),
        alerts=NOT_THE_WATCHDOG,
    )


def _runs(cases: Sequence[UseCase]) -> tuple[Panel, ...]:
    due = f"{_BY_RUN} ({NEXT_DUE.name}) - time()"
    attempt, success = (f"{_BY_RUN} ({metric.name})" for metric in (LAST_ATTEMPT, LAST_SUCCESS))
    return (
        Panel(
            HealthPanel.UP,
            "Components up",
            "Whether the component answers: as Prometheus finds it, or, of those that show it no "
            "metrics, as the API finds it.",
            Display.STAT,
            Scale.YES_NO,
            (Query(_components_up(), "{{component}}", (AT_LEAST_ONE,)),),
            width=8,
        ),
        Panel(
            HealthPanel.FAILED,
            "Attempts without success",
            "Yes where the newest attempt did not succeed within the time that a run may take, the "
            "condition of RunFailed.",
            Display.STAT,
            Scale.YES_NO,
            (Query(" or ".join(map(_failed, Pipeline)), _RUN, (NOT_EVEN_ONE,)),),
            width=8,
        ),
        alert_list(HealthPanel.ALERTS, "any model, and on the stack"),
        Panel(
            HealthPanel.RUNS,
            "Runs",
            "Time since each pipeline's last success, and since its last attempt, and until the "
            "next run is due; below 0 it is late. RunStale fires once two were missed. Runs that "
            "are started by hand are never due.",
            Display.TABLE,
            Scale.AGE,
            (
                Query(f"time() - {success}", "success"),
                Query(f"time() - {attempt}", "attempt"),
                Query(due, "due"),
            ),
            width=24,
            height=9,
            columns=(
                Column(USE_CASE, "model", opens=ITS_BOARD, width=200, named=_titles(cases)),
                Column("pipeline", "pipeline"),
                Column("success", "last success, ago", Scale.AGE),
                Column("attempt", "last attempt, ago", Scale.AGE),
                Column("due", "next due, in", Scale.AGE, (_LATE,)),
            ),
        ),
    )


def _components_up() -> str:
    scraped = f'label_replace({UP}, "component", "$1", "job", "(.*)")'
    return f"max by (component) ({scraped}) or max by (component) ({SERVE_COMPONENT_UP})"


_LATE = Limit(Side.BELOW, Severity.WARNING, 0)


def _failed(pipeline: Pipeline) -> str:
    attempt = f"{_BY_RUN} ({series(LAST_ATTEMPT.name, pipeline=pipeline.value)})"
    success = f"{_BY_RUN} ({series(LAST_SUCCESS.name, pipeline=pipeline.value)})"
    over = f"(time() - {attempt} > bool {decimal(RUN_TIME_LIMIT[pipeline].total_seconds())})"
    return f"({attempt} > bool {success} or 0 * {attempt} + 1) * {over}"


def _pushes(cases: Sequence[UseCase]) -> tuple[Panel, ...]:
    group = {"job": JOB}
    pushed = f"{_BY_PART} ({series(PUSH_TIME, **group)})"
    refused = f"{_BY_PART} ({series(PUSH_FAILURE_TIME, **group)})"
    return (
        Panel(
            HealthPanel.FAILED_PUSHES,
            "Rejected pushes",
            "Push groups whose newest push was rejected, and when: their values are those of the "
            "push before.",
            Display.TABLE,
            Scale.AGE,
            (Query(f"time() - ({refused} > {pushed})", "refused"),),
            width=8,
            columns=(
                Column(USE_CASE, "model", opens=ITS_BOARD, named=_titles(cases)),
                Column(GROUP_LABEL, "push group"),
                Column("refused", "last rejection", Scale.AGE),
            ),
            nothing="no push was rejected",
        ),
        Panel(
            HealthPanel.QUARANTINED,
            "Quarantined rows",
            "Rows that the schema check quarantined, by model.",
            Display.LINES,
            Scale.COUNT,
            (Query(f"sum by ({USE_CASE}) ({QUARANTINED.name})", _MODEL),),
            width=8,
            lines=_lines(cases),
        ),
        Panel(
            HealthPanel.BROKEN_USE_CASES,
            "Broken use-case files",
            "Use cases whose file can't be read, as the newest run of any model found it: no run "
            "of theirs starts. `tocsin use-case list` says what is wrong.",
            Display.TABLE,
            Scale.YES_NO,
            (Query(f"max by (name) ({BROKEN_USE_CASE.name})", "broken"),),
            width=8,
            columns=(
                Column("name", "use case"),
                Column("broken", "broken", Scale.YES_NO, (NOT_EVEN_ONE,)),
            ),
            nothing="every file can be read",
        ),
    )
