"""Status: why a figure is there, or is not."""

from __future__ import annotations

from enum import StrEnum

from monitoring.signals.catalogue import STATUS
from monitoring.signals.sample import Sample


def status_sample(of: str, status: StrEnum) -> Sample:
    """Return the sample that says in which status `of` is."""
    return Sample(STATUS, 1, {"of": of, "status": status.value})
