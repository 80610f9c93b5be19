"""Each business threshold fires when it is crossed, and at no other time."""

from datetime import timedelta
from pathlib import Path

import pytest
import yaml

from monitoring.manual.metric_tables import thresholds_table
from monitoring.performance.intervals import Ratio
from monitoring.performance.scorecard import CardStatus
from monitoring.signals.alerts.alert_text import PrometheusForm, texts
from monitoring.signals.alerts.business_alerts import alert_name, business_alerts
from monitoring.signals.alerts.grafana_alerting import provisioned_groups
from monitoring.signals.catalogue import BROKEN_FEATURES, LAST_ATTEMPT, LAST_SUCCESS, QUARANTINED
from monitoring.signals.links import Addresses
from monitoring.signals.metric import Unit
from monitoring.signals.performance_metrics import POSITIVES, RECALL
from monitoring.signals.promql import live
from monitoring.signals.thresholds import (
    NEEDS_POSITIVES,
    BusinessThreshold,
    Side,
    business_thresholds,
)
from monitoring.use_case import Limits, Severity, Threshold, Thresholds, UseCase
from monitoring.use_case_file import find_use_case
from tests.signals.conftest import everything
from tests.signals.figures import card, report_samples
from tests.signals.rule_tests import Firing, World, check, check_each, healthy

HOUR, QUARTER = timedelta(hours=1), timedelta(minutes=15)
CASES = [find_use_case("fraud"), find_use_case("student_depression"), everything()]
each_case = pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)


def firing_of(threshold: BusinessThreshold) -> Firing:
    return alert_name(threshold.metric, threshold.side), threshold.severity.value


def warnings_beside(case: UseCase, threshold: BusinessThreshold) -> set[Firing]:
    """Return what fires where a critical limit is reached and not crossed."""
    return {
        firing_of(other)
        for other in business_thresholds(case)
        if other.metric is threshold.metric
        and other.severity is Severity.WARNING
        and threshold.severity is Severity.CRITICAL
    }


def world_at(case: UseCase, threshold: BusinessThreshold, value: float) -> World:
    return healthy(case).with_value(threshold.metric, value, **live(threshold.metric))


def just_past(threshold: BusinessThreshold) -> float:
    little = 0.001 if threshold.metric.unit is Unit.RATIO else 1
    return threshold.value + (little if threshold.side is Side.ABOVE else -little)


@each_case
def test_a_threshold_fires_just_past_its_value_and_alone(case: UseCase, tmp_path: Path) -> None:
    scenes = {
        " ".join(firing_of(threshold)): (
            world_at(case, threshold, just_past(threshold)),
            {HOUR: {firing_of(threshold)}},
        )
        for threshold in business_thresholds(case)
    }
    check_each(scenes, tmp_path, every=QUARTER)


@each_case
def test_a_threshold_does_not_fire_at_its_value(case: UseCase, tmp_path: Path) -> None:
    scenes = {
        " ".join(firing_of(threshold)): (
            world_at(case, threshold, threshold.value),
            {HOUR: warnings_beside(case, threshold)},
        )
        for threshold in business_thresholds(case)
    }
    check_each(scenes, tmp_path, every=QUARTER)


def test_a_firing_threshold_outlives_its_series_until_absence_fires(tmp_path: Path) -> None:
    in_production = everything().model_copy(update={"active": True})
    absent = ("FiguresAbsent", "critical")
    scenes = {}
    for threshold in business_thresholds(everything()):
        world = world_at(in_production, threshold, just_past(threshold)).ending(2 * HOUR)
        firing = firing_of(threshold)
        scenes[" ".join(firing)] = (
            world,
            {
                2 * HOUR: {firing},
                3 * HOUR: {firing, absent},
                13 * HOUR: {firing, absent},
                15 * HOUR: {absent},
            },
        )
    check_each(scenes, tmp_path, every=2 * QUARTER)


@each_case
def test_good_figures_fire_nothing(case: UseCase, tmp_path: Path) -> None:
    check(healthy(case), tmp_path, {30 * HOUR: set()}, every=HOUR)


@pytest.mark.parametrize("metric", NEEDS_POSITIVES, ids=lambda metric: metric.key)
def test_a_ratio_over_too_few_positives_is_not_judged(metric: object, tmp_path: Path) -> None:
    case = everything()
    bad = next(t for t in business_thresholds(case) if t.metric is metric)
    world = world_at(case, bad, just_past(bad))
    check(world.with_value(POSITIVES, 29, **live(POSITIVES)), tmp_path, {HOUR: set()})
    check(world.with_value(POSITIVES, 30, **live(POSITIVES)), tmp_path, {HOUR: {firing_of(bad)}})


def test_too_few_positives_keep_recall_silent_as_a_run_publishes_them(
    fraud: UseCase, tmp_path: Path
) -> None:
    poor = card(status=CardStatus.TOO_FEW_POSITIVES, positives=5, recall=Ratio(0.2, 0.01, 0.7))
    world = healthy(fraud).with_samples(*report_samples(realised=poor))
    check(world, tmp_path, {30 * HOUR: set()}, every=HOUR)


@pytest.mark.parametrize(
    ("key", "limit", "text", "read", "past"),
    [
        ("missed", 1_234_567, "1234567", "1,234,567", 1_234_568),
        ("quarantined", 98_765_432.5, "98765432.5", "98,765,432.5", 98_765_433),
        ("estimate_error", 0.123_456_789, "0.123456789", "12.3456789%", 0.123_456_79),
        ("drift_score", 0.000_01, "0.00001", "0.001%", 0.000_011),
    ],
)
def test_a_limit_is_the_same_number_in_every_rule_and_text(
    key: str, limit: float, text: str, read: str, past: float, fraud: UseCase, tmp_path: Path
) -> None:
    above = Threshold(above=Limits(warning=limit, critical=None), below=None)
    thresholds = Thresholds(**{key: above})
    case = fraud.model_copy(update={"thresholds": thresholds})
    (threshold,) = business_thresholds(case)
    (alert,) = business_alerts(case)
    assert alert.condition.startswith(f"{alert.value} > {text} ")
    assert alert.title.endswith(f"above {read}")
    assert texts(alert, PrometheusForm(), Addresses("x"))["value"].endswith(f"(limit {read})")
    assert f"| above {text} |" in thresholds_table([case])
    rules = yaml.safe_load(
        yaml.safe_dump(provisioned_groups({"x": [alert]}, Addresses("x"), paused=False)["x"])
    )
    (rule,) = rules["groups"][0]["rules"]
    assert rule["data"][2]["model"]["conditions"][0]["evaluator"]["params"] == [limit]
    check(world_at(case, threshold, limit), tmp_path, {HOUR: set()})
    check(world_at(case, threshold, past), tmp_path, {HOUR: {firing_of(threshold)}})


def test_a_critical_limit_of_many_digits_bounds_its_warning_exactly(
    fraud: UseCase, tmp_path: Path
) -> None:
    missed = Threshold(above=Limits(warning=1_234_560, critical=1_234_567), below=None)
    case = fraud.model_copy(update={"thresholds": Thresholds(missed=missed)})
    warning, critical = business_thresholds(case)
    check(world_at(case, warning, 1_234_567), tmp_path, {HOUR: {firing_of(warning)}})
    check(world_at(case, critical, 1_234_568), tmp_path, {HOUR: {firing_of(critical)}})


def test_test_rows_shadows_and_arms_are_nobody_s_alarm(fraud: UseCase, tmp_path: Path) -> None:
    world = healthy(fraud).with_value(RECALL, 0.1, stage="test", role="champion")
    tested = next(s for s in world.series if s.startswith(RECALL.name))
    others = {
        tested.replace('stage="test",role="champion"', f'stage="production",role="{role}"'): value
        for role, value in {"shadow": "0.1+0x700", "arm lightgbm": "0.1+0x700"}.items()
    }
    check(world.with_series(**others), tmp_path, {HOUR: set()})


def test_an_alarm_ends_by_a_new_good_value_at_once(fraud: UseCase, tmp_path: Path) -> None:
    # One hour low, then good again; look-back must not hold the old value.
    world = healthy(fraud).with_values(RECALL, "0.5+0x12 0.9+0x500", **live(RECALL))
    check(world, tmp_path, {HOUR: {("RecallLow", "critical")}, HOUR + QUARTER: set()})


def test_a_reason_that_no_longer_occurs_does_not_keep_quarantine_firing(
    fraud: UseCase, tmp_path: Path
) -> None:
    gone = next(s for s in healthy(fraud).series if s.startswith(QUARANTINED.name)).replace(
        'reason="none"', 'reason="duplicate id"'
    )
    world = healthy(fraud).with_series(**{gone: "3+0x12"})
    check(world, tmp_path, {HOUR: {("QuarantinedHigh", "warning")}, HOUR + QUARTER: set()})


def test_old_figures_turn_into_the_staleness_alarm(fraud: UseCase, tmp_path: Path) -> None:
    world = healthy(fraud).with_value(RECALL, 0.5, **live(RECALL))
    for metric in (LAST_ATTEMPT, LAST_SUCCESS):
        world = world.with_value(metric, 0, pipeline="report")
    check(
        world,
        tmp_path,
        {
            13 * HOUR: {("RecallLow", "critical")},
            13 * HOUR + timedelta(minutes=5): {("RunStale", "critical")},
        },
    )


def test_a_broken_schema_silences_the_rows_it_sets_aside(fraud: UseCase, tmp_path: Path) -> None:
    world = healthy(fraud).with_value(QUARANTINED, 100).with_value(BROKEN_FEATURES, 1)
    check(world, tmp_path, {HOUR: {("SchemaBroken", "critical")}})
