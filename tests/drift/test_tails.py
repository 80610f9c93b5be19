"""Our tails are scipy's, from the middle to where numbers end."""

import numpy as np
import pytest
from scipy.special import betaln, chdtrc, gammaln, ndtr

from monitoring.drift.statistics import EXACT_ROWS, _tail_from, chi_square_tail, normal_tail

VALUES = np.concatenate([[0.0], np.geomspace(1e-12, 1400, 400)])


def test_the_normal_tail() -> None:
    z = np.linspace(-38, 37, 1001)
    np.testing.assert_allclose(normal_tail(z), ndtr(-z), rtol=1e-11)


@pytest.mark.parametrize("freedom", [1, 2, 3, 4, 9, 10, 31, 60, 200])
def test_the_tail_of_chi_square(freedom: int) -> None:
    np.testing.assert_allclose(
        chi_square_tail(VALUES, freedom), chdtrc(freedom, VALUES), rtol=1e-10, atol=1e-300
    )


def test_a_value_is_the_same_alone_and_among_others() -> None:
    """What was found is looked for among what was simulated."""
    together = chi_square_tail(VALUES, 9)
    alone = [float(chi_square_tail(VALUES[[i]], 9)[0]) for i in range(len(VALUES))]
    assert together.tolist() == alone


@pytest.mark.parametrize("rows", [1, 7, 300, EXACT_ROWS])
@pytest.mark.parametrize(("a", "b"), [(0.5, 3.2), (1.0, 20_000.0), (600.0, 19_000.5)])
def test_the_tail_of_a_beta_binomial(rows: int, a: float, b: float) -> None:
    k = np.arange(rows + 1)
    ways = gammaln(rows + 1) - gammaln(k + 1) - gammaln(rows - k + 1)
    terms = np.exp(ways + betaln(k + a, rows - k + b) - betaln(a, b))
    for found in {1, rows // 20, rows // 2, rows} - {0}:
        assert _tail_from(found, rows, a, b) == pytest.approx(terms[found:].sum(), rel=1e-8)
