"""Versions in shadow: their scores of production rows are logged, and never acted on."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from datetime import datetime, timedelta

import numpy as np

from monitoring.errors import InputError
from monitoring.performance.scorecard import Scorecard
from monitoring.rows.rows import Role, Rows, moment64
from monitoring.rows.window import Window
from monitoring.signals.statuses import Unmeasured
from monitoring.steps.places import model_registry
from monitoring.steps.report.window_figures import realised_of
from monitoring.steps.run import Result
from monitoring.steps.stored_windows import scores_of
from monitoring.store.production_store import ProductionStore
from monitoring.store.row_source import RowSource
from monitoring.training.model import Model
from monitoring.use_case import UseCase

log = logging.getLogger(__name__)


class ShadowFigures(Result):
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
    """The version in shadow, and the store that its scores are logged in."""

    version: str
    store: ProductionStore

    def score(self, case: UseCase, rows: Rows, as_of: datetime) -> Unmeasured | None:
        """Log the version's scores of rows; the status where it can't be loaded or can't score."""
        try:
            challenger = model_registry().load(case, self.version)
            unseen = unseen_by(challenger, rows)
            scores, probabilities = challenger.scores(unseen.features)
        except Exception as error:  # noqa: BLE001  whatever a registry or an estimator may raise
            return _unreadable(case, self.version, error)
        try:
            self.store.add_scores(
                case,
                unseen.row_id,
                scores,
                alarmed=scores >= challenger.threshold,
                model_version=self.version,
                role=Role.SHADOW,
                scored_at=as_of,
                probabilities=probabilities,
            )
        except InputError as error:  # its scores are no probabilities
            return _unreadable(case, self.version, error)
        return None


def unseen_by(model: Model, rows: Rows) -> Rows:
    """Return the rows that a model has learned nothing from: those later than all it saw."""
    return rows.take(rows.event_time > moment64(model.trained_as_of))


def shadows_of(case: UseCase, store: ProductionStore) -> tuple[Shadow, ...]:
    """Return the versions in shadow: the newest that lost or waits, and that before the champion.

    The latter as long as the champion is on probation.
    """
    registry = model_registry()
    challenger, probation = registry.challenger(case), registry.probation(case)
    numbers = [
        *([] if challenger is None else [challenger.number]),
        *([] if probation is None else [probation.before]),
    ]
    return tuple(Shadow(number, store) for number in dict.fromkeys(numbers))


def shadow_figures(
    store: RowSource,
    case: UseCase,
    window: Window,
    as_of: datetime,
    *,
    past: Rows,
    scorer: Model | None,
    reviewed: timedelta,
) -> ShadowFigures | Unmeasured | None:
    """Return both models on the rows of a mature window that both scored.

    None where no shadow scored any of it, or the model that served was no other; the status
    where the shadow can't be loaded.

    Parameters
    ----------
    past, scorer
        The window's rows as the champion scored them, and the version that did.
    reviewed
        The part of the window's reviews that the champion's alarms have.
    """
    logged = store.scored(case, window, as_of, Role.SHADOW, _in_shadow(store, case, window, as_of))
    if logged.score is None or past.score is None or scorer is None:
        return None
    both = ~np.isnan(logged.score) & ~np.isnan(past.score)
    if logged.model_version in (None, scorer.version):
        return None
    version = str(logged.model_version)
    try:
        shadow = model_registry().load(case, version)
    except Exception as error:  # noqa: BLE001  whatever a registry or a file format may raise
        return _unreadable(case, version, error)
    ours, theirs = (
        realised_of(scores_of(rows.take(both), model), model, case, reviewed)
        for rows, model in ((logged, shadow), (past, scorer))
    )
    if ours is None or theirs is None:
        return None
    return ShadowFigures(version=version, candidate=shadow.candidate, card=ours, champion=theirs)


def _in_shadow(store: RowSource, case: UseCase, window: Window, as_of: datetime) -> str | None:
    """Return the challenger where others scored in shadow too; candidates that were asked do."""
    scored = store.versions(case, window, as_of, Role.SHADOW)
    challenger = model_registry().challenger(case) if len(scored) > 1 else None
    return challenger.number if challenger is not None and challenger.number in scored else None


def _unreadable(case: UseCase, version: str, error: Exception) -> Unmeasured:
    log.warning(
        "use case %s: version %s, in shadow, can't be loaded or can't score",
        case.name,
        version,
        exc_info=error,
    )
    return Unmeasured.UNREADABLE
