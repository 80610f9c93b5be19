"""What of a source is kept, what is set aside and why, and what each part of the split holds."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import timedelta

import numpy as np

from monitoring.rows.rows import POSITIVE, UNLABELLED, Rows
from monitoring.sources.schema_check import CheckedRows
from monitoring.use_case import UseCase
from monitoring.wording import count, percent, several

_EXAMPLES = 3


def source_account(checked: CheckedRows, case: UseCase) -> Iterator[str]:
    """Yield what came of the rows of a source, a sentence a line."""
    rows = checked.rows
    real = "SYNTHETIC " if checked.synthetic else "sample " if checked.sample else ""
    yield (f"{several(len(rows), f'{real}row')} kept, {count(len(checked.quarantined))} set aside")
    by_reason = Counter(row.reason for row in checked.quarantined)
    for reason, number in by_reason.most_common():
        yield f"  set aside: {count(number)} {reason}"
        alike = [row for row in checked.quarantined if row.reason is reason]
        yield from (f"    row {row.row_number:,}: {row.detail}" for row in alike[:_EXAMPLES])
    first, last = rows.event_time[0], rows.event_time[-1]
    yield f"  event times from {_minute(first)} to {_minute(last)} UTC"
    window, needed = case.drift.window, case.drift.min_rows
    in_window = len(rows) * window / max(_length(first, last), window)
    if in_window < needed:
        yield (
            f"  `drift.window` holds {count(int(in_window))} of these rows on average, and a "
            f"verdict needs {count(needed)} (`drift.min_rows`): choose a longer one"
        )
    yield f"  {case.words.positives}: {_classes(rows, case)}"
    if checked.equal_content:
        equal = several(checked.equal_content, "row equals", "rows equal")
        yield f"  {equal} an earlier one in all but the id"
    if checked.out_of_order:
        yield f"  {several(checked.out_of_order, 'row')} stood after a later one: sorted by time"
    for name in rows.features.columns:
        share = float(rows.features[name].isna().mean())
        if share:
            yield f"  {name}: {percent(share, 1)} missing"


def _minute(time: np.datetime64) -> str:
    return str(time)[:16].replace("T", " ")


def _length(first: np.datetime64, last: np.datetime64) -> timedelta:
    return timedelta(microseconds=int((last - first) / np.timedelta64(1, "us")))


def part_account(name: str, part: Rows) -> str:
    """Return what one part of the split holds."""
    positives = int((part.label == POSITIVE).sum())
    return f"  {name}: {several(len(part), 'row')}, {count(positives)} of them positive"


def _classes(rows: Rows, case: UseCase) -> str:
    unlabelled = int((rows.label == UNLABELLED).sum())
    positives = int((rows.label == POSITIVE).sum())
    said = (
        f"{count(positives)} of {several(len(rows), 'row')} ({percent(positives / len(rows), 2)})"
    )
    if rows.true_class is not None and case.columns.classes is not None:
        each = Counter(rows.true_class.tolist())
        names = enumerate(case.columns.classes.names)
        said += "; " + ", ".join(f"{name}: {count(each[place])}" for place, name in names)
    return said + (f"; {count(unlabelled)} without a label" if unlabelled else "")
