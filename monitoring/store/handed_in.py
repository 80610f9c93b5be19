"""What callers hand to the store, checked and in the form that it is written in."""

from __future__ import annotations

import json
from collections.abc import Sequence, Sized
from datetime import datetime
from typing import TYPE_CHECKING

import numpy as np

from monitoring.errors import InputError
from monitoring.rows.rows import UNLABELLED, Role, moment64
from monitoring.store.intake import GivenScores
from monitoring.wording import several

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from monitoring.use_case import UseCase


def times_of(given: datetime | NDArray[np.datetime64], rows: int) -> NDArray[np.datetime64]:
    """Return one time per row."""
    return np.full(rows, moment64(given)) if isinstance(given, datetime) else given


def given_scores(
    case: UseCase,
    row_id: Sequence[str] | NDArray[np.str_],
    scores: NDArray[np.float64],
    alarmed: NDArray[np.bool_],
    scored_at: datetime | NDArray[np.datetime64],
    probabilities: NDArray[np.float64] | None,
) -> GivenScores:
    """Return the scores of rows as they are written; see `ProductionStore.add_scores`.

    Raises
    ------
    InputError
        Lengths differ, or a moment has no time zone.
    """
    times = times_of(scored_at, len(row_id))
    classes = _by_class(case, probabilities, len(row_id))
    check_lengths(row_id=row_id, scores=scores, alarmed=alarmed, scored_at=times)
    return GivenScores(
        np.asarray(row_id, np.str_),
        np.asarray(scores, np.float64),
        np.asarray(alarmed, np.bool_),
        times,
        classes,
    )


def _by_class(
    case: UseCase, probabilities: NDArray[np.float64] | None, rows: int
) -> list[str] | None:
    """Return the probabilities of each row as JSON by the name of the class."""
    classes = case.columns.classes
    if probabilities is None or classes is None:
        return None
    if probabilities.shape != (rows, len(classes.names)):
        msg = (
            f"probabilities of {several(rows, 'row')} for each of {len(classes.names)} classes "
            f"({', '.join(classes.names)}) are needed, not {probabilities.shape}"
        )
        raise InputError(msg)
    return [
        json.dumps(dict(zip(classes.names, row, strict=True))) for row in probabilities.tolist()
    ]


def watched_labels(case: UseCase, names: Sequence[str]) -> NDArray[np.int8]:
    """Return the label of each class by its name; a name that is no class is neither label."""
    classes = case.columns.classes
    if classes is None:
        return np.full(len(names), UNLABELLED, np.int8)
    places = classes.places(names)
    return np.where(places < 0, UNLABELLED, classes.is_watched[places]).astype(np.int8)


def check_lengths(**columns: Sized) -> None:
    """Raise where columns of the same rows differ in length.

    Raises
    ------
    InputError
        They do; the message names them.
    """
    lengths = {name: len(column) for name, column in columns.items()}
    if len(set(lengths.values())) > 1:
        given = ", ".join(f"{length} of {name}" for name, length in lengths.items())
        msg = f"arrays of equal length are needed, not {given}"
        raise InputError(msg)


def role_of(name: str) -> Role:
    """Return the role of that name.

    Raises
    ------
    InputError
        There is no such role.
    """
    if name not in set(Role):
        msg = f"no role {name!r}: a model scores as {' or '.join(Role)}"
        raise InputError(msg)
    return Role(name)
