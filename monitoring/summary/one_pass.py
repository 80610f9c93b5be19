"""All features of a table counted in one pass, and spans of its rows apart."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from operator import add

from monitoring.summary.count import Tally, finished, nothing, tally
from monitoring.summary.table import Portion
from monitoring.summary.types import FeatureBins, Summary


@dataclass(frozen=True, eq=False)
class Counted:
    """What was counted of some rows; counts of different rows add up.

    Attributes
    ----------
    tallies
        One per feature.
    """

    rows: int
    tallies: tuple[Tally, ...]

    def __add__(self, other: Counted) -> Counted:
        return Counted(self.rows + other.rows, tuple(map(add, self.tallies, other.tallies)))


@dataclass(frozen=True, eq=False)
class Pass:
    """What one pass over a table counted: all rows, and each of the spans that were asked for."""

    whole: Counted
    spans: tuple[Counted, ...]

    def __add__(self, other: Pass) -> Pass:
        return Pass(self.whole + other.whole, tuple(map(add, self.spans, other.spans)))


def count_rows(
    portions: Iterable[Portion], *, bins: Sequence[FeatureBins], spans: Sequence[range] = ()
) -> Pass:
    """Count rows as they go by.

    Parameters
    ----------
    spans
        Places of rows that are counted apart too; ascending, none reaching into another.
    """
    none = Counted(0, tuple(nothing(part) for part in bins))
    whole, apart = none, [none] * len(spans)
    for portion in portions:
        for number, piece in _pieces(portion, spans):
            counted = Counted(
                piece.rows.num_rows,
                tuple(
                    tally(part, piece.column(part.name), notation=piece.notation(part.name))
                    for part in bins
                ),
            )
            whole += counted
            if number is not None:
                apart[number] += counted
    return Pass(whole, tuple(apart))


def summary_of(
    counted: Counted, bins: Sequence[FeatureBins], *, bins_hash: str, model_version: str | None
) -> Summary:
    """Return the summary of rows that were counted."""
    return Summary(
        bins_hash=bins_hash,
        model_version=model_version,
        rows=counted.rows,
        features={
            part.name: finished(part, counts)
            for part, counts in zip(bins, counted.tallies, strict=True)
        },
    )


def _pieces(portion: Portion, spans: Sequence[range]) -> Iterator[tuple[int | None, Portion]]:
    """Cut a portion where spans begin and end; with the span of each piece, if it is in one."""
    stop = portion.start + portion.rows.num_rows
    at = portion.start
    for number, span in enumerate(spans):
        if span.stop <= at or span.start >= stop:
            continue
        if span.start > at:
            yield None, _piece(portion, at, span.start)
        end = min(span.stop, stop)
        yield number, _piece(portion, max(span.start, at), end)
        at = end
    if at < stop or portion.rows.num_rows == 0:
        yield None, _piece(portion, at, stop)


def _piece(portion: Portion, start: int, stop: int) -> Portion:
    rows = portion.rows.slice(start - portion.start, stop - start)
    return Portion(start, rows, portion.written)
