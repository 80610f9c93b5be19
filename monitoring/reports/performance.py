"""The report on performance: errors, curves and scores of the rows whose label has come."""

from __future__ import annotations

from evidently.core.report import Context
from evidently.legacy.metrics import (
    ClassificationConfusionMatrix,
    ClassificationPRCurve,
    ClassificationProbDistribution,
    ClassificationRocCurve,
)

from monitoring.reports.drawing import Panels, Widgets, document, drawn, labels_definition
from monitoring.reports.sample import Sample


def draw_performance(sample: Sample, threshold: float, positive: str) -> str:
    """Return Evidently's drawings for the positive class, alarms at `threshold`.

    `ClassificationPreset` holds them too, under figures of the sample with accuracy first, which
    is near 1 for any model of a rare class, and tables by class in steps of 5% of the rows.
    """

    def panels(context: Context) -> Widgets:
        metrics = (
            ClassificationConfusionMatrix(probas_threshold=threshold),
            ClassificationPRCurve(),
            ClassificationRocCurve(),
            ClassificationProbDistribution(),
        )
        return [widget for metric in metrics for widget in drawn(context, metric)]

    return document([Panels(panels)], sample, labels_definition(positive))
