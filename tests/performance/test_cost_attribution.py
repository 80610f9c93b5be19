"""The change in estimated cost, divided among the features that moved."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from monitoring.performance.cost_attribution import (
    MOST_FEATURES,
    OTHERS,
    PER_ROWS,
    CostAttribution,
    ScoredWindow,
    attribute_cost,
    moved_back,
)
from monitoring.use_case import Costs

COSTS = Costs.model_validate({"missed": {"of_amount": 1.0, "fixed": 2.0}, "false_alarm": 5})
NAMES = tuple("abcdefghijkl")
ROWS = 3000


def reference() -> pd.DataFrame:
    rng = np.random.default_rng(1)
    return pd.DataFrame(rng.standard_normal((ROWS, len(NAMES))), columns=list(NAMES))


def by_weights(**weights: float) -> object:
    """Return a model that adds weighted features up, never near the threshold."""

    def score(features: pd.DataFrame) -> NDArray[np.float64]:
        total = sum(weight * features[name].to_numpy() for name, weight in weights.items())
        return np.clip(0.4 + 0.004 * np.asarray(total), 0, 0.9)

    return score


def attributed(
    window: pd.DataFrame, score: object, moved: list[str], amount: float = 10.0
) -> CostAttribution:
    assert callable(score)
    before, after = (
        float(np.mean(score(rows) * (amount + 2.0))) * PER_ROWS for rows in (reference(), window)
    )
    scored = ScoredWindow(window, score(window), 0.95, np.full(len(window), amount))
    return attribute_cost(
        scored, reference(), moved, score, costs=COSTS, before=before, after=after, seed=3
    )


def test_a_feature_is_given_what_it_adds_and_one_that_is_not_read_nothing() -> None:
    window = reference().assign(a=lambda rows: rows["a"] + 5, b=lambda rows: rows["b"] + 5)
    found = attributed(window, by_weights(a=1.0, c=1.0), ["b", "a"])
    assert [part.feature for part in found.parts] == ["a", "b"]
    # 5 more of a, each 0.004 of the score, at 12 a missed row.
    assert found.parts[0].amount == pytest.approx(PER_ROWS * 5 * 0.004 * 12, rel=0.02)
    assert found.parts[1].amount == 0
    assert found.change == pytest.approx(found.parts[0].amount + found.remainder)
    assert abs(found.remainder) < 0.02 * found.change


@pytest.mark.parametrize("moved", [2, 4, 7, 12])
def test_parts_and_remainder_add_up_for_few_features_and_for_many(moved: int) -> None:
    names = list(NAMES[:moved])
    window = reference() + pd.Series(dict.fromkeys(names, 1.0)).reindex(NAMES).fillna(0)
    weights = {name: float(place) for place, name in enumerate(NAMES)}
    found = attributed(window, by_weights(**weights), names)
    assert sum(part.amount for part in found.parts) + found.remainder == pytest.approx(found.change)
    assert len(found.parts) == min(moved, MOST_FEATURES + 1)
    assert (OTHERS in [part.name for part in found.parts]) == (moved > MOST_FEATURES)
    sizes = [abs(part.amount) for part in found.parts]
    assert sizes == sorted(sizes, reverse=True)
    own = {part.feature: part.amount for part in found.parts if part.feature is not None}
    for place, name in enumerate(NAMES[: min(moved, MOST_FEATURES)]):
        assert own[name] == pytest.approx(PER_ROWS * place * 0.004 * 12, rel=0.05, abs=2)


def test_two_that_only_together_cost_more_share_it() -> None:
    def both(features: pd.DataFrame) -> NDArray[np.float64]:
        return np.where((features["a"] > 3) & (features["b"] > 3), 0.6, 0.1)

    window = reference().assign(a=lambda rows: rows["a"] + 9, b=lambda rows: rows["b"] + 9)
    first, second = attributed(window, both, ["a", "b"]).parts
    assert first.amount == pytest.approx(second.amount, rel=0.05)
    assert first.amount + second.amount == pytest.approx(PER_ROWS * 0.5 * 12, rel=0.01)


def test_amounts_move_with_the_feature_that_they_are() -> None:
    window = reference().abs().assign(a=lambda rows: 100 * rows["a"])
    score = by_weights(b=1.0)
    assert callable(score)
    scored = ScoredWindow(window, score(window), 0.95, window["a"].to_numpy(), "a")
    known = reference().abs()
    found = attribute_cost(scored, known, ["a"], score, costs=COSTS, before=0, after=9, seed=3)
    saved = float(np.mean(score(window) * (window["a"] - known["a"].mean()))) * PER_ROWS
    assert found.parts[0].amount == pytest.approx(saved, rel=0.05)
    apart = attribute_cost(
        replace(scored, amount_column=None),
        *(known, ["a"], score),
        costs=COSTS,
        before=0,
        after=9,
        seed=3,
    )
    assert apart.parts[0].amount == 0


def test_the_same_window_gets_the_same_parts() -> None:
    window = reference() + 1
    one, other = (attributed(window, by_weights(a=1.0, b=2.0), list("abcdef")) for _ in range(2))
    assert one == other


def test_parts_that_leave_more_than_half_of_themselves_explain_nothing() -> None:
    window = reference().assign(a=lambda rows: rows["a"] + 5)
    found = attributed(window, by_weights(a=1.0), ["a"])
    assert found.explains
    # As where an estimate follows a drift of the prior, which raw scores take for many more frauds.
    assert not replace(found, remainder=-0.6 * found.parts[0].amount).explains
    assert not replace(found, parts=(), remainder=1.0).explains


def test_the_sentence_names_the_largest_parts_and_what_is_left() -> None:
    window = reference().assign(a=lambda rows: rows["a"] + 5, b=lambda rows: rows["b"] - 2)
    said = attributed(window, by_weights(a=1.0, b=1.0), ["a", "b"]).sentence("EUR")
    assert said.replace("\N{NO-BREAK SPACE}", " ").startswith("estimated cost per 1,000 rows EUR ")
    assert "now: a +EUR" in said.replace("\N{NO-BREAK SPACE}", " ")
    assert ", b -EUR" in said.replace("\N{NO-BREAK SPACE}", " ")


@given(
    st.sampled_from(["shifted", "scaled", "constant", "missing", "all missing"]),
    st.floats(0, 0.6),
    st.integers(0, 1000),
)
def test_numbers_are_distributed_as_they_were(fault: str, lacking: float, seed: int) -> None:
    rng = np.random.default_rng(seed)
    known = pd.Series(rng.exponential(2.0, 2000)).round(1)
    known[rng.random(2000) < lacking] = np.nan
    column = pd.Series(rng.exponential(2.0, 1500))
    column = {
        "shifted": column - 7,
        "scaled": column * 100,
        "constant": column * 0 + 4,
        "missing": column.where(rng.random(1500) > 0.8),
        "all missing": column * np.nan,
    }[fault]
    back = moved_back(column, known, rng)
    assert back.isna().mean() == pytest.approx(known.isna().mean(), abs=0.001)
    for level in (0.05, 0.25, 0.5, 0.75, 0.95):
        assert back.quantile(level) == pytest.approx(known.quantile(level), abs=0.15)
    assert set(back.dropna()) <= set(known.dropna())


def test_rows_keep_their_order_in_a_feature_that_is_moved_back() -> None:
    column = reference()["a"]
    back = moved_back(np.exp(column) * 100, column, np.random.default_rng(0))
    np.testing.assert_allclose(back, column)


def test_words_are_as_frequent_as_they_were_and_most_stay() -> None:
    known = pd.Series(["shop"] * 700 + ["web"] * 250 + [None] * 50, dtype="str")
    column = pd.Series(["shop"] * 500 + ["web"] * 300 + ["new"] * 200, dtype="str")
    back = moved_back(column, known, np.random.default_rng(0))
    assert back.isna().sum() == 50
    shares = back.value_counts(normalize=True)
    assert shares["shop"] == pytest.approx(700 / 950, abs=0.005)
    assert set(back.dropna()) == {"shop", "web"}
    assert (back[column == "shop"].dropna() == "shop").all()
    assert back.dtype == known.dtype
