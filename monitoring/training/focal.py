"""XGBoost with focal loss, which weighs rows down that the trees are sure of."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from xgboost import XGBClassifier

from monitoring.training import TrainingError

Floats = NDArray[np.float64]

_STEP = 1e-3
_LEAST = 1e-6


class FocalXGBClassifier(XGBClassifier):  # type: ignore[misc]
    """XGBoost's classifier of two classes with focal loss (Lin et al., 2017).

    The loss of a row is ``-a (1 - p)^focal_gamma ln p``, with p the probability of its class and a
    `focal_alpha` for positives, ``1 - focal_alpha`` for others. It is needed in fitting alone: the
    model is saved as any of XGBoost's.

    Parameters
    ----------
    focal_gamma
        0 is log loss; the higher, the less do rows count that are told apart already.
    focal_alpha
        Weight of positives, in place of `scale_pos_weight`.
    """

    def __init__(
        self, *, focal_gamma: float = 2.0, focal_alpha: float = 0.5, **parameters: Any
    ) -> None:
        super().__init__(**parameters)
        self.focal_gamma = focal_gamma
        self.focal_alpha = focal_alpha

    def get_xgb_params(self) -> dict[str, Any]:
        """Return what XGBoost itself is given."""
        own = ("focal_gamma", "focal_alpha")
        taken = {name: value for name, value in super().get_xgb_params().items() if name not in own}
        # Margins begin at 0 for a loss that XGBoost doesn't know.
        return {**taken, "base_score": 0.5}

    def fit(self, rows: ArrayLike, labels: ArrayLike) -> FocalXGBClassifier:
        """Boost.

        Raises
        ------
        TrainingError
            There are more classes than two, or positives are weighed in another way too.
        """
        if len(np.unique(labels)) > 2:
            msg = "focal loss is of two classes: choose xgboost.XGBClassifier for more"
            raise TrainingError(msg)
        if self.scale_pos_weight not in (None, 1):
            msg = "focal loss knows no `scale_pos_weight`: positives are weighed by `focal_alpha`"
            raise TrainingError(msg)
        declared: Any = self.objective
        self.objective: Any = self.gradients
        try:
            super().fit(rows, labels)
        finally:
            self.objective = declared
        return self

    def gradients(self, labels: Floats, margins: Floats) -> tuple[Floats, Floats]:
        """Return the first and second derivative by margin, each (n,)."""
        second = self._slope(labels, margins + _STEP) - self._slope(labels, margins - _STEP)
        return self._slope(labels, margins), np.maximum(second / (2 * _STEP), _LEAST)

    def _slope(self, labels: Floats, margins: Floats) -> Floats:
        side = np.where(labels == 1, 1.0, -1.0)
        right = 1 / (1 + np.exp(-side * margins.astype(np.float64)))
        right = np.clip(right, 1e-12, 1 - 1e-12)
        weight = np.where(labels == 1, self.focal_alpha, 1 - self.focal_alpha)
        inner = self.focal_gamma * right * np.log(right) - (1 - right)
        return np.asarray(side * weight * (1 - right) ** self.focal_gamma * inner)
