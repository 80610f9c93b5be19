"""Rollback: the champion's alias moved back to an earlier version, by a person's word."""

from __future__ import annotations

import logging

from monitoring.signals.pushgateway import PublishError
from monitoring.steps.notification import Told, tell
from monitoring.steps.places import model_registry
from monitoring.steps.publish import publish_model
from monitoring.steps.run import Result, StepError
from monitoring.training.registry import Registry, Version
from monitoring.use_case import UseCase

log = logging.getLogger(__name__)


class RolledBack(Result):
    """Which version serves now, and which one did before."""

    use_case: str
    version: str
    candidate: str
    replaced: str
    threshold: float

    @property
    def words(self) -> str:
        """Say it in one sentence."""
        return (
            f"version {self.version} ({self.candidate}, threshold {self.threshold:.4g}) serves "
            f"again in the place of version {self.replaced}"
        )


def roll_back(case: UseCase, *, to: str | None = None) -> RolledBack:
    """Let an earlier version serve again: by one alias move all that belongs to it comes along.

    Pipeline, calibration, threshold and reference are files of the version. No gate is asked: a
    person has decided. The version that served becomes `previous`.

    Parameters
    ----------
    to
        Number of the version; the one that served before the champion if left out.

    Raises
    ------
    StepError
        Nothing serves, nothing served before, or the version serves already; or the switch is
        made, and people or Prometheus could not be told.
    TrainingError
        There is no such version, or its files are not a model's: nothing is changed.
    """
    registry = model_registry()
    serving = registry.champion(case)
    if serving is None:
        msg = f"use case {case.name}: nothing serves yet: run `tocsin retrain {case.name}`"
        raise StepError(msg)
    registry.settle(case)
    target = _target(case, registry, serving, to)
    model = registry.load(case, target.number)
    registry.promote(case, target)
    done = RolledBack(
        use_case=case.name,
        version=target.number,
        candidate=target.candidate,
        replaced=serving.number,
        threshold=model.threshold,
    )
    log.info(done.words)
    _tell(case, done)
    return done


def _target(case: UseCase, registry: Registry, serving: Version, to: str | None) -> Version:
    before = registry.previous(case) if to is None else registry.version(case, to)
    if before is not None and before.number != serving.number:
        return before
    what = (
        f"no version served before version {serving.number}: name one"
        if before is None
        else f"version {serving.number} serves already: name another"
    )
    msg = f"use case {case.name}: {what} by `tocsin rollback {case.name} --to VERSION`"
    raise StepError(msg)


def _tell(case: UseCase, done: RolledBack) -> None:
    told = Told(title=f"{case.title}: rolled back", text=done.words)
    try:
        publish_model(case)
        tell(told, use_case=case.name, version=done.version, replaced=done.replaced)
    except (PublishError, OSError) as error:
        msg = (
            f"use case {case.name}: {done.words}, but not everybody could be told: {error}. "
            "Do not roll back again: the next run publishes which version serves"
        )
        raise StepError(msg) from error
