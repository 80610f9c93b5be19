"""Drift above its limit in a watched model: whoever trains it is called."""

from __future__ import annotations

import logging
import os

import requests
from pydantic import SecretStr

from monitoring.notifications.channels import answered, in_three_tries, post
from monitoring.steps.report.measurement import Measured
from monitoring.steps.run import Result, Run, StepError

log = logging.getLogger(__name__)


class Called(Result):
    """The webhook was called, by the verdict's id."""

    verdict_id: str


def call_on_drift(run: Run) -> Called:
    """Post the verdict to the webhook of the use case, in place of a retrain.

    Every report whose verdict lies above the limit posts; `verdict_id` is the same whenever it is
    the same verdict, so that who is called can tell.

    Raises
    ------
    StepError
        The variable is not set, or nobody accepted the call in three tries.
    """
    case, verdict = run.declared, run.need("measured", Measured).verdict
    declared = None if case.production is None else case.production.on_drift
    if declared is None:
        msg = f"use case {case.name}: `production.on_drift` names no webhook"
        raise StepError(msg)
    url = os.environ.get(declared.webhook, "").strip()
    if not url.startswith(("http://", "https://")):
        msg = (
            f"use case {case.name}: production.on_drift.webhook: the environment variable "
            f"{declared.webhook} holds no URL: set it to http(s)://..., or leave `on_drift` out"
        )
        raise StepError(msg)
    body = {
        "event": "drift",
        "use_case": case.name,
        "verdict_id": verdict.id,
        "model_version": verdict.model_version,
        "drift_share": verdict.share,
        "drifted_features": [part.name for part in verdict.features if part.drifted],
        "window_start": None if verdict.window_start is None else verdict.window_start.isoformat(),
        "window_end": None if verdict.window_end is None else verdict.window_end.isoformat(),
        "as_of": run.as_of.isoformat(),
        "text": verdict.sentence,
    }
    try:
        in_three_tries(lambda: post(SecretStr(url), body))
    except requests.RequestException as error:
        msg = (
            f"use case {case.name}: the webhook in {declared.webhook} did not accept the call in "
            f"three tries ({answered(error)})"
        )
        raise StepError(msg) from None
    log.info("%s: %s was called", verdict.id, declared.webhook)
    called = Called(verdict_id=verdict.id)
    run.write("called_on_drift", called)
    return called
