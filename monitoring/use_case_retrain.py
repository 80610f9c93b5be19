"""When a retrain of a use case runs, what it learns from, and what its challenger must achieve."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from monitoring.field_types import Count, Cron, Duration, Share, StrictShare, UseCaseSection


class Retrain(UseCaseSection):
    """When a retrain runs, and what its challenger must achieve."""

    every: Cron | None = Field(
        "0 3 * * *",
        description="Cron schedule of the daily check, UTC; null: started by hand only, and not by "
        "drift either.",
    )
    new_rows: Count = Field(1000, description="New labelled rows that justify a retrain.")
    span: Duration | None = Field(
        None, description="How far back training rows reach; all of them if unset."
    )
    half_life: Duration | None = Field(
        None,
        description="Age at which a training row weighs half as much as the newest in a "
        "candidate's fit; all weigh the same if unset. It needs candidates that take weights.",
    )
    again_after: StrictShare = Field(
        0.4,
        description="Share of `new_rows` that justifies another retrain where the last challenger "
        "lost.",
    )
    sure: StrictShare = Field(
        0.95, description="How sure it has to be that a challenger costs less than the champion."
    )
    recall_not_worse_by: Share = Field(
        0.1, description="Recall that a challenger may lose: 0.1 is ten points."
    )
    recall_floor: Share = Field(0.0, description="Least test recall of a first champion.")
    skewed_rows: Literal["leave_out", "keep"] = Field(
        "leave_out",
        description="Production rows whose stored values do not give back the score that they "
        "were served with. `keep` where the service was wrong, and what is stored is right.",
    )
    max_rows_search: Count = Field(
        60_000, description="Newest training rows used in the search, to bound its time."
    )

    @property
    def by_hand(self) -> bool:
        """Whether retrains are started by hand only."""
        return self.every is None
