"""Probation of a new champion: rolled back by itself where its own time proves it dearer."""

from __future__ import annotations

import logging
from datetime import datetime, timedelta

import numpy as np

from monitoring.rows.maturity import settled
from monitoring.rows.rows import POSITIVE, Role, Rows
from monitoring.rows.window import Window
from monitoring.steps.places import model_registry, production_store
from monitoring.steps.publish import publish_model
from monitoring.steps.run import Result, Run
from monitoring.training.gate import decided_outcomes
from monitoring.training.probation import Proof, proof
from monitoring.training.versions import Probation
from monitoring.use_case import UseCase
from monitoring.wording import several

log = logging.getLogger(__name__)

LENGTH = timedelta(days=21)
"""How long after a promotion the version before it goes on in shadow, beyond the labels' delay."""


class Probated(Result):
    """What a report found of a champion on probation.

    Attributes
    ----------
    version, before
        The champion on probation, and the version before it; None where none is on probation.
    taken_back
        Whether the version before serves again.
    proof
        What the rows that both decided on say; None where there are too few of them.
    """

    version: str | None = None
    before: str | None = None
    taken_back: bool = False
    proof: Proof | None = None

    def text(self, case: UseCase) -> str | None:
        """Return what happened in one sentence; None where nothing did."""
        if not self.taken_back or self.proof is None:
            return None
        found = self.proof
        return (
            f"TAKEN BACK: version {self.version} cost {found.new_cost:.4f} {case.costs.currency} "
            f"per row of its own time, version {self.before} would have cost "
            f"{found.old_cost:.4f} ({several(found.rows, 'row')} with "
            f"{several(found.positives, case.words.positive, case.words.positives)} "
            f"that both decided on); version {self.before} serves again, "
            f"and nothing is promoted until `tocsin release {case.name}`"
        )


def judge_probation(run: Run) -> Probated:
    """Take a new champion back that its own labelled rows prove dearer than the version before it.

    A retry after a kill finishes the switch, and finds nothing more to do.
    """
    case, registry = run.case, model_registry()
    probated = run.read("probated", Probated)
    if probated is None or not probated.taken_back:
        probated = _judged(case, registry.probation(case), run.as_of)
        # Before the switch: a retry knows by it that the switch is to be finished.
        run.write("probated", probated)
    if probated.taken_back and probated.before is not None:
        words = str(probated.text(case))
        registry.take_back(case, to=probated.before, reason=words)
        publish_model(case)
        log.warning(words)
    return probated


def _judged(case: UseCase, probation: Probation | None, as_of: datetime) -> Probated:
    if probation is None or as_of > probation.since + LENGTH + case.labels.mature_after:
        return Probated()
    window = Window(probation.since - case.drift.window, as_of)
    with production_store() as store:
        served = store.scored(case, window, as_of, Role.CHAMPION, probation.version)
        shadow = store.scored(case, window, as_of, Role.SHADOW, probation.before)
    found = _proof(case, probation, served, shadow, as_of)
    return Probated(
        version=probation.version,
        before=probation.before,
        taken_back=found is not None and found.worse,
        proof=found,
    )


def _proof(
    case: UseCase, probation: Probation, served: Rows, shadow: Rows, as_of: datetime
) -> Proof | None:
    """Return what the settled rows say that the champion decided on and the other one scored."""
    if served.score is None or shadow.score is None or not len(shadow):
        return None
    rows = settled(served, case.labels, as_of)
    assert rows.score is not None  # noqa: S101  # nosec B101 # the rows are scored
    before = shadow.scores_of(rows.row_id)
    both = ~np.isnan(rows.score) & ~np.isnan(before)
    rows, before = rows.take(both), before[both]
    positive = rows.label == POSITIVE
    if len(rows) < case.drift.min_rows or int(positive.sum()) < case.min_positives:
        return None
    assert rows.score is not None  # noqa: S101  # nosec B101 # the rows are scored
    new, old = (
        decided_outcomes(rows, score, score >= _threshold(case, version), case)
        for score, version in ((rows.score, probation.version), (before, probation.before))
    )
    return proof(new, old, positive, rows.weight)


def _threshold(case: UseCase, version: str) -> float:
    registry = model_registry()
    return registry.manifest(case, registry.version(case, version)).threshold
