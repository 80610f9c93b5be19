"""Status: why a figure is there, or is not."""

from __future__ import annotations

from enum import StrEnum

from monitoring.rows.role import Role
from monitoring.signals.about import About, Unmeasured, performance_of
from monitoring.signals.catalogue import STATUS
from monitoring.signals.metric import Stage
from monitoring.signals.sample import Sample


def status_sample(of: str, status: StrEnum) -> Sample:
    """Return the sample that says in which status `of` is."""
    return Sample(STATUS, 1, {"of": of, "status": status.value})


PERFORMANCE = performance_of(Stage.PRODUCTION, Role.CHAMPION)
"""What the status of the champion's realised figures is about."""


def unmeasured_samples(*of: str, status: StrEnum = Unmeasured.NOT_MEASURED) -> tuple[Sample, ...]:
    """Return why figures are absent that nobody could even try to compute.

    Parameters
    ----------
    of
        What they are about; everything that a report publishes where none is given.
    """
    everything = (
        About.DRIFT,
        About.SCORE_DRIFT,
        About.ESTIMATE,
        About.ESTIMATE_ERROR,
        About.DATA,
        PERFORMANCE,
    )
    return tuple(status_sample(about, status) for about in of or everything)
