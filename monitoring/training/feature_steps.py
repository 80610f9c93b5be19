"""Steps that make features, where scikit-learn's own do not fit a pipeline of rows as they come."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from sklearn.base import TransformerMixin
from sklearn.ensemble import IsolationForest as _IsolationForest
from sklearn.feature_extraction.text import TfidfVectorizer

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from sklearn.utils import Tags


class IsolationForest(TransformerMixin, _IsolationForest):  # type: ignore[misc]
    """scikit-learn's forest as a step: its score is appended to the columns, high for outliers."""

    def transform(self, rows: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return (n, columns + 1)."""
        return np.column_stack([rows, -self.score_samples(rows)])

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = False
        return tags


class WordWeights(TfidfVectorizer):  # type: ignore[misc]
    """TF-IDF of the words of a text; a missing one has none."""

    def decode(self, doc: Any) -> str:
        """Return a text as a string."""
        return str(super().decode(doc)) if isinstance(doc, str) else ""
