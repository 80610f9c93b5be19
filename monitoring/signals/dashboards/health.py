"""The dashboard of the pipelines and of the parts they need."""

from __future__ import annotations

from monitoring.signals.alerts.causes import (
    BY_PIPELINE,
    PUSH_FAILURE_TIME,
    PUSH_TIME,
    UP,
)
from monitoring.signals.cadence import PATIENCE
from monitoring.signals.catalogue import LAST_ATTEMPT, LAST_SUCCESS, QUARANTINED
from monitoring.signals.dashboards.panel import (
    AT_LEAST_ONE,
    ITS_BOARD,
    NOT_EVEN_ONE,
    Board,
    Column,
    Display,
    Leads,
    Panel,
    Query,
    Scale,
    Section,
)
from monitoring.signals.dashboards.places import FLEET, HEALTH, HealthPanel, path_of
from monitoring.signals.metric import USE_CASE
from monitoring.signals.part import JOB, PART, Pipeline
from monitoring.signals.promql import series

_RUN = "{{use_case}} · {{pipeline}}"
_BY_RUN = f"max by ({', '.join(BY_PIPELINE)})"
_BY_PART = f"max by ({USE_CASE}, {PART})"


def health_board() -> Board:
    """Return the dashboard of runs, pushes and parts."""
    return Board(
        uid=HEALTH,
        title="Pipeline health",
        description="Whether runs succeed, figures arrive, and every part answers.",
        sections=(Section("Parts and runs", _runs()), Section("Pushes and rows", _pushes())),
        links=(Leads("All models", path_of(FLEET)),),
    )


def _runs() -> tuple[Panel, ...]:
    attempt = f"{_BY_RUN} ({LAST_ATTEMPT.name})"
    success = f"{_BY_RUN} ({LAST_SUCCESS.name})"
    return (
        Panel(
            HealthPanel.UP,
            "Parts that answer",
            "Whether Prometheus reaches the part.",
            Display.STAT,
            Scale.YES_NO,
            (Query(f"max by (job) ({UP})", "{{job}}", (AT_LEAST_ONE,)),),
        ),
        Panel(
            HealthPanel.SUCCESS_AGE,
            "Since the last success",
            "Age of the last success of each pipeline. Two missed runs raise RunStale.",
            Display.LINES,
            Scale.HOURS,
            (Query(_hours(f"time() - {success}"), _RUN),),
        ),
        Panel(
            HealthPanel.RUNS,
            "Since the last attempt",
            "Age of the newest run of each pipeline, whatever became of it.",
            Display.LINES,
            Scale.HOURS,
            (Query(_hours(f"time() - {attempt}"), _RUN),),
        ),
        Panel(
            HealthPanel.FAILED,
            "Attempts without success",
            "Yes where no success followed the newest attempt in the time that a run may take, as "
            "RunFailed has it.",
            Display.STAT,
            Scale.YES_NO,
            (Query(" or ".join(map(_failed, Pipeline)), _RUN, (NOT_EVEN_ONE,)),),
        ),
    )


def _failed(pipeline: Pipeline) -> str:
    attempt = f"{_BY_RUN} ({series(LAST_ATTEMPT.name, pipeline=pipeline.value)})"
    success = f"{_BY_RUN} ({series(LAST_SUCCESS.name, pipeline=pipeline.value)})"
    over = f"(time() - {attempt} > bool {PATIENCE[pipeline].total_seconds():g})"
    return f"({attempt} > bool {success} or 0 * {attempt} + 1) * {over}"


def _pushes() -> tuple[Panel, ...]:
    group = {"job": JOB}
    pushed = f"{_BY_PART} ({series(PUSH_TIME, **group)})"
    refused = f"{_BY_PART} ({series(PUSH_FAILURE_TIME, **group)})"
    return (
        Panel(
            HealthPanel.PUSH_AGE,
            "Since the last push",
            "Age of the newest push of the part of each model that was pushed longest ago.",
            Display.LINES,
            Scale.HOURS,
            (Query(_hours(f"time() - min by ({USE_CASE}) ({pushed})"), "{{use_case}}"),),
        ),
        Panel(
            HealthPanel.FAILED_PUSHES,
            "Refused pushes",
            "Parts whose newest push was refused, and how long ago: their figures are older ones.",
            Display.TABLE,
            Scale.AGE,
            (Query(f"time() - ({refused} > {pushed})", "refused"),),
            columns=(
                Column(USE_CASE, "model", opens=ITS_BOARD),
                Column(PART, "part"),
                Column("refused", "last refusal", Scale.AGE),
            ),
            nothing="no push was refused",
        ),
        Panel(
            HealthPanel.QUARANTINED,
            "Quarantined rows",
            "Rows that the schema check set aside, by model.",
            Display.LINES,
            Scale.COUNT,
            (Query(f"sum by ({USE_CASE}) ({QUARANTINED.name})", "{{use_case}}"),),
            width=24,
        ),
    )


def _hours(seconds: str) -> str:
    """Return seconds in hours: an axis of seconds has its lines at 2.78 hours and 5.56 hours."""
    return f"({seconds}) / 3600"
