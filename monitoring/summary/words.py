"""Words: how much of a long one people are told."""

from __future__ import annotations


def shortened(text: str, letters: int) -> str:
    """Return the first letters of a text, and dots where there are more."""
    return text if len(text) <= letters else f"{text[:letters]}..."
