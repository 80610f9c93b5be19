"""A search tries a grid, or points drawn at random or by Optuna, within the limits of both ends."""

from collections.abc import Callable
from typing import Any

import pytest
from pydantic import ValidationError

from monitoring.training.points import every_value, try_points
from monitoring.training.search import search
from monitoring.use_case_candidate import Candidate, Search
from tests.training.conftest import Job, with_candidates

STEPS = ("sklearn.preprocessing.StandardScaler", "sklearn.linear_model.LogisticRegression")
SPACE = {
    "C": {"low": 0.001, "high": 1000, "log": True},
    "max_iter": {"low": 50, "high": 60},
    "class_weight": [None, "balanced", {0: 1, 1: 20}],
    "standardscaler__with_mean": [True, False],
}


def declared(method: str = "random", trials: int | None = 15, **space: Any) -> Search:
    given = {"method": method, "trials": trials, "space": space or SPACE}
    return Candidate(steps=STEPS, search=given).points


def tried(
    search: Search, figure: Callable[[dict[str, Any]], float] = lambda _: 0.0, *, seed: int = 0
) -> list[dict[str, Any]]:
    points = []

    def evaluate(point: dict[str, Any]) -> float:
        points.append(point)
        return figure(point)

    try_points(search, evaluate, seed=seed)
    return points


@pytest.mark.parametrize("method", ["random", "optuna"])
def test_points_are_drawn_from_the_space_and_the_same_by_the_same_seed(method: str) -> None:
    points = tried(declared(method))
    assert len(points) == 15
    for point in points:
        assert 0.001 <= point["C"] <= 1000
        assert point["max_iter"] in range(50, 61)
        assert isinstance(point["max_iter"], int)
        assert point["class_weight"] in SPACE["class_weight"]
    assert len({point["C"] for point in points}) == 15
    assert sum(point["C"] < 1 for point in points) in range(3, 13)  # even on a logarithmic scale
    assert tried(declared(method)) == points
    assert tried(declared(method), seed=1) != points


def test_optuna_draws_near_what_did_well_and_tries_no_point_twice() -> None:
    space = {"C": {"low": 0.0001, "high": 10000.0, "log": True}}
    near = lambda point: -abs(point["C"] / 30 - 1)  # noqa: E731
    distance = {
        method: min(
            abs(point["C"] / 30 - 1) for point in tried(declared(method, 60, **space), near)
        )
        for method in ("random", "optuna")
    }
    assert distance["optuna"] < distance["random"]
    few = tried(declared("optuna", 30, class_weight=[None, "balanced"]))
    assert few in (
        [{"class_weight": None}, {"class_weight": "balanced"}],
        [{"class_weight": "balanced"}, {"class_weight": None}],
    )


def test_a_small_space_of_lists_is_drawn_without_replacement() -> None:
    points = tried(declared("random", 30, max_iter=[50, 60, 70]))
    assert sorted(point["max_iter"] for point in points) == [50, 60, 70]


def test_a_grid_is_tried_as_before_however_it_is_written() -> None:
    plain = Candidate(steps=STEPS, search={"C": [1, 2], "max_iter": [50, 60]}).points
    assert plain == declared("grid", None, C=[1, 2], max_iter=[50, 60])
    assert tried(plain) == [
        {"C": 1, "max_iter": 50},
        {"C": 1, "max_iter": 60},
        {"C": 2, "max_iter": 50},
        {"C": 2, "max_iter": 60},
    ]
    assert tried(Candidate(steps=STEPS).points) == [{}]
    assert plain.size == 4


def test_every_value_and_both_ends_are_checked_without_fitting_any() -> None:
    points = list(every_value(declared()))
    assert {point["C"] for point in points} == {0.001, 1000}
    assert {point["max_iter"] for point in points} == {50, 60}
    assert {str(point["class_weight"]) for point in points} == {"None", "balanced", "{0: 1, 1: 20}"}


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"method": "random", "space": {"C": [1]}}, "`method: random` needs `trials`"),
        ({"method": "optuna", "trials": 5}, "`method: optuna` needs `trials`, .* and a `space`"),
        ({"method": "grid", "trials": 5, "space": {"C": [1]}}, "a grid is tried as a whole"),
        ({"method": "grid", "space": {"C": {"low": 1, "high": 2}}}, "a grid needs a list .* for C"),
        ({"trials": 5, "space": {"C": [1]}}, "a grid is tried as a whole"),
        ({"method": "halving", "space": {}}, "'grid', 'random' or 'optuna'"),
        ({"method": "random", "trials": 101, "space": {"C": [1]}}, "less than or equal to 100"),
        ({"C": []}, "at least 1 item"),
        ({"C": {"low": 1, "high": 2}}, "no field `C`: the fields are method, trials, space"),
        ({"C": [1e12]}, "C must be a number from 1e-12 to"),
        ({"max_iter": [*range(1, 12)], "C": [*range(1, 11)]}, "110 combinations, more than 100"),
    ],
)
def test_a_search_that_cannot_be_made_says_why(given: dict[str, Any], words: str) -> None:
    with pytest.raises(ValidationError, match=words):
        Candidate(steps=STEPS, search=given)


@pytest.mark.parametrize(
    ("name", "ends", "words"),
    [
        ("C", {"low": 0.1, "high": 1e12}, "C must be a number from 1e-12 to 1e.09, not drawn"),
        ("C", {"low": -1.0, "high": 1.0}, "C must be"),
        ("C", {"low": 2, "high": 1}, "`low` must be below `high`"),
        ("C", {"low": 0, "high": 1, "log": True}, "`log: true` needs a `low` above 0"),
        ("C", {"low": True, "high": 2}, "a number, such as 2 or 0.5"),
        ("C", {"low": 1, "high": 2, "step": 1}, "no field `step`"),
        ("max_iter", {"low": 1.0, "high": 10.0}, "max_iter must be a whole number"),
        ("max_iter", {"low": 1, "high": 10**9}, "max_iter must be a whole number from 1 to 10,000"),
        ("max_features", {"low": 0.5, "high": 30}, "max_features must be a whole number .* or a"),
        ("kernel", {"low": 1, "high": 2}, "kernel must be linear"),
        ("minmaxscaler__copy", {"low": 1, "high": 2}, "no parameter `copy`"),
    ],
)
def test_both_ends_of_a_range_lie_within_the_limits(
    name: str, ends: dict[str, Any], words: str
) -> None:
    with pytest.raises(ValidationError, match=words):
        declared(**{name: ends})


@pytest.mark.parametrize("method", ["random", "optuna"])
def test_a_search_by_points_that_are_drawn_gives_the_same_result_by_the_same_seed(
    cards: Job, method: str
) -> None:
    few = cards.split.train.take(slice(0, 1500))
    given = {"method": method, "trials": 3, "space": {"C": SPACE["C"]}}
    case = with_candidates(cards.case, {"one": Candidate(steps=STEPS, search=given)})
    first, again = (search(case, "one", few, seed=0) for _ in range(2))
    assert len(first.tried) == 3
    assert first.tried == again.tried
    assert first.parameters == again.parameters
