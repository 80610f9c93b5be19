"""Two models on the same rows: what they differ by, and how sure that is."""

import numpy as np
import pytest

from monitoring.performance.paired_comparison import Comparison, RowOutcomes, compared

Bools = np.ndarray


def outcomes(caught: Bools, flagged: Bools, positive: Bools, amounts: np.ndarray) -> RowOutcomes:
    cost = np.where(positive, np.where(caught, 2.0, amounts), 7.0 * flagged)
    return RowOutcomes(caught=caught & positive, cost=cost)


def two_models(
    seed: int, *, rows: int = 4000, positives: int = 80, new: float = 0.75, old: float = 0.75
) -> tuple[RowOutcomes, RowOutcomes, Bools]:
    """Return models that catch shares `new` and `old` of the positives, mostly the same ones."""
    rng = np.random.default_rng(seed)
    positive = np.arange(rows) < positives
    amounts = np.exp(3 + 1.5 * rng.normal(size=rows))
    hard = rng.random(rows)
    models = [
        outcomes(
            np.where(rng.random(rows) < 0.8, hard, rng.random(rows)) < share,
            rng.random(rows) < 0.003,
            positive,
            amounts,
        )
        for share in (new, old)
    ]
    return models[0], models[1], positive


def test_the_difference_and_its_interval_are_those_of_a_plain_bootstrap_of_rows() -> None:
    new, old, positive = two_models(1, new=0.85)
    found = compared(new, old, positive)
    rng = np.random.default_rng(0)
    drawn = rng.integers(0, len(positive), (3000, len(positive)))
    cost = (new.cost - old.cost)[drawn].mean(axis=1)
    caught = (new.caught.astype(int) - old.caught)[drawn].sum(axis=1)
    recall = caught / positive[drawn].sum(axis=1)
    for difference, plain in ((found.cost, cost), (found.recall, recall)):
        assert difference is not None
        low, high = np.quantile(plain, [0.025, 0.975])
        assert difference.low == pytest.approx(low, abs=0.06 * (high - low))
        assert difference.high == pytest.approx(high, abs=0.06 * (high - low))
    assert found.cost is not None
    assert found.cost.value == pytest.approx(float((new.cost - old.cost).mean()))
    assert found.recall.value == pytest.approx(found.new_recall - found.old_recall)


def test_the_same_rows_always_give_the_same_answer() -> None:
    assert compared(*two_models(2)) == compared(*two_models(2))


def test_models_that_decide_alike_differ_by_nothing() -> None:
    model, _, positive = two_models(3)
    found = compared(model, model, positive)
    assert found.cost is not None
    for difference in (found.cost, found.recall):
        assert (difference.value, difference.low, difference.high) == (0, 0, 0)
    assert found.new_cost == found.old_cost == pytest.approx(float(model.cost.mean()))


def test_of_equally_good_models_few_are_taken_for_cheaper() -> None:
    cheaper = [_cost_high(compared(*two_models(seed))) < 0 for seed in range(200)]
    assert np.mean(cheaper) <= 0.06


def test_a_model_that_catches_much_more_is_shown_to_be_cheaper() -> None:
    cheaper = [_cost_high(compared(*two_models(seed, new=0.95))) < 0 for seed in range(50)]
    assert np.mean(cheaper) >= 0.9


def test_a_million_rows_cost_no_more_work_than_those_that_differ() -> None:
    new, old, positive = two_models(4, rows=1_000_000, positives=2000, new=0.95)
    found = compared(new, old, positive)
    assert (found.rows, found.positives, found.priced) == (1_000_000, 2000, 1_000_000)
    assert found.cost is not None
    assert found.cost.low < found.cost.value < found.cost.high < 0


def test_rows_without_a_price_count_for_recall_alone() -> None:
    new, old, positive = two_models(5, new=0.9)
    gone = np.arange(len(positive)) < 10
    for model in (new, old):
        model.cost[gone] = np.nan
    found = compared(new, old, positive)
    assert found.priced == len(positive) - 10
    assert found.old_cost == pytest.approx(float(old.cost[~gone].mean()))
    assert found.cost is not None
    assert found.cost.value == pytest.approx(float((new.cost - old.cost)[~gone].mean()))
    assert found.recall.value == pytest.approx((new.caught.sum() - old.caught.sum()) / 80)


def test_without_any_price_cost_is_unknown_and_recall_is_not() -> None:
    new, old, positive = two_models(6)
    for model in (new, old):
        model.cost[positive] = np.nan
    found = compared(new, old, positive)
    assert (found.cost, found.new_cost, found.old_cost) == (None, None, None)
    assert found.new_recall == pytest.approx(new.caught.sum() / 80)


def test_without_positives_there_is_nothing_to_compare() -> None:
    new, old, positive = two_models(7)
    with pytest.raises(ValueError, match="no positives among 4,000 rows"):
        compared(new, old, np.zeros_like(positive))


def _cost_high(found: Comparison) -> float:
    assert found.cost is not None
    return found.cost.high
