"""Estimators that the comparison needs and the product does not ship."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.base import BaseEstimator, ClassifierMixin, TransformerMixin, clone
from sklearn.ensemble import IsolationForest
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import StandardScaler

Floats = NDArray[np.float64]
Labels = NDArray[np.int8]


class Columns(TransformerMixin, BaseEstimator):  # type: ignore[misc]
    """Keep the named columns of a frame."""

    def __init__(self, names: tuple[str, ...]) -> None:
        self.names = names

    def fit(self, frame: pd.DataFrame, labels: Labels | None = None) -> Columns:  # noqa: ARG002
        """Nothing is learned."""
        return self

    def transform(self, frame: pd.DataFrame) -> NDArray[np.float32]:
        """Return (n, names)."""
        return frame[list(self.names)].to_numpy(dtype=np.float32)


class WithIsolation(TransformerMixin, BaseEstimator):  # type: ignore[misc]
    """Add how easily a row is isolated, by a forest that saw the rows learned from, not labels.

    Liu, Ting and Zhou, 2008.
    """

    def __init__(self, trees: int = 100, random_state: int = 0) -> None:
        self.trees = trees
        self.random_state = random_state

    def fit(self, rows: Floats, labels: Labels | None = None) -> WithIsolation:  # noqa: ARG002
        """Grow the forest."""
        forest = IsolationForest(n_estimators=self.trees, random_state=self.random_state)
        self.forest_ = forest.fit(rows)
        return self

    def transform(self, rows: Floats) -> Floats:
        """Return (n, columns + 1)."""
        return np.column_stack([rows, self.forest_.score_samples(rows)])


class IsolationAlone(ClassifierMixin, BaseEstimator):  # type: ignore[misc]
    """The isolation score as the only one, its share among the rows learned from."""

    def __init__(self, trees: int = 100, random_state: int = 0) -> None:
        self.trees = trees
        self.random_state = random_state

    def fit(self, rows: Floats, labels: Labels) -> IsolationAlone:
        """Grow the forest."""
        self.classes_ = np.unique(labels)
        forest = IsolationForest(n_estimators=self.trees, random_state=self.random_state)
        self.forest_ = forest.fit(rows)
        self.seen_ = np.sort(-forest.score_samples(rows[::10]))
        return self

    def predict_proba(self, rows: Floats) -> Floats:
        """Return (n, 2)."""
        share = np.searchsorted(self.seen_, -self.forest_.score_samples(rows)) / len(self.seen_)
        return np.column_stack([1 - share, share])


class HardNegatives(ClassifierMixin, BaseEstimator):  # type: ignore[misc]
    """A classifier fitted on positives, the hardest negatives and one in twenty of the others.

    A logistic regression on a tenth of the negatives says which are hard; so does a value far out.
    """

    def __init__(self, classifier: Any, hard: int = 20_000) -> None:
        self.classifier = classifier
        self.hard = hard

    def fit(self, rows: Floats, labels: Labels) -> HardNegatives:
        """Choose rows, and fit the classifier on them."""
        self.classes_ = np.unique(labels)
        scaled = StandardScaler().fit_transform(rows)
        positives, negatives = np.flatnonzero(labels == 1), np.flatnonzero(labels == 0)
        few = np.concatenate([positives, negatives[::10]])
        quick = LogisticRegression(C=0.01, class_weight="balanced", max_iter=300)
        quick.fit(scaled[few], labels[few])
        hardest = np.argsort(-quick.decision_function(scaled[negatives]))[: self.hard]
        farthest = np.argsort(-np.abs(scaled[negatives]).max(axis=1))[: self.hard // 2]
        kept = np.zeros(len(labels), dtype=bool)
        kept[positives] = kept[negatives[::20]] = True
        kept[negatives[hardest]] = kept[negatives[farthest]] = True
        self.classifier_ = clone(self.classifier).fit(rows[kept], labels[kept])
        return self

    def predict_proba(self, rows: Floats) -> Floats:
        """Return (n, 2)."""
        return np.asarray(self.classifier_.predict_proba(rows))
