"""What a retrain does, step by step; the retrain DAG and `tocsin retrain` call these by name."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from monitoring.steps.notification import Told, tell
from monitoring.steps.places import production_store
from monitoring.steps.publish import publish_retrain, publish_run_success
from monitoring.steps.retrain.candidates import (
    Selection,
    forget_candidates,
    log_candidate,
    search,
    select,
    train,
)
from monitoring.steps.retrain.decision import Decision, check_production_data, decide, detect_drift
from monitoring.steps.retrain.promotion import Promotion, back_up_champion, promote
from monitoring.steps.retrain.training_set import (
    Archived,
    Merged,
    archive_production_data,
    forget_rows,
    merge_production_data,
)
from monitoring.steps.run import Result, Run


class Published(Result):
    """The figures were pushed."""


def publish_metrics(run: Run) -> Published:
    """Publish the decision and the serving model, whichever way the run went."""
    with production_store() as store:
        new_labelled = store.new_labelled(run.case, run.as_of)
    publish_retrain(
        run,
        run.read("decision", Decision),
        run.read("promotion", Promotion),
        new_labelled=new_labelled,
    )
    published = Published()
    run.write("published", published)
    return published


def notify(run: Run) -> Told:
    """Tell people how the run went, whichever way it went; success is told to Prometheus last."""
    case = run.case
    decision = run.read("decision", Decision)
    promotion = run.read("promotion", Promotion)
    published = run.read("published", Published) is not None
    succeeded = False
    if decision is None:
        told = Told(title=f"{case.title}: retrain failed", text="It failed before it could decide.")
    elif not decision.go:
        told = Told(title=f"{case.title}: no retrain", text=f"{decision.reason}: {decision.words}")
        succeeded = published
    elif promotion is None or run.read("archived", Archived) is None or not published:
        told = Told(title=f"{case.title}: retrain failed", text="See the log of the failed step.")
    else:
        told = _retrained(run, case.title, decision, promotion)
        succeeded = True
    tell(told, use_case=case.name, pipeline=run.pipeline.value, run=run.key)
    run.write("told", told)
    if succeeded:
        forget_rows(run)
        forget_candidates(run)
        publish_run_success(run)
    return told


def _retrained(run: Run, title: str, decision: Decision, promotion: Promotion) -> Told:
    outcome = "new champion" if promotion.gate.promote else "champion kept"
    lines = [
        f"Asked for by {decision.reason}: {decision.words}",
        run.need("merged", Merged).words,
        run.need("selection", Selection).words,
        promotion.words,
    ]
    return Told(title=f"{title}: {outcome}", text="\n".join(lines))


STEPS: dict[str, Callable[[Run], Result]] = {
    "check_production_data": check_production_data,
    "detect_drift": detect_drift,
    "decide": decide,
    "back_up_champion": back_up_champion,
    "merge_production_data": merge_production_data,
    "select": select,
    "promote": promote,
    "archive_production_data": archive_production_data,
    "publish_metrics": publish_metrics,
    "notify": notify,
}
"""The steps of a run, in order, by the name of their task; candidates come before `select`."""

CANDIDATE_STEPS: dict[str, Callable[[Run, str], Result]] = {
    "search": search,
    "train": train,
    "log": log_candidate,
}
"""The steps of one candidate, in order."""


def call(name: str, run: dict[str, Any], candidate: str | None = None) -> dict[str, Any]:
    """Call a step for a task: JSON in, small JSON out."""
    opened = Run.model_validate(run)
    if candidate is not None:
        return CANDIDATE_STEPS[name](opened, candidate).model_dump(mode="json")
    return STEPS[name](opened).model_dump(mode="json")
