"""Ours, a whole report: every step of the reporting DAG, one after the other in this process."""

from __future__ import annotations

import os
import time

# What the steps import where they need it: imports are not counted, here as elsewhere.
from benchmarks.peers.messages import ReportAnswer, ReportRequest
from benchmarks.peers.meter import Meter
from benchmarks.peers.serve import serve
from monitoring.rows.window import ending
from monitoring.settings import settings
from monitoring.signals.pipelines import Pipeline
from monitoring.steps import begin
from monitoring.steps.order import REPORT
from monitoring.steps.places import champion_model, production_store
from monitoring.steps.report.measurement import Measured


def answer(request: ReportRequest) -> ReportAnswer:
    """Run the steps; no Pushgateway is set, so that figures are made and not sent."""
    for name in ("use_cases", "data", "state", "reports"):
        os.environ[f"TOCSIN_{name.upper()}"] = getattr(request, name)
    settings.cache_clear()
    run = begin.by_hand(Pipeline.REPORT, request.use_case, as_of=request.as_of)
    champion_model(run.case)  # so that MLflow and the model's libraries are imported
    meter, taken = Meter(), {}
    with meter.working():
        for step in REPORT.named_steps:
            began = time.process_time()
            REPORT.call(step, run)
            taken[step.name] = time.process_time() - began
    mature = run.need("measured", Measured).mature_window
    with production_store() as store:
        recent = ending(run.as_of, run.case.drift.window)
        rows = sum(store.count_rows(run.case, w, run.as_of) for w in (recent, mature))
    return ReportAnswer(
        cpu_seconds=taken, rows=rows, cost=meter.cost("tocsin", "evidently", "mlflow")
    )


if __name__ == "__main__":
    serve(ReportRequest, answer)
