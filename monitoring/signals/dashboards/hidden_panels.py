"""Panels of what blocking hides, of use cases whose decisions block."""

from __future__ import annotations

from dataclasses import replace

from monitoring.signals.dashboards.panel import Display, LineStyle, Panel, Scale, Section, scale_of
from monitoring.signals.dashboards.queries import MATURE, CaseQueries
from monitoring.signals.hidden_metrics import (
    CONTROL_COST,
    CONTROL_ROWS,
    HIDDEN_TRUTH,
    UNCORRECTED,
    UNCORRECTED_SAVING,
)
from monitoring.signals.links import CasePanel
from monitoring.signals.performance_metrics import NET_SAVING, PRECISION, RECALL

_NOTHING = "no row's truth is hidden"


def hidden_section(queries: CaseQueries) -> Section:
    """Return the panels of rows whose truth is hidden, and of the control group."""
    panels = (
        Panel(
            CasePanel.HIDDEN_TRUTH,
            "Truth hidden by blocking",
            f"Share of settled rows that were blocked and never reviewed, in {MATURE}: their "
            "labels can't come. The control group stands for them.",
            Display.LINES,
            Scale.RATIO,
            (queries.live(HIDDEN_TRUTH),),
            width=8,
        ),
        Panel(
            CasePanel.UNCORRECTED,
            "With and without the control group",
            "Dashed: what recall and precision would be if blocked rows counted as rows whose "
            "label never came.",
            Display.LINES,
            Scale.RATIO,
            tuple(
                query
                for metric in (RECALL, PRECISION)
                for query in (
                    queries.live(metric, limits=False),
                    queries.live(
                        UNCORRECTED,
                        f"{metric.title}, without",
                        look=LineStyle.ESTIMATE,
                        of=metric.key,
                    ),
                )
            ),
            width=8,
        ),
        Panel(
            CasePanel.CONTROL_ROWS,
            "Control group",
            f"Flagged rows that were let through, in {MATURE}. The fewer, the wider the intervals.",
            Display.LINES,
            Scale.COUNT,
            (queries.live(CONTROL_ROWS),),
            width=8,
        ),
        Panel(
            CasePanel.CONTROL_COST,
            "Cost of the control group",
            "What letting these rows through cost, less the reviews and false alarms that it "
            "saved; and the net saving with it, and as it would seem without.",
            Display.LINES,
            scale_of(CONTROL_COST, queries.case.costs.currency),
            (
                queries.live(CONTROL_COST),
                queries.live(NET_SAVING),
                queries.live(UNCORRECTED_SAVING, look=LineStyle.ESTIMATE),
            ),
        ),
    )
    return Section(
        "Truth that blocking hides", tuple(replace(panel, nothing=_NOTHING) for panel in panels)
    )
