"""The best candidate is chosen by what it did out of fold, then by what it cost on validation."""

import pytest

from monitoring.training import TrainingError
from monitoring.training.selection import Contender, select


def test_a_clearly_more_precise_candidate_is_chosen_whatever_it_costs() -> None:
    choice = select([Contender("a", 0.70, 10.0), Contender("b", 0.80, 99.0)], currency="EUR")
    assert choice.candidate == "b"
    assert "0.800" in choice.words


def test_of_two_as_precise_the_cheaper_is_chosen_and_both_are_named() -> None:
    choice = select([Contender("a", 0.800, 50.0), Contender("b", 0.805, 60.0)], currency="EUR")
    assert choice.candidate == "a"
    assert choice.words == (
        "a of 2 candidates: average precision 0.800, 50 EUR lost on validation; "
        "equally precise but not cheaper: b"
    )


def test_the_order_of_candidates_changes_nothing() -> None:
    contenders = [Contender("a", 0.8, 5.0), Contender("b", 0.8, 5.0), Contender("c", 0.8, None)]
    chosen = [select(order, currency="EUR").candidate for order in (contenders, contenders[::-1])]
    assert chosen == ["a", "a"]


def test_candidates_that_failed_are_left_out_and_named() -> None:
    choice = select([Contender("a", 0.5, None)], currency="EUR", failed=["b", "c"])
    assert choice.candidate == "a"
    assert choice.failed == ("b", "c")
    assert choice.words.endswith("FAILED: b, c")


def test_nothing_to_choose_from_is_an_error_that_names_all() -> None:
    with pytest.raises(TrainingError, match=r"every candidate failed \(a, b\)"):
        select([], currency="EUR", failed=["a", "b"])
