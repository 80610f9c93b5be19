"""Words: what scorecards and estimates say, for people."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from monitoring.performance.types import Estimate, Money, Ratio, Scorecard

Figure = tuple[str, str]
"""What it is, and its value with its interval."""


def scorecard_headline(card: Scorecard) -> str:
    """``judged: 36 of 40 positives caught, 9 false alarms, recall 0.900 [0.769, 0.960]``."""
    return (
        f"{card.status.value}: {card.detected:,} of {card.positives:,} positives caught, "
        f"{card.false_alarms:,} false alarms, recall {ratio_text(card.recall)}"
    )


def scorecard_figures(card: Scorecard) -> list[Figure]:
    """Return every figure of the card; ratios that nobody asked for are left out."""
    coverage = "" if card.coverage is None else f", {card.coverage:.1%} of labels came"
    figures = [
        ("threshold", f"{card.threshold:g}"),
        ("rows", f"{card.rows:,}{coverage}"),
        ("positives", f"{card.positives:,}"),
        ("detected", f"{card.detected:,}"),
        ("missed", f"{card.missed:,}"),
        ("false alarms", f"{card.false_alarms:,}"),
    ]
    ratios = [
        ("recall", card.recall),
        ("precision", card.precision),
        ("F1", card.f1),
        ("PR-AUC", card.pr_auc),
        ("ROC-AUC", card.roc_auc),
        ("false alarm rate", card.false_alarm_rate),
        ("precision at capacity", card.precision_at_capacity),
        ("recall at capacity", card.recall_at_capacity),
    ]
    figures += [(name, ratio_text(ratio)) for name, ratio in ratios if ratio is not None]
    return figures + ([] if card.money is None else _money_figures(card.money))


def estimate_headline(estimate: Estimate) -> str:
    """``estimated, judged: 45.0 positives expected among 12,000 rows, recall 0.880 [...]``."""
    return (
        f"estimated, {estimate.status.value}: {estimate.positives:,.1f} positives expected among "
        f"{estimate.rows:,} rows, recall {ratio_text(estimate.recall)}"
    )


def estimate_figures(estimate: Estimate) -> list[Figure]:
    """Return every figure of the estimate."""
    figures = [
        ("threshold", f"{estimate.threshold:g}"),
        ("rows", f"{estimate.rows:,}"),
        ("positives expected", f"{estimate.positives:,.1f}"),
        ("recall", ratio_text(estimate.recall)),
        ("precision", ratio_text(estimate.precision)),
        ("F1", ratio_text(estimate.f1)),
        ("PR-AUC", ratio_text(estimate.pr_auc)),
    ]
    cost = estimate.cost
    if cost is not None:
        figures.append(("cost", f"{cost.value:,.2f} [{cost.low:,.2f}, {cost.high:,.2f}]"))
    return figures


def text_of(headline: str, figures: list[Figure]) -> str:
    """Return headline and figures, a line each."""
    width = max(len(name) for name, _ in figures)
    return "\n".join([headline, *(f"  {name:<{width}}  {value}" for name, value in figures)])


def ratio_text(ratio: Ratio) -> str:
    """``0.900 [0.769, 0.960]``; three digits that count, where it is small."""
    if ratio.value is None:
        return "not defined"
    if ratio.low is None or ratio.high is None:
        return _digits(ratio.value)
    return f"{_digits(ratio.value)} [{_digits(ratio.low)}, {_digits(ratio.high)}]"


def _digits(value: float) -> str:
    return f"{value:.3f}" if value >= 0.1 or value == 0 else f"{value:.3g}"


def _money_figures(money: Money) -> list[Figure]:
    figures = [
        ("money caught", f"{money.caught:,.2f}"),
        ("money missed", f"{money.missed:,.2f}"),
        ("cost of alarms", f"{money.reviews + money.false_alarms:,.2f}"),
        ("net saving", f"{money.net_saving:,.2f} against no model"),
        ("return on cost", ratio_text(money.return_on_cost)),
    ]
    if money.unpriced:
        told = f"{money.unpriced:,} positives, each taken to be the mean of the others"
        figures.append(("without an amount", told))
    return figures
