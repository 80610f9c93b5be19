"""Figures show what the score histograms say."""

import io

import pytest

from monitoring.training.curves import Line, curves, regret
from tests.fixtures.hostile import HOSTILE, with_words
from tests.training.conftest import Job


@pytest.fixture(scope="module")
def drawn(cards: Job):  # type: ignore[no-untyped-def]
    scores = cards.trained.tested.scores
    assert scores is not None
    return curves(cards.case, {"test": Line(scores, cards.trained.model.test.threshold)})


def point(figure) -> tuple[float, float]:  # type: ignore[no-untyped-def]
    marked = figure.axes[0].lines[1]
    return float(marked.get_xdata()[0]), float(marked.get_ydata()[0])


def test_there_is_a_figure_of_each_kind(drawn) -> None:  # type: ignore[no-untyped-def]
    assert set(drawn) == {"precision_recall", "roc", "calibration", "cost"}


def test_the_marked_points_are_the_scorecards_own(cards: Job, drawn) -> None:  # type: ignore[no-untyped-def]
    card = cards.trained.model.test
    assert point(drawn["precision_recall"]) == pytest.approx(
        (card.recall.value, card.precision.value)
    )
    assert point(drawn["roc"]) == pytest.approx((card.false_alarm_rate.value, card.recall.value))


def test_the_cost_curve_meets_the_scorecard_at_the_threshold(cards: Job, drawn) -> None:  # type: ignore[no-untyped-def]
    line = drawn["cost"].axes[0].lines[0]
    costs = dict(zip(line.get_xdata().tolist(), line.get_ydata().tolist(), strict=True))
    money = cards.trained.model.test.money
    assert money is not None
    assert costs[cards.trained.model.test.threshold] == pytest.approx(money.cost)


@pytest.mark.filterwarnings("ignore:Glyph")  # which fonts are installed is not the point
@pytest.mark.parametrize("words", HOSTILE.values(), ids=HOSTILE)
def test_a_title_is_drawn_as_text_whatever_is_in_it(cards: Job, words: str) -> None:
    figure = regret(with_words(cards.case, "fraud", words), [])
    assert figure.axes[0].get_title().startswith(words)
    figure.savefig(io.BytesIO(), dpi=20)
