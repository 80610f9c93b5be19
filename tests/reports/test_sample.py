"""The sample: bounded, repeatable, in order."""

from dataclasses import replace

import numpy as np
import pytest

from monitoring.reports.drawings import drawn_without_culprits
from monitoring.reports.report_sample import ReportSample, draw_features, draw_labelled
from tests.reports.made import facts_of


def test_a_sample_is_as_large_as_asked_for_and_no_larger_than_what_there_is() -> None:
    facts = facts_of("fraud", rows=300, sample=200)
    bounded, whole = draw_features(facts), draw_features(replace(facts, sample=1000))
    assert (len(bounded.reference), len(bounded.current)) == (200, 200)
    assert (len(whole.reference), len(whole.current)) == (300, 300)
    assert (bounded.rows_reference, bounded.rows_current) == (300, 300)


def test_the_same_window_gives_the_same_sample_in_order_of_time() -> None:
    facts = facts_of("fraud", rows=300, sample=200)
    numbered = replace(facts.current, features=facts.current.features.assign(V1=np.arange(300.0)))
    facts = replace(facts, current=numbered)
    first, second = draw_features(facts), draw_features(facts)
    assert first.current.equals(second.current)
    assert first.reference.equals(second.reference)
    assert first.current["V1"].is_monotonic_increasing


def test_rows_without_score_or_label_are_not_drawn_for_performance() -> None:
    facts = facts_of("fraud", rows=300)
    label, score = facts.current.label.copy(), facts.current.score
    assert score is not None
    label[:100] = -1
    score = np.where(np.arange(300) < 150, np.nan, score)
    facts = replace(facts, current=replace(facts.current, label=label, score=score))
    assert draw_labelled(facts).rows_current == 150


def test_a_failure_that_no_column_explains_is_not_hidden() -> None:
    sample = draw_features(facts_of("fraud", rows=20))

    def broken(sample: ReportSample) -> str:
        raise RuntimeError("the library is broken")

    with pytest.raises(RuntimeError, match="the library is broken"):
        drawn_without_culprits(sample, broken)
