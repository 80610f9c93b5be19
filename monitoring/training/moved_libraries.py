"""Models that were saved by other libraries than those that load them: they have to score alike."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from importlib.metadata import version as installed
from typing import TYPE_CHECKING

import numpy as np

from monitoring.reports.facts import SCORE
from monitoring.training import TrainingError

if TYPE_CHECKING:
    import pandas as pd

    from monitoring.training.calibration import CalibratedClasses, CalibratedClassifier

log = logging.getLogger(__name__)

LEARNERS = ("scikit-learn", "lightgbm", "xgboost-cpu")
"""Distributions whose estimators a model is made of."""

PROBE_ROWS = 200
"""Rows of its own that are saved with a model, with the scores that it gave them then."""

ALIKE = 1e-6
"""Scores that differ by less, absolutely or as a share, are the same."""


def moved(saved: Mapping[str, str]) -> tuple[str, ...]:
    """Return, for each library that is another version here: trained with which, scored with which.

    Parameters
    ----------
    saved
        Versions by distribution, as a model's manifest has them.
    """
    return tuple(
        f"trained with {name} {saved[name]}, scored with {installed(name)}"
        for name in LEARNERS
        if name in saved and saved[name] != installed(name)
    )


def check_scores(
    pipeline: CalibratedClassifier | CalibratedClasses,
    probe: pd.DataFrame | None,
    saved: Mapping[str, str],
    named: str,
) -> None:
    """Check that a model whose libraries have moved since it was saved scores its rows as then.

    Parameters
    ----------
    probe
        Rows with the scores that they had; None of a model that was saved without.
    named
        The model, for the message.

    Raises
    ------
    TrainingError
        It scores them otherwise.
    """
    from monitoring.training.calibration import scores_by

    words = "; ".join(moved(saved))
    if probe is None:
        log.warning("%s: %s; whether its scores are the same is not known", named, words)
        return
    now, _ = scores_by(pipeline, probe.drop(columns=SCORE))
    then = probe[SCORE].to_numpy(np.float64)
    if not np.allclose(now, then, rtol=ALIKE, atol=ALIKE):
        pins = " ".join(f"{name}=={saved[name]}" for name in LEARNERS if name in saved)
        msg = (
            f"{named}: {words}, and of {len(then):,} of its own rows the scores now "
            f"differ by up to {float(np.max(np.abs(now - then))):.3g}: install {pins}, or train it "
            "again by `tocsin retrain USE_CASE --force`"
        )
        raise TrainingError(msg)
    log.warning("%s: %s: its own rows have the scores that they had", named, words)
