"""Training of one candidate: everything is chosen on prequential scores, then all rows are learned.

What is reported of a version comes from models that had not seen the rows it is about.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from monitoring.performance.class_scorecard import class_scorecard
from monitoring.performance.money import best_threshold
from monitoring.performance.scorecard import scorecard
from monitoring.sources.typed_columns import resolved_columns
from monitoring.summary.build import summarise_on
from monitoring.summary.class_counts import class_counts
from monitoring.summary.reference import fit_reference
from monitoring.summary.score_bins import score_bin_edges
from monitoring.training import TrainingError
from monitoring.training.calibration import (
    BetaCalibration,
    CalibratedClasses,
    CalibratedClassifier,
)
from monitoring.training.candidate_rows import candidate_rows
from monitoring.training.importance import FEW_ROWS, ROWS, permutation_weights
from monitoring.training.model import HeldOut, Model
from monitoring.training.pipeline import fitted
from monitoring.training.prequential import Prequential, in_order
from monitoring.training.split import days_of
from monitoring.training.trained import SplitPart, Trained

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray
    from sklearn.pipeline import Pipeline

    from monitoring.performance.class_scorecard import ClassScorecard
    from monitoring.performance.scorecard import Scorecard
    from monitoring.rows.rows import Rows
    from monitoring.summary.types import Summary
    from monitoring.training.search import SearchResult
    from monitoring.training.split import DataSplit
    from monitoring.use_case import UseCase
    from monitoring.use_case_columns import Classes, Features

__all__ = ["Trained", "train"]


def train(
    case: UseCase,
    name: str,
    split: DataSplit,
    searched: SearchResult,
    *,
    data_hash: str,
    seed: int,
    held_back: float = 0.0,
) -> Trained:
    """Train a candidate with the parameters that its search chose.

    Three times: on the train part, which scores the validation part; on both, which scores the
    test part, with the calibration and the threshold that could be known before it; and on all
    rows but those of `global_test`, which is the model that serves. Its calibration and threshold
    are chosen anew by all of these scores, none of which is of a model that knew the row.

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
    held_back
        Share of the source that is not among the rows; saved with the model.

    Raises
    ------
    TrainingError
        The candidate can't be made, or no threshold can be chosen.
    """
    fit = _Fit(case, name, searched.parameters, seed)
    features, classes = fit.features, fit.classes
    _check_classes(classes, split.train)
    before = _before_test(fit, split, searched)
    tested = _tested(before, split)
    known = in_order([*before.scored, tested.scored])
    calibration = known.calibration()
    # Of all that is known where no part was set aside for the threshold.
    newest = known if split.validation is None else in_order([before.scored[-1], tested.scored])
    scored = newest.calibrated(calibration, classes)
    threshold = _threshold(case, scored, before.days + split.days_of("test"))
    learned = split.learned
    reference = fit_reference(
        learned,
        scored,
        features=features,
        threshold=threshold,
        chunk=case.drift.window,
        importance=permutation_weights(
            before.classifier,
            split.test,
            features,
            seed=seed,
            most=ROWS if case.candidates[name].max_rows is None else FEW_ROWS,
            classes=classes,
        ),
        classes=classes,
    )
    model = Model(
        pipeline=_calibrated(fit.on(learned), calibration, classes, threshold),
        candidate=name,
        parameters=searched.parameters,
        threshold=threshold,
        features=features,
        reference=reference,
        reference_sample=known.sample_of(learned, calibration, case.report.sample, seed=seed),
        data_hash=data_hash,
        version=None,
        test=tested.judged.card,
        trained_as_of=SplitPart.of("", learned).end,
        test_classes=tested.judged.classes,
        held_back=held_back,
        held_out=_held_out(before, tested),
    )
    return Trained(
        model=model,
        validation=before.chosen.card,
        tested=tested.judged.summary,
        average_precision=searched.average_precision,
        tried=searched.tried,
        parts=tuple(
            SplitPart.of(name, rows, None if split.days is None else split.days[name])
            for name, rows in split.parts.items()
        ),
        global_test=_global_test(case, model, split),
        cross_validated=searched.figures,
    )


@dataclass(frozen=True)
class _Fit:
    """A candidate with its parameters, to be fitted on one set of rows after another."""

    case: UseCase
    name: str
    parameters: Mapping[str, Any]
    seed: int

    def on(self, rows: Rows) -> Pipeline:
        """Fit it on as many of the rows as its `max_rows`."""
        own = rows.take(candidate_rows(self.case, self.name, rows, seed=self.seed))
        return fitted(self.case, self.name, own, self.parameters, seed=self.seed)

    @property
    def features(self) -> Features:
        """What it learns from."""
        return resolved_columns(self.case)[0]

    @property
    def classes(self) -> Classes | None:
        """Those of the target, where it has more than two."""
        return resolved_columns(self.case)[1].of_classes

    def score(self, classifier: Pipeline, rows: Rows) -> Prequential:
        """Score rows that a classifier has not learned from."""
        return Prequential.of_model(classifier, rows, self.features, self.classes)


@dataclass(frozen=True)
class _Judged:
    """The figures of scored rows at a threshold."""

    card: Scorecard
    classes: ClassScorecard | None
    summary: Summary


@dataclass(frozen=True)
class _BeforeTest:
    """What could be known before the test part.

    Attributes
    ----------
    scored
        The rows of the train part that the search scored, and the validation part if there is one.
    chosen, days
        The figures of the rows that the threshold was chosen on, and the days they stand for.
    classifier
        Fitted on all rows before the test part.
    """

    fit: _Fit
    scored: tuple[Prequential, ...]
    calibration: BetaCalibration
    threshold: float
    chosen: _Judged
    days: float
    classifier: Pipeline


@dataclass(frozen=True)
class _Tested:
    """The test part: as it was scored, and with the calibration that was known before it."""

    scored: Prequential
    rows: Rows
    judged: _Judged


def _before_test(fit: _Fit, split: DataSplit, searched: SearchResult) -> _BeforeTest:
    case = fit.case
    first = fit.on(split.train)
    scored: tuple[Prequential, ...] = (Prequential.of_search(split.train, searched),)
    if split.validation is not None:
        scored = (*scored, fit.score(first, split.validation))
    calibration = in_order(scored).calibration()
    chosen_on = scored[-1].calibrated(calibration, fit.classes)
    days = split.days_of("train" if split.validation is None else "validation")
    if split.validation is None:
        days *= len(chosen_on) / len(split.train)
    threshold = _threshold(case, chosen_on, days)
    return _BeforeTest(
        fit=fit,
        scored=scored,
        calibration=calibration,
        threshold=threshold,
        chosen=_judged(case, chosen_on, threshold, days),
        days=days,
        classifier=first if split.validation is None else fit.on(split.before_test),
    )


def _tested(before: _BeforeTest, split: DataSplit) -> _Tested:
    fit = before.fit
    scored = fit.score(before.classifier, split.test)
    rows = scored.calibrated(before.calibration, fit.classes)
    judged = _judged(fit.case, rows, before.threshold, split.days_of("test"))
    return _Tested(scored, rows, judged)


def _held_out(before: _BeforeTest, tested: _Tested) -> HeldOut:
    """Return the rows after the train part, as they were decided on before they were learned from.

    Those of a validation part by a calibration and a threshold of the train part alone.
    """
    train, *validation = before.scored
    case, classes = before.fit.case, before.fit.classes
    decided = [(tested.rows, before.threshold)]
    if validation:
        calibration = train.calibration()
        known = train.calibrated(calibration, classes)
        rows = validation[0].calibrated(calibration, classes)
        decided = [(rows, _threshold(case, known, days_of(known))), *decided]
    return HeldOut(
        row_id=np.concatenate([rows.row_id for rows, _ in decided]),
        score=np.concatenate([_score(rows) for rows, _ in decided]),
        alarm=np.concatenate([_score(rows) >= threshold for rows, threshold in decided]),
    )


def _judged(case: UseCase, rows: Rows, threshold: float, days: float) -> _Judged:
    """Judge scored rows by a threshold that has no reference yet."""
    edges = score_bin_edges(rows.score, threshold)
    summary = summarise_on(rows, (), edges)
    assert summary.scores is not None  # noqa: S101  # nosec B101 # the rows are scored
    card = scorecard(
        summary.scores,
        threshold=threshold,
        costs=case.costs,
        days=days,
        min_positives=case.min_positives,
    )
    classes = resolved_columns(case)[1].of_classes
    counts = (
        None if classes is None else class_counts(rows, classes.names, classes.watched, threshold)
    )
    by_class = (
        None
        if counts is None
        else class_scorecard(counts, costs=case.costs.matrix or None, min_rows=case.min_positives)
    )
    return _Judged(card, by_class, summary)


def _global_test(case: UseCase, model: Model, split: DataSplit) -> Scorecard | None:
    """Judge the part that nothing learned from by the model that serves."""
    if split.global_test is None:
        return None
    rows = model.scored(split.global_test)
    return _judged(case, rows, model.threshold, split.days_of("global_test")).card


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
    classifier: Pipeline, calibration: BetaCalibration, classes: Classes | None, threshold: float
) -> CalibratedClassifier | CalibratedClasses:
    if classes is None:
        return CalibratedClassifier(classifier, calibration, threshold)
    return CalibratedClasses(classifier, calibration, classes.is_watched, threshold)


def _threshold(case: UseCase, scored: Rows, days: float) -> float:
    try:
        return best_threshold(
            _score(scored), scored.label, scored.amount, case.costs, days, scored.weight
        )
    except ValueError as error:
        msg = f"use case {case.name}: no decision threshold on the validation part: {error}"
        raise TrainingError(msg) from error


def _score(rows: Rows) -> NDArray[np.float64]:
    assert rows.score is not None  # noqa: S101  # nosec B101 # the rows are scored
    return rows.score
