"""What a report says of rows and labels of logs that are not as they should be."""

from __future__ import annotations

from collections.abc import Iterator

from monitoring.sources.logs.score_problems import ScoreProblems
from monitoring.steps.report.kept_parts import Found
from monitoring.wording import several

OUTSIDE = "score missing or outside its kind"
MISPLACED = "row outside the time of its partition"


def found_of(problems: ScoreProblems, misplaced: int) -> Found:
    """Return what was found beside the scores of a window, to be kept with them."""
    arrivals = problems.arrivals
    aside = {OUTSIDE: problems.outside, MISPLACED: misplaced}
    return Found(
        set_aside={reason: rows for reason, rows in aside.items() if rows},
        other_versions=dict(problems.other_versions),
        conflicting_labels=problems.conflicting,
        early_labels=problems.early,
        without_id=problems.without_id,
        shared_id=problems.shared.rows,
        arrivals_counted=arrivals is not None,
        labels_came={} if arrivals is None else dict(arrivals.came),
        labels_met={} if arrivals is None else dict(arrivals.met),
    )


def said_of_ids(found: Found) -> Iterator[str]:
    """Yield what a reader has to know of rows whose labels can't be told apart, or can't come."""
    if found.shared_id:
        rows = several(found.shared_id, "row")
        yield f"{rows} with the id of another: each is counted, and a label counts for each"
    if found.without_id:
        yield f"{several(found.without_id, 'row')} without an id: no label can be joined to them"
