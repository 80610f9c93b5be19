"""Whether the feature that makes a window dearer is named first, and how far its part is off.

Run it with `python -m benchmarks.cost_attribution`. In each window of a made-up card business four
features are moved in the same way: one that its model leans on, and three that it should not lean
on. The truth is what the same rows are expected to cost with a feature as it was; a window counts
where by it the first is the cause, its effect being at least twice any other's. Beside it stands
the order by the size of the drift alone.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import count, islice

import numpy as np
import pandas as pd
from lightgbm import LGBMClassifier
from numpy.typing import NDArray
from sklearn.compose import ColumnTransformer
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

from benchmarks.machine import machine
from benchmarks.table import table
from monitoring import compare
from monitoring.performance.cost_attribution import PER_ROWS, ScoredWindow, attribute_cost
from monitoring.use_case import Costs

NUMBERS = tuple(f"V{number}" for number in range(1, 13))
WORDS = ("channel", "country")
FEATURES = (*NUMBERS, *WORDS, "Amount")
WEIGHTS = np.array([1.4, -1.2, 1.0, -0.9, 0.8, 0.2, -0.2, 0.1, 0.0, 0.0, 0.0, 0.0])
"""Of the numbers, in the log-odds of fraud."""

CAUSES = (*NUMBERS[:5], "channel", "Amount")
BYSTANDERS = (*NUMBERS[7:], "country")
KINDS = ("shift", "scale", "missing", "constant")
COSTS = Costs.model_validate({"missed": {"of_amount": 1.0}, "false_alarm": 5, "review": 2})
ROWS = 5000
CLEAR = 2.0
"""How many times any other effect that of the cause is, by the truth."""


def rows_of(rng: np.random.Generator, rows: int) -> tuple[pd.DataFrame, NDArray[np.bool_]]:
    """Return features, numbers of one block being correlated by 0.4, and which rows are frauds."""
    common = rng.standard_normal((rows, 3)).repeat(4, axis=1)
    numbers = np.sqrt(0.4) * common + np.sqrt(0.6) * rng.standard_normal((rows, 12))
    frame = pd.DataFrame(numbers, columns=list(NUMBERS))
    frame["V2"], frame["V4"] = np.exp(frame["V2"]), frame["V4"].round(1)
    frame["channel"] = rng.choice(["shop", "web", "phone"], rows, p=[0.6, 0.3, 0.1])
    frame["country"] = rng.choice(["FR", "DE", "BE", "NL"], rows, p=[0.5, 0.3, 0.1, 0.1])
    frame["Amount"] = rng.lognormal(3.5, 1.0, rows)
    odds = numbers @ WEIGHTS + frame["channel"].map({"shop": -0.5, "web": 0.8, "phone": 0}) - 5
    return frame, rng.random(rows) < 1 / (1 + np.exp(-odds.to_numpy()))


def moved(column: pd.Series, kind: str, size: float, rng: np.random.Generator) -> pd.Series:
    """Return a column as a fault or new customers leave it; `size` from 1 to 2."""
    if column.dtype != np.float64:
        rare = column.value_counts().index[-1]
        return column.where(rng.random(len(column)) > 0.3 * size, rare)
    if kind == "shift":
        step: float = size * float(column.std()) * rng.choice([-1, 1])
        return column + step
    if kind == "scale":
        factor: float = rng.choice([0.2, 1 + 2 * size])
        return column * factor
    if kind == "missing":
        return column.where(rng.random(len(column)) > 0.4 * size)
    return pd.Series(np.full(len(column), column.quantile(size / 2)), name=column.name)


@dataclass(frozen=True, eq=False)
class Trained:
    """A model, its threshold, and rows that it knows."""

    name: str
    model: Pipeline
    threshold: float
    reference: pd.DataFrame

    def score(self, features: pd.DataFrame) -> NDArray[np.float64]:
        """Return the probability of fraud of each row."""
        scores: NDArray[np.float64] = self.model.predict_proba(features)[:, 1]
        return scores

    def cost(self, features: pd.DataFrame) -> float:
        """Return what 1,000 rows are expected to cost, by their scores."""
        score = self.score(features)
        flagged = COSTS.review + COSTS.false_alarm * (1 - score)
        amount = features["Amount"].fillna(features["Amount"].mean()).to_numpy()
        each = np.where(score >= self.threshold, flagged, score * amount)
        return float(each.mean()) * PER_ROWS


def trained(seed: int) -> Iterator[Trained]:
    """Yield models of the same rows, of two kinds; both take missing values."""
    features, fraud = rows_of(np.random.default_rng(seed), 30_000)
    numbers = [name for name in FEATURES if name not in WORDS]
    classifiers = {
        "logistic regression": LogisticRegression(max_iter=1000),
        "LightGBM": LGBMClassifier(n_estimators=80, num_leaves=15, verbose=-1, random_state=0),
    }
    for name, classifier in classifiers.items():
        fill = make_pipeline(SimpleImputer(), StandardScaler())
        words = OneHotEncoder(handle_unknown="ignore", sparse_output=False)
        columns = ColumnTransformer([("numbers", fill, numbers), ("words", words, list(WORDS))])
        model = make_pipeline(columns.set_output(transform="pandas"), classifier)
        yield Trained(name, model.fit(features[list(FEATURES)], fraud), 0.15, features)


@dataclass(frozen=True)
class Told:
    """One window: whether its cause was named first, and how far the cause's part is off.

    Attributes
    ----------
    first, first_by_drift
        Whether the largest part is the cause's; whether its drift is the largest.
    truth, part
        What the cause added per 1,000 rows.
    """

    model: str
    kind: str
    first: bool
    first_by_drift: bool
    truth: float
    part: float


def told(model: Trained, seed: int) -> Told | None:
    """Make a window, and attribute its cost; None where what was moved first is not its cause."""
    rng = np.random.default_rng(seed)
    quiet, _ = rows_of(rng, ROWS)
    cause, kind = rng.choice(CAUSES), rng.choice(KINDS)
    planted = [cause, *rng.choice(BYSTANDERS, 3, replace=False)]
    size = rng.uniform(1, 2)
    columns = {name: moved(quiet[name], kind, size, rng) for name in planted}
    window = quiet.assign(**columns)
    cost = model.cost(window)
    truth = {name: cost - model.cost(window.assign(**{name: quiet[name]})) for name in planted}
    largest = max(abs(truth[name]) for name in planted[1:])
    if abs(truth[cause]) < CLEAR * largest:
        return None
    verdict = compare(model.reference, window, columns=list(FEATURES))
    drifted = sorted(
        (part for part in verdict.features if part.drifted), key=lambda part: -(part.effect or 0)
    )
    names = [part.name for part in drifted]
    attribution = attribute_cost(
        ScoredWindow(
            window, model.score(window), model.threshold, window["Amount"].to_numpy(), "Amount"
        ),
        model.reference,
        names,
        model.score,
        costs=COSTS,
        before=model.cost(model.reference),
        after=cost,
        seed=seed,
    )
    parts = {part.feature: part.amount for part in attribution.parts}
    whole = sum(parts.values()) + attribution.remainder
    assert np.isclose(whole, attribution.change)  # noqa: S101
    return Told(
        model.name,
        kind,
        first=bool(parts) and attribution.parts[0].feature == cause,
        first_by_drift=bool(names) and names[0] == cause,
        truth=truth[cause],
        part=parts.get(cause, 0.0),
    )


def lines(windows: Sequence[Told]) -> Iterator[Sequence[object]]:
    """Yield a line per model and kind of change, and one of all."""
    groups: dict[tuple[str, str], list[Told]] = {}
    for window in windows:
        groups.setdefault((window.model, window.kind), []).append(window)
    groups["all", "all"] = list(windows)
    for (model, kind), group in groups.items():
        off = [abs(told.part - told.truth) / max(abs(told.truth), 1e-9) for told in group]
        yield (
            *(model, kind, len(group)),
            *(f"{np.mean([getattr(told, name) for told in group]):.0%}" for name in SHARES),
            f"{np.median([abs(told.truth) for told in group]):,.0f}",
            f"{np.median(off):.0%}",
        )


SHARES = ("first", "first_by_drift")


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--windows", type=int, default=200, help="of each model")
    given = parser.parse_args()
    print(f"{machine()}\n\n## What a window's cost comes from, {ROWS:,} rows each\n")
    head = ("model", "change", "windows", "cause named first", "by the size of drift alone")
    more = ("EUR of the cause, median", "its part is off by, median")
    windows: list[Told] = []
    for model in trained(7):
        made = (told(model, seed) for seed in count())
        windows += islice(filter(None, made), given.windows)
    table((*head, *more), lines(windows))


if __name__ == "__main__":
    main()
