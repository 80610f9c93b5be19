"""The report on data quality: every column's missing values, range and shape."""

from __future__ import annotations

from evidently.core.report import Context
from evidently.legacy.metrics import ColumnSummaryMetric, DatasetSummaryMetric

from monitoring.reports.drawing import Panels, Widgets, document, drawn, features_definition
from monitoring.reports.sample import Sample


def draw_quality(sample: Sample) -> str:
    """Return Evidently's summary of the sample and of each feature, window beside reference.

    `DataSummaryPreset` holds much the same, but draws each feature seven times over.
    """

    def panels(context: Context) -> Widgets:
        features = (drawn(context, ColumnSummaryMetric(name)) for name in sample.features)
        return [*_summary(context), *(widget for widgets in features for widget in widgets)]

    return document([Panels(panels)], sample, features_definition(sample))


def _summary(context: Context) -> Widgets:
    """Return the summary of the sample without the lines on columns that a report has none of."""
    widgets = drawn(context, DatasetSummaryMetric())
    for widget in widgets:
        if "data" in widget.params:
            lines = widget.params["data"]
            widget.params["data"] = [line for line in lines if set(map(str, line[1:])) != {"None"}]
    return widgets
