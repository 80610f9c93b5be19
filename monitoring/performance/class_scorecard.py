"""The scorecard of a target of classes: figures of each class, their averages, and the matrix."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from monitoring.performance.averages import Averages, OfClass, averaged
from monitoring.performance.intervals import Ratio, f1_ratio, proportion
from monitoring.performance.scorecard import CardStatus, Figure, html_of, text_of
from monitoring.summary.types import ClassCounts
from monitoring.wording import count, money, percent

CostMatrix = Mapping[str, Mapping[str, float]]
"""What a row of a true class costs where a class is decided; what is not named costs nothing."""


@dataclass(frozen=True)
class ClassFigures:
    """One class against the rest, over labelled rows.

    Attributes
    ----------
    status
        `judged`, or why its figures should not be.
    rows, decided, right
        Rows that are of the class; that were decided to be; both.
    """

    name: str
    watched: bool
    status: CardStatus
    rows: int
    decided: int
    right: int
    recall: Ratio
    precision: Ratio
    f1: Ratio


@dataclass(frozen=True)
class ClassScorecard:
    """Figures by class of a window, over rows whose label is known.

    Attributes
    ----------
    matrix
        Rows by true class, then decided class, in the order of `classes`.
    macro, weighted
        Averages over classes: plain, and weighted by their rows; None without labels.
    overall
        Rows whose class was decided right: what micro-averaged recall, precision and F1 all are.
    cost
        By the use case's cost matrix; None without one, or without labels.
    """

    status: CardStatus
    rows: int
    labelled: int
    matrix: tuple[tuple[int, ...], ...]
    classes: tuple[ClassFigures, ...]
    macro: Averages | None
    weighted: Averages | None
    overall: Ratio
    cost: float | None = None

    @property
    def averages(self) -> dict[str, Averages | None]:
        """Averages over classes by name; overall counts every row once."""
        right = self.overall.value
        overall = None if right is None else Averages(right, right, right)
        return {"macro": self.macro, "weighted": self.weighted, "overall": overall}

    @property
    def sentence(self) -> str:
        """The card in one sentence."""
        if self.macro is None:
            return f"Classes not judged: {self.status}"
        recalls = ", ".join(
            f"{one.name} {percent(one.recall.value)}"
            for one in self.classes
            if one.recall.value is not None
        )
        return f"Recall by class: {recalls}; macro F1 {percent(self.macro.f1)}"

    def __str__(self) -> str:
        return text_of(self.sentence, class_figures(self))

    def __repr__(self) -> str:
        return f"<ClassScorecard {self.sentence}>"

    def _repr_html_(self) -> str:
        return html_of(self.sentence, class_figures(self))

    def to_dict(self) -> dict[str, Any]:
        """Return the card as plain values, for JSON."""
        return asdict(self)


def class_scorecard(
    counts: ClassCounts, *, costs: CostMatrix | None = None, min_rows: int = 30
) -> ClassScorecard:
    """Return the figures of every class over the labelled rows of a window.

    Parameters
    ----------
    costs
        By true class, then decided class.
    min_rows
        A class with fewer rows has its figures, but the status `too few positives`.
    """
    by_decided = counts.rows[:, :-1]
    labelled = int(by_decided.sum())
    figures = tuple(
        _figures(counts, place, by_decided, min_rows) for place in range(len(counts.names))
    )
    right = int(np.trace(by_decided))
    averages = averaged([OfClass(one.rows, one.decided, one.right) for one in figures])
    return ClassScorecard(
        status=_status(int(counts.rows.sum()), labelled),
        rows=int(counts.rows.sum()),
        labelled=labelled,
        matrix=tuple(tuple(row) for row in by_decided.T.tolist()),
        classes=figures,
        macro=averages["macro"],
        weighted=averages["weighted"],
        overall=proportion(right, labelled),
        cost=None if costs is None or not labelled else cost_of(by_decided, counts.names, costs),
    )


def cost_of(
    by_decided: NDArray[np.int64] | NDArray[np.float64], names: Sequence[str], costs: CostMatrix
) -> float:
    """Return what rows, or expected rows, (decided, true) cost by a matrix."""
    return float(
        sum(
            cost * by_decided[names.index(decided), names.index(true)]
            for true, by_class in costs.items()
            for decided, cost in by_class.items()
        )
    )


def _figures(
    counts: ClassCounts, place: int, by_decided: NDArray[np.int64], min_rows: int
) -> ClassFigures:
    rows, decided = int(by_decided[:, place].sum()), int(by_decided[place].sum())
    right = int(by_decided[place, place])
    status = CardStatus.JUDGED if rows >= min_rows else CardStatus.TOO_FEW_POSITIVES
    return ClassFigures(
        name=counts.names[place],
        watched=counts.names[place] in counts.watched,
        status=status if rows else CardStatus.NO_POSITIVES,
        rows=rows,
        decided=decided,
        right=right,
        recall=proportion(right, rows),
        precision=proportion(right, decided),
        f1=f1_ratio(right, rows - right, decided - right),
    )


def _status(rows: int, labelled: int) -> CardStatus:
    if rows == 0:
        return CardStatus.NO_ROWS
    return CardStatus.JUDGED if labelled else CardStatus.NO_LABELS


def class_figures(card: ClassScorecard) -> list[Figure]:
    """Return every figure of the card."""
    figures = [("rows", count(card.rows)), ("labelled", count(card.labelled))]
    for one in card.classes:
        watched = ", watched" if one.watched else ""
        figures.append(
            (
                f"{one.name}{watched}",
                f"{count(one.right)} of {count(one.rows)} right, {count(one.decided)} decided: "
                f"recall {one.recall.text()}, precision {one.precision.text()}, F1 {one.f1.text()}",
            )
        )
    for name, average in (("macro", card.macro), ("weighted", card.weighted)):
        if average is not None:
            figures.append(
                (
                    name,
                    f"recall {percent(average.recall)}, precision {percent(average.precision)}, "
                    f"F1 {percent(average.f1)}",
                )
            )
    figures.append(("decided right", card.overall.text()))
    return figures + ([] if card.cost is None else [("cost by class", money(card.cost))])
