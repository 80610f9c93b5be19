"""Business thresholds come from the use case, and from there alone."""

import pytest

from monitoring.signals.alerts.business_alerts import business_alerts
from monitoring.signals.catalogue import CATALOGUE, DRIFT_SCORE
from monitoring.signals.performance_metrics import MISSED, RECALL
from monitoring.signals.thresholds import (
    METRICS,
    BusinessThreshold,
    Side,
    ThresholdError,
    business_thresholds,
)
from monitoring.use_case import Limits, Severity, Threshold, Thresholds, UseCase
from tests.signals.conftest import everything


def test_every_field_of_thresholds_is_the_key_of_a_metric() -> None:
    assert set(Thresholds.model_fields) == set(METRICS)
    assert set(Thresholds.model_fields) <= {metric.key for metric in CATALOGUE}


def test_fraud_has_the_thresholds_of_its_file(fraud: UseCase) -> None:
    thresholds = business_thresholds(fraud)
    for expected in (
        BusinessThreshold(RECALL, Side.BELOW, Severity.WARNING, 0.8),
        BusinessThreshold(RECALL, Side.BELOW, Severity.CRITICAL, 0.6),
        BusinessThreshold(MISSED, Side.ABOVE, Severity.WARNING, 9),
        BusinessThreshold(MISSED, Side.ABOVE, Severity.CRITICAL, 25),
        BusinessThreshold(DRIFT_SCORE, Side.ABOVE, Severity.WARNING, 0.1),
        BusinessThreshold(DRIFT_SCORE, Side.ABOVE, Severity.CRITICAL, 0.3),
    ):
        assert expected in thresholds


def test_a_limit_on_the_good_side_is_refused(fraud: UseCase) -> None:
    wrong = Thresholds(recall=Threshold(above=Limits(warning=0.9, critical=None), below=None))
    case = fraud.model_copy(update={"thresholds": wrong})
    with pytest.raises(ThresholdError, match=r"fraud: thresholds.recall: .* `below`, not `above`"):
        business_thresholds(case)


def test_a_share_of_capacity_needs_a_capacity(fraud: UseCase) -> None:
    costs = fraud.costs.model_copy(update={"reviews_per_day": None})
    with pytest.raises(ThresholdError, match=r"fraud: .* costs.reviews_per_day"):
        business_thresholds(fraud.model_copy(update={"costs": costs}))


def test_each_threshold_has_one_alert(fraud: UseCase) -> None:
    for case in (fraud, everything()):
        alerts = [(a.severity, a.side, a.limit) for a in business_alerts(case)]
        assert alerts == [(t.severity, t.side, t.value) for t in business_thresholds(case)]
