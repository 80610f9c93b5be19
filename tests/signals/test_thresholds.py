"""Business thresholds come from the use case, and from there alone."""

import pytest

from monitoring.signals.alerts.business_alerts import business_alerts
from monitoring.signals.catalogue import CATALOGUE, DRIFT_SCORE
from monitoring.signals.metric import Metric, Unit
from monitoring.signals.performance_metrics import CAPACITY_USED, MISSED, RECALL
from monitoring.signals.thresholds import (
    METRICS,
    BusinessThreshold,
    Side,
    ThresholdError,
    bad_side,
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


def test_each_threshold_has_one_alert(fraud: UseCase) -> None:
    for case in (fraud, everything()):
        alerts = [(a.severity, a.side, a.limit) for a in business_alerts(case)]
        assert alerts == [(t.severity, t.side, t.value) for t in business_thresholds(case)]


@pytest.mark.parametrize("metric", METRICS.values(), ids=lambda metric: metric.key)
def test_a_limit_of_a_share_lies_from_0_to_1_and_of_a_count_anywhere_above(
    metric: Metric,
) -> None:
    limit = {bad_side(metric): {"warning": 80}}
    # More alarms may be raised than can be reviewed.
    if metric.unit is Unit.RATIO and metric is not CAPACITY_USED:
        with pytest.raises(ValueError, match="limits a share, which lies from 0 to 1"):
            Thresholds.model_validate({metric.key: limit})
    else:
        assert getattr(Thresholds.model_validate({metric.key: limit}), metric.key) is not None
    with pytest.raises(ValueError, match="greater than or equal to 0"):
        Thresholds.model_validate({metric.key: {bad_side(metric): {"warning": -1}}})
