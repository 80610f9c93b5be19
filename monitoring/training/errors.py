"""Errors of training: what stands in the way of a model, and what to do about it."""

from __future__ import annotations

from monitoring.errors import TocsinError


class TrainingError(TocsinError, ValueError):
    """A model can't be trained, kept or loaded; the message says why and what to do."""
