"""Categories that a model never saw in training: its rows are scored all the same, and counted."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from monitoring.summary.types import FeatureKind

if TYPE_CHECKING:
    import pandas as pd

    from monitoring.training.model import Model


def categories_of(model: Model) -> Mapping[str, frozenset[str]]:
    """Return the categories of the model's training rows, by column.

    Without columns that have so many that the reference does not list them.
    """
    return {
        bins.name: bins.rare.union(bins.categories)
        for bins in model.reference.bins
        if bins.kind is FeatureKind.CATEGORICAL and not bins.open_ended
    }


def unseen_in(
    features: pd.DataFrame, categories: Mapping[str, frozenset[str]]
) -> list[tuple[str, ...]]:
    """Return, for each row, the columns whose category is none of `categories`.

    A value that is missing is no category.
    """
    found: list[tuple[str, ...]] = [()] * len(features)
    for name, known in categories.items():
        for place, word in enumerate(features[name].tolist()):
            if isinstance(word, str) and word not in known:
                found[place] = (*found[place], name)
    return found
