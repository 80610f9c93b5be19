"""Evidently's drawings of a sample, under the published verdict."""

from __future__ import annotations

import logging
import os
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from functools import cache
from typing import TYPE_CHECKING, Any

from evidently import BinaryClassification, DataDefinition, Dataset, Report
from evidently._pydantic_compat import PrivateAttr
from evidently.core.container import MetricContainer
from evidently.core.report import Context, _default_input_data_generator
from evidently.legacy.base_metric import Metric as LegacyMetric
from evidently.legacy.calculations.stattests import StatTest, register_stattest
from evidently.legacy.core import ColumnType
from evidently.legacy.metrics import (
    ClassificationConfusionMatrix,
    ClassificationPRCurve,
    ClassificationProbDistribution,
    ClassificationRocCurve,
    ColumnDriftMetric,
    ColumnSummaryMetric,
    DataDriftTable,
    DatasetSummaryMetric,
)
from evidently.legacy.model.widget import BaseWidgetInfo

from monitoring.drift.verdict import DriftStatus, FeatureVerdict, Verdict
from monitoring.reports.facts import LABEL, SCORE
from monitoring.reports.report_sample import ReportSample, SetAside, shown

if TYPE_CHECKING:
    import pandas as pd


Widgets = list[BaseWidgetInfo]

NAME = "tocsin"

TITLE = "Tocsin's verdict, effect"

_published: ContextVar[Mapping[str, FeatureVerdict]] = ContextVar("published")

log = logging.getLogger(__name__)


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


def features_definition(sample: ReportSample, *more_numbers: str) -> DataDefinition:
    """Declare the features; left to itself, Evidently takes codes for numbers."""
    return DataDefinition(
        numerical_columns=[*sample.numeric, *more_numbers],
        categorical_columns=list(sample.categorical),
    )


def labels_definition(positive: str) -> DataDefinition:
    """Declare score and label of a classifier; `positive` names its positive class."""
    return DataDefinition(
        numerical_columns=[],
        categorical_columns=[LABEL],
        classification=[
            BinaryClassification(
                target=LABEL,
                prediction_probas=SCORE,
                pos_label=1,
                labels={0: shown(f"not {positive}"), 1: shown(positive)},
            )
        ],
    )


def document(
    items: Sequence[MetricContainer], sample: ReportSample, definition: DataDefinition
) -> str:
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


def published(verdict: Verdict | None) -> dict[str, FeatureVerdict]:
    """Return what was published about each column that was tested, by the name it is shown by."""
    if verdict is None:
        return {}
    columns = {shown(feature.name): feature for feature in verdict.features}
    if verdict.scores is not None:
        columns[SCORE] = verdict.scores
    return {name: part for name, part in columns.items() if part.status is DriftStatus.TESTED}


@contextmanager
def as_stattest(verdict: Verdict | None) -> Iterator[str]:
    """Let Evidently's test of the name that is yielded answer with `verdict`."""
    _register()
    token = _published.set(published(verdict))
    try:
        yield NAME
    finally:
        _published.reset(token)


@cache
def _register() -> None:
    kinds = [ColumnType.Numerical, ColumnType.Categorical]
    register_stattest(StatTest(NAME, TITLE, kinds), default_impl=_look_up)


def _look_up(
    reference: pd.Series,
    current: pd.Series,  # noqa: ARG001
    feature_type: ColumnType,  # noqa: ARG001
    threshold: float,  # noqa: ARG001
) -> tuple[float, bool]:
    part = _published.get().get(str(reference.name))
    if part is None or part.effect is None:
        return 0.0, False
    return part.effect, part.drifted


def draw_drift(sample: ReportSample, verdict: Verdict | None) -> str:
    """Return Evidently's table of features, each flagged as `verdict` says.

    `DataDriftPreset` holds the same table, but calculates every column three times and adds a
    verdict on the whole by a rule of its own (at the limit, not above it).
    """
    scores = [SCORE] if sample.scored and SCORE in published(verdict) else []

    with as_stattest(verdict) as test:

        def panels(context: Context) -> Widgets:
            table = drawn(context, features_table(sample, test))[1:]
            _say_what_was_published(table, verdict)
            for name in scores:
                table += drawn(context, ColumnDriftMetric(name, stattest=test))
            return table

        return document([Panels(panels)], sample, features_definition(sample, *scores))


def features_table(sample: ReportSample, test: str) -> DataDriftTable:
    """Return Evidently's table of features, tested by the registered test called `test`."""
    return DataDriftTable(columns=list(sample.features), stattest=test)


def _say_what_was_published(table: Widgets, verdict: Verdict | None) -> None:
    parts = published(verdict)
    statuses = {} if verdict is None else {shown(f.name): f.status for f in verdict.features}
    for widget in table:
        widget.title = "Features: largest effect first"
        for row in widget.params["data"]:
            part = parts.get(row["column_name"])
            if part is None:
                status = statuses.get(row["column_name"], "no verdict")
                row |= {"data_drift": f"Not judged: {status}", "drift_score": ""}
            else:
                row["data_drift"] = _word(part.drifted, part.changed)


def _word(drifted: bool, changed: bool) -> str:
    if drifted:
        return "Drifted"
    return "Changed, too little to count" if changed else "Not drifted"


def draw_performance(sample: ReportSample, threshold: float, positive: str) -> str:
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


def draw_quality(sample: ReportSample) -> str:
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


def drawn_without_culprits(
    sample: ReportSample, draw: Callable[[ReportSample], str]
) -> tuple[ReportSample, str | None]:
    """Draw `sample`; where that fails, set aside each column that fails alone and draw the rest.

    Returns
    -------
    The sample as it was drawn, and the drawing; None where no column is left to draw.

    Raises
    ------
    Exception
        Whatever `draw` raised, where no column is to blame, or every one.
    """
    if not sample.features:
        return sample, None
    try:
        return sample, draw(sample)
    except Exception as error:  # anything may come from a library fed with raw data
        log.warning("a report can't be drawn: trying its columns one by one", exc_info=error)
        bad = _culprits(sample, draw)
        if not bad or len(bad) == len(sample.features) > 1:
            raise
    rest = sample.without(bad)
    return rest, draw(rest) if rest.features else None


def _culprits(sample: ReportSample, draw: Callable[[ReportSample], str]) -> list[SetAside]:
    bad = []
    for name in sample.features:
        others = [SetAside(other, "") for other in sample.features if other != name]
        try:
            draw(sample.without(others))
        except Exception as error:  # noqa: BLE001  # the report names the column and the error
            bad.append(SetAside(name, f"Evidently cannot take it: {error}"))
    return bad
