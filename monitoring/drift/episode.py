"""Episode: one stretch of drift, from the verdict that crossed the limit to one that is below."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from monitoring.drift.verdict import Verdict


def drifting_since(newest_first: Iterable[Verdict]) -> datetime | None:
    """Return when the episode began that the newest verdict belongs to.

    It began with the window of the first verdict above its limit, and ends with one that is not.
    A window that could not be judged neither begins nor ends one.

    Parameters
    ----------
    newest_first
        Verdicts of a use case, whichever model's reference they were made against; no more of
        them are taken than the episode needs.

    Returns
    -------
    datetime or None
        Start of the first window above; None where the newest that was judged is not above.
    """
    since = None
    for verdict in newest_first:
        if verdict.share is None:
            continue
        if not verdict.drifted:
            break
        since = verdict.window_start
    return since
