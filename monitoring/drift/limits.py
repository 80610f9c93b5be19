"""Limits: what must be said before anything can be called drift."""

from __future__ import annotations

from typing import Protocol


class Limits(Protocol):
    """When a window counts as drifted; `monitoring.use_case.Drift` is one."""

    @property
    def min_effect(self) -> float:
        """Smallest effect that matters, 0 to 1."""

    @property
    def rate(self) -> float:
        """False discovery rate across features, between 0 and 1."""

    @property
    def min_rows(self) -> int:
        """Fewer rows get a status, not a verdict."""
