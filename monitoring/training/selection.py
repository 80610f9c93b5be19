"""The selection of a retrain's best candidate, never by the test part."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from monitoring.training import TrainingError

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
    """

    candidate: str
    average_precision: float
    validation_cost: float | None


@dataclass(frozen=True)
class Choice:
    """The best candidate, and those that failed."""

    candidate: str
    failed: tuple[str, ...]
    words: str


def select(contenders: Sequence[Contender], *, failed: Sequence[str] = ()) -> Choice:
    """Choose by average precision; of those as good as the best, the one that cost least.

    Parameters
    ----------
    failed
        Candidates that could not be trained; the text names them.

    Raises
    ------
    TrainingError
        Every candidate failed.
    """
    if not contenders:
        msg = f"every candidate failed ({', '.join(failed)}): see the logs of their steps"
        raise TrainingError(msg)
    best = max(contender.average_precision for contender in contenders)
    close = [c for c in contenders if c.average_precision >= best - AS_GOOD]
    chosen = min(close, key=_cost_then_precision)
    return Choice(chosen.candidate, tuple(failed), _words(chosen, close, contenders, failed))


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
    failed: Sequence[str],
) -> str:
    cost = (
        "" if chosen.validation_cost is None else f", {chosen.validation_cost:,.0f} on validation"
    )
    words = (
        f"{chosen.candidate} of {len(contenders)} candidates: average precision "
        f"{chosen.average_precision:.3f}{cost}"
    )
    if len(close) > 1:
        others = ", ".join(c.candidate for c in close if c is not chosen)
        words += f"; equally precise but not cheaper: {others}"
    if failed:
        words += f"; FAILED: {', '.join(failed)}"
    return words
