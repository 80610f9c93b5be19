"""Control group: which flagged rows are let through although their decision blocks.

Those that are blocked show no truth of their own. A small share is drawn and let through, so that
it stands for all of them.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from monitoring.errors import InputError
from monitoring.rows.draw import place_of
from monitoring.rows.maturity import hidden
from monitoring.rows.rows import Rows
from monitoring.wording import number, several

if TYPE_CHECKING:
    from numpy.typing import NDArray

_DRAW = "control group"
"""An id's place in it says nothing of what else is drawn by ids."""


@dataclass(frozen=True, eq=False)
class Control:
    """What was done about flagged rows that a decision would block; both are (rows,).

    Attributes
    ----------
    let_through
        Those of the control group; the others were blocked.
    probability
        With which each would be let through.
    """

    let_through: NDArray[np.bool_]
    probability: NDArray[np.float64]

    def __len__(self) -> int:
        return len(self.let_through)

    def check(self) -> None:
        """Raise where a row can't have been let through with its probability.

        Raises
        ------
        InputError
            It is not from 0 to 1, or is 0 though the row was let through; or lengths differ.
        """
        if len(self.probability) != len(self):
            given = several(len(self.probability), "probability", "probabilities")
            msg = f"{given} of {several(len(self), 'row')}"
            raise InputError(msg)
        wrong = ~self.possible
        if wrong.any():
            row = int(np.argmax(wrong))
            msg = (
                f"control probability {number(self.probability[row])} of row {row}: it is from 0 "
                "to 1, and above 0 where a row was let through"
            )
            raise InputError(msg)

    @property
    def possible(self) -> NDArray[np.bool_]:
        """Which rows can have been let through, or blocked, with their probability."""
        given = self.probability
        possible: NDArray[np.bool_] = (
            (given >= 0) & (given <= 1) & ((given > 0) | ~self.let_through)
        )
        return possible


def drawn(use_case: str, row_id: Sequence[str] | NDArray[np.str_], share: float) -> Control:
    """Return the control group of flagged rows, as `let_through` draws it."""
    through = let_through(use_case, row_id, share)
    return Control(through, np.full(len(through), share))


def let_through(use_case: str, row_id: Iterable[str], share: float) -> NDArray[np.bool_]:
    """Return which ids are in the control group: the same ones each time they are asked for."""
    return np.array([place_of(_DRAW, use_case, name) < share for name in row_id], np.bool_)


def where_truth_is_hidden(rows: Rows) -> Rows:
    """Return rows with their weights where these are needed, else without.

    Where every blocked row was reviewed nothing is hidden, and each row stands for itself.
    """
    if rows.weight is None or hidden(rows).any():
        return rows
    return replace(rows, weight=None)


def with_controls(rows: Rows) -> Rows:
    """Return rows to learn from with their weights where some were let through, else without.

    Without any, those blocked rows that were reviewed are all that is known of what is flagged.
    """
    weighted = where_truth_is_hidden(rows)
    if weighted.weight is None or (weighted.weight > 1).any():
        return weighted
    hides = hidden(weighted)
    return replace(weighted.take(~hides), weight=None)
