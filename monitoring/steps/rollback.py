"""What a person decides: an earlier version serves again, or promotions are released."""

from __future__ import annotations

import logging

from monitoring.signals.pushgateway import PublishError
from monitoring.steps.notification import Notification, post
from monitoring.steps.places import model_registry
from monitoring.steps.publish import publish_model
from monitoring.steps.run import Result, StepError
from monitoring.training.registry import Registry
from monitoring.training.versions import Version
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
        """Return it as one sentence."""
        return (
            f"version {self.version} ({self.candidate}, threshold {self.threshold:.4g}) serves "
            f"again instead of version {self.replaced}"
        )


def roll_back(case: UseCase, *, to: str | None = None) -> RolledBack:
    """Let an earlier version serve again, with everything that belongs to it, by one alias move.

    Pipeline, calibration, threshold and reference are files of the version. The gate has no say: a
    person has decided. The version that served becomes `previous`.

    Parameters
    ----------
    to
        Number of the version; the one that served before the champion if left out.

    Raises
    ------
    StepError
        Nothing serves, nothing served before, or the version serves already; or the switch is
        made, but was not published, or its notification not delivered.
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
    _announce(case, done)
    return done


class Released(Result):
    """What promotions were held for; None where they were not held."""

    use_case: str
    held: str | None

    @property
    def words(self) -> str:
        """Return it as one sentence."""
        if self.held is None:
            return f"promotions of {self.use_case} were not held: nothing changed"
        return f"promotions of {self.use_case} are released; they were held since: {self.held}"


def release_promotions(case: UseCase) -> Released:
    """Let challengers be promoted again, after a champion was taken back.

    Raises
    ------
    PublishError
        It is done, but was not published.
    """
    held = model_registry().release(case)
    publish_model(case)
    released = Released(use_case=case.name, held=held)
    log.info(released.words)
    return released


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


def _announce(case: UseCase, done: RolledBack) -> None:
    """Publish and notify, each whether or not the other one fails."""
    notification = Notification(title=f"{case.title}: rolled back", text=done.words)
    problems = []
    try:
        publish_model(case)
    except PublishError as error:
        problems.append(str(error))
    try:
        post(notification, use_case=case.name, version=done.version, replaced=done.replaced)
    except StepError as error:
        problems.append(str(error))
    if problems:
        msg = (
            f"use case {case.name}: {done.words}, but that was not announced everywhere: "
            f"{'; '.join(problems)}. Do not roll back again: the next run publishes which "
            "version serves"
        )
        raise StepError(msg)
