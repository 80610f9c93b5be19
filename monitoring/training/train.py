"""Training of one candidate: fit, calibration, threshold and reference, then the test part."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from monitoring.performance.class_scorecard import class_scorecard
from monitoring.performance.money import best_threshold
from monitoring.performance.scorecard import scorecard
from monitoring.reports.facts import LABEL, SCORE
from monitoring.sources.typed_columns import resolved_columns
from monitoring.summary.build import classes_of, summarise
from monitoring.summary.reference import fit_reference
from monitoring.training import TrainingError
from monitoring.training.calibration import (
    BetaCalibration,
    CalibratedClasses,
    CalibratedClassifier,
    scaled,
    scores_by,
)
from monitoring.training.candidate_rows import candidate_rows
from monitoring.training.importance import FEW_ROWS, ROWS, permutation_weights
from monitoring.training.model import Model
from monitoring.training.pipeline import fitted
from monitoring.training.trained import SplitPart, Trained

if TYPE_CHECKING:
    from datetime import datetime

    import pandas as pd
    from sklearn.pipeline import Pipeline

    from monitoring.performance.class_scorecard import ClassScorecard
    from monitoring.performance.scorecard import Scorecard
    from monitoring.rows.rows import Rows
    from monitoring.summary.types import Reference
    from monitoring.training.search import SearchResult
    from monitoring.training.split import DataSplit
    from monitoring.use_case import UseCase
    from monitoring.use_case_columns import Classes

__all__ = ["Trained", "train"]


def train(
    case: UseCase, name: str, split: DataSplit, searched: SearchResult, *, data_hash: str, seed: int
) -> Trained:
    """Train a candidate with the parameters that its search chose.

    Fitted on the train part, or as many of its rows as `max_rows`; calibrated by out-of-fold scores
    of the same rows, threshold by expected cost on the validation part, or on these out-of-fold
    scores where there is no such part; then nothing is fitted again. The test parts are only
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
    features, target = resolved_columns(case)
    classes = target.of_classes
    learned = split.train.take(candidate_rows(case, name, split.train, seed=seed))
    _check_classes(classes, learned)
    classifier = fitted(case, name, learned, searched.parameters, seed=seed)
    calibration = BetaCalibration().fit(searched.scores, searched.labels)
    if split.validation is None:
        validation = _out_of_fold(split.train, searched, calibration, classes)
        days = split.days_of("train") * len(validation) / len(split.train)
    else:
        unjudged = _calibrated(classifier, calibration, classes)
        validation = _scored(split.validation, unjudged)
        days = split.days_of("validation")
    threshold = _threshold(case, validation, days)
    pipeline = _calibrated(classifier, calibration, classes, threshold)
    reference = fit_reference(
        split.train,
        validation,
        features=features,
        threshold=threshold,
        chunk=case.drift.window,
        importance=permutation_weights(
            classifier,
            validation,
            features,
            seed=seed,
            most=ROWS if case.candidates[name].max_rows is None else FEW_ROWS,
            classes=classes,
        ),
        classes=classes,
    )

    def held_out(part: str) -> tuple[Rows, Scorecard]:
        rows = _scored(split.parts[part], pipeline)
        return rows, judged(case, rows, reference, split.days_of(part))

    test, test_card = held_out("test")
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
        test=test_card,
        trained_as_of=_newest_learned(split),
        test_classes=judged_classes(case, test, reference),
    )
    return Trained(
        model=model,
        validation=judged(case, validation, reference, days),
        tested=summarise(test, reference),
        average_precision=searched.average_precision,
        tried=searched.tried,
        parts=tuple(
            SplitPart.of(name, rows, None if split.days is None else split.days[name])
            for name, rows in split.parts.items()
        ),
        global_test=None if split.global_test is None else held_out("global_test")[1],
        cross_validated=searched.figures,
    )


def _newest_learned(split: DataSplit) -> datetime:
    """Return the event time of the newest row that anything was fitted or chosen on."""
    learned = (split.train, split.validation)
    return max(SplitPart.of("", rows).end for rows in learned if rows is not None)


def _check_classes(classes: Classes | None, part: Rows) -> None:
    """Check that every class of the target can be learned."""
    if classes is None or part.true_class is None:
        return
    there = np.bincount(part.true_class, minlength=len(classes.names))
    lacking = [name for name, rows in zip(classes.names, there, strict=True) if not rows]
    if lacking:
        msg = (
            f"the train part has no rows of class {', '.join(lacking)}: wait for more labelled "
            "rows, or leave the class out of `columns.target.classes`"
        )
        raise TrainingError(msg)


def _calibrated(
    classifier: Pipeline,
    calibration: BetaCalibration,
    classes: Classes | None,
    threshold: float = 0.5,
) -> CalibratedClassifier | CalibratedClasses:
    if classes is None:
        return CalibratedClassifier(classifier, calibration, threshold)
    watched = classes.is_watched
    return CalibratedClasses(classifier, calibration, watched, threshold)


def _out_of_fold(
    train_part: Rows,
    searched: SearchResult,
    calibration: BetaCalibration,
    classes: Classes | None,
) -> Rows:
    """Return the rows of the train part with the scores that models gave which never saw them."""
    order = np.argsort(searched.positions)
    rows = train_part.take(searched.positions[order])
    scores = calibration.predict(searched.scores[order])
    given = None
    if classes is not None and searched.probabilities is not None:
        watched = classes.is_watched
        given = scaled(searched.probabilities[order], watched, scores)
    return replace(rows, score=scores, probabilities=given, model_version=None)


def judged(case: UseCase, rows: Rows, reference: Reference, days: float) -> Scorecard:
    """Return the scorecard of scored rows of so many days, by the reference's threshold."""
    scores = summarise(rows, reference).scores
    assert scores is not None  # noqa: S101  # nosec B101 # the rows are scored
    return scorecard(
        scores,
        threshold=reference.threshold,
        costs=case.costs,
        days=days,
        min_positives=case.min_positives,
    )


def judged_classes(case: UseCase, rows: Rows, reference: Reference) -> ClassScorecard | None:
    """Return the figures by class of scored rows; None where the target has two values."""
    counts = classes_of(rows, reference)
    if counts is None:
        return None
    return class_scorecard(counts, costs=case.costs.matrix or None, min_rows=case.min_positives)


def _scored(rows: Rows, pipeline: CalibratedClassifier | CalibratedClasses) -> Rows:
    score, given = scores_by(pipeline, rows.features)
    return replace(rows, score=score, probabilities=given, model_version=None)


def _threshold(case: UseCase, validation: Rows, days: float) -> float:
    assert validation.score is not None  # noqa: S101  # nosec B101 # the rows are scored
    try:
        return best_threshold(
            validation.score,
            validation.label,
            validation.amount,
            case.costs,
            days,
            validation.weight,
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
