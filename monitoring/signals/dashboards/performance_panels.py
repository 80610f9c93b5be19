"""Panels of what the model does: performance, money, late labels."""

from __future__ import annotations

from monitoring.signals.catalogue import (
    CAPACITY_USED,
    DETECTED,
    ESTIMATE_ERROR,
    ESTIMATED,
    ESTIMATED_COST,
    F1,
    FALSE_ALARM_RATE,
    FALSE_ALARMS,
    INTERVAL,
    LABEL_COVERAGE,
    MISSED,
    MONEY_CAUGHT,
    MONEY_MISSED,
    NET_SAVING,
    POSITIVES,
    PR_AUC,
    PRECISION,
    PRECISION_AT_CAPACITY,
    RECALL,
    RECALL_AT_CAPACITY,
    REVIEW_COST,
    ROC_AUC,
)
from monitoring.signals.dashboards.panel import Display, Look, Panel, Scale, scale_of
from monitoring.signals.dashboards.places import CasePanel
from monitoring.signals.dashboards.watch import Watch

_MATURE = "the newest production window whose labels have come"


def performance(watch: Watch) -> Panel:
    """Return the figures of the model at its decision threshold."""
    one = watch.case.words.positive
    return Panel(
        CasePanel.PERFORMANCE,
        f"{one.upper()} detection performance",
        f"F1, precision and recall of the class {one} at the decision threshold, in {_MATURE}. "
        "Higher is better. Where there is no data, the table of statuses says why.",
        Display.STAT,
        Scale.RATIO,
        tuple(watch.live(metric) for metric in (F1, PRECISION, RECALL)),
        width=8,
    )


def impact(watch: Watch) -> Panel:
    """Return what happened to the positives."""
    many = watch.case.words.positives
    return Panel(
        CasePanel.IMPACT,
        "Business impact",
        f"{many.capitalize()} caught and missed, and alarms that were none, in {_MATURE}.",
        Display.STAT,
        Scale.COUNT,
        (
            watch.live(DETECTED, f"{many.capitalize()} caught"),
            watch.live(MISSED, f"{many.capitalize()} missed"),
            watch.live(FALSE_ALARMS),
            watch.live(POSITIVES, f"All {many}"),
        ),
        width=8,
    )


def performance_over_time(watch: Watch) -> Panel:
    """Return the course of the figures, with the interval of recall."""
    band = (
        watch.live(INTERVAL, f"Recall, 95% {bound}", look=look, of=RECALL.key, bound=bound)
        for bound, look in (("low", Look.LOW), ("high", Look.HIGH))
    )
    return Panel(
        CasePanel.PERFORMANCE_OVER_TIME,
        "Performance over time",
        f"F1, precision and recall in {_MATURE}; recall, the thick line, with its 95% "
        "interval in grey. Dashed: limits past which an alarm is raised.",
        Display.LINES,
        Scale.RATIO,
        (watch.live(F1), watch.live(PRECISION), watch.live(RECALL, look=Look.MAIN), *band),
        width=8,
    )


def money_panels(watch: Watch) -> tuple[Panel, ...]:
    """Return what all this is worth."""
    scale = scale_of(NET_SAVING, watch.case.costs.currency)
    money = (NET_SAVING, MONEY_CAUGHT, MONEY_MISSED, REVIEW_COST)
    return (
        Panel(
            CasePanel.MONEY,
            "Money",
            f"What the model saved against no model at all, in {_MATURE}: losses prevented, "
            "losses not prevented, and what its alarms cost.",
            Display.STAT,
            scale,
            tuple(watch.live(metric) for metric in money),
        ),
        Panel(
            CasePanel.MONEY_OVER_TIME,
            "Money over time",
            "The same from window to window. A net saving below 0 means that the model costs "
            "more than it brings.",
            Display.LINES,
            scale,
            tuple(watch.live(metric) for metric in money),
        ),
        Panel(
            CasePanel.CAPACITY,
            "Review capacity used",
            "Alarms as a share of what the team can review in the same time. Above 100% some "
            "alarms are never looked at.",
            Display.LINES,
            Scale.RATIO,
            (watch.live(CAPACITY_USED),),
            width=8,
        ),
        Panel(
            CasePanel.FALSE_ALARM_RATE,
            "False alarm rate",
            "False alarms among all rows that are not " + watch.case.words.positives + ".",
            Display.LINES,
            Scale.RATIO,
            (watch.live(FALSE_ALARM_RATE),),
            width=8,
        ),
        Panel(
            CasePanel.RANKING,
            "Ranking",
            "How well the score sorts, whatever the threshold: PR-AUC, ROC-AUC, and precision "
            "and recall among the highest scores that the team can review.",
            Display.LINES,
            Scale.RATIO,
            tuple(
                watch.live(metric)
                for metric in (PR_AUC, ROC_AUC, PRECISION_AT_CAPACITY, RECALL_AT_CAPACITY)
            ),
            width=8,
        ),
    )


def label_panels(watch: Watch) -> tuple[Panel, ...]:
    """Return what is known before the labels come, and how well."""
    estimates = (
        watch.live(ESTIMATED, f"{ratio.title}, estimated", look=Look.ESTIMATE, of=ratio.key)
        for ratio in (RECALL, PRECISION)
    )
    realised = (
        watch.live(ratio, f"{ratio.title}, realised", limits=False) for ratio in (RECALL, PRECISION)
    )
    return (
        Panel(
            CasePanel.COVERAGE,
            "Label coverage",
            "Share of the rows of the newest mature window whose label has come. Where it is "
            "low, realised figures speak of few rows.",
            Display.LINES,
            Scale.RATIO,
            (watch.live(LABEL_COVERAGE),),
        ),
        Panel(
            CasePanel.ESTIMATED,
            "Estimated against realised",
            "Estimates, dashed, are of the window just closed, from calibrated scores, before its "
            "labels; realised figures are of the newest mature window, so they follow later.",
            Display.LINES,
            Scale.RATIO,
            (*estimates, *realised),
        ),
        Panel(
            CasePanel.ESTIMATE_ERROR,
            "Error of the estimate",
            "Distance of estimated from realised recall, once labels have come. A large one "
            "means that scores are no longer calibrated: the concept itself may have drifted.",
            Display.LINES,
            Scale.RATIO,
            (watch.live(ESTIMATE_ERROR),),
        ),
        Panel(
            CasePanel.ESTIMATED_COST,
            "Estimated cost",
            "What the window just closed probably cost, reviews and losses together.",
            Display.LINES,
            scale_of(ESTIMATED_COST, watch.case.costs.currency),
            (watch.live(ESTIMATED_COST),),
        ),
    )
