"""How Evidently is asked to draw: typed data in, one HTML document out."""

from __future__ import annotations

import os
import warnings
from collections.abc import Callable, Sequence
from typing import Any

from evidently import BinaryClassification, DataDefinition, Dataset, Report
from evidently._pydantic_compat import PrivateAttr
from evidently.core.container import MetricContainer
from evidently.core.report import Context, _default_input_data_generator
from evidently.legacy.base_metric import Metric as LegacyMetric
from evidently.legacy.model.widget import BaseWidgetInfo

from monitoring.reports.facts import LABEL, SCORE
from monitoring.reports.sample import Sample

Widgets = list[BaseWidgetInfo]


class Panels(MetricContainer):  # type: ignore[misc]  # Evidently's classes are untyped
    """Evidently's drawings of some metrics, without the headline figures of its presets.

    Those are figures of a sample, under rules of Evidently's own; a reader would take them for
    the published ones, which stand at the top of the report.
    """

    _draw: Callable[[Context], Widgets] = PrivateAttr()

    def __init__(self, draw: Callable[[Context], Widgets]) -> None:
        super().__init__(include_tests=False)
        self._draw = draw

    def generate_metrics(self, context: Context) -> Sequence[Any]:  # noqa: ARG002
        """Return none: the drawings bring their own."""
        return ()

    def render(self, context: Context, child_widgets: object = None) -> Widgets:  # noqa: ARG002
        """Return the drawings."""
        return self._draw(context)


def drawn(context: Context, metric: LegacyMetric) -> Widgets:
    """Calculate `metric`, once, and return its drawings."""
    widgets: Widgets = context.get_legacy_metric(metric, _default_input_data_generator, "default")[
        1
    ]
    return widgets


def features_definition(sample: Sample, *more_numbers: str) -> DataDefinition:
    """Declare the features; left to itself, Evidently takes codes for numbers."""
    return DataDefinition(
        numerical_columns=[*sample.numeric, *more_numbers],
        categorical_columns=list(sample.categorical),
    )


def labels_definition(positive: str) -> DataDefinition:
    """Declare score and label of a classifier whose positive class people call `positive`."""
    return DataDefinition(
        numerical_columns=[],
        categorical_columns=[LABEL],
        classification=[
            BinaryClassification(
                target=LABEL,
                prediction_probas=SCORE,
                pos_label=1,
                labels={0: f"not {positive}", 1: positive},
            )
        ],
    )


def document(items: Sequence[MetricContainer], sample: Sample, definition: DataDefinition) -> str:
    """Return Evidently's document of `items` on `sample`; it opens without network."""
    os.environ["DO_NOT_TRACK"] = "1"
    columns = [*definition.get_categorical_columns(), *definition.get_numerical_columns()]
    if definition.classification:
        columns.append(SCORE)
    with warnings.catch_warnings():
        # Constant and infinite values make it warn of divisions, in drawings that come out right.
        warnings.simplefilter("ignore")
        current, reference = (
            Dataset.from_pandas(side[columns], data_definition=definition)
            for side in (sample.current, sample.reference)
        )
        html: str = Report(list(items)).run(current, reference).get_html_str(as_iframe=False)
    return html
