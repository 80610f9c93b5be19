"""Training: candidates are searched, calibrated and judged; models stored, selected, switched."""

import os

from monitoring.errors import TocsinError

# Read by OpenMP when a library first loads it: its threads then sleep while they wait. Left to
# spin, two of them on two busy cores take ten times the CPU seconds (LightGBM, XGBoost).
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")


class TrainingError(TocsinError, ValueError):
    """A model can't be trained, saved or loaded; the message says why and what to do."""
