"""Averages over two classes are scikit-learn's."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import accuracy_score, precision_recall_fscore_support

from monitoring.performance.scorecard import scorecard
from tests.performance.made import Scored, counted


@settings(max_examples=80, deadline=None)
@given(
    cells=st.lists(st.integers(0, 30), min_size=4, max_size=4).filter(any),
)
def test_macro_weighted_and_overall_figures_are_those_of_scikit_learn(cells: list[int]) -> None:
    pairs = [(0, 0), (0, 1), (1, 0), (1, 1)]
    true, decided = np.array([p for p, n in zip(pairs, cells, strict=True) for _ in range(n)]).T
    score = np.where(decided == 1, 0.9, 0.1)
    card = scorecard(
        counted(Scored(score, true, np.ones(len(true))), np.array([0.5])),
        threshold=0.5,
        costs=None,
        days=1,
        min_positives=1,
    )
    found = card.averages
    for name, average in (("macro", "macro"), ("weighted", "weighted"), ("overall", "micro")):
        theirs = precision_recall_fscore_support(true, decided, average=average, zero_division=0)
        ours = found[name]
        assert ours is not None
        assert (ours.precision, ours.recall, ours.f1) == pytest.approx(theirs[:3])
    overall = found["overall"]
    assert overall is not None
    assert overall.recall == pytest.approx(accuracy_score(true, decided))
    assert found["macro"] is not None
    assert card.macro_f1 == pytest.approx(found["macro"].f1)
