"""Figures of a binary model on the real cards, as they were before targets had classes."""

import hashlib
import json
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from monitoring.drift.detection import drift_verdict
from monitoring.performance.estimate import estimate
from monitoring.performance.money import best_threshold
from monitoring.performance.scorecard import scorecard
from monitoring.rows.rows import Rows
from monitoring.summary.build import summarise
from monitoring.summary.reference import fit_reference
from monitoring.summary.types import Summary
from monitoring.use_case import UseCase
from monitoring.use_case_columns import Features

BEFORE = Path(__file__).parent.parent / "fixtures" / "binary_figures.json"
TOLERANCE = 1e-10
FEATURES = ("V4", "V10", "V12", "V14", "Amount")


def scored(rows: Rows) -> Rows:
    """Return rows with scores of which every operation is exact to the last bit anywhere."""
    v4, v10, v12, v14 = (rows.features[name].to_numpy() for name in FEATURES[:4])
    odds = v4 - v10 - v12 - v14 - 8.0
    return replace(rows, score=0.5 + 0.49 * odds / (1 + np.abs(odds)), model_version=None)


def digest(*summaries: Summary) -> str:
    """Return a hash of every count and sum, whatever else has come to be saved with them."""
    parts = [
        *(feature.counts for part in summaries for feature in part.features.values()),
        *(
            sums
            for part in summaries
            if (kept := part.scores) is not None
            for sums in (kept.edges, kept.rows, kept.score, kept.amount, kept.amount_squared)
        ),
    ]
    return hashlib.sha256(b"".join(part.tobytes() for part in parts)).hexdigest()


def figures(cards: Rows, case: UseCase) -> dict[str, Any]:
    """Return every kind of figure that is made of a window."""
    ends = [0, int(0.6 * len(cards)), int(0.8 * len(cards)), len(cards)]
    train, validation, test = (scored(cards.take(slice(*ends[i : i + 2]))) for i in range(3))
    assert validation.score is not None
    days = float((validation.event_time[-1] - validation.event_time[0]) / np.timedelta64(1, "D"))
    threshold = best_threshold(
        validation.score, validation.label, validation.amount, case.costs, days
    )
    reference = fit_reference(
        train,
        validation,
        features=Features(numeric=FEATURES),
        threshold=threshold,
        chunk=timedelta(hours=2),
        importance={},
    )
    window = summarise(test, reference)
    assert window.scores is not None
    assert reference.validation is not None
    assert reference.validation.scores is not None
    judged: dict[str, Any] = {
        "threshold": threshold,
        "costs": case.costs,
        "min_positives": case.min_positives,
    }
    verdict = drift_verdict(reference, window, case.drift, id="v")
    figures = {
        "scorecard": scorecard(window.scores, days=days, **judged).to_dict(),
        "estimate": estimate(window.scores, [reference.validation.scores], **judged).to_dict(),
        "verdict": verdict.to_dict(),
        "reference": digest(reference.training, reference.validation, *reference.chunks),
        "summary": digest(window),
    }
    plain: dict[str, Any] = json.loads(json.dumps(figures, default=str))
    return plain


@pytest.mark.real
def test_binary_figures_of_the_real_cards_are_as_before(
    real_cards: Rows, fraud_case: UseCase
) -> None:
    now = figures(real_cards, fraud_case)
    before = json.loads(BEFORE.read_text(encoding="utf-8"))
    for name, was in before.items():
        assert known_before(now[name], was) == was


def known_before(now: Any, was: Any) -> Any:
    """Leave out what came since: a figure that is new is no change.

    The last bits of a float are those of the machine and of the Python that wrote them: linear
    algebra sums in the order that suits a processor, and from Python 3.12 on `sum` is more exact.
    """
    if isinstance(was, float):
        return was if now == pytest.approx(was, rel=TOLERANCE) else now
    if isinstance(was, dict):
        return {key: known_before(now[key], was[key]) for key in was if key in now}
    if isinstance(was, list) and len(was) == len(now):
        return [known_before(*both) for both in zip(now, was, strict=True)]
    return now
