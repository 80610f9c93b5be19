"""Draws that rest on the ids of rows: the same ones each time, whoever asks, without a state."""

from __future__ import annotations

import hashlib


def place_of(draw: str, use_case: str, row_id: str) -> float:
    """Return where an id lies from 0 to 1: evenly spread, and unlike in each draw and use case."""
    digest = hashlib.sha256(f"{draw}\n{use_case}\n{row_id}".encode()).digest()
    return int.from_bytes(digest[:8], "big") / 2**64
