"""The kinds of report there are."""

from __future__ import annotations

from enum import StrEnum


class ReportKind(StrEnum):
    """What a report is about; its value starts the names of its files."""

    QUALITY = "quality"
    DRIFT = "drift"
    PERFORMANCE = "performance"

    @property
    def heading(self) -> str:
        """What people call it."""
        return {"quality": "Data quality", "drift": "Drift", "performance": "Performance"}[self]
