"""Short names come from the use case, are checked against the catalogue, and stay as they were."""

import pytest

from monitoring.signals.alerts.prometheus_alerting import recording_group
from monitoring.signals.short_names import ShortNameError, named_metrics
from monitoring.use_case import ShortName, UseCase
from monitoring.use_case_file import find_use_case
from tests.signals.conftest import everything


def staged(metric: str, stage: str, use_case: str = "") -> str:
    case = f'use_case="{use_case}",' if use_case else ""
    return f'{metric}{{{case}stage="{stage}",role="champion"}}'


OF_FRAUD = {
    "test_fraud_recall": staged("tocsin_recall_ratio", "test", "fraud"),
    "fraud_detection_rate": staged("tocsin_recall_ratio", "production", "fraud"),
    "test_fraud_precision": staged("tocsin_precision_ratio", "test", "fraud"),
    "test_fraud_f1": staged("tocsin_f1_ratio", "test", "fraud"),
    "frauds_detected_count": staged("tocsin_detected_rows", "production", "fraud"),
    "frauds_missed_count": staged("tocsin_missed_rows", "production", "fraud"),
}
OF_ALL = {
    "false_alarms_count": staged("tocsin_false_alarms_rows", "production"),
    "false_alarm_rate": staged("tocsin_false_alarm_rate_ratio", "production"),
    "drift_score": "tocsin_drift_score_ratio",
    "n_drifted_features": "tocsin_drifted_features",
    "max_feature_drift": "tocsin_max_feature_drift_ratio",
}
STUDENTS = find_use_case("student_depression")


def recorded(*cases: UseCase) -> dict[str, str]:
    rules = recording_group(cases)["rules"]
    expressions = {rule["record"]: rule["expr"] for rule in rules}
    assert len(expressions) == len(rules)
    return expressions


def summed(selectors: dict[str, str]) -> dict[str, str]:
    return {name: f"max by (use_case) ({selector})" for name, selector in selectors.items()}


def with_name(case: UseCase, name: str, metric: str, stage: str | None = None) -> UseCase:
    declared = ShortName.model_validate({"metric": metric, "stage": stage})
    return case.model_copy(update={"short_names": {**case.short_names, name: declared}})


def test_the_shipped_use_cases_record_the_eleven_names_as_ever(fraud: UseCase) -> None:
    assert recorded(fraud, STUDENTS) == summed(OF_FRAUD | OF_ALL)


def test_fraud_declares_its_eleven_names_and_another_use_case_has_those_that_fit_any(
    fraud: UseCase,
) -> None:
    assert set(fraud.short_names) == set(OF_FRAUD | OF_ALL)
    assert recorded(STUDENTS) == summed(OF_ALL)


def test_a_name_that_some_declare_is_recorded_for_those_alone(fraud: UseCase) -> None:
    one, other = (with_name(case, "caught", "recall", "test") for case in (fraud, everything()))
    selector = 'use_case=~"fraud|everything",stage="test",role="champion"'
    expected = f"max by (use_case) (tocsin_recall_ratio{{{selector}}})"
    assert recorded(one, other, STUDENTS)["caught"] == expected


def test_a_use_case_may_do_without_short_names(fraud: UseCase) -> None:
    assert recorded(fraud.model_copy(update={"short_names": {}})) == {}


@pytest.mark.parametrize(
    ("name", "metric", "stage", "message"),
    [
        ("x", "recal", None, r"fraud: short_names.x: no metric 'recal' .*: there are .*recall"),
        ("x", "feature_drift", None, "no metric 'feature_drift' can have a short name"),
        ("x", "recall", None, "recall is measured in test and in production: give `stage`"),
        ("x", "drift_score", "test", "drift_score has no stages: remove `stage`"),
        ("tocsin_recall_ratio", "recall", "test", "the name of a metric itself"),
    ],
)
def test_a_short_name_of_no_metric_is_refused(
    name: str, metric: str, stage: str | None, message: str, fraud: UseCase
) -> None:
    with pytest.raises(ShortNameError, match=message):
        named_metrics(with_name(fraud, name, metric, stage))


@pytest.mark.parametrize("name", ["with space", "1st", "Ünder", "a-b", ""])
def test_a_short_name_that_prometheus_can_t_record_is_no_field(name: str, fraud: UseCase) -> None:
    content = fraud.model_dump(mode="json")
    content["short_names"] = {name: {"metric": "drift_score"}}
    with pytest.raises(ValueError, match="short_names"):
        UseCase.model_validate(content)
