"""The selection of a retrain's best candidate, never by the test part."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from monitoring.training import TrainingError
from monitoring.use_case import CvFigure
from monitoring.wording import several

AS_GOOD = 0.01
"""Candidates whose average precision is within this of the best count as equally good."""


@dataclass(frozen=True)
class Contender:
    """A candidate that was trained.

    Attributes
    ----------
    average_precision
        Out of fold, on the train part.
    validation_cost
        On the validation part; None where it can't be priced.
    figures
        Of cross-validation, by name; those that are selected by, if any are.
    """

    candidate: str
    average_precision: float
    validation_cost: float | None
    figures: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True)
class Choice:
    """The best candidate, and those that failed."""

    candidate: str
    failed: tuple[str, ...]
    words: str


def select(
    contenders: Sequence[Contender],
    *,
    currency: str,
    failed: Sequence[str] = (),
    weights: Mapping[CvFigure, float] | None = None,
) -> Choice:
    """Choose by average precision; of those as good as the best, the one that cost least.

    Parameters
    ----------
    currency
        Of what they cost on validation.
    failed
        Candidates that could not be trained; the text names them.
    weights
        Of figures of cross-validation: the highest weighted sum of them is chosen instead.

    Raises
    ------
    TrainingError
        Every candidate failed.
    """
    if not contenders:
        msg = f"every candidate failed ({', '.join(failed)}): see the logs of their steps"
        raise TrainingError(msg)
    if weights:
        return _by_weights(contenders, failed, weights)
    best = max(contender.average_precision for contender in contenders)
    close = [c for c in contenders if c.average_precision >= best - AS_GOOD]
    chosen = min(close, key=_cost_then_precision)
    words = _words(chosen, close, contenders, currency) + _failures(failed)
    return Choice(chosen.candidate, tuple(failed), words)


def weighted_sum(figures: Mapping[str, float], weights: Mapping[CvFigure, float]) -> float:
    """Return the sum of figures, each times its weight."""
    return sum(weight * figures[name] for name, weight in weights.items())


def _by_weights(
    contenders: Sequence[Contender], failed: Sequence[str], weights: Mapping[CvFigure, float]
) -> Choice:
    sums = {c.candidate: weighted_sum(c.figures, weights) for c in contenders}
    order = sorted(sums, key=lambda name: (-sums[name], name))
    rule = " + ".join(f"{weight:g} {name}" for name, weight in weights.items())
    words = f"{order[0]} of {several(len(contenders), 'candidate')} by {rule}: " + ", ".join(
        f"{name} {sums[name]:.4f}" for name in order
    )
    return Choice(order[0], tuple(failed), words + _failures(failed))


def _failures(failed: Sequence[str]) -> str:
    return f"; FAILED: {', '.join(failed)}" if failed else ""


def _cost_then_precision(contender: Contender) -> tuple[float, float, str]:
    cost = contender.validation_cost
    return (
        float("inf") if cost is None else cost,
        -contender.average_precision,
        contender.candidate,
    )


def _words(
    chosen: Contender,
    close: Sequence[Contender],
    contenders: Sequence[Contender],
    currency: str,
) -> str:
    cost = ""
    if chosen.validation_cost is not None:
        cost = f", {chosen.validation_cost:,.0f} {currency} lost on validation"
    words = (
        f"{chosen.candidate} of {several(len(contenders), 'candidate')}: average precision "
        f"{chosen.average_precision:.3f}{cost}"
    )
    if len(close) > 1:
        others = ", ".join(c.candidate for c in close if c is not chosen)
        words += f"; equally precise but not cheaper: {others}"
    return words
