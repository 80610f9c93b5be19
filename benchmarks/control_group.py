"""Measure figures that rest on a control group; print the tables of docs/explanation/blocking.md.

Run it with `make bench-control`. The truth of every row is known here, and hidden from the figures
where the row was blocked. Each month has payments, labels and a control group of its own.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from benchmarks.machine import machine
from benchmarks.table import table
from monitoring.performance.score_histograms import with_absent_labels
from monitoring.performance.scorecard import Scorecard, scorecard
from monitoring.rows.control_group import let_through
from monitoring.rows.rows import NO_TIME, UNLABELLED, Rows
from monitoring.summary.build import score_summary
from monitoring.use_case import Costs, MissedCost

THRESHOLD, SHARE, LOWEST = 0.5, 0.01, 0.001
"""Decision threshold, share let through, and the score below which payments are left out: 98% of
them, with 0.04% of the frauds."""

COSTS = Costs(missed=MissedCost(of_amount=1.0), false_alarm=15)
EDGES = np.union1d(1 / (1 + np.exp(-np.linspace(-12, 6, 200))), [THRESHOLD])
PAYMENTS = (1_000_000, 10_000_000, 30_000_000)


@dataclass(frozen=True)
class Month:
    """The figures of one month: as they are in truth, and with the truth of blocked rows hidden."""

    truth: Scorecard
    seen: Scorecard
    flagged: int


def scores_of(payments: int, seed: int = 0) -> NDArray[np.float64]:
    """Return the scores of so many payments, those above `LOWEST`; half a percent are frauds."""
    score = np.random.default_rng(seed).beta(0.002, 0.4, payments)
    return score[score >= LOWEST]


def month(score: NDArray[np.float64], seed: int, share: float = SHARE) -> Month:
    """Return a month of payments by a calibrated model whose alarms block."""
    rng, payments = np.random.default_rng(seed), len(score)
    rows = Rows(
        features=pd.DataFrame(index=range(payments)),
        row_id=np.empty(0, np.str_),
        event_time=np.empty(0, "datetime64[us]"),
        arrival_time=np.empty(0, "datetime64[us]"),
        label=(rng.random(payments) < score).astype(np.int8),
        label_time=np.full(0, NO_TIME),
        amount=rng.lognormal(4, 1, payments),
        score=score,
    )
    flagged = np.flatnonzero(score >= THRESHOLD)
    through = let_through("bench", (f"{seed}-{place}" for place in flagged.tolist()), share)
    weight = np.ones(payments)
    weight[flagged] = np.where(through, 1 / share if share else 0.0, 0.0)
    # A chargeback comes for a fraud alone, and for one that was not blocked.
    come = np.where((rows.label == 1) & (weight > 0), 1, UNLABELLED).astype(np.int8)
    return Month(card(rows), card(replace(rows, label=come, weight=weight)), len(flagged))


def card(rows: Rows) -> Scorecard:
    """Return the scorecard of a mature window."""
    scores = score_summary(rows, EDGES)
    assert scores is not None  # noqa: S101  all are scored
    return scorecard(
        with_absent_labels(scores, "negative"),
        threshold=THRESHOLD,
        costs=COSTS,
        days=30,
        min_positives=30,
    )


def errors(months: Sequence[Month], figure: str) -> tuple[float, float, float, float]:
    """Return the mean and largest error, the share within .03, and the coverage of intervals."""
    pairs = [(getattr(one.truth, figure).value, getattr(one.seen, figure)) for one in months]
    off = np.array([abs(truth - ratio.value) for truth, ratio in pairs])
    covered = [ratio.low <= truth <= ratio.high for truth, ratio in pairs]
    return float(off.mean()), float(off.max()), float((off <= 0.03).mean()), float(np.mean(covered))


def accuracy(by_size: dict[int, list[Month]]) -> Iterator[Sequence[object]]:
    """Yield a row for each size and figure."""
    for payments, months in by_size.items():
        seen = [one.seen.hidden for one in months]
        through = np.mean([hidden.let_through for hidden in seen if hidden is not None])
        flagged = np.mean([one.flagged for one in months])
        for figure in ("recall", "precision"):
            mean, most, within, covered = errors(months, figure)
            truth = np.mean([getattr(one.truth, figure).value for one in months])
            yield (
                f"{payments:,}",
                f"{flagged:,.0f}",
                f"{through:,.0f}",
                figure,
                f"{truth:.3f}",
                f"{mean:.4f}",
                f"{most:.4f}",
                f"{within:.0%}",
                f"{covered:.0%}",
            )


def money(by_size: dict[int, list[Month]]) -> Iterator[Sequence[object]]:
    """Yield the mean month of each size, in money, with the control group and without."""
    for payments, months in by_size.items():
        mean = {
            "truth": np.mean([net_saving(one.truth) for one in months]),
            "seen": np.mean([net_saving(one.seen) + control(one.seen) for one in months]),
            "naive": np.mean([one.seen.hidden.net_saving for one in months if one.seen.hidden]),
            "control": np.mean([control(one.seen) for one in months]),
            "recall": np.mean([one.seen.hidden.recall.value for one in months if one.seen.hidden]),
            "precision": np.mean(
                [one.seen.hidden.precision.value for one in months if one.seen.hidden]
            ),
        }
        yield (
            f"{payments:,}",
            f"{mean['truth']:,.0f}",
            f"{mean['seen']:,.0f}",
            f"{mean['naive']:,.0f}",
            f"{mean['control']:,.0f}",
            f"{mean['recall']:.3f}",
            f"{mean['precision']:.4f}",
        )


def net_saving(one: Scorecard) -> float:
    """Return what the model saved in a month."""
    return np.nan if one.money is None else one.money.net_saving


def control(one: Scorecard) -> float:
    """Return what the control group cost in a month."""
    return np.nan if one.money is None else one.money.control


def main() -> None:
    """Print both tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--months", type=int, default=100, help="of each size")
    months = parser.parse_args().months
    print(f"`make bench-control`, {months} months of each size: {machine()}\n")
    by_size = {}
    for payments in PAYMENTS:
        score = scores_of(payments)
        by_size[payments] = [month(score, seed) for seed in range(months)]
    table(
        (
            "payments",
            "flagged",
            "let through",
            "figure",
            "truth",
            "mean error",
            "largest",
            "within .03",
            "95% interval holds the truth",
        ),
        accuracy(by_size),
    )
    table(
        (
            "payments",
            "net saving, if all flagged were blocked",
            "as the control group shows it",
            "as it would seem without",
            "cost of the control group",
            "recall without",
            "precision without",
        ),
        money(by_size),
    )


if __name__ == "__main__":
    main()
