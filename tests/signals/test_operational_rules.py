"""The watching itself is watched: runs, pushes, absence, schema, labels."""

from datetime import timedelta
from pathlib import Path

import pytest

from monitoring.drift.verdict import DriftStatus
from monitoring.performance.intervals import Ratio
from monitoring.performance.scorecard import CardStatus
from monitoring.signals import NotificationStatus, Pipeline, PushGroup, Sample
from monitoring.signals.alerts import alerts_of
from monitoring.signals.alerts.grafana_alerting import provisioned_groups
from monitoring.signals.alerts.operational_alerts import fleet_alerts
from monitoring.signals.catalogue import (
    BROKEN_FEATURES,
    DRIFT_SCORE,
    LAST_ATTEMPT,
    LAST_SUCCESS,
    MODEL,
    PROMOTIONS_HELD,
    SERVING_SKEW,
    STATUS,
    WAITING_FOR_LABELS,
)
from monitoring.signals.links import Addresses
from monitoring.signals.performance_metrics import RECALL
from monitoring.signals.promql import live
from monitoring.signals.samples import unmeasured_samples
from monitoring.signals.statuses import notification_of
from monitoring.use_case import UseCase
from monitoring.use_case_file import find_use_case
from tests.signals.conftest import watched
from tests.signals.figures import card, feature, report_samples, verdict
from tests.signals.rule_tests import UP, check, check_query, healthy, held, name_of

HOUR, QUARTER, STEP = timedelta(hours=1), timedelta(minutes=15), timedelta(minutes=5)

STALE = ("RunStale", "critical")
FAILED = ("RunFailed", "warning")
ABSENT = ("FiguresAbsent", "critical")
UNJUDGED = ("FiguresNotJudged", "warning")


def test_two_missed_reports_are_stale_and_not_before(fraud: UseCase, tmp_path: Path) -> None:
    world = healthy(fraud)
    for metric in (LAST_ATTEMPT, LAST_SUCCESS):
        world = world.with_value(metric, 0, pipeline="report")
    # Reports come every 6 hours and may take one.
    check(world, tmp_path, {13 * HOUR: set(), 13 * HOUR + STEP: {STALE}})


def test_two_missed_retrains_are_stale_and_not_before(fraud: UseCase, tmp_path: Path) -> None:
    world = healthy(fraud)
    for metric in (LAST_ATTEMPT, LAST_SUCCESS):
        world = world.with_value(metric, 0, pipeline="retrain")
    stale = ("RunStale", "warning")
    expected = {51 * HOUR: set(), 51 * HOUR + QUARTER: {stale}}
    check(world, tmp_path, expected, every=QUARTER)


def test_nothing_is_late_nor_expected_of_a_retrain_that_is_started_by_hand_only(
    fraud: UseCase, tmp_path: Path
) -> None:
    by_hand = fraud.model_copy(
        update={"active": True, "retrain": fraud.retrain.model_copy(update={"every": None})}
    )
    world = healthy(by_hand).with_value(WAITING_FOR_LABELS, 1)
    for metric in (LAST_ATTEMPT, LAST_SUCCESS):
        world = world.without(metric, pipeline="retrain")
    check(world, tmp_path, {55 * HOUR: set()}, every=HOUR)
    old = healthy(by_hand)
    for metric in (LAST_ATTEMPT, LAST_SUCCESS):
        old = old.with_value(metric, 0, pipeline="retrain")
    check(old, tmp_path, {55 * HOUR: set()}, every=HOUR)


def test_of_a_watched_model_no_retrain_is_late_nor_expected(tmp_path: Path) -> None:
    world = healthy(active(watched()))
    for metric in (LAST_ATTEMPT, LAST_SUCCESS):
        world = world.without(metric, pipeline="retrain")
    check(world, tmp_path, {55 * HOUR: set()}, every=HOUR)


def test_a_run_that_does_not_end_well_has_failed_once_its_time_is_over(
    fraud: UseCase, tmp_path: Path
) -> None:
    world = healthy(fraud).with_value(LAST_SUCCESS, 0, pipeline="report")
    world = world.with_value(LAST_ATTEMPT, 6 * 3600, pipeline="report")
    check(world, tmp_path, {7 * HOUR: set(), 7 * HOUR + STEP: {FAILED}})


def test_a_run_that_ended_well_has_not_failed(fraud: UseCase, tmp_path: Path) -> None:
    world = healthy(fraud).with_value(LAST_SUCCESS, 600, pipeline="report")
    world = world.with_value(LAST_ATTEMPT, 600, pipeline="report")
    check(world, tmp_path, {3 * HOUR: set()})


def test_a_failed_run_is_told_in_place_of_the_staleness_that_it_causes(
    fraud: UseCase, tmp_path: Path
) -> None:
    world = healthy(fraud).with_value(LAST_SUCCESS, 0, pipeline="report")
    world = world.with_value(LAST_ATTEMPT, 6 * 3600, pipeline="report")
    world = world.with_value(RECALL, 0.5, **live(RECALL))
    low = ("RecallLow", "critical")
    check(world, tmp_path, {12 * HOUR: {FAILED, low}, 14 * HOUR: {FAILED}}, every=QUARTER)


def test_a_first_run_that_fails_is_told_though_there_never_was_a_success(
    fraud: UseCase, tmp_path: Path
) -> None:
    world = healthy(fraud).without(LAST_SUCCESS, pipeline="report")
    world = world.with_value(LAST_ATTEMPT, 0, pipeline="report")
    check(world, tmp_path, {HOUR: set(), HOUR + STEP: {FAILED}})


def test_a_refused_push_is_told_until_one_is_accepted(fraud: UseCase, tmp_path: Path) -> None:
    group = '{job="tocsin",use_case="fraud",part="report"}'
    world = healthy(fraud).with_series(**{f"push_time_seconds{group}": "100+0x12 3900+0x500"})
    equal = world.with_series(**{f"push_failure_time_seconds{group}": "100+0x500"})
    check(equal, tmp_path, {HOUR: set()})
    newer = world.with_series(**{f"push_failure_time_seconds{group}": "200+0x500"})
    check(newer, tmp_path, {HOUR: {("PushFailed", "warning")}, HOUR + QUARTER: set()})


def test_a_notification_that_was_not_delivered_alerts_until_one_is_delivered(
    fraud: UseCase, tmp_path: Path
) -> None:
    failed = ("NotificationFailed", "warning")
    for pipeline in Pipeline:
        of = notification_of(pipeline)
        lost = Sample(STATUS, 1, {"of": of, "status": NotificationStatus.NOT_DELIVERED.value})
        series = name_of(lost, fraud, pipeline.notification)
        world = healthy(fraud).without(STATUS, of=of).with_series(**{series: "1+0x12"})
        check(world, tmp_path, {HOUR: {failed}, HOUR + QUARTER: set()})


@pytest.mark.parametrize("status", [NotificationStatus.DELIVERED, NotificationStatus.NO_CHANNEL])
def test_a_notification_that_was_delivered_or_is_not_wanted_fires_nothing(
    status: NotificationStatus, fraud: UseCase, tmp_path: Path
) -> None:
    sample = Sample(STATUS, 1, {"of": "report notification", "status": status.value})
    world = healthy(fraud).with_series(
        **{name_of(sample, fraud, PushGroup.REPORT_NOTIFICATION): held(1)}
    )
    check(world, tmp_path, {30 * HOUR: set()}, every=HOUR)


def test_a_notification_that_failed_before_the_gateway_went_down_does_not_alert_beside_it(
    fraud: UseCase, tmp_path: Path
) -> None:
    lost = Sample(STATUS, 1, {"of": "report notification", "status": "not delivered"})
    world = healthy(fraud).with_series(
        **{name_of(lost, fraud, PushGroup.REPORT_NOTIFICATION): held(1)}
    )
    world = world.ending(2 * HOUR).with_series(**{UP: "1+0x24 0+0x500"})
    check(world, tmp_path, {30 * HOUR: {("PushgatewayDown", "critical")}}, every=HOUR / 2)


def test_a_gateway_that_is_down_is_told_alone(fraud: UseCase, tmp_path: Path) -> None:
    world = healthy(fraud).ending(2 * HOUR).with_series(**{UP: "1+0x24 0+0x500"})
    down = ("PushgatewayDown", "critical")
    check(world, tmp_path, {2 * HOUR: set(), 30 * HOUR: {down}}, every=HOUR / 2)


def active(case: UseCase) -> UseCase:
    return case.model_copy(update={"active": True})


WATCHED = (
    "recall, missed positives, review capacity used, drift score, label coverage, "
    "error of the estimate, quarantined rows, labels in doubt"
)
"""The figures of `fraud` that have a threshold, as FiguresAbsent names them."""


@pytest.mark.parametrize(
    "case", [find_use_case("fraud"), find_use_case("accidents"), watched()], ids=lambda c: c.name
)
def test_nothing_is_expected_of_a_use_case_that_never_ran(case: UseCase, tmp_path: Path) -> None:
    world = healthy(case).empty()
    check(world, tmp_path, {HOUR: set(), 60 * HOUR: set()}, every=HOUR)


def test_nothing_is_expected_while_the_first_runs_go_on(fraud: UseCase, tmp_path: Path) -> None:
    attempts = [
        name_of(Sample(LAST_ATTEMPT, 1, {"pipeline": p.value}), fraud, p.attempt) for p in Pipeline
    ]
    world = healthy(fraud).empty().with_series(**{attempt: held(0) for attempt in attempts})
    check(world, tmp_path, {HOUR: set(), HOUR + STEP: {FAILED}, 4 * HOUR: {FAILED}})


def test_an_active_use_case_is_expected_to_be_there_in_one_alert_that_names_everything(
    fraud: UseCase, tmp_path: Path
) -> None:
    attempts = ", ".join(f"any run of the {p}" for p in Pipeline)
    everything = f"{attempts}, champion, {WATCHED}"
    check(
        healthy(active(fraud)).empty(),
        tmp_path,
        {STEP: set(), 2 * STEP: set(), QUARTER: {ABSENT}, 20 * HOUR: {ABSENT}},
        absent={QUARTER: everything, 20 * HOUR: everything},
    )


def test_a_report_that_lost_all_its_figures_is_one_alert_that_names_them(
    fraud: UseCase, tmp_path: Path
) -> None:
    check(healthy(fraud).with_samples(), tmp_path, {HOUR: {ABSENT}}, absent={HOUR: WATCHED})


@pytest.mark.parametrize("declared", [True, False])
def test_each_expected_figure_is_missed_when_no_status_explains_it(
    declared: bool, fraud: UseCase, tmp_path: Path
) -> None:
    case = active(fraud) if declared else fraud
    for metric in (MODEL, DRIFT_SCORE, RECALL):
        world = healthy(case).without(metric, **live(metric))
        check(world, tmp_path, {HOUR: {ABSENT}}, absent={HOUR: metric.title.lower()})


def test_figures_are_expected_once_the_pipeline_that_makes_them_has_succeeded(
    fraud: UseCase, tmp_path: Path
) -> None:
    for metric, pipeline in ((MODEL, "retrain"), (DRIFT_SCORE, "report")):
        world = healthy(fraud).without(metric).without(LAST_SUCCESS, pipeline=pipeline)
        check(world, tmp_path, {30 * STEP: set()})
        world = healthy(fraud).without(metric)
        check(world, tmp_path, {30 * STEP: {ABSENT}})


def test_grafana_s_query_names_what_is_absent_in_one_series_and_is_empty_otherwise(
    fraud: UseCase, tmp_path: Path
) -> None:
    def asked(case: UseCase) -> str:
        group = provisioned_groups({"x": alerts_of(case)}, Addresses("x"), paused=False)["x"]
        rules = {rule["labels"]["alert"]: rule for rule in group["groups"][0]["rules"]}
        query: str = rules["FiguresAbsent"]["data"][0]["model"]["expr"]
        return query

    lost = healthy(fraud).with_samples()
    check_query(lost, tmp_path, asked(fraud), HOUR, {f'{{absent="{WATCHED}"}}': 8})
    check_query(healthy(fraud), tmp_path, asked(fraud), HOUR, {})
    check_query(healthy(fraud).empty(), tmp_path, asked(fraud), HOUR, {})
    declared = active(fraud)
    one = healthy(declared).without(MODEL)
    check_query(one, tmp_path, asked(declared), HOUR, {'{absent="champion"}': 1})


@pytest.mark.parametrize(("pipeline", "due"), [("report", 13 * HOUR), ("retrain", 51 * HOUR)])
def test_a_pipeline_that_nobody_started_is_absent_once_the_other_has_long_run(
    pipeline: str, due: timedelta, fraud: UseCase, tmp_path: Path
) -> None:
    world = healthy(fraud)
    for metric in (LAST_ATTEMPT, LAST_SUCCESS):
        world = world.without(metric, pipeline=pipeline)
    check(
        world,
        tmp_path,
        {due - QUARTER: set(), due + 2 * QUARTER: {ABSENT}},
        every=QUARTER,
        absent={due + 2 * QUARTER: f"any run of the {pipeline}"},
    )


def test_the_groups_of_a_retired_use_case_are_not_missed(fraud: UseCase, tmp_path: Path) -> None:
    world = healthy(fraud).ending(2 * HOUR)
    expected = {3 * HOUR: set(), 15 * HOUR: set(), 55 * HOUR: set()}
    check(world, tmp_path, expected, every=HOUR)
    check(
        healthy(active(fraud)).ending(2 * HOUR),
        tmp_path,
        {3 * HOUR: {ABSENT}, 55 * HOUR: {ABSENT}},
        every=HOUR / 2,
    )


def test_a_figure_whose_status_explains_its_absence_is_not_judged_instead(
    fraud: UseCase, tmp_path: Path
) -> None:
    none = Ratio(None)
    poor = card(status=CardStatus.NO_LABELS, labelled=0, coverage=0.0, recall=none)
    samples = report_samples(
        realised=poor,
        drift=verdict(
            feature("V1", status=DriftStatus.TOO_FEW_ROWS, effect=None),
            status=DriftStatus.TOO_FEW_ROWS,
        ),
    )
    world = healthy(fraud).with_samples(*samples)
    coverage = ("LabelCoverageLow", "warning")
    expected = {5 * HOUR: {coverage}, 6 * HOUR + QUARTER: {coverage, UNJUDGED}}
    check(world, tmp_path, expected, every=QUARTER)


def test_a_report_that_measured_nothing_is_told_as_failed_or_as_not_judged(
    fraud: UseCase, tmp_path: Path
) -> None:
    world = healthy(fraud).with_samples(*unmeasured_samples())
    check(world, tmp_path, {5 * HOUR: set(), 7 * HOUR: {UNJUDGED}}, every=QUARTER)
    failed = world.with_value(LAST_SUCCESS, 0, pipeline="report")
    failed = failed.with_value(LAST_ATTEMPT, 0.5, pipeline="report")
    check(failed, tmp_path, {7 * HOUR: {FAILED}}, every=QUARTER)


def test_a_missing_column_breaks_the_schema(fraud: UseCase, tmp_path: Path) -> None:
    broken = verdict(feature("V1"), feature("V2", status=DriftStatus.MISSING_COLUMN, effect=None))
    world = healthy(fraud).with_samples(*report_samples(drift=broken))
    check(world, tmp_path, {HOUR: {("SchemaBroken", "critical")}})
    check(world.with_value(BROKEN_FEATURES, 0), tmp_path, {HOUR: set()})


def test_rows_that_are_stored_otherwise_than_they_were_served_fire(
    fraud: UseCase, tmp_path: Path
) -> None:
    limit = 0.05
    firing = {HOUR: {("ServingSkew", "warning")}}
    check(healthy(fraud).with_value(SERVING_SKEW, limit + 0.001), tmp_path, firing)
    check(healthy(fraud).with_value(SERVING_SKEW, limit), tmp_path, {HOUR: set()})


def test_of_a_broken_schema_serving_skew_says_nothing(fraud: UseCase, tmp_path: Path) -> None:
    world = healthy(fraud).with_value(SERVING_SKEW, 0.9).with_value(BROKEN_FEATURES, 1)
    check(world, tmp_path, {HOUR: {("SchemaBroken", "critical")}})


def test_drift_that_waits_for_labels_fires(fraud: UseCase, tmp_path: Path) -> None:
    world = healthy(fraud).with_value(WAITING_FOR_LABELS, 1)
    check(world, tmp_path, {HOUR: {("WaitingForLabels", "warning")}})


def test_a_champion_that_was_taken_back_fires_until_promotions_are_released(
    fraud: UseCase, tmp_path: Path
) -> None:
    world = healthy(fraud).with_value(PROMOTIONS_HELD, 1)
    check(world, tmp_path, {HOUR: {("ChampionTakenBack", "critical")}})
    check(world.with_value(PROMOTIONS_HELD, 0), tmp_path, {HOUR: set()})


def test_an_old_wait_for_labels_turns_into_staleness(fraud: UseCase, tmp_path: Path) -> None:
    world = healthy(fraud).with_value(WAITING_FOR_LABELS, 1)
    for metric in (LAST_ATTEMPT, LAST_SUCCESS):
        world = world.with_value(metric, 0, pipeline="retrain")
    waiting, stale = ("WaitingForLabels", "warning"), ("RunStale", "warning")
    check(world, tmp_path, {50 * HOUR: {waiting}, 52 * HOUR: {stale}}, every=HOUR / 2)


def test_the_watchdog_always_barks() -> None:
    watchdog = next(alert for alert in fleet_alerts() if alert.name == "Watchdog")
    assert watchdog.condition == "vector(1) > 0"
    assert watchdog.severity is None


def test_a_broken_use_case_file_alerts_by_its_name_until_all_can_be_read(
    fraud: UseCase, tmp_path: Path
) -> None:
    labels = 'job="tocsin",use_case="tocsin",part="use_case_files"'
    broken = {f'tocsin_broken_use_case{{{labels},name="{n}"}}': "1+0x12" for n in ("churn", "late")}
    world = healthy(fraud).with_series(**broken)
    alert = ("UseCaseBroken", "warning")
    check(world, tmp_path, {STEP: {alert}, HOUR: {alert}, HOUR + QUARTER: set()})
    firing = 'sum by (name) (ALERTS{alertname="UseCaseBroken",alertstate="firing"})'
    check_query(world, tmp_path, firing, HOUR, {'{name="churn"}': 1, '{name="late"}': 1})
    assert "The file of {{ $labels.name }} can" in (tmp_path / "tocsin.yml").read_text("utf-8")
