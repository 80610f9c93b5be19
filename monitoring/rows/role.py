"""Role: the part a model plays when it scores."""

from __future__ import annotations

from enum import StrEnum


class Role(StrEnum):
    """Whether a model's score decides, or is only looked at."""

    CHAMPION = "champion"
    SHADOW = "shadow"
