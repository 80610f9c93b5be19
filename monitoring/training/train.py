"""Training of one candidate: fit, calibration, threshold and reference, then the test part."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from monitoring.performance.money import best_threshold
from monitoring.performance.scorecard import scorecard
from monitoring.reports.facts import LABEL, SCORE
from monitoring.sources.typed_columns import resolved_columns
from monitoring.summary.build import summarise
from monitoring.summary.reference import fit_reference
from monitoring.training import TrainingError
from monitoring.training.calibration import BetaCalibration, CalibratedClassifier
from monitoring.training.importance import permutation_weights
from monitoring.training.model import Model
from monitoring.training.pipeline import fitted
from monitoring.training.split import days_of
from monitoring.training.trained import SplitPart, Trained

if TYPE_CHECKING:
    import pandas as pd

    from monitoring.performance.scorecard import Scorecard
    from monitoring.rows.rows import Rows
    from monitoring.summary.types import Reference
    from monitoring.training.search import SearchResult
    from monitoring.training.split import TimeSplit
    from monitoring.use_case import UseCase

__all__ = ["Trained", "train"]


def train(
    case: UseCase, name: str, split: TimeSplit, searched: SearchResult, *, data_hash: str, seed: int
) -> Trained:
    """Train a candidate with the parameters that its search chose.

    Fitted on the train part, calibrated by out-of-fold scores of the same part, threshold by
    expected cost on the validation part; then nothing is fitted again. The test part is only
    scored, at the end.

    Parameters
    ----------
    split
        Parts whose every row is labelled.
    searched
        Of `search` on `split.train`.
    data_hash
        Of all the rows, saved with the model.
    seed
        Of everything drawn at random.

    Raises
    ------
    TrainingError
        The candidate can't be made, or no threshold can be chosen.
    """
    features, _ = resolved_columns(case)
    classifier = fitted(case, name, split.train, searched.parameters, seed=seed)
    calibration = BetaCalibration().fit(searched.scores, searched.labels)
    validation = _scored(split.validation, CalibratedClassifier(classifier, calibration))
    threshold = _threshold(case, validation)
    pipeline = CalibratedClassifier(classifier, calibration, threshold)
    reference = fit_reference(
        split.train,
        validation,
        features=features,
        threshold=threshold,
        chunk=case.drift.window,
        importance=permutation_weights(classifier, validation, features, seed=seed),
    )
    test = _scored(split.test, pipeline)
    model = Model(
        pipeline=pipeline,
        candidate=name,
        parameters=searched.parameters,
        threshold=threshold,
        features=features,
        reference=reference,
        reference_sample=_sample(split.train, searched, calibration, case.report.sample, seed=seed),
        data_hash=data_hash,
        version=None,
        test=judged(case, test, reference),
        trained_as_of=SplitPart.of("validation", validation).end,
    )
    return Trained(
        model=model,
        validation=judged(case, validation, reference),
        tested=summarise(test, reference),
        average_precision=searched.average_precision,
        tried=searched.tried,
        parts=tuple(
            SplitPart.of(which, getattr(split, which)) for which in ("train", "validation", "test")
        ),
    )


def judged(case: UseCase, rows: Rows, reference: Reference) -> Scorecard:
    """Return the scorecard of scored rows, by the reference's threshold."""
    scores = summarise(rows, reference).scores
    assert scores is not None  # noqa: S101  # nosec B101 # the rows are scored
    return scorecard(
        scores,
        threshold=reference.threshold,
        costs=case.costs,
        days=days_of(rows),
        min_positives=case.min_positives,
    )


def _scored(rows: Rows, pipeline: CalibratedClassifier) -> Rows:
    scores = np.asarray(pipeline.predict_proba(rows.features)[:, 1], dtype=np.float64)
    return replace(rows, score=scores, model_version=None)


def _threshold(case: UseCase, validation: Rows) -> float:
    assert validation.score is not None  # noqa: S101  # nosec B101 # the rows are scored
    try:
        return best_threshold(
            validation.score, validation.label, validation.amount, case.costs, days_of(validation)
        )
    except ValueError as error:
        msg = f"use case {case.name}: no decision threshold on the validation part: {error}"
        raise TrainingError(msg) from error


def _sample(
    train_part: Rows, searched: SearchResult, calibration: BetaCalibration, size: int, *, seed: int
) -> pd.DataFrame:
    """Return a random sample with out-of-fold scores: those of rows it learned from flatter."""
    scores = np.full(len(train_part), np.nan)
    scores[searched.positions] = calibration.predict(searched.scores)
    chosen = np.arange(len(train_part))
    if len(chosen) > size:
        chosen = np.sort(np.random.default_rng(seed).choice(chosen, size, replace=False))
    rows = train_part.take(chosen)
    return rows.features.assign(**{SCORE: scores[chosen], LABEL: rows.label})
