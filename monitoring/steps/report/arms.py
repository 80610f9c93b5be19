"""The arms: versions that answered a share of live rows, each judged on its own rows."""

from __future__ import annotations

import logging
from datetime import datetime

import numpy as np

from monitoring.performance.class_scorecard import ClassScorecard
from monitoring.performance.scorecard import Scorecard
from monitoring.rows.rows import Role, Rows
from monitoring.rows.window import Window
from monitoring.steps.places import model_registry
from monitoring.steps.report.window_figures import classes_of, realised_of
from monitoring.steps.run import Result
from monitoring.steps.stored_windows import scores_of
from monitoring.store.row_source import RowSource
from monitoring.summary.build import classes_of as class_counts_of
from monitoring.use_case import UseCase
from monitoring.wording import percent

log = logging.getLogger(__name__)

_UNKNOWN = "of unknown candidate"
"""In place of the candidate of a version that the registry does not have."""


class ArmFigures(Result):
    """The newest mature window's rows that one version answered in the champion's place.

    Attributes
    ----------
    share
        Those rows among all that were decided on.
    card
        None where the version can't be loaded.
    classes
        The same rows by class; None besides where the target has two values.
    """

    version: str
    candidate: str
    share: float
    card: Scorecard | None
    classes: ClassScorecard | None = None

    @property
    def role(self) -> str:
        """What its figures are published under: bounded by the candidates, unlike versions."""
        return f"{Role.ARM} {self.candidate}"

    def sentence(self, case: UseCase) -> str:
        """Return what it came to in one line."""
        of = f"version {self.version} ({self.candidate}), an arm, on its {percent(self.share, 1)}"
        if self.card is None:
            return f"{of} of the rows: it can't be loaded, see the log"
        said = self.card.sentence(case.words.positives, case.costs.currency)
        by_class = "" if self.classes is None else f". {self.classes.sentence}"
        return f"{of} of the rows: {said}{by_class}"


class Arms(Result):
    """The arms of a window, the one that answered last first.

    Attributes
    ----------
    champion_share
        The rows that champions decided on among all.
    """

    champion_share: float = 1.0
    figures: tuple[ArmFigures, ...] = ()

    def sentences(self, case: UseCase) -> list[str]:
        """Return a line of each arm."""
        return [arm.sentence(case) for arm in self.figures]


NO_ARMS = Arms()


def arms_of(store: RowSource, case: UseCase, window: Window, as_of: datetime) -> Arms:
    """Return what each arm came to on its own rows of a mature window.

    Of several versions of one candidate it is the one that answered last, as it is with champions.
    """
    rows = store.versions(case, window, as_of, Role.ARM)
    if not rows:
        return NO_ARMS
    decided = sum(rows.values())
    decided += sum(store.versions(case, window, as_of, Role.CHAMPION).values())
    newest: dict[str, ArmFigures] = {}
    for version, answered in rows.items():
        arm = _figures(
            store.scored(case, window, as_of, Role.ARM, version), case, window, answered / decided
        )
        newest.setdefault(arm.candidate, arm)
    return Arms(champion_share=1 - sum(rows.values()) / decided, figures=tuple(newest.values()))


def _figures(logged: Rows, case: UseCase, window: Window, share: float) -> ArmFigures:
    assert logged.score is not None  # noqa: S101  # nosec B101 # its version scored some
    version, candidate, registry = str(logged.model_version), _UNKNOWN, model_registry()
    try:
        candidate = registry.version(case, version).candidate
        model = registry.load(case, version)
    except Exception:  # whatever a registry, a store of files or a file format may raise
        log.warning(
            "use case %s: version %s, an arm, can't be loaded", case.name, version, exc_info=True
        )
        return ArmFigures(version=version, candidate=candidate, share=share, card=None)
    own = logged.take(~np.isnan(logged.score))
    # The team's capacity is divided among the arms as the rows are.
    return ArmFigures(
        version=version,
        candidate=candidate,
        share=share,
        card=realised_of(scores_of(own, model), model, case, window.length * share),
        classes=classes_of(class_counts_of(own, model.reference), case),
    )
