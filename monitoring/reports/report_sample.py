"""The bounded random sample that a report draws, and the columns that can be drawn."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from monitoring.reports.facts import LABEL, SCORE, ReportFacts
from monitoring.rows.rows import UNLABELLED

MOST_CATEGORIES = 50
"""Categories a column may show; the rarer ones are drawn as one, for time's and eyes' sake."""


@dataclass(frozen=True)
class SetAside:
    """A column that is not drawn, and why."""

    column: str
    reason: str


@dataclass(frozen=True, eq=False)
class ReportSample:
    """Rows drawn at random from either side of a report, with the columns that can be drawn.

    Attributes
    ----------
    reference, current
        The rows drawn, in their order: features under the names they are shown by, `SCORE`
        where there are scores, and `LABEL`.
    rows_reference, rows_current
        How many rows they were drawn from.
    numeric, categorical
        The features that can be drawn, by kind.
    """

    reference: pd.DataFrame
    current: pd.DataFrame
    rows_reference: int
    rows_current: int
    numeric: tuple[str, ...]
    categorical: tuple[str, ...]
    set_aside: tuple[SetAside, ...] = ()

    @property
    def features(self) -> tuple[str, ...]:
        """The features that can be drawn."""
        return self.numeric + self.categorical

    @property
    def scored(self) -> bool:
        """Whether there are scores on both sides."""
        sides = (self.reference, self.current)
        return all(SCORE in side and bool(side[SCORE].notna().any()) for side in sides)

    def without(self, bad: Sequence[SetAside]) -> ReportSample:
        """Return the sample with more columns set aside."""
        names = {entry.column for entry in bad}
        return replace(
            self,
            numeric=tuple(name for name in self.numeric if name not in names),
            categorical=tuple(name for name in self.categorical if name not in names),
            set_aside=(*self.set_aside, *bad),
        )


def shown(text: str) -> str:
    """Return `text` as it may stand in a report.

    Evidently writes names and values into a script element as they are: one that holds
    ``</script>`` would end it, and what follows would run in the reader's browser.
    """
    return text.replace("<", "\N{SINGLE LEFT-POINTING ANGLE QUOTATION MARK}")


def draw_features(facts: ReportFacts) -> ReportSample:
    """Draw from all rows, for the reports on features."""
    return replace(_draw(facts, facts.reference, _current(facts)), rows_current=facts.all_rows)


def draw_labelled(facts: ReportFacts) -> ReportSample:
    """Draw from the rows that have both a score and a label, for the report on performance."""
    reference, current = (_judged(frame) for frame in (facts.reference, _current(facts)))
    wanted = [SCORE, LABEL]
    return _draw(facts, reference.filter(wanted), current.filter(wanted))


def _current(facts: ReportFacts) -> pd.DataFrame:
    rows = facts.current
    extra = {LABEL: rows.label} if rows.score is None else {SCORE: rows.score, LABEL: rows.label}
    return rows.features.assign(**extra)


def _judged(frame: pd.DataFrame) -> pd.DataFrame:
    if SCORE not in frame:
        return frame.iloc[:0]
    return frame[frame[SCORE].notna() & frame[LABEL].ne(UNLABELLED)]


def _draw(facts: ReportFacts, reference: pd.DataFrame, current: pd.DataFrame) -> ReportSample:
    # The same window gives the same sample, so that a report written again is the same report.
    key = f"{facts.case.name} {facts.rows_window}"
    rng = np.random.default_rng(zlib.crc32(key.encode()))
    sample = _sort_columns(
        _pick(reference, facts.sample, rng).rename(columns=shown),
        _pick(current, facts.sample, rng).rename(columns=shown),
    )
    before, now = _merge_rare(sample.reference, sample.current, columns=sample.categorical)
    return replace(
        sample,
        reference=before,
        current=now,
        rows_reference=len(reference),
        rows_current=len(current),
    )


def _pick(frame: pd.DataFrame, size: int, rng: np.random.Generator) -> pd.DataFrame:
    if len(frame) > size:
        frame = frame.iloc[np.sort(rng.choice(len(frame), size, replace=False))]
    return frame.reset_index(drop=True)


def _sort_columns(reference: pd.DataFrame, current: pd.DataFrame) -> ReportSample:
    numeric: list[str] = []
    categorical: list[str] = []
    set_aside: list[SetAside] = []
    both = [*reference.columns, *(name for name in current.columns if name not in reference)]
    for name in both:
        if name in (SCORE, LABEL):
            continue
        reason = _unfit(name, reference, current)
        if reason is not None:
            set_aside.append(SetAside(name, reason))
        elif _is_numeric(reference[name]):
            numeric.append(name)
        else:
            categorical.append(name)
    return ReportSample(
        reference, current, 0, 0, tuple(numeric), tuple(categorical), tuple(set_aside)
    )


def _unfit(name: str, reference: pd.DataFrame, current: pd.DataFrame) -> str | None:
    for side, words in ((reference, "reference"), (current, "window")):
        if name not in side:
            return f"not in the {words}"
        if len(side) and side[name].isna().all():
            return f"no value in any sampled row of the {words}"
    if _is_numeric(reference[name]) != _is_numeric(current[name]):
        kinds = ["numbers" if _is_numeric(side[name]) else "words" for side in (reference, current)]
        return f"{kinds[0]} in the reference, {kinds[1]} in the window"
    return None


def _is_numeric(column: pd.Series) -> bool:
    return bool(pd.api.types.is_numeric_dtype(column))


def _merge_rare(
    reference: pd.DataFrame, current: pd.DataFrame, *, columns: tuple[str, ...]
) -> tuple[pd.DataFrame, pd.DataFrame]:
    names: dict[str, Callable[[pd.Series], pd.Series]] = {}
    for name in columns:
        counts = pd.concat([reference[name], current[name]]).value_counts()
        names[name] = _namer(counts)
    changed = [
        side.assign(**{name: rename(side[name]) for name, rename in names.items()})
        for side in (reference, current)
    ]
    return changed[0], changed[1]


def _namer(counts: pd.Series) -> Callable[[pd.Series], pd.Series]:
    drawn = counts.index[:MOST_CATEGORIES]
    rest = len(counts) - len(drawn)
    name = {value: shown(str(value)) for value in drawn}
    name |= dict.fromkeys(counts.index[MOST_CATEGORIES:], f"{rest} rarer ones together")
    return lambda column: column.map(name).astype("str")
