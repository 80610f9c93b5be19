"""Alerts on the monitoring itself: runs, pushes, absent figures, schema, labels."""

from __future__ import annotations

from datetime import timedelta

from monitoring.rows.rows import Role
from monitoring.rows.serving_skew import MOST
from monitoring.signals.alerts.alert import VALUE, Alert, ValueFormat, label_value
from monitoring.signals.alerts.inhibition import (
    GATEWAY_UP,
    UNLESS_GATEWAY_DOWN,
    age_of_failed_attempt,
    age_of_success,
    broken_columns,
    seconds_since_push_failed,
    unless_broken,
    unless_failed,
    unless_stale,
)
from monitoring.signals.catalogue import (
    BROKEN_USE_CASE,
    DRIFT_SCORE,
    LAST_ATTEMPT,
    LAST_SUCCESS,
    MODEL,
    PROMOTIONS_HELD,
    QUARANTINED,
    SERVING_SKEW,
    STATUS,
    WAITING_FOR_LABELS,
)
from monitoring.signals.links import HEALTH, CasePanel, HealthPanel, Link, board_of
from monitoring.signals.metric import USE_CASE, Metric, Stage
from monitoring.signals.performance_metrics import ESTIMATE_ERROR, LABEL_PROBLEMS, MISSED
from monitoring.signals.pipelines import (
    RUN_TIME_LIMIT,
    Pipeline,
    look_back,
    period,
    scheduled,
    stale_after,
)
from monitoring.signals.promql import duration, live, newest, now, select
from monitoring.signals.statuses import NotificationStatus, Subject, notification_of, performance_of
from monitoring.signals.thresholds import Side, business_thresholds
from monitoring.use_case import Severity, UseCase

ABSENT = "absent"
"""The label that names what is absent."""

_GOOD = "judged|tested"
_ABOUT = {
    DRIFT_SCORE: Subject.DRIFT.value,
    ESTIMATE_ERROR: Subject.ESTIMATE_ERROR.value,
    QUARANTINED: Subject.DATA.value,
    LABEL_PROBLEMS: Subject.DATA.value,
}
"""What the status of a figure is about, where it is not the champion's performance."""


def absent_figures(case: UseCase) -> str:
    """Return one series, how many figures are absent without a reason, whose label names them.

    No series where none is. Of a use case that is not declared `active` a figure is expected once
    the pipeline that makes it has succeeded; before that a failed run has an alert of its own.
    """
    watched = dict.fromkeys(threshold.metric for threshold in business_thresholds(case))
    absences = {
        **{f"any run of the {p}": _never_attempted(case, p) for p in _expected(case)},
        MODEL.title.lower(): _expected_of(case, _makes_champions(case), _absence(MODEL, case)),
        **{_called(metric): _unexplained(metric, case) for metric in watched},
    }
    none = f'label_replace(vector(0), "{USE_CASE}", "{case.name}", "", "")'
    total, names = none, []
    for number, (name, absence) in enumerate(absences.items()):
        label = f"{ABSENT}_{number}"
        named = f'label_replace({absence}, "{label}", "{name}, ", "", "")'
        total += f" + on ({USE_CASE}) group_left ({label}) ({named} or on ({USE_CASE}) {none})"
        names.append(f'"{label}"')
    joined = f'label_join({total}, "{ABSENT}", "", {", ".join(names)})'
    trimmed = f'label_replace({joined}, "{ABSENT}", "$1", "{ABSENT}", "(.*), ")'
    return f"(max by ({USE_CASE}, {ABSENT}) ({trimmed}) > 0)"


def _called(metric: Metric) -> str:
    """Return what a figure is called, in no words of a use case: they would stand in a query."""
    return "missed positives" if metric is MISSED else metric.title.lower()


def _expected(case: UseCase) -> tuple[Pipeline, ...]:
    """Return the pipelines of which some run is expected: another one's success tells when."""
    others = case.active or not case.is_watched
    return tuple(scheduled(case)) if others else ()


def _makes_champions(case: UseCase) -> Pipeline:
    """Return the pipeline whose success says that there is a champion."""
    return Pipeline.REPORT if case.is_watched else Pipeline.RETRAIN


def _never_attempted(case: UseCase, pipeline: Pipeline) -> str:
    """Return a series where no run of a pipeline was ever attempted, and one was due long ago.

    It was due where the other pipeline has succeeded for as long as this one's success may be old.
    """
    absence = _absence(LAST_ATTEMPT, case, pipeline=pipeline.value)
    if case.active:
        return absence
    (other,) = (each for each in Pipeline if each is not pipeline)
    success = select(LAST_SUCCESS, case.name, pipeline=other.value)
    before = f"{success} offset {duration(stale_after(case, pipeline))}"
    return f"({absence} and on ({USE_CASE}) ({success} and {before}))"


def _expected_of(case: UseCase, pipeline: Pipeline, absence: str) -> str:
    """Return an absence, of a use case that is not active only once the pipeline has succeeded."""
    if case.active:
        return absence
    succeeded = select(LAST_SUCCESS, case.name, pipeline=pipeline.value)
    return f"({absence} and on ({USE_CASE}) {succeeded})"


def _absence(metric: Metric, case: UseCase, **labels: str) -> str:
    return f"absent({select(metric, case.name, **labels)})"


def _unexplained(metric: Metric, case: UseCase) -> str:
    absence = _expected_of(case, Pipeline.REPORT, _absence(metric, case, **live(metric)))
    about = now(STATUS, case.name, by=(USE_CASE, *STATUS.labels), of=_about(metric))
    good = now(STATUS, case.name, by=(USE_CASE, *STATUS.labels), status=f"~{_GOOD}")
    return f"({absence} unless on ({USE_CASE}) ({about} unless {good}))"


def _about(metric: Metric) -> str:
    return _ABOUT.get(metric, performance_of(Stage.PRODUCTION, Role.CHAMPION))


_SETTLE = timedelta(minutes=15)
"""How long absence must last: longer than a restart of the Pushgateway."""

_FINE = "judged|tested|too few positives|no positives"
"""Statuses under which every figure that can be computed is present."""


def fleet_alerts() -> tuple[Alert, ...]:
    """Return the alerts that concern all use cases at once."""
    return (
        Alert(
            name="Watchdog",
            use_case=None,
            title="Alert delivery works",
            meaning="This alert always fires. Where it stops arriving, alerts are no longer "
            "delivered.",
            severity=None,
            value="vector(1)",
            side=Side.ABOVE,
            limit=0,
            link=Link(HEALTH, HealthPanel.UP),
            shown=ValueFormat.FLAG,
        ),
        Alert(
            name="PushgatewayDown",
            use_case=None,
            title="The Pushgateway is down",
            meaning="No metrics of any model can arrive; alerts on models rest on the last ones.",
            severity=Severity.CRITICAL,
            value=GATEWAY_UP,
            side=Side.BELOW,
            limit=1,
            link=Link(HEALTH, HealthPanel.UP),
            shown=ValueFormat.FLAG,
            hold=timedelta(minutes=2),
        ),
        Alert(
            name="UseCaseBroken",
            use_case=None,
            title="A use-case file can't be read",
            meaning=f"The file of {label_value('name')} can't be read, or does not fit: no run of "
            "this model starts, and its figures grow old. All others go on.",
            severity=Severity.WARNING,
            value=f"max by (name) ({BROKEN_USE_CASE.name})",
            side=Side.ABOVE,
            limit=0,
            link=Link(HEALTH, HealthPanel.BROKEN_USE_CASES),
            shown=ValueFormat.FLAG,
        ),
    )


def case_alerts(case: UseCase) -> tuple[Alert, ...]:
    """Return the operational alerts of one use case.

    Of a retrain that is started by hand only nothing is late, and no drift waits for it. A watched
    model has none, and nothing of it is scored again.
    """
    watched = case.is_watched
    severities = {Pipeline.REPORT: Severity.CRITICAL, Pipeline.RETRAIN: Severity.WARNING}
    by_itself = scheduled(case)
    return (
        *(_stale(case, each, severities[each]) for each in severities if each in by_itself),
        _failed(case, Pipeline.REPORT),
        *(() if watched else (_failed(case, Pipeline.RETRAIN),)),
        _push_failed(case),
        _notification_failed(case),
        _absent(case),
        _not_judged(case),
        _schema_broken(case),
        *(() if watched else (_skewed(case),)),
        *(() if case.retrain.by_hand else (_waiting(case),)),
        *(() if watched else (_taken_back(case),)),
    )


_SILENT = {
    Pipeline.REPORT: "Alerts on this model's figures are silent until it runs again.",
    Pipeline.RETRAIN: "The model goes on as it is, and alerts on its figures with it.",
}
"""What it means for a reader that a pipeline does not run."""


def _stale(case: UseCase, pipeline: Pipeline, severity: Severity) -> Alert:
    return Alert(
        name="RunStale",
        use_case=case.name,
        title=f"{case.title}: two {pipeline} runs in a row were missed",
        meaning=f"The last successful {pipeline} run was {VALUE} ago. {_SILENT[pipeline]}",
        severity=severity,
        value=age_of_success(case, pipeline),
        side=Side.ABOVE,
        limit=stale_after(case, pipeline).total_seconds(),
        link=Link(HEALTH, HealthPanel.RUNS),
        shown=ValueFormat.DURATION,
        guards=(unless_failed(case, pipeline), UNLESS_GATEWAY_DOWN),
        labels={"pipeline": pipeline.value},
    )


def _failed(case: UseCase, pipeline: Pipeline) -> Alert:
    return Alert(
        name="RunFailed",
        use_case=case.name,
        title=f"{case.title}: a {pipeline} run did not succeed",
        meaning=f"It began {VALUE} ago and has not succeeded.",
        severity=Severity.WARNING,
        value=age_of_failed_attempt(case, pipeline),
        side=Side.ABOVE,
        limit=RUN_TIME_LIMIT[pipeline].total_seconds(),
        link=Link(HEALTH, HealthPanel.FAILED),
        shown=ValueFormat.DURATION,
        guards=(UNLESS_GATEWAY_DOWN,),
        labels={"pipeline": pipeline.value},
    )


def _push_failed(case: UseCase) -> Alert:
    return Alert(
        name="PushFailed",
        use_case=case.name,
        title=f"{case.title}: the Pushgateway rejected metrics",
        meaning=f"The newest push of the group {label_value('part')} was rejected; the values "
        "shown are those of the push before it.",
        severity=Severity.WARNING,
        value=seconds_since_push_failed(case),
        side=Side.ABOVE,
        limit=0,
        link=Link(HEALTH, HealthPanel.FAILED_PUSHES),
        shown=ValueFormat.DURATION,
    )


def _notification_failed(case: UseCase) -> Alert:
    notifications = "|".join(notification_of(pipeline) for pipeline in Pipeline)
    return Alert(
        name="NotificationFailed",
        use_case=case.name,
        title=f"{case.title}: a run's notification was not delivered",
        meaning=f"The {label_value('of')} of the newest run was refused by one of its channels. "
        "The figures of the run are published all the same.",
        severity=Severity.WARNING,
        value=now(
            STATUS,
            case.name,
            by=(USE_CASE, "of"),
            of=f"~{notifications}",
            status=NotificationStatus.NOT_DELIVERED.value,
        ),
        side=Side.ABOVE,
        limit=0,
        link=Link(board_of(case.name), CasePanel.STATUS),
        shown=ValueFormat.FLAG,
    )


def _absent(case: UseCase) -> Alert:
    return Alert(
        name="FiguresAbsent",
        use_case=case.name,
        title=f"{case.title}: figures are absent, and no status says why",
        meaning=f"Expected and absent: {label_value('absent')}. Alerts that need them can't fire.",
        severity=Severity.CRITICAL,
        value=absent_figures(case),
        side=Side.ABOVE,
        limit=0,
        link=Link(board_of(case.name), CasePanel.STATUS),
        shown=ValueFormat.FLAG,
        guards=(UNLESS_GATEWAY_DOWN,),
        hold=_SETTLE,
    )


def _not_judged(case: UseCase) -> Alert:
    watched = "|".join((Subject.DRIFT, performance_of(Stage.PRODUCTION, Role.CHAMPION)))
    by = (USE_CASE, *STATUS.labels)
    fine = now(STATUS, case.name, by=by, status=f"~{_FINE}")
    unjudged = f"({now(STATUS, case.name, by=by, of=f'~{watched}')} unless {fine})"
    return Alert(
        name="FiguresNotJudged",
        use_case=case.name,
        title=f"{case.title}: figures can't be judged",
        meaning=f"The status of {label_value('of')} is: {label_value('status')}. Alerts on it "
        "can't fire.",
        severity=Severity.WARNING,
        value=unjudged,
        side=Side.ABOVE,
        limit=0,
        link=Link(board_of(case.name), CasePanel.STATUS),
        shown=ValueFormat.FLAG,
        guards=(unless_failed(case, Pipeline.REPORT), unless_stale(case, Pipeline.REPORT)),
        hold=period(case, Pipeline.REPORT),
    )


def _schema_broken(case: UseCase) -> Alert:
    return Alert(
        name="SchemaBroken",
        use_case=case.name,
        title=f"{case.title}: columns are missing or have changed type",
        meaning=f"Columns that differ from those that the model was trained on: {VALUE}.",
        severity=Severity.CRITICAL,
        value=broken_columns(case),
        side=Side.ABOVE,
        limit=0,
        link=Link(board_of(case.name), CasePanel.BROKEN),
        guards=(unless_stale(case, Pipeline.REPORT),),
    )


def _skewed(case: UseCase) -> Alert:
    return Alert(
        name="ServingSkew",
        use_case=case.name,
        title=f"{case.title}: the stored rows are not what the model saw",
        meaning=f"Of the newest rows {VALUE} do not give back the score that they were served "
        "with, when the same version scores their stored values. Drift, importance and reports "
        "are about the stored values; retrains leave these rows out.",
        severity=Severity.WARNING,
        value=newest(SERVING_SKEW, case.name, look_back(case, Pipeline.REPORT)),
        side=Side.ABOVE,
        limit=MOST,
        link=Link(board_of(case.name), CasePanel.SERVING_SKEW),
        shown=ValueFormat.RATIO,
        guards=(unless_stale(case, Pipeline.REPORT), unless_broken(case)),
    )


def _taken_back(case: UseCase) -> Alert:
    return Alert(
        name="ChampionTakenBack",
        use_case=case.name,
        title=f"{case.title}: a new champion was taken back",
        meaning="Its own labelled rows proved it dearer than the version before, which serves "
        f"again. Nothing is promoted until `tocsin release {case.name}`.",
        severity=Severity.CRITICAL,
        value=newest(PROMOTIONS_HELD, case.name, look_back(case, Pipeline.REPORT)),
        side=Side.ABOVE,
        limit=0,
        link=Link(board_of(case.name), CasePanel.HELD),
        shown=ValueFormat.FLAG,
        guards=(unless_stale(case, Pipeline.REPORT),),
    )


def _waiting(case: UseCase) -> Alert:
    return Alert(
        name="WaitingForLabels",
        use_case=case.name,
        title=f"{case.title}: drift calls for a retrain, which is waiting for labels",
        meaning="The data has drifted, and too few labels of the drifted period have arrived to "
        f"train on. Until then {case.words.positives} are detected by what the model learned "
        "before.",
        severity=Severity.WARNING,
        value=newest(WAITING_FOR_LABELS, case.name, look_back(case, Pipeline.RETRAIN)),
        side=Side.ABOVE,
        limit=0,
        link=Link(board_of(case.name), CasePanel.WAITING),
        shown=ValueFormat.FLAG,
        guards=(unless_stale(case, Pipeline.RETRAIN),),
    )
