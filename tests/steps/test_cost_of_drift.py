"""A report says which of the features that drifted cost money."""

from dataclasses import replace
from datetime import timedelta

import pytest

from monitoring.rows.rows import Rows
from monitoring.rows.window import Window
from monitoring.signals.performance_metrics import COST_OF_DRIFT
from monitoring.signals.pipelines import Pipeline
from monitoring.steps.places import production_store
from monitoring.steps.report.measurement import Measured, measure
from monitoring.steps.report.report_outcome import report_samples
from monitoring.steps.run import Run
from monitoring.training.model import Model
from tests.steps.conftest import AS_OF, send
from tests.training.conftest import Job

DAY = timedelta(days=1)


def measured_of(cards: Job, model: Model, rows: Rows) -> Measured:
    with production_store() as store:
        send(store, cards, model, Window(AS_OF - 2 * DAY, AS_OF), rows)
    run = Run.open(Pipeline.REPORT, "fraud", Window(AS_OF - DAY, AS_OF))
    measure(run)
    return run.need("measured", Measured)


def test_what_drifted_is_priced_and_the_dearest_is_named_first(cards: Job, model: Model) -> None:
    test, importance = cards.split.test, model.reference.importance
    leant_on, hardly = max(importance, key=importance.__getitem__), "V24"
    assert importance[hardly] < 0.01 * importance[leant_on]
    features = test.features.assign(
        **{leant_on: test.features[leant_on] + 2, hardly: test.features[hardly] + 1}
    )
    measured = measured_of(cards, model, replace(test, features=features))
    cost = measured.cost_of_drift
    assert cost is not None
    assert {part.feature for part in cost.parts} == {leant_on, hardly}
    assert cost.parts[0].feature == leant_on
    assert sum(part.amount for part in cost.parts) + cost.remainder == pytest.approx(cost.change)
    assert cost.sentence("EUR") in measured.text(cards.case)
    samples = report_samples(cards.case, measured, rows=measured.verdict.rows_current, as_of=AS_OF)
    pushed = {
        (sample.labels["of"], sample.labels["feature"]): sample.value
        for sample in samples
        if sample.metric == COST_OF_DRIFT
    }
    assert pushed["feature", leant_on] == cost.parts[0].amount
    assert pushed["remainder", "remainder"] == cost.remainder


def test_where_nothing_drifted_nothing_is_said(cards: Job, model: Model) -> None:
    measured = measured_of(cards, model, cards.split.test)
    assert measured.verdict.share == 0
    assert measured.cost_of_drift is None
