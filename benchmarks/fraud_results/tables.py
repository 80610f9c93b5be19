"""The comparison in Markdown, as docs/explanation/fraud-results.md shows it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import numpy as np
import pandas as pd
from sklearn.metrics import log_loss

from benchmarks.fraud_results.cards import Cards
from benchmarks.fraud_results.combine import (
    Calibrate,
    beta,
    calibrated,
    isotonic,
    known_labels,
    nothing,
    sigmoid,
)
from benchmarks.fraud_results.cuts import Cut
from benchmarks.fraud_results.measure import FALSE_ALARMS, MISSED, Interval, Point, precision_of
from benchmarks.fraud_results.run import Experiment, Scored, averaged, run
from benchmarks.fraud_results.together import Judged, alone, judged
from benchmarks.table import table

CALIBRATIONS: dict[str, Calibrate] = {
    "none": nothing, "beta (the product's)": beta, "sigmoid": sigmoid, "isotonic": isotonic,
}  # fmt: skip


def parts(cards: Cards, cuts: Sequence[Cut]) -> None:
    """Print the rows, frauds and money of what each cut learns from and is tested on."""
    table(
        ("cut", "", "rows learned from", "frauds", "rows tested", "frauds", "their amounts"),
        (
            (
                cut.name, cut.words, f"{len(cut.learned):,}", cards.label[cut.learned].sum(),
                f"{len(cut.test):,}", cards.label[cut.test].sum(),
                f"{cards.amount[cut.test][cards.label[cut.test] == 1].sum():,.0f}",
            )
            for cut in cuts
        ),
    )  # fmt: skip


def comparison(lines: Sequence[Judged]) -> None:
    """Print what every experiment chose by and came to."""
    head = (
        "", "folds PR-AUC", "test PR-AUC [95%]", "above base [95%]",
        "at its threshold: caught / missed / false alarms / cost",
        f"caught at {FALSE_ALARMS} false alarms", f"at <= {MISSED} missed: false alarms / cost",
        "CPU s",
    )  # fmt: skip
    rows: list[Sequence[object]] = []
    family = ""
    for line in lines:
        if line.family != family:
            family = line.family
            rows.append((f"**{family}**", *[""] * (len(head) - 1)))
        found = line.result
        rows.append(
            (
                line.name, f"{line.inner:.3f}", _with_interval(found.average_precision.interval),
                _with_interval(line.above, "+.3f"), _all(found.chosen),
                found.at_false_alarms.caught,
                f"{found.at_missed.false_alarms:,} / {found.at_missed.cost:,.0f}",
                f"{line.cpu:.0f}" if line.cpu else "",
            )
        )  # fmt: skip
    table(head, rows)
    print(f"No model at all would cost {lines[0].result.without_model:,.0f}.\n")


def calibrations(experiments: Sequence[Experiment], cards: Cards, cut: Cut) -> None:
    """Print what calibration does to promises, ranking and money."""
    labels, truth = known_labels(cards, cut), cards.label[cut.test]

    def rows() -> Iterable[Sequence[object]]:
        for experiment in experiments:
            scored = run(experiment, cards, cut)
            for how, calibrate in CALIBRATIONS.items():
                scores = calibrated(scored, labels, calibrate)
                inner = averaged(cards, cut, scores.folds)
                line = judged(how, "", inner, scores, cards, cut)
                near = np.clip(scores.test, 1e-7, 1 - 1e-7)
                yield (
                    experiment.name, how, f"{scores.test.sum():.0f} of {truth.sum()}",
                    f"{1000 * log_loss(truth, near):.2f}",
                    f"{line.result.average_precision.value:.3f}", _all(line.result.chosen),
                )  # fmt: skip

    head = ("", "calibration", "frauds promised", "log loss x 1000", "test PR-AUC")
    table((*head, "caught / missed / false alarms / cost"), rows())


def by_seed(experiments: Sequence[Sequence[Experiment]], cards: Cards, cut: Cut) -> None:
    """Print how far the figures of one experiment lie apart for its seeds alone."""

    def rows() -> Iterable[Sequence[object]]:
        for same in experiments:
            lines = [alone(experiment, cards, cut) for experiment in same]
            values = [line.result.average_precision.value for line in lines]
            costs = [line.result.chosen.cost for line in lines]
            yield (
                same[0].name, len(same), f"{np.mean([line.inner for line in lines]):.3f}",
                f"{np.mean(values):.3f}", f"{min(values):.3f} to {max(values):.3f}",
                f"{min(costs):,.0f} to {max(costs):,.0f}",
            )  # fmt: skip

    head = ("", "seeds", "folds PR-AUC, mean", "test PR-AUC, mean", "from to", "cost, from to")
    table(head, rows())


def searches(found: Mapping[str, tuple[Scored, int]], cards: Cards, cut: Cut) -> None:
    """Print what each search found in the same time."""

    def rows() -> Iterable[Sequence[object]]:
        labels = known_labels(cards, cut)
        for name, (scored, points) in found.items():
            scores = calibrated(scored, labels, beta)
            line = judged(name, "", scored.inner, scores, cards, cut)
            chosen = ", ".join(f"{key} {value:.3g}" for key, value in scored.point.items())
            yield (
                name, points, f"{scored.cpu:.0f}", f"{line.inner:.3f}",
                _with_interval(line.result.average_precision.interval),
                f"{line.result.chosen.cost:,.0f}", chosen,
            )  # fmt: skip

    table(("", "points", "CPU s", "folds PR-AUC", "test PR-AUC [95%]", "cost", "chosen"), rows())


def twins(line: Judged, cards: Cards, cut: Cut) -> None:
    """Print what test rows whose twin was learned from add to the figures."""
    values = cards.rows.features.assign(time=cards.rows.event_time)
    learned = pd.util.hash_pandas_object(values.iloc[cut.learned], index=False).to_numpy()
    tested = pd.util.hash_pandas_object(values.iloc[cut.test], index=False).to_numpy()
    twin = np.isin(tested, learned)
    label = cards.label[cut.test]
    own = precision_of(line.scores.test[~twin], label[~twin])
    print(
        f"{int(twin.sum())} test rows, {int(label[twin].sum())} of them frauds, have a twin among "
        f"those learned from; without them the test PR-AUC is {_with_interval(own.interval)}.\n"
    )


def _with_interval(found: Interval, form: str = ".3f") -> str:
    return f"{found.value:{form}} [{found.low:{form}}, {found.high:{form}}]"


def _all(point: Point) -> str:
    return f"{point.caught} / {point.missed} / {point.false_alarms:,} / {point.cost:,.0f}"
