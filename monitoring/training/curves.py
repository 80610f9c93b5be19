"""Figures of a model's score histograms: precision and recall, ROC, calibration, cost."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Literal, NamedTuple

import numpy as np

from monitoring.performance.cost_curve import Sensitivity, cost_curve
from monitoring.performance.money import can_price
from monitoring.performance.score_histograms import NEGATIVE, POSITIVE

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from numpy.typing import NDArray

    from monitoring.summary.types import ScoreSummary
    from monitoring.use_case import UseCase

_CALIBRATION_POINTS = 10

# Fixed, for the search for the best place takes longer the more points there are.
_LEGENDS: dict[str, Literal["lower left", "lower right", "upper left"]] = {
    "precision_recall": "lower left",
    "roc": "lower right",
    "calibration": "upper left",
    "cost": "upper left",
    "regret": "lower right",
}


class Line(NamedTuple):
    """Score histograms of some rows, and the threshold that they were judged by."""

    scores: ScoreSummary
    threshold: float


def curves(case: UseCase, lines: Mapping[str, Line]) -> dict[str, Figure]:
    """Return figures by name: precision and recall, ROC, calibration, and cost by threshold.

    Parameters
    ----------
    lines
        By the name of the rows.
    """
    drawn = {}
    for name, draw in (
        ("precision_recall", _precision_recall),
        ("roc", _roc),
        ("calibration", _calibration),
    ):
        drawn[name], axes = _empty(f"{case.title}: {name.replace('_', ' and ')}")
        for part, line in lines.items():
            draw(axes, part, line)
        axes.legend(loc=_LEGENDS[name])
    drawn["cost"], axes = _empty(f"{case.title}: cost by decision threshold")
    for part, line in lines.items():
        _cost(axes, part, line, case)
    axes.legend(loc=_LEGENDS["cost"])
    return drawn


def regret(case: UseCase, sensitivities: Sequence[Sensitivity]) -> Figure:
    """Return what the threshold costs at each wrong guess of a cost, beside the best one then."""
    figure, axes = _empty(
        f"{case.title}: if a cost were off, at the threshold chosen and the best", left=0.22
    )
    names = [f"{off.item} x {off.factor:g}" for off in sensitivities]
    places = np.arange(len(sensitivities))
    axes.barh(
        places - 0.2, [off.cost for off in sensitivities], height=0.4, label="threshold chosen"
    )
    axes.barh(
        places + 0.2, [off.best_cost for off in sensitivities], height=0.4, label="best threshold"
    )
    axes.set_yticks(places, names)
    axes.set(xlabel=f"cost of the validation part, {case.costs.currency}")
    axes.legend(loc=_LEGENDS["regret"])
    return figure


def _empty(title: str, left: float = 0.12) -> tuple[Figure, Axes]:
    # Not by pyplot, which keeps every figure and wants a screen.
    from matplotlib.figure import Figure

    # Fixed margins: to find them, a layout engine draws everything twice.
    figure = Figure(figsize=(7, 5))
    figure.subplots_adjust(left=left, right=0.97, bottom=0.11, top=0.93)
    axes = figure.add_subplot()
    # A dollar sign in the use case's title would begin a formula.
    axes.set_title(title, parse_math=False)
    axes.grid(alpha=0.3)
    return figure, axes


def _flagged(rows: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return the rows at and above each bin, the highest first, after a first 0."""
    return np.concatenate([[0], np.cumsum(rows[::-1])])


def _at_threshold(scores: ScoreSummary, threshold: float) -> int:
    """Return the place of the threshold in what `_flagged` gives."""
    return len(scores.edges) - int(np.searchsorted(scores.edges, threshold))


def _precision_recall(axes: Axes, part: str, drawn: Line) -> None:
    scores, threshold = drawn
    caught, false = (_flagged(scores.rows[label]) for label in (POSITIVE, NEGATIVE))
    alarms = caught + false
    any_alarm = alarms > 0
    recall = caught / max(caught[-1], 1)
    precision = np.divide(caught, alarms, out=np.ones(len(alarms)), where=any_alarm)
    (line,) = axes.plot(recall[any_alarm], precision[any_alarm], label=part)
    place = _at_threshold(scores, threshold)
    axes.plot(recall[place], precision[place], "o", color=line.get_color())
    axes.set(xlabel="recall", ylabel="precision", xlim=(0, 1.01), ylim=(0, 1.01))


def _roc(axes: Axes, part: str, drawn: Line) -> None:
    scores, threshold = drawn
    caught, false = (_flagged(scores.rows[label]) for label in (POSITIVE, NEGATIVE))
    recall, rate = caught / max(caught[-1], 1), false / max(false[-1], 1)
    (line,) = axes.plot(rate, recall, label=part)
    place = _at_threshold(scores, threshold)
    axes.plot(rate[place], recall[place], "o", color=line.get_color())
    axes.set(xlabel="false alarm rate", ylabel="recall", ylim=(0, 1.01))


def _calibration(axes: Axes, part: str, drawn: Line) -> None:
    """Draw shares of positives against scores, over groups of bins with like many positives."""
    scores, threshold = drawn
    promised = scores.score[[NEGATIVE, POSITIVE]].sum(axis=0)
    rows = scores.rows[[NEGATIVE, POSITIVE]].sum(axis=0)
    passed = np.cumsum(promised) / max(promised.sum(), 1e-12) * _CALIBRATION_POINTS
    group = np.minimum(passed.astype(int), _CALIBRATION_POINTS - 1)

    def by_group(values: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.bincount(group, values, minlength=_CALIBRATION_POINTS).astype(np.float64)

    counts = by_group(rows.astype(np.float64))
    there = counts > 0
    mean = by_group(promised)[there] / counts[there]
    share = by_group(scores.rows[POSITIVE].astype(np.float64))[there] / counts[there]
    (line,) = axes.plot(mean, share, "o-", label=part)
    axes.axvline(threshold, linestyle=":", color=line.get_color())
    axes.axline((0, 0), slope=1, color="grey", linewidth=0.8)
    axes.set(xlabel="mean score", ylabel="share of positives", xlim=(0, 1.01), ylim=(0, 1.01))


def _cost(axes: Axes, part: str, drawn: Line, case: UseCase) -> None:
    if can_price(drawn.scores, case.costs, (POSITIVE,)):
        curve = cost_curve(drawn.scores, case.costs)
        (line,) = axes.plot(curve.thresholds, curve.cost, label=part)
        axes.axvline(
            drawn.threshold, linestyle=":", color=line.get_color(), label=f"threshold of {part}"
        )
    axes.set(xlabel="decision threshold", ylabel=f"cost, {case.costs.currency}", xscale="logit")
