"""Promote: the champion backed up, the challenger registered, held to the gate, and switched to."""

from __future__ import annotations

import logging

from monitoring.settings import settings
from monitoring.steps.candidates import Selection
from monitoring.steps.merge import merged_rows
from monitoring.steps.places import model_registry
from monitoring.steps.run import Result, Run
from monitoring.training.gate import gate

log = logging.getLogger(__name__)


class Backup(Result):
    """The copy of the champion that served when the retrain began; none before the first."""

    version: str | None
    folder: str | None


class Promotion(Result):
    """What the gate said of the challenger, and which version serves now."""

    version: str
    promoted: bool
    reason: str
    serving: str | None

    @property
    def words(self) -> str:
        """Say it in one sentence."""
        verb = "took over" if self.promoted else "did not take over"
        return f"version {self.version} {verb}: {self.reason}"


def back_up_champion(run: Run) -> Backup:
    """Copy the champion's files to the state folder, so that losing the registry loses no model."""
    case, registry = run.case, model_registry()
    version = registry.champion(case)
    if version is None:
        backup = Backup(version=None, folder=None)
    else:
        folder = registry.back_up(version, settings().backups / case.name / version.number)
        backup = Backup(version=version.number, folder=str(folder))
    run.write("backup", backup)
    return backup


def promote(run: Run) -> Promotion:
    """Register the selected candidate, hold it to the gate, and switch by one alias move."""
    case, registry = run.case, model_registry()
    selection = run.need("selection", Selection)
    version = registry.register(case, selection.run_id)
    registry.challenge(case, version)
    before = run.need("backup", Backup).version
    challenger = registry.load(case, version.number)
    champion = None if before is None else registry.load(case, before)
    decision = gate(challenger, champion, merged_rows(run, case), case)
    if decision.promote:
        registry.promote(case, version)
    serving = registry.champion(case)
    promotion = Promotion(
        version=version.number,
        promoted=decision.promote,
        reason=decision.reason,
        serving=None if serving is None else serving.number,
    )
    run.write("promotion", promotion)
    log.info(promotion.words)
    return promotion
