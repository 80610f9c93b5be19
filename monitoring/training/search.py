"""The search of a candidate's parameters, by folds of the training part alone."""

from __future__ import annotations

import json
import zipfile
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, NamedTuple, Self

import numpy as np
from numpy.typing import NDArray

from monitoring.atomic_write import atomic_file
from monitoring.bounded_file import open_regular
from monitoring.rows.rows import POSITIVE, Rows
from monitoring.sources.typed_columns import resolved_columns
from monitoring.training import TrainingError
from monitoring.training.candidate_rows import candidate_rows, searched_rows
from monitoring.training.cv_figures import Decided, cv_figures, own_decision
from monitoring.training.folds import Parts, folds_of
from monitoring.training.pipeline import fitted
from monitoring.training.points import try_points
from monitoring.training.selection import weighted_sum
from monitoring.use_case import UseCase
from monitoring.use_case_columns import Classes

_DAMAGE = (OSError, EOFError, ValueError, KeyError, TypeError, zipfile.BadZipFile, zlib.error)
"""What numpy raises where a file is missing, or not the one that was written."""


@dataclass(frozen=True)
class Tried:
    """One point of the search, and how well it did; with the figures that the use case names."""

    parameters: Mapping[str, Any]
    average_precision: float
    figures: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, eq=False)
class SearchResult:
    """The best point of a search, and its scores of rows that it had not learned from.

    Attributes
    ----------
    parameters
        The best point.
    average_precision
        Of the positive class, averaged over folds by their positives.
    tried
        Every point, in the order in which they were tried.
    positions
        Places in the training part of the rows that were scored, each once.
    scores, labels
        Out-of-fold scores of the best point, not calibrated, and the labels of these rows.
    probabilities
        (rows, classes): the same of each class; None where the target has two values.
    figures
        Of cross-validation at the best point, by name: those that the use case names.
    """

    parameters: Mapping[str, Any]
    average_precision: float
    tried: tuple[Tried, ...]
    positions: NDArray[np.intp]
    scores: NDArray[np.float64]
    labels: NDArray[np.int8]
    probabilities: NDArray[np.float64] | None = None
    figures: Mapping[str, float] = field(default_factory=dict)

    def save(self, path: Path) -> None:
        """Write to `path` in one move, without pickle."""
        path.parent.mkdir(parents=True, exist_ok=True)
        facts = {
            "parameters": self.parameters,
            "average_precision": self.average_precision,
            "tried": [asdict(tried) for tried in self.tried],
            "figures": dict(self.figures),
        }
        of_classes: dict[str, Any] = {}
        if self.probabilities is not None:
            of_classes["probabilities"] = self.probabilities
        with atomic_file(path) as part, part.open("wb") as file:
            np.savez(
                file,
                facts=np.array(json.dumps(facts)),
                positions=self.positions,
                scores=self.scores,
                labels=self.labels,
                **of_classes,
            )

    @classmethod
    def load(cls, path: Path) -> Self:
        """Read what `save` wrote.

        Raises
        ------
        TrainingError
            The file is missing or damaged.
        """
        try:
            with open_regular(path) as content, np.load(content, allow_pickle=False) as file:
                facts = json.loads(str(file["facts"]))
                return cls(
                    parameters=facts["parameters"],
                    average_precision=facts["average_precision"],
                    tried=tuple(Tried(**tried) for tried in facts["tried"]),
                    positions=file["positions"],
                    scores=file["scores"],
                    labels=file["labels"],
                    probabilities=file.get("probabilities"),
                    figures=facts.get("figures", {}),
                )
        except _DAMAGE as error:
            msg = f"{path} can't be read: {error}; run the retrain again"
            raise TrainingError(msg) from error


class _Scored(NamedTuple):
    """What a fold's model made of the rows that it scored."""

    probabilities: NDArray[np.float64]
    decided: Decided | None


def search(case: UseCase, name: str, train: Rows, *, seed: int) -> SearchResult:
    """Try the points of a candidate's search on rows of the training part.

    By a split in time these are the newest, and a fold learns only from what came before it; by
    one at random they are drawn, and a fold learns from all the others. The best point is the one
    with the highest sum of what the use case selects by, else with the highest average precision.

    Parameters
    ----------
    name
        Of the candidate, in `case.candidates`.
    train
        The training part, in order of event time, every row labelled.

    Raises
    ------
    TrainingError
        The rows don't hold a fold with positives to score and both classes to learn from, some
        have no label, or the candidate can't be made.
    """
    searched = searched_rows(case, candidate_rows(case, name, train, seed=seed))
    rows = train.take(searched)
    folds = folds_of(rows, case.split)
    order = np.arange(len(rows))
    places = np.concatenate([order[fold.scored] for fold in folds])
    classes = resolved_columns(case)[1].of_classes
    tried: list[Tried] = []
    best: dict[float, tuple[Tried, NDArray[np.float64]]] = {}

    def evaluate(parameters: Mapping[str, Any]) -> float:
        scored = [_scored(case, name, rows, fold, parameters, seed=seed) for fold in folds]
        scores = [_score(part.probabilities, classes) for part in scored]
        point = Tried(
            parameters,
            _average_precision(rows, folds, scores),
            _figures(case, rows, folds, scored, classes),
        )
        tried.append(point)
        value = (
            weighted_sum(point.figures, case.selection)
            if case.selection
            else point.average_precision
        )
        if not best or value > max(best):
            best.clear()
            best[value] = point, np.concatenate([part.probabilities for part in scored])
        return value

    try_points(case.candidates[name].points, evaluate, seed=seed)
    ((point, probabilities),) = best.values()
    return SearchResult(
        parameters=point.parameters,
        average_precision=point.average_precision,
        tried=tuple(tried),
        positions=searched[places],
        scores=_score(probabilities, classes),
        labels=rows.label[places],
        probabilities=None if classes is None else probabilities,
        figures=point.figures,
    )


def _score(probabilities: NDArray[np.float64], classes: Classes | None) -> NDArray[np.float64]:
    """Return the probability of the positive class: of the watched classes together."""
    if classes is None:
        return probabilities[:, 1]
    watched = classes.is_watched
    together: NDArray[np.float64] = np.minimum(probabilities[:, watched].sum(axis=1), 1.0)
    return together


def _scored(
    case: UseCase, name: str, rows: Rows, fold: Parts, parameters: Mapping[str, Any], *, seed: int
) -> _Scored:
    names = list(resolved_columns(case)[0].names)
    model = fitted(case, name, rows.take(fold.learned), parameters, seed=seed)
    own = rows.features.iloc[fold.scored][names]
    return _Scored(
        np.asarray(model.predict_proba(own), dtype=np.float64),
        own_decision(model, own) if case.cv_figures else None,
    )


def _figures(
    case: UseCase,
    rows: Rows,
    folds: Sequence[Parts],
    scored: Sequence[_Scored],
    classes: Classes | None,
) -> dict[str, float]:
    truth = rows.truth
    sides = [
        (truth[fold.scored], part.decided)
        for fold, part in zip(folds, scored, strict=True)
        if part.decided is not None
    ]
    return cv_figures(case.cv_figures, sides, classes)


def _average_precision(
    rows: Rows, folds: Sequence[Parts], scores: Sequence[NDArray[np.float64]]
) -> float:
    """Average within folds: scores of models that learned from unlike rows don't rank together."""
    from sklearn.metrics import average_precision_score

    precisions, weights = [], []
    for fold, own in zip(folds, scores, strict=True):
        labels = rows.label[fold.scored]
        if (labels == POSITIVE).any():
            precisions.append(average_precision_score(labels, own))
            weights.append((labels == POSITIVE).sum())
    return float(np.average(precisions, weights=weights))
