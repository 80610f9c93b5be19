"""The dashboards across use cases: all models, and the health of the pipelines."""

from __future__ import annotations

from monitoring.signals.catalogue import (
    BROKEN_USE_CASE,
    DRIFT_SCORE,
    LAST_ATTEMPT,
    LAST_SUCCESS,
    QUARANTINED,
)
from monitoring.signals.dashboards.panel import (
    AT_LEAST_ONE,
    ITS_BOARD,
    NOT_EVEN_ONE,
    Board,
    Column,
    Display,
    Limit,
    PageLink,
    Panel,
    Query,
    Scale,
    Section,
)
from monitoring.signals.links import FLEET, HEALTH, FleetPanel, HealthPanel, path_of
from monitoring.signals.metric import USE_CASE, Metric, decimal
from monitoring.signals.performance_metrics import MISSED, MONEY_MISSED, RECALL
from monitoring.signals.pipelines import GROUP_LABEL, JOB, RUN_TIME_LIMIT, Pipeline
from monitoring.signals.promql import (
    ALERTS,
    BY_PIPELINE,
    PUSH_FAILURE_TIME,
    PUSH_TIME,
    SERVE_ARM_FAILURES,
    SERVE_DECISIONS,
    SERVE_ERRORS,
    SERVE_SCORE,
    SERVE_SECONDS,
    SERVE_UNSEEN,
    UP,
    live,
    of_each,
    series,
)
from monitoring.signals.thresholds import Side
from monitoring.use_case import Severity

_BY_CASE = f"by ({USE_CASE})"
_ANY_WARNING = Limit(Side.ABOVE, Severity.WARNING, 0)


def fleet_board() -> Board:
    """Return the dashboard of all models; its first table links to the dashboard of each model."""
    return Board(
        uid=FLEET,
        title="Fleet",
        description="Every watched model, those with most critical alerts first.",
        sections=(
            Section(
                "Models",
                (
                    _models(),
                    _course(FleetPanel.RECALL, RECALL, Scale.RATIO, "Higher is better."),
                    _course(FleetPanel.DRIFT, DRIFT_SCORE, Scale.RATIO, "Lower is better."),
                    _course(FleetPanel.MISSED, MISSED, Scale.COUNT, "Lower is better."),
                ),
            ),
        ),
        links=(PageLink("Pipeline health", path_of(HEALTH)),),
    )


def _models() -> Panel:
    report = series(LAST_SUCCESS.name, pipeline=Pipeline.REPORT.value)
    return Panel(
        FleetPanel.MODELS,
        "Models, worst first",
        "Firing alerts, the figures of the newest mature window, money in each model's own "
        "currency, and the time since its last report. Click a model for its dashboard.",
        Display.TABLE,
        Scale.COUNT,
        (
            Query(_firing(Severity.CRITICAL), "critical"),
            Query(_firing(Severity.WARNING), "warnings"),
            Query(of_each(RECALL, **live(RECALL)), "recall"),
            Query(of_each(MISSED, **live(MISSED)), "missed"),
            Query(of_each(MONEY_MISSED, **live(MONEY_MISSED)), "money missed"),
            Query(of_each(DRIFT_SCORE, **live(DRIFT_SCORE)), "drift score"),
            Query(f"time() - max {_BY_CASE} ({report})", "last report"),
        ),
        width=24,
        height=8,
        columns=(
            Column(USE_CASE, "model", opens=ITS_BOARD, width=160),
            Column("critical", "critical", Scale.COUNT, (NOT_EVEN_ONE,), worst_first=True),
            Column("warnings", "warnings", Scale.COUNT, (_ANY_WARNING,), worst_first=True),
            Column("recall", "recall", Scale.RATIO),
            Column("missed", "missed", Scale.COUNT),
            Column("money missed", "money missed", Scale.SUM),
            Column("drift score", "drift score", Scale.RATIO),
            Column("last report", "last report", Scale.AGE),
        ),
    )


def _firing(severity: Severity) -> str:
    """Return how many alerts of each model fire: one that names several figures is one."""
    of_models = {"alertstate": "firing", USE_CASE: "~.+"}
    firing = series(ALERTS, **of_models)
    alerts = series(ALERTS, **of_models, severity=severity.value)
    known = f"max {_BY_CASE} ({LAST_SUCCESS.name} or {firing})"
    counted = f"count {_BY_CASE} (count by ({USE_CASE}, alertname) ({alerts}))"
    return f"{counted} or 0 * {known}"


def _course(place: FleetPanel, metric: Metric, scale: Scale, good: str) -> Panel:
    return Panel(
        place,
        f"{metric.title} by model",
        f"{metric.help} {good}",
        Display.LINES,
        scale,
        (Query(of_each(metric, **live(metric)), f"{{{{{USE_CASE}}}}}"),),
        width=8,
        whole=scale is Scale.RATIO,
    )


_RUN = "{{use_case}} · {{pipeline}}"
_BY_RUN = f"max by ({', '.join(BY_PIPELINE)})"
_BY_PART = f"max by ({USE_CASE}, {GROUP_LABEL})"


def health_board() -> Board:
    """Return the dashboard of runs, pushes and components."""
    return Board(
        uid=HEALTH,
        title="Pipeline health",
        description="Whether runs succeed, metrics arrive and every component answers.",
        sections=(
            Section("Components and runs", _runs()),
            Section("Pushes and rows", _pushes()),
            Section("Predictions and labels by the API", _api()),
        ),
        links=(PageLink("All models", path_of(FLEET)),),
    )


def _runs() -> tuple[Panel, ...]:
    attempt = f"{_BY_RUN} ({LAST_ATTEMPT.name})"
    success = f"{_BY_RUN} ({LAST_SUCCESS.name})"
    return (
        Panel(
            HealthPanel.UP,
            "Components up",
            "Whether Prometheus can scrape the component.",
            Display.STAT,
            Scale.YES_NO,
            (Query(f"max by (job) ({UP})", "{{job}}", (AT_LEAST_ONE,)),),
        ),
        Panel(
            HealthPanel.SUCCESS_AGE,
            "Since the last success",
            "Age of the last successful run of each pipeline. RunStale fires once two were missed.",
            Display.LINES,
            Scale.HOURS,
            (Query(_hours(f"time() - {success}"), _RUN),),
        ),
        Panel(
            HealthPanel.RUNS,
            "Since the last attempt",
            "Age of the newest run of each pipeline, whether or not it succeeded.",
            Display.LINES,
            Scale.HOURS,
            (Query(_hours(f"time() - {attempt}"), _RUN),),
        ),
        Panel(
            HealthPanel.FAILED,
            "Attempts without success",
            "Yes where the newest attempt did not succeed within the time that a run may take, the "
            "condition of RunFailed.",
            Display.STAT,
            Scale.YES_NO,
            (Query(" or ".join(map(_failed, Pipeline)), _RUN, (NOT_EVEN_ONE,)),),
        ),
    )


def _failed(pipeline: Pipeline) -> str:
    attempt = f"{_BY_RUN} ({series(LAST_ATTEMPT.name, pipeline=pipeline.value)})"
    success = f"{_BY_RUN} ({series(LAST_SUCCESS.name, pipeline=pipeline.value)})"
    over = f"(time() - {attempt} > bool {decimal(RUN_TIME_LIMIT[pipeline].total_seconds())})"
    return f"({attempt} > bool {success} or 0 * {attempt} + 1) * {over}"


def _pushes() -> tuple[Panel, ...]:
    group = {"job": JOB}
    pushed = f"{_BY_PART} ({series(PUSH_TIME, **group)})"
    refused = f"{_BY_PART} ({series(PUSH_FAILURE_TIME, **group)})"
    return (
        Panel(
            HealthPanel.PUSH_AGE,
            "Since the last push",
            "Age of the newest push of each model, of the push group that was pushed longest ago.",
            Display.LINES,
            Scale.HOURS,
            (Query(_hours(f"time() - min by ({USE_CASE}) ({pushed})"), "{{use_case}}"),),
        ),
        Panel(
            HealthPanel.FAILED_PUSHES,
            "Rejected pushes",
            "Push groups whose newest push was rejected, and when: their values are those of the "
            "push before.",
            Display.TABLE,
            Scale.AGE,
            (Query(f"time() - ({refused} > {pushed})", "refused"),),
            columns=(
                Column(USE_CASE, "model", opens=ITS_BOARD),
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
            (Query(f"sum by ({USE_CASE}) ({QUARANTINED.name})", "{{use_case}}"),),
        ),
        Panel(
            HealthPanel.BROKEN_USE_CASES,
            "Broken use-case files",
            "Use cases whose file can't be read, as the newest run of any model found it: no run "
            "of theirs starts. `tocsin use-case list` says what is wrong.",
            Display.TABLE,
            Scale.YES_NO,
            (Query(f"max by (name) ({BROKEN_USE_CASE.name})", "broken"),),
            columns=(
                Column("name", "use case"),
                Column("broken", "broken", Scale.YES_NO, (NOT_EVEN_ONE,)),
            ),
            nothing="every file can be read",
        ),
    )


def _hours(seconds: str) -> str:
    """Return seconds in hours: an axis of seconds has its lines at 2.78 hours and 5.56 hours."""
    return f"({seconds}) / 3600"


_UNUSED = "nobody asked the API"


def _api() -> tuple[Panel, ...]:
    slowest = f"histogram_quantile(0.99, sum by (route, le) ({_rate(f'{SERVE_SECONDS}_bucket')}))"
    return (
        Panel(
            HealthPanel.REQUESTS,
            "Requests per second",
            "Requests to the API by route and HTTP status: 4xx was refused, 5xx failed.",
            Display.LINES,
            Scale.COUNT,
            (
                Query(
                    f"sum by (route, status) ({_rate(f'{SERVE_SECONDS}_count')})",
                    "{{route}} · {{status}}",
                ),
            ),
            nothing=_UNUSED,
        ),
        Panel(
            HealthPanel.ANSWER_TIME,
            "Time to answer, 99 of 100",
            "Ninety-nine of a hundred requests of the last five minutes were answered within it.",
            Display.LINES,
            Scale.AGE,
            (Query(slowest, "{{route}}"),),
            nothing=_UNUSED,
        ),
        Panel(
            HealthPanel.REFUSED,
            "Refused and failed requests",
            "Per second, by the kind of error.",
            Display.LINES,
            Scale.COUNT,
            (Query(f"sum by (kind) ({_rate(f'{SERVE_ERRORS}_total')})", "{{kind}}"),),
            nothing="no request was refused",
        ),
        Panel(
            HealthPanel.DECISIONS,
            "Decisions per second",
            "Rows that the API scored, by what was decided.",
            Display.LINES,
            Scale.COUNT,
            (
                Query(
                    f"sum by ({USE_CASE}, decision) ({_rate(f'{SERVE_DECISIONS}_total')})",
                    "{{use_case}} · {{decision}}",
                ),
            ),
            nothing=_UNUSED,
        ),
        Panel(
            HealthPanel.UNSEEN,
            "Categories never seen in training",
            "Rows of the last hour that the API scored though the model never saw their category, "
            "by column. Many of one column: something was renamed, or is new.",
            Display.LINES,
            Scale.COUNT,
            (
                Query(
                    f"sum by ({USE_CASE}, column) (increase({SERVE_UNSEEN}_total[1h])) > 0",
                    "{{use_case}} · {{column}}",
                ),
            ),
            nothing="no category was new",
        ),
        Panel(
            HealthPanel.ARM_FAILURES,
            "Rows that an arm failed to score",
            "Rows of the last hour that a version with a share of the live rows could not score; "
            "the champion answered them, and the server's log says why.",
            Display.LINES,
            Scale.COUNT,
            (
                Query(
                    f"sum by ({USE_CASE}, model_version) "
                    f"(increase({SERVE_ARM_FAILURES}_total[1h])) > 0",
                    "{{use_case}} · version {{model_version}}",
                ),
            ),
            nothing="no arm failed",
        ),
        Panel(
            HealthPanel.VERSIONS,
            "Rows per second by version",
            "Rows that each version scored: the champion, the arms that answer shares of its rows, "
            "and candidates that were asked by name.",
            Display.LINES,
            Scale.COUNT,
            (
                Query(
                    f"sum by ({USE_CASE}, model_version) ({_rate(f'{SERVE_SCORE}_count')})",
                    "{{use_case}} · version {{model_version}}",
                ),
            ),
            nothing=_UNUSED,
        ),
    )


def _rate(name: str) -> str:
    return f"rate({name}[5m])"
