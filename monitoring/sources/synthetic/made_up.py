"""Made up: what every kind of synthetic data hands over, whatever it is about."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


@dataclass(frozen=True, eq=False)
class MadeUp:
    """Features, amounts and the truth of made-up rows.

    Attributes
    ----------
    columns
        By the names of the use case: its features, and its amount if it has one.
    positive
        Which rows are of the positive class.
    """

    columns: Mapping[str, Any]
    positive: NDArray[np.bool_]
