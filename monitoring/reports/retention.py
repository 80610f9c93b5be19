"""Which reports are kept."""

from __future__ import annotations

from pathlib import Path

from monitoring.reports.kind import ReportKind


def keep_newest(folder: Path, keep: int, cited: frozenset[str] = frozenset()) -> tuple[str, ...]:
    """Remove all but the newest reports of each kind from a use case's folder.

    A report is gone from the lists before it is gone itself, so that a run that is killed
    half-way leaves no link to nothing; the next run removes the rest.

    Parameters
    ----------
    folder
        The folder of one use case.
    keep
        How many of each kind stay.
    cited
        Names of reports (`drift_20260131T060000Z.html`) that stay whatever their age, because a
        firing alert links to them. They do not count among the `keep`.

    Returns
    -------
    Names of the removed reports, oldest first.

    Raises
    ------
    ValueError
        `keep` is below 1.
    """
    if keep < 1:
        msg = f"keep at least one report of each kind, not {keep}"
        raise ValueError(msg)
    removed = [
        name for kind in ReportKind for name in _old(folder, kind, keep) if name not in cited
    ]
    for name in removed:
        path = folder / name
        path.with_suffix(".json").unlink(missing_ok=True)
        path.unlink(missing_ok=True)
    return tuple(removed)


def _old(folder: Path, kind: ReportKind, keep: int) -> list[str]:
    # Names carry the time in a form that sorts as time does. A report and its entry are looked
    # for each by itself: either may have been left alone by a run that was killed.
    names = {path.with_suffix(".html").name for path in folder.glob(f"{kind}_*.html")}
    names |= {path.with_suffix(".html").name for path in folder.glob(f"{kind}_*.json")}
    return sorted(names)[:-keep]
