"""What the change in estimated cost comes from: the features that moved, one against another.

A feature of the window is *moved back*: each row gets the value that has the same rank in the
reference, so that the feature alone is distributed as it was, and rows keep their order in it. The
rows are scored again, and what they are expected to cost is compared. Features are moved back in
several orders, and each is given its mean effect, the Shapley value: Strumbelj and Kononenko, "An
efficient explanation of individual classifications using game theory", Journal of Machine Learning
Research 11 (2010).

Not seen: what the amounts of rows do where the model does not read them, features that move only
together, and labels that mean something else. They are in the remainder, which is stated.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import combinations
from math import factorial
from typing import TYPE_CHECKING

import numpy as np

from monitoring.use_case import Costs
from monitoring.wording import money

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray
    from pandas.api.extensions import ExtensionArray

Score = Callable[["pd.DataFrame"], "NDArray[np.float64]"]

PER_ROWS = 1000
"""Rows that an amount is given for: windows differ in size."""

ROWS = 4000
"""Rows that are scored again for every set of features: half those of the highest scores."""

MOST_FEATURES = 8
"""Features that have a part of their own; the others that moved have one together."""

OTHERS = "others that moved"

_EXACT = 4
"""Features up to which each set of them is tried."""

_ORDERS = 6
"""Orders that more of them are tried in, each forwards and backwards."""


@dataclass(frozen=True)
class CostPart:
    """What one feature that moved adds to the cost.

    Attributes
    ----------
    feature
        Its name; None for all that have no part of their own.
    amount
        Per 1,000 rows, in the use case's currency; less than 0 where it made the window cheaper.
    """

    feature: str | None
    amount: float

    @property
    def name(self) -> str:
        """What people read: the feature's name, or `OTHERS`."""
        return OTHERS if self.feature is None else self.feature


@dataclass(frozen=True)
class CostAttribution:
    """The change in estimated cost, divided among the features that moved.

    Attributes
    ----------
    before, after
        Estimated cost per 1,000 rows: of the rows that the scores were calibrated on, and of the
        window.
    parts
        The largest first, whichever way it goes.
    remainder
        What the parts leave of the change.
    rows
        How many rows were scored again for each set of features.
    """

    before: float
    after: float
    parts: tuple[CostPart, ...]
    remainder: float
    rows: int

    @property
    def change(self) -> float:
        """What 1,000 rows cost more than before."""
        return self.after - self.before

    @property
    def explains(self) -> bool:
        """Whether the parts leave less than half of what they amount to, whichever way they go."""
        return abs(self.remainder) <= sum(abs(part.amount) for part in self.parts) / 2

    def sentence(self, currency: str) -> str:
        """Return where the change comes from: its three largest parts."""
        shown = [f"{part.name} {signed(part.amount, currency)}" for part in self.parts[:3]]
        rest = self.change - sum(part.amount for part in self.parts[:3])
        return (
            f"estimated cost per 1,000 rows {money(self.before, currency)} before, "
            f"{money(self.after, currency)} now: {', '.join(shown)}, "
            f"all else {signed(rest, currency)}"
        )


def signed(amount: float, currency: str) -> str:
    """``+EUR 120``, ``-EUR 12.50``."""
    return f"{'-' if amount < 0 else '+'}{money(abs(amount), currency)}"


@dataclass(frozen=True, eq=False)
class ScoredWindow:
    """The rows of a window with all that their cost depends on.

    Attributes
    ----------
    features
        The columns that the model reads.
    score, threshold
        The model's score of each row, and from which on it is an alarm.
    amount
        Of each row; None without amounts.
    amount_column
        The feature that is the amount too, so that it moves with it; None if none is.
    """

    features: pd.DataFrame
    score: NDArray[np.float64]
    threshold: float
    amount: NDArray[np.float64] | None = None
    amount_column: str | None = None


def attribute_cost(
    window: ScoredWindow,
    reference: pd.DataFrame,
    moved: Sequence[str],
    score: Score,
    *,
    costs: Costs,
    before: float,
    after: float,
    seed: int,
) -> CostAttribution:
    """Divide the change in estimated cost among the features that moved.

    Parameters
    ----------
    reference
        Rows of the time before, with at least the features that moved.
    moved
        Features of the model, those of the largest effect first.
    score
        Returns the calibrated score of each row.
    before, after
        Estimated cost per 1,000 rows of the reference and of the window.

    Returns
    -------
    CostAttribution
        Its parts and its remainder add up to `after - before`. The same arguments give the same
        parts.
    """
    rng = np.random.default_rng(seed)
    places, weights = _drawn(window.score, rng)
    game = _Game(
        rows=window.features.iloc[places],
        amount=None if window.amount is None else window.amount[places],
        amount_column=window.amount_column,
        weights=weights,
        back={
            name: moved_back(window.features[name], reference[name], rng).iloc[places].array
            for name in moved
        },
        score=score,
        threshold=window.threshold,
        costs=costs,
    )
    own, rest = list(moved[:MOST_FEATURES]), tuple(moved[MOST_FEATURES:])
    players = [(name,) for name in own] + ([rest] if rest else [])
    values = _shapley(players, game.saving, rng)
    names = [*own, None] if rest else own
    parts = [CostPart(name, value) for name, value in zip(names, values, strict=True)]
    return CostAttribution(
        before=before,
        after=after,
        parts=tuple(sorted(parts, key=lambda part: -abs(part.amount))),
        remainder=after - before - sum(values),
        rows=len(places),
    )


def moved_back(column: pd.Series, reference: pd.Series, rng: np.random.Generator) -> pd.Series:
    """Return a column whose values are distributed as in the reference, each row near its rank.

    As many are missing as there. Of words as many stay as can; equal numbers are ordered at random.
    """
    import pandas as pd

    if len(reference) == 0 or len(column) == 0:
        return column
    known, lacking = column.notna().to_numpy(), float(reference.isna().mean())
    wanted = round(lacking * len(column))
    known = _with_missing(known, wanted, rng)
    values = reference.dropna()
    if not known.any() or values.empty:
        return column
    if pd.api.types.is_numeric_dtype(column) and pd.api.types.is_numeric_dtype(reference):
        numbers = np.full(len(column), np.nan)
        numbers[known] = _by_rank(column.to_numpy(np.float64, na_value=np.nan)[known], values, rng)
        return pd.Series(numbers, index=column.index, name=column.name)
    words = column.astype(object).to_numpy(copy=True)
    words[~known] = None
    words[known] = _by_words(words[known], values, rng)
    back = pd.Series(words, index=column.index, name=column.name, dtype=object)
    return back.astype(reference.dtype)


def _with_missing(
    known: NDArray[np.bool_], wanted: int, rng: np.random.Generator
) -> NDArray[np.bool_]:
    """Return which rows have a value, so that as many lack one as is wanted."""
    known = known.copy()
    more = wanted - int((~known).sum())
    places = np.flatnonzero(known if more > 0 else ~known)
    known[rng.choice(places, abs(more), replace=False)] = more < 0
    return known


def _by_rank(
    values: NDArray[np.float64], reference: pd.Series, rng: np.random.Generator
) -> NDArray[np.float64]:
    """Return the reference's numbers of the same ranks; what has no value gets one at random."""
    lacking = np.isnan(values)
    there = values[~lacking]
    values = values.copy()
    values[lacking] = rng.choice(there, int(lacking.sum())) if there.size else 0.0
    order = np.lexsort((rng.random(len(values)), values))
    ordered = np.sort(reference.to_numpy(np.float64))
    ranks = (np.arange(len(values)) + 0.5) / len(values)
    result = np.empty(len(values))
    result[order] = ordered[(ranks * len(ordered)).astype(np.intp)]
    return result


def _by_words(
    values: NDArray[np.object_], reference: pd.Series, rng: np.random.Generator
) -> NDArray[np.object_]:
    """Return words in the reference's shares, of which as many stay as can."""
    shares = reference.value_counts(normalize=True)
    result = values.copy()
    taken = np.zeros(len(values), np.bool_)
    lacking: list[object] = []
    for word, share in shares.items():
        mine = np.flatnonzero(values == word)
        wanted = round(share * len(values))
        taken[rng.permutation(mine)[:wanted]] = True
        lacking += [word] * max(wanted - len(mine), 0)
    free = rng.permutation(np.flatnonzero(~taken))
    most = shares.index[0]
    for place, word in zip(free, [*lacking, *[most] * len(free)], strict=False):
        result[place] = word
    return result


def _drawn(
    score: NDArray[np.float64], rng: np.random.Generator
) -> tuple[NDArray[np.intp], NDArray[np.float64]]:
    """Return the rows to score again, and how many each stands for.

    The highest scores make most of the cost, and are few.
    """
    count = len(score)
    if count <= ROWS:
        return np.arange(count), np.ones(count)
    order = np.argsort(-np.nan_to_num(score), kind="stable")
    top, others = order[: ROWS // 2], order[ROWS // 2 :]
    some = rng.choice(others, ROWS - len(top), replace=False)
    weights = np.ones(ROWS)
    weights[len(top) :] = len(others) / len(some)
    return np.concatenate([top, some]), weights


@dataclass(frozen=True, eq=False)
class _Game:
    """What moving sets of features back saves per 1,000 rows; each set is tried once."""

    rows: pd.DataFrame
    amount: NDArray[np.float64] | None
    amount_column: str | None
    weights: NDArray[np.float64]
    back: Mapping[str, ExtensionArray]
    score: Score
    threshold: float
    costs: Costs
    known: dict[frozenset[str], float] = field(default_factory=dict)

    def saving(self, features: frozenset[str]) -> float:
        """Return what the window's rows cost more than with some features moved back."""
        return self._cost(frozenset()) - self._cost(features)

    def _cost(self, features: frozenset[str]) -> float:
        if features not in self.known:
            changed = self.rows.assign(**{name: self.back[name] for name in sorted(features)})
            cost = self._expected(self.score(changed), features)
            self.known[features] = float(np.average(cost, weights=self.weights)) * PER_ROWS
        return self.known[features]

    def _expected(
        self, score: NDArray[np.float64], features: frozenset[str]
    ) -> NDArray[np.float64]:
        """Return what each row is expected to cost: its review and false alarm, or its miss."""
        costs = self.costs
        flagged = costs.review + costs.false_alarm * (1 - score)
        missed = score * (costs.missed.fixed + costs.missed.of_amount * self._amounts(features))
        expected: NDArray[np.float64] = np.where(score >= self.threshold, flagged, missed)
        return expected

    def _amounts(self, features: frozenset[str]) -> NDArray[np.float64]:
        if self.amount_column in features:
            amounts = np.asarray(self.back[self.amount_column], np.float64)
        elif self.amount is None:
            return np.zeros(len(self.rows))
        else:
            amounts = self.amount
        there = ~np.isnan(amounts)
        mean = float(amounts[there].mean()) if there.any() else 0.0
        return np.where(there, amounts, mean)


def _shapley(
    players: Sequence[tuple[str, ...]],
    value: Callable[[frozenset[str]], float],
    rng: np.random.Generator,
) -> list[float]:
    """Return each player's mean effect over all orders, or over some drawn at random."""
    count = len(players)
    if count <= _EXACT:
        return [_over_all_sets(players, player, value) for player in range(count)]
    values = np.zeros(count)
    orders = [rng.permutation(count) for _ in range(_ORDERS)]
    for order in [*orders, *(order[::-1] for order in orders)]:
        held: frozenset[str] = frozenset()
        for player in order:
            more = held.union(players[player])
            values[player] += value(more) - value(held)
            held = more
    return [float(total) / (2 * _ORDERS) for total in values]


def _over_all_sets(
    players: Sequence[tuple[str, ...]], player: int, value: Callable[[frozenset[str]], float]
) -> float:
    others = [place for place in range(len(players)) if place != player]
    total = 0.0
    for size in range(len(players)):
        share = factorial(size) * factorial(len(others) - size) / factorial(len(players))
        for chosen in combinations(others, size):
            held = frozenset[str]().union(*(players[place] for place in chosen))
            total += share * (value(held.union(players[player])) - value(held))
    return total
