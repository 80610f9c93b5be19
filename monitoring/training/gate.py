"""Gate: the rule by which a challenger becomes champion."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from monitoring.performance.types import CardStatus, Scorecard
from monitoring.rows.rows import POSITIVE, moment64
from monitoring.training.split import days_of
from monitoring.training.train import judged

if TYPE_CHECKING:
    from monitoring.rows.rows import Rows
    from monitoring.training.model import Model
    from monitoring.use_case import UseCase


@dataclass(frozen=True)
class Figures:
    """Both models on the same rows; no champion's before the first, none without such rows."""

    rows: int
    challenger: Scorecard | None
    champion: Scorecard | None


@dataclass(frozen=True)
class GateDecision:
    """Whether the challenger takes over, why, and the figures that said so."""

    promote: bool
    reason: str
    figures: Figures


def gate(challenger: Model, champion: Model | None, rows: Rows, case: UseCase) -> GateDecision:
    """Decide whether a challenger takes over.

    The first one must not be proved worse than `retrain.recall_floor` on its test rows. A later
    one must not cost more a row than the champion, on the newest labelled rows from which
    neither learned anything.

    Parameters
    ----------
    rows
        The labelled rows of this retrain, in order of event time.
    """
    if champion is None:
        return _first(challenger, case)
    unseen = _unseen(rows, challenger, champion)
    positives = int((unseen.label == POSITIVE).sum())
    if positives < case.min_positives or days_of(unseen) == 0:
        reason = (
            f"only {len(unseen):,} rows with {positives} {case.words.positives} are unknown to "
            f"both models, and fewer than {case.min_positives} {case.words.positives} decide "
            "nothing: the champion stays"
        )
        return GateDecision(False, reason, Figures(len(unseen), None, None))
    new, old = (_card_of(model, unseen, case) for model in (challenger, champion))
    return _cheaper(case, Figures(len(unseen), challenger=new, champion=old))


def _first(challenger: Model, case: UseCase) -> GateDecision:
    card, floor = challenger.test, case.retrain.recall_floor
    figures = Figures(card.labelled, card, None)
    judgeable = card.status is CardStatus.JUDGED
    # Of few positives, the interval tells whether the floor can still be met.
    recall = card.recall.value if judgeable else card.recall.high
    words = f"recall {card.recall.value or 0:.0%} of {card.positives} {case.words.positives}"
    if recall is not None and recall < floor:
        reason = f"no champion yet, but test {words} is below the floor of {floor:.0%}"
        return GateDecision(False, reason, figures)
    told = "" if judgeable else f" ({card.status}: the floor was not held against it)"
    return GateDecision(True, f"the first champion, with test {words}{told}", figures)


def _cheaper(case: UseCase, figures: Figures) -> GateDecision:
    new, old = _cost_per_row(figures.challenger), _cost_per_row(figures.champion)
    if new is None or old is None:
        reason = "costs can't be told of rows without amounts: the champion stays"
        return GateDecision(False, reason, figures)
    currency = case.costs.currency
    words = (
        f"{new:.4f} {currency} a row against the champion's {old:.4f}, on {figures.rows:,} rows "
        "that neither learned from"
    )
    if new > old:
        return GateDecision(False, f"it would cost more: {words}", figures)
    return GateDecision(True, f"it costs no more: {words}", figures)


def _unseen(rows: Rows, challenger: Model, champion: Model) -> Rows:
    newest_seen = moment64(max(challenger.trained_as_of, champion.trained_as_of))
    return rows.take(rows.event_time > newest_seen).labelled


def _card_of(model: Model, rows: Rows, case: UseCase) -> Scorecard:
    scored = replace(rows, score=model.score(rows.features), model_version=model.version)
    return judged(case, scored, model.reference)


def _cost_per_row(card: Scorecard | None) -> float | None:
    if card is None or card.money is None:
        return None
    return card.money.cost / card.labelled
