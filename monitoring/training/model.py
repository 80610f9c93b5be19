"""A model: everything that is needed to score, judge and compare, in one version."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING, Any

import numpy as np

from monitoring.rows.score_scale import ScoreScale
from monitoring.training import TrainingError
from monitoring.training.calibration import scores_by

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

    from monitoring.performance.class_scorecard import ClassScorecard
    from monitoring.performance.scorecard import Scorecard
    from monitoring.rows.rows import Rows
    from monitoring.summary.types import Reference
    from monitoring.training.calibration import CalibratedClasses, CalibratedClassifier
    from monitoring.use_case_columns import Features


@dataclass(frozen=True, eq=False)
class HeldOut:
    """Prequential scores: what a candidate made of rows before it learned from them.

    Of the validation and the test part, each scored, calibrated and decided on by what was known
    before that part; a gate compares them with another model's on the same rows.

    Attributes
    ----------
    row_id, score, alarm
        (rows,).
    """

    row_id: NDArray[np.str_]
    score: NDArray[np.float64]
    alarm: NDArray[np.bool_]


@dataclass(frozen=True)
class Adopted:
    """How the scores of a model that Tocsin did not train are found in its logs.

    Attributes
    ----------
    scale
        How its numbers become scores between 0 and 1.
    log_version
        The name that the logs have for it; None where they name no versions.
    """

    scale: ScoreScale
    log_version: str | None = None


@dataclass(frozen=True, eq=False)
class Model:
    """A model with its threshold and its reference.

    Attributes
    ----------
    pipeline
        Preprocessing, fitted classifier, calibration and threshold as one estimator; None of a
        model that was adopted: it serves elsewhere, and its scores are read from logs.
    candidate, parameters
        The model family, and the point of its grid that was chosen.
    threshold
        A row raises an alarm where score >= threshold.
    features
        The columns that are read, by kind.
    reference_sample
        Rows that it learned from, for reports: the features, `score` (calibrated, of a model that
        had not learned from the row; missing where there is none) and `label`.
    data_hash
        Of the rows that training saw.
    version
        Number in the registry; None until it is registered.
    test
        The scorecard of its test part, before that was learned from too.
    trained_as_of
        Event time of the newest row that anything was fitted or chosen on.
    test_classes
        The figures by class of the same rows as `test`; None where the target has two values.
    held_back
        The share of its source that was held back from it.
    held_out
        The scores behind `test`, and those of the part before it; None of a model that was saved
        before they were kept.
    moved_libraries
        Those that are another version here than where it was trained, each in words.
    adopted
        Of a model that was adopted; None of one that Tocsin trained.
    """

    pipeline: CalibratedClassifier | CalibratedClasses | None
    candidate: str
    parameters: Mapping[str, Any]
    threshold: float
    features: Features
    reference: Reference
    reference_sample: pd.DataFrame
    data_hash: str
    version: str | None
    test: Scorecard
    trained_as_of: datetime
    test_classes: ClassScorecard | None = None
    held_back: float = 0.0
    held_out: HeldOut | None = None
    moved_libraries: tuple[str, ...] = ()
    adopted: Adopted | None = None

    @property
    def fitted(self) -> CalibratedClassifier | CalibratedClasses:
        """The estimator.

        Raises
        ------
        TrainingError
            The model was adopted: it can't be asked.
        """
        if self.pipeline is None:
            msg = (
                f"version {self.version} was adopted from its prediction logs: it serves "
                "elsewhere, and nothing is scored here"
            )
            raise TrainingError(msg)
        return self.pipeline

    def score(self, features: pd.DataFrame) -> NDArray[np.float64]:
        """Return the calibrated probability of the positive class of each row: (n,).

        Of a target of classes, that is the watched ones together. Columns that the model does not
        read are ignored.

        Raises
        ------
        TrainingError
            A column that the model reads is missing.
        """
        return self.scores(features)[0]

    def scored(self, rows: Rows) -> Rows:
        """Return rows with the model's scores, and the probability of each class if it has some.

        Raises
        ------
        TrainingError
            A column that the model reads is missing.
        """
        score, probabilities = self.scores(rows.features)
        return replace(rows, score=score, probabilities=probabilities, model_version=self.version)

    def scores(
        self, features: pd.DataFrame
    ) -> tuple[NDArray[np.float64], NDArray[np.float64] | None]:
        """Return the score of each row, and the probability of each class if there are some.

        Raises
        ------
        TrainingError
            A column that the model reads is missing.
        """
        there = set(features.columns)
        missing = [name for name in self.features.names if name not in there]
        if missing:
            msg = (
                f"missing column {', '.join(missing)}: version {self.version} of the model reads "
                f"{', '.join(self.features.names)}"
            )
            raise TrainingError(msg)
        names = list(self.features.names)
        own = features if features.columns.tolist() == names else features[names]
        return scores_by(self.fitted, own)
