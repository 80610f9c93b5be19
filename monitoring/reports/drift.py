"""The report on drift: every feature's shape then and now, under the published verdict."""

from __future__ import annotations

from evidently.core.report import Context
from evidently.legacy.metrics import ColumnDriftMetric, DataDriftTable

from monitoring.drift.verdict import Verdict
from monitoring.reports.drawing import Panels, Widgets, document, drawn, features_definition
from monitoring.reports.facts import SCORE
from monitoring.reports.sample import Sample, shown
from monitoring.reports.stattest import as_stattest, published


def draw_drift(sample: Sample, verdict: Verdict | None) -> str:
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


def features_table(sample: Sample, test: str) -> DataDriftTable:
    """Return Evidently's table of features, judged by the registered test called `test`."""
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
