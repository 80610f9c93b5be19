"""Arms: which version answers a live row, by its id, so that it is the same one each time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from monitoring.rows.draw import place_of
from monitoring.rows.rows import Role

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from monitoring.serving.live_models import LiveModel

_DRAW = "arm"
"""An id's arm says nothing of what else is drawn by ids."""


@dataclass(frozen=True, eq=False)
class Part:
    """Rows of a request that one version answers.

    Attributes
    ----------
    places
        Where they stand among all, ascending.
    """

    live: LiveModel
    role: Role
    places: NDArray[np.intp]


def parts_of(live: LiveModel, role: Role, ids: Sequence[str]) -> list[Part]:
    """Return the rows of each version that answers some of them.

    All of them are those of `live` unless it is the champion and has arms. The share of an arm
    without a version, or with the champion's own, is the champion's.
    """
    if role is not Role.CHAMPION or not live.arms:
        return [Part(live, role, np.arange(len(ids)))]
    shares = live.case.serve.shares
    names = np.array([arm_of(live.case.name, name, shares) for name in ids], np.str_)
    own = np.full(len(ids), fill_value=True)
    parts = []
    for name, arm in live.arms.items():
        mine = names == name
        if arm.version != live.version and mine.any():
            parts.append(Part(arm, Role.ARM, mine.nonzero()[0]))
            own &= ~mine
    if own.any():
        parts.append(Part(live, role, own.nonzero()[0]))
    return parts


def arm_of(use_case: str, row_id: str, shares: Mapping[str, float]) -> str:
    """Return the arm that a row belongs to; empty for the champion.

    Parameters
    ----------
    shares
        Of each arm. One that is added takes rows from the champion alone where its name comes last.
    """
    place, end = place_of(_DRAW, use_case, row_id), 0.0
    for name in sorted(shares):
        end += shares[name]
        if place < end:
            return name
    return ""
