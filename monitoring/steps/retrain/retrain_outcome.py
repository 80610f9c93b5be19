"""The outcome of a retrain: its figures published, and its notification sent."""

from __future__ import annotations

from monitoring.signals.metric import Sample
from monitoring.signals.pipelines import PushGroup
from monitoring.signals.samples import gate_samples, retrain_samples
from monitoring.signals.statuses import RetrainDecision
from monitoring.steps.notification import Notification
from monitoring.steps.notification import notify as send
from monitoring.steps.places import production_store
from monitoring.steps.publish import publish_model, publish_run_success, push
from monitoring.steps.retrain.candidates import Selection, remove_candidates
from monitoring.steps.retrain.decision import Decision
from monitoring.steps.retrain.promotion import Promotion, retrain_sentences
from monitoring.steps.retrain.reloading import reload_sentences
from monitoring.steps.retrain.training_set import Archived, remove_snapshot
from monitoring.steps.run import Result, Run


class Published(Result):
    """The figures were pushed."""


def publish_metrics(run: Run) -> Published:
    """Publish the decision and the serving model, whichever way the run went."""
    with production_store() as store:
        new_labelled = store.new_labelled(run.declared, run.as_of)
    publish_retrain(
        run,
        run.read("decision", Decision),
        run.read("promotion", Promotion),
        new_labelled=new_labelled,
    )
    published = Published()
    run.write("published", published)
    return published


def notify(run: Run) -> Notification:
    """Publish that the run succeeded, if it did; then notify of it, whichever way it went.

    In this order: a webhook that is down makes no figure stale.
    """
    decision = run.read("decision", Decision)
    promotion = run.read("promotion", Promotion)
    if decision is None or not _succeeded(run, decision, promotion):
        notification = Notification.of_failure(run)
    else:
        publish_run_success(run)
        remove_snapshot(run)
        remove_candidates(run)
        notification = _notification(run, decision, promotion)
    send(run, notification)
    return notification


def _succeeded(run: Run, decision: Decision, promotion: Promotion | None) -> bool:
    """Return whether every step did its work; a candidate may fail as long as one did not."""
    retrained = promotion is not None and run.read("archived", Archived) is not None
    candidates = run.declared.candidates
    failed = [one for one in run.failures() if one.step.partition(".")[0] not in candidates]
    published = run.read("published", Published) is not None
    return published and (retrained or not decision.go) and not failed


def _notification(run: Run, decision: Decision, promotion: Promotion | None) -> Notification:
    if promotion is None:
        text = f"{decision.reason}: {decision.words}"
        return Notification.of_success(run, "no retrain", text)
    outcome = "new champion" if promotion.gate.promote else "champion unchanged"
    sentences = retrain_sentences(run, run.need("selection", Selection), promotion)
    text = "\n".join((*sentences, *reload_sentences(run)))
    return Notification.of_success(run, outcome, text, version=promotion.version)


def publish_retrain(
    run: Run, decision: Decision | None, promotion: Promotion | None, *, new_labelled: int
) -> None:
    """Publish what a retrain decided and, whatever came of it, the model that now serves.

    Parameters
    ----------
    new_labelled
        Labelled production rows that no retrain has consumed, as it is now.
    """
    if decision is not None:
        samples = retrain_samples(
            decision=_decided(decision, promotion),
            reason=decision.reason.value,
            new_labelled=new_labelled,
            waiting_for_labels=_waiting(decision, promotion),
        )
        push(run.declared, PushGroup.RETRAIN, samples)
    if promotion is not None:
        push(run.declared, PushGroup.GATE, _gate_samples(promotion))
    publish_model(run.declared)


def _waiting(decision: Decision, promotion: Promotion | None) -> bool:
    """Return whether drift still asks for a retrain: a champion of this run is an answer to it."""
    if promotion is None:
        return decision.waiting
    return not promotion.gate.promote and (decision.waiting or promotion.gate.waiting)


def _decided(decision: Decision, promotion: Promotion | None) -> RetrainDecision:
    if not decision.go:
        return RetrainDecision.SKIPPED
    if promotion is None:
        return RetrainDecision.FAILED
    return RetrainDecision.PROMOTED if promotion.gate.promote else RetrainDecision.KEPT_CHAMPION


def _gate_samples(promotion: Promotion) -> tuple[Sample, ...]:
    gate = promotion.gate
    return gate_samples(
        version=promotion.version,
        rule=gate.rule.value,
        outcome=gate.outcome.value,
        rows=gate.rows,
        positives=gate.positives,
        comparison=gate.compared,
    )
