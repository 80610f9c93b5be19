"""The text in which samples of the past are handed to Prometheus."""

import pytest
from prometheus_client.openmetrics.parser import text_string_to_metric_families

from monitoring.signals.catalogue import CATALOGUE, DRIFT_SCORE, QUARANTINED
from monitoring.signals.history import HeldSamples, exposition
from monitoring.signals.metric import Sample
from monitoring.signals.pipelines import PushGroup
from tests.signals.figures import report_samples


def text_of(*held: HeldSamples) -> str:
    return "".join(exposition(held, use_case="fraud", group=PushGroup.REPORT))


def test_a_sample_stands_at_every_moment_it_was_held_with_the_labels_of_a_push() -> None:
    first = HeldSamples((Sample(DRIFT_SCORE, 0.1),), [300, 600])
    second = HeldSamples((Sample(DRIFT_SCORE, 1e-7),), [900])
    (family,) = text_string_to_metric_families(text_of(first, second))
    assert [(s.value, float(s.timestamp)) for s in family.samples] == [
        (0.1, 300),
        (0.1, 600),
        (1e-7, 900),
    ]
    labels = {"job": "tocsin", "use_case": "fraud", "part": "report"}
    assert [s.labels for s in family.samples] == [labels] * 3


def test_a_strict_reader_takes_a_whole_report_over_several_windows() -> None:
    text = text_of(HeldSamples(report_samples(), [300, 600]), HeldSamples(report_samples(), [900]))
    families = list(text_string_to_metric_families(text))
    assert {family.name for family in families} <= {metric.name for metric in CATALOGUE}
    assert sum(len(f.samples) for f in families) == 3 * len(report_samples())


@pytest.mark.parametrize("reason", ['a "quote"', "a\nbreak", "a \\ backslash", "é"])
def test_labels_of_any_text_come_back_as_they_were(reason: str) -> None:
    held = HeldSamples((Sample(QUARANTINED, 3, {"reason": reason}),), [300])
    (family,) = text_string_to_metric_families(text_of(held))
    assert family.samples[0].labels["reason"] == reason
