"""The search of a candidate's grid, by folds of the training part alone."""

from __future__ import annotations

import json
import zipfile
import zlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any, NamedTuple, Self

import numpy as np
from numpy.typing import NDArray

from monitoring.atomic_write import atomic_file
from monitoring.bounded_file import open_regular
from monitoring.rows.rows import NEGATIVE, POSITIVE, Rows
from monitoring.sources.typed_columns import resolved_columns
from monitoring.training import TrainingError
from monitoring.training.pipeline import fitted
from monitoring.training.split import time_border
from monitoring.use_case import UseCase
from monitoring.use_case_columns import Classes
from monitoring.use_case_split import Split

_DAMAGE = (OSError, EOFError, ValueError, KeyError, TypeError, zipfile.BadZipFile, zlib.error)
"""What numpy raises where a file is missing, or not the one that was written."""

FOLDS = 3
FIRST = 0.4
"""Share of the rows that every fold learns from; the rest is divided among the folds."""


class Fold(NamedTuple):
    """A fold in time learns from the rows before `start` and scores those from there to `end`."""

    start: int
    end: int


Places = slice | NDArray[np.intp]
"""Positions of rows."""


class Parts(NamedTuple):
    """The rows that a fold learns from, and those that it scores."""

    learned: Places
    scored: Places


@dataclass(frozen=True)
class Tried:
    """One point of the grid, and how well it did."""

    parameters: Mapping[str, Any]
    average_precision: float


@dataclass(frozen=True, eq=False)
class SearchResult:
    """The best point of a grid, and its scores of rows that it had not learned from.

    Attributes
    ----------
    parameters
        The best point.
    average_precision
        Of the positive class, averaged over folds by their positives.
    tried
        Every point, in the grid's order.
    positions
        Places in the training part of the rows that were scored, each once.
    scores, labels
        Out-of-fold scores of the best point, not calibrated, and the labels of these rows.
    probabilities
        (rows, classes): the same of each class; None where the target has two values.
    """

    parameters: Mapping[str, Any]
    average_precision: float
    tried: tuple[Tried, ...]
    positions: NDArray[np.intp]
    scores: NDArray[np.float64]
    labels: NDArray[np.int8]
    probabilities: NDArray[np.float64] | None = None

    def save(self, path: Path) -> None:
        """Write to `path` in one move, without pickle."""
        path.parent.mkdir(parents=True, exist_ok=True)
        facts = {
            "parameters": self.parameters,
            "average_precision": self.average_precision,
            "tried": [asdict(tried) for tried in self.tried],
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
                )
        except _DAMAGE as error:
            msg = f"{path} can't be read: {error}; run the retrain again"
            raise TrainingError(msg) from error


def search(case: UseCase, name: str, train: Rows, *, seed: int) -> SearchResult:
    """Try every point of a candidate's grid on rows of the training part.

    By a split in time these are the newest, and a fold learns only from what came before it; by
    one at random they are drawn, and a fold learns from all the others.

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
    from sklearn.model_selection import ParameterGrid

    searched = _searched(train, case)
    rows = train.take(searched)
    folds = _folds(rows, case.split)
    order = np.arange(len(rows))
    places = np.concatenate([order[fold.scored] for fold in folds])
    classes = resolved_columns(case)[1].of_classes
    best: tuple[Tried, list[NDArray[np.float64]]] | None = None
    tried = []
    for parameters in ParameterGrid(case.candidates[name].search):
        given = list(_fold_probabilities(case, name, rows, folds, parameters, seed=seed))
        scores = [_score(part, classes) for part in given]
        point = Tried(parameters, _average_precision(rows, folds, scores))
        tried.append(point)
        if best is None or point.average_precision > best[0].average_precision:
            best = point, given
    assert best is not None  # noqa: S101  # nosec B101 # the grid of an empty search has one empty point
    probabilities = np.concatenate(best[1])
    return SearchResult(
        parameters=best[0].parameters,
        average_precision=best[0].average_precision,
        tried=tuple(tried),
        positions=np.arange(len(train))[searched][places],
        scores=_score(probabilities, classes),
        labels=rows.label[places],
        probabilities=None if classes is None else probabilities,
    )


def _score(probabilities: NDArray[np.float64], classes: Classes | None) -> NDArray[np.float64]:
    """Return the probability of the positive class: of the watched classes together."""
    if classes is None:
        return probabilities[:, 1]
    watched = np.isin(classes.names, classes.watched)
    together: NDArray[np.float64] = np.minimum(probabilities[:, watched].sum(axis=1), 1.0)
    return together


def _searched(train: Rows, case: UseCase) -> Places:
    """Return which rows are searched: the newest, or some drawn by the split's random state."""
    most = case.retrain.max_rows_search
    if case.split.by == "time" or len(train) <= most:
        return slice(max(len(train) - most, 0), len(train))
    rng = np.random.default_rng(case.split.random_state)
    return np.sort(rng.choice(len(train), most, replace=False))


def _folds(rows: Rows, split: Split) -> tuple[Parts, ...]:
    if split.by == "time":
        return tuple(
            Parts(slice(0, fold.start), slice(fold.start, fold.end)) for fold in time_folds(rows)
        )
    return random_folds(rows, split.random_state or 0)


def random_folds(rows: Rows, random_state: int) -> tuple[Parts, ...]:
    """Return folds that together score every row once, each learning from all of the others.

    Each has its share of every class, drawn by `random_state`.

    Raises
    ------
    TrainingError
        A class has fewer rows than there are folds, or a row has no label.
    """
    from sklearn.model_selection import StratifiedKFold

    _check_labelled(rows)
    truth = rows.label if rows.true_class is None else rows.true_class
    every = np.union1d(truth, [NEGATIVE, POSITIVE])
    fewest = min(int((truth == one).sum()) for one in every)
    if fewest < FOLDS:
        positives = int((rows.label == POSITIVE).sum())
        msg = (
            f"{len(rows):,} training rows with {positives:,} positives can't be searched: each of "
            f"{FOLDS} folds needs rows of every class; wait for more labelled rows"
        )
        raise TrainingError(msg)
    folds = StratifiedKFold(FOLDS, shuffle=True, random_state=random_state)
    return tuple(Parts(*places) for places in folds.split(truth, truth))


def time_folds(rows: Rows) -> tuple[Fold, ...]:
    """Return folds that together score the newest rows, each learning from all rows before it.

    Rows of the same event time stay together. Where the oldest rows lack a class, the folds that
    would have to learn from them alone are left out.

    Raises
    ------
    TrainingError
        No fold has both classes to learn from and a positive to score, or a row has no label.
    """
    _check_labelled(rows)
    truth = rows.label if rows.true_class is None else rows.true_class
    every = np.union1d(truth, [NEGATIVE, POSITIVE])
    shares = np.linspace(FIRST, 1, FOLDS + 1)
    borders = sorted({time_border(rows.event_time, share) for share in shares})
    folds = tuple(
        Fold(start, end)
        for start, end in pairwise(borders)
        if len(np.unique(truth[:start])) == len(every)
    )
    if not folds or not (rows.label[folds[0].start :] == POSITIVE).any():
        positives = int((rows.label == POSITIVE).sum())
        msg = (
            f"{len(rows):,} training rows with {positives:,} positives can't be searched: the "
            f"first {FIRST:.0%} need rows of every class and the rest need positives; wait for "
            "more labelled rows, or raise `retrain.max_rows_search`"
        )
        raise TrainingError(msg)
    return folds


def _check_labelled(rows: Rows) -> None:
    known = (rows.label == POSITIVE) | (rows.label == NEGATIVE)
    if not known.all():
        msg = (
            f"{int((~known).sum()):,} of {len(rows):,} training rows have no label: leave them out"
        )
        raise TrainingError(msg)


def _fold_probabilities(
    case: UseCase,
    name: str,
    rows: Rows,
    folds: tuple[Parts, ...],
    parameters: Mapping[str, Any],
    *,
    seed: int,
) -> Iterator[NDArray[np.float64]]:
    names = list(resolved_columns(case)[0].names)
    for fold in folds:
        model = fitted(case, name, rows.take(fold.learned), parameters, seed=seed)
        own = rows.features.iloc[fold.scored]
        yield np.asarray(model.predict_proba(own[names]), dtype=np.float64)


def _average_precision(
    rows: Rows, folds: tuple[Parts, ...], scores: Sequence[NDArray[np.float64]]
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
