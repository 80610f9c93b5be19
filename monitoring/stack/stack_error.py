"""The error of the local stack."""

from __future__ import annotations

from monitoring.errors import TocsinError


class StackError(TocsinError, RuntimeError):
    """The local stack can't do what was asked; the message says why, and what to do."""
