"""Promotion: the champion is backed up, the challenger registered, and the gate decides."""

from __future__ import annotations

import logging

from monitoring.settings import settings
from monitoring.steps.places import model_registry
from monitoring.steps.retrain.candidates import Selection
from monitoring.steps.retrain.decision import Decision, Reason
from monitoring.steps.retrain.training_set import Merged, merged_rows
from monitoring.steps.run import Result, Run
from monitoring.training.gate import GateDecision, gate, gate_tags
from monitoring.training.registry import Registry
from monitoring.training.versions import Version

log = logging.getLogger(__name__)
_HELD = "a champion was taken back, and nothing is promoted until `tocsin release {}`"


class Backup(Result):
    """The copy of the champion that served when the retrain began; empty before the first one."""

    version: str | None
    folder: str | None


class Promotion(Result):
    """The gate's decision on the challenger, and the version that serves now."""

    version: str
    serving: str | None
    gate: GateDecision

    @property
    def words(self) -> str:
        """Return it as one sentence."""
        verb = "took over" if self.gate.promote else "did not take over"
        return f"version {self.version} {verb}: {self.gate.reason}"


def back_up_champion(run: Run) -> Backup:
    """Copy the champion's files to the state folder, in case the registry is lost."""
    case, registry = run.case, model_registry()
    version = registry.champion(case)
    if version is None:
        backup = Backup(version=None, folder=None)
    else:
        folder = registry.back_up(case, version, settings().backups / case.name / version.number)
        backup = Backup(version=version.number, folder=str(folder))
    run.write("backup", backup)
    return backup


def promote(run: Run) -> Promotion:
    """Register the selected candidate, ask the gate, and switch by one alias move.

    A retry after a kill decides the same, since it compares with the same champion: the one
    that served before the switch, if that was already made.
    """
    case, registry = run.case, model_registry()
    version = registry.register(case, run.need("selection", Selection).run_id)
    registry.challenge(case, version)
    rival = _rival(run, registry, version)
    asked_by = run.need("decision", Decision).reason
    decision = gate(
        registry.load(case, version.number),
        None if rival is None else registry.load(case, rival),
        merged_rows(run, case),
        case,
        drift_asked=asked_by is Reason.DRIFT,
        hold=None if registry.hold(case) is None else _HELD.format(case.name),
    )
    registry.note(case, version, gate_tags(decision), asked_by=asked_by, as_of=run.as_of)
    if decision.promote:
        registry.promote(case, version, on_probation=True)
    serving = registry.champion(case)
    promotion = Promotion(
        version=version.number,
        serving=None if serving is None else serving.number,
        gate=decision,
    )
    run.write("promotion", promotion)
    log.info(promotion.words)
    return promotion


def retrain_sentences(run: Run, selection: Selection, promotion: Promotion) -> tuple[str, ...]:
    """Say why a retrain ran, what it learned from, what it chose, and what the gate said."""
    decision = run.need("decision", Decision)
    return (
        f"Reason: {decision.reason}; {decision.words}",
        run.need("merged", Merged).words,
        selection.words,
        promotion.words,
    )


def _rival(run: Run, registry: Registry, version: Version) -> str | None:
    """Return the version that serves, or that served before this one's switch."""
    serving = registry.champion(run.case)
    if serving is not None and serving.number == version.number:
        return run.need("backup", Backup).version
    return None if serving is None else serving.number
