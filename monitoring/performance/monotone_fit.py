"""Logistic regression of counts under a normal prior and linear inequalities."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

_STEPS = 50
_HALVINGS = 20
_CLOSE = 1e-9


@dataclass(frozen=True, eq=False)
class Fit:
    """The most probable coefficients, and how sure they are.

    Attributes
    ----------
    precision
        Inverse of the coefficients' covariance, prior included.
    log_evidence
        Log-likelihood of the positives under all coefficients that the prior allows, by Laplace's
        approximation; up to a constant of the data.
    """

    coefficients: Floats
    precision: Floats
    log_evidence: float


def monotone_fit(
    columns: Floats,
    rows: Floats,
    positives: Floats,
    *,
    prior: tuple[Floats, Floats],
    constraints: Floats,
) -> Fit:
    """Fit coefficients x of log-odds `columns @ x` such that `constraints @ x >= 0`.

    Newton's steps, each to the minimum of the quadratic within the constraints and halved until
    the loss falls.

    Parameters
    ----------
    columns, rows, positives
        (bins, coefficients), (bins,) and (bins,).
    prior
        Mean, within the constraints, and precision of the coefficients beforehand.
    """
    mean, precision = prior

    def loss(at: Floats) -> float:
        odds, off = columns @ at, at - mean
        likelihood = (rows * np.logaddexp(0, odds) - positives * odds).sum()
        return float(likelihood + off @ precision @ off / 2)

    best, least = mean, loss(mean)
    for _ in range(_STEPS):
        slope, curvature = _derivatives(columns, rows, positives, best)
        slope += precision @ (best - mean)
        curvature += precision
        step = _step(curvature, slope, constraints, constraints @ best)
        size, after = _shortened(loss, best, step, least)
        if least - after < _CLOSE * (1 + abs(least)):
            break
        best, least = best + size * step, after
    curvature = _derivatives(columns, rows, positives, best)[1] + precision
    evidence = (np.linalg.slogdet(precision)[1] - np.linalg.slogdet(curvature)[1]) / 2 - least
    return Fit(best, curvature, float(evidence))


def _derivatives(
    columns: Floats, rows: Floats, positives: Floats, at: Floats
) -> tuple[Floats, Floats]:
    """Return slope and curvature of the negative log-likelihood."""
    from scipy.special import expit

    share = expit(columns @ at)
    slope = (rows * share - positives) @ columns
    return slope, (columns * (rows * share * (1 - share))[:, None]).T @ columns


def _step(curvature: Floats, slope: Floats, constraints: Floats, room: Floats) -> Floats:
    """Return the step to the minimum of a quadratic that leaves every constraint its room.

    With R'R the curvature and u = R step + R^-T slope it is the shortest u within the constraints:
    least distance programming (Lawson and Hanson 1974, chapter 23).
    """
    from scipy.linalg import solve_triangular
    from scipy.optimize import nnls

    root = np.linalg.cholesky(curvature)
    away = solve_triangular(root, slope, lower=True)
    sides = solve_triangular(root, constraints.T, lower=True)
    # Rounding must not ask for what can't be.
    least = sides.T @ away - np.maximum(room, 0.0)
    if (least <= 0).all():
        shortest = np.zeros(len(slope))
    else:
        system = np.vstack([sides, least])
        wanted = np.append(np.zeros(len(slope)), 1.0)
        weights, _ = nnls(system, wanted, maxiter=30 * len(least))
        residual = system @ weights - wanted
        shortest = -residual[:-1] / residual[-1]
    return np.asarray(solve_triangular(root.T, shortest - away), dtype=np.float64)


def _shortened(
    loss: Callable[[Floats], float], best: Floats, step: Floats, least: float
) -> tuple[float, float]:
    """Return the part of a step after which the loss is no larger, and the loss there."""
    size = 1.0
    for _ in range(_HALVINGS):
        after = loss(best + size * step)
        if after <= least:
            return size, after
        size /= 2
    return 0.0, least
