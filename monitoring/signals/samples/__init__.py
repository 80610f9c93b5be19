"""Results of the other packages as samples of catalogue metrics; pure functions.

What could not be computed is left out, and a sample of `tocsin_status_info` says why.
"""

from monitoring.signals.samples.class_samples import class_estimate_samples, class_samples
from monitoring.signals.samples.data_samples import (
    label_problem_samples,
    quarantine_samples,
    skew_samples,
    verdict_samples,
    window_samples,
)
from monitoring.signals.samples.model_samples import gate_samples, model_samples, retrain_samples
from monitoring.signals.samples.performance_samples import (
    attribution_samples,
    cost_samples,
    error_samples,
    estimate_samples,
    scorecard_samples,
)
from monitoring.signals.statuses import PERFORMANCE, unmeasured_samples

__all__ = [
    "PERFORMANCE",
    "attribution_samples",
    "class_estimate_samples",
    "class_samples",
    "cost_samples",
    "error_samples",
    "estimate_samples",
    "gate_samples",
    "label_problem_samples",
    "model_samples",
    "quarantine_samples",
    "retrain_samples",
    "scorecard_samples",
    "skew_samples",
    "unmeasured_samples",
    "verdict_samples",
    "window_samples",
]
