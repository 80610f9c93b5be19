"""Shadow: what the challenger says of production rows; it is logged, and never acted on."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import numpy as np

from monitoring.performance.scorecard import Scorecard
from monitoring.rows.rows import Role, Rows, moment64
from monitoring.rows.window import Window
from monitoring.steps.cards import realised_of, scores_of
from monitoring.steps.places import model_registry
from monitoring.steps.run import Result
from monitoring.store.production_store import ProductionStore
from monitoring.store.window_source import WindowSource
from monitoring.training.model import Model
from monitoring.use_case import UseCase


class Shadowed(Result):
    """The newest mature window as the shadow model would have had it.

    Attributes
    ----------
    card, champion
        Scorecards of the shadow and of the champion, on the rows that both scored.
    """

    version: str
    candidate: str
    card: Scorecard
    champion: Scorecard


@dataclass(frozen=True)
class Shadow:
    """The challenger, and the store that its scores are logged in."""

    challenger: Model
    store: ProductionStore

    def score(self, case: UseCase, rows: Rows, as_of: datetime) -> None:
        """Log the scores of rows that the challenger learned nothing from; what is there stays."""
        unseen = rows.take(rows.event_time > moment64(self.challenger.trained_as_of))
        scores = self.challenger.score(unseen.features)
        self.store.add_scores(
            case,
            unseen.row_id,
            scores,
            alarmed=scores >= self.challenger.threshold,
            model_version=str(self.challenger.version),
            role=Role.SHADOW,
            scored_at=as_of,
        )


def shadow_of(case: UseCase, store: ProductionStore) -> Shadow | None:
    """Return the newest version that lost or waits, as a shadow; None where there is none."""
    registry = model_registry()
    version = registry.challenger(case)
    return None if version is None else Shadow(registry.load(case, version.number), store)


def shadowed(
    store: WindowSource,
    case: UseCase,
    window: Window,
    as_of: datetime,
    *,
    past: Rows,
    scorer: Model | None,
) -> Shadowed | None:
    """Return both models on the rows of a mature window that both scored.

    None where no shadow scored any of it, or the model that served was no other.

    Parameters
    ----------
    past, scorer
        The window's rows as the champion scored them, and the version that did.
    """
    logged = store.scored(case, window, as_of, Role.SHADOW)
    if logged.score is None or past.score is None or scorer is None:
        return None
    both = ~np.isnan(logged.score) & ~np.isnan(past.score)
    if logged.model_version in (None, scorer.version):
        return None
    shadow = model_registry().load(case, str(logged.model_version))
    ours, theirs = (
        realised_of(scores_of(rows.take(both), model), model, case, window.length)
        for rows, model in ((logged, shadow), (past, scorer))
    )
    if ours is None or theirs is None:
        return None
    return Shadowed(
        version=str(shadow.version), candidate=shadow.candidate, card=ours, champion=theirs
    )
