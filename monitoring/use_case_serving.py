"""What the API does with versions of a use case beside its champion."""

from __future__ import annotations

import math
from collections.abc import Collection
from typing import Annotated

from pydantic import AfterValidator, Field

from monitoring.field_types import StrictShare, UseCaseSection

CHALLENGER = "challenger"
"""The arm of the newest version that lost or waits; every other arm has the name of a candidate."""


def _left_for_the_champion(shares: dict[str, float]) -> dict[str, float]:
    together = math.fsum(shares.values())
    if together >= 1:
        msg = (
            f"the shares come to {together:g}: together they are below 1, the champion has the rest"
        )
        raise ValueError(msg)
    return shares


class Serve(UseCaseSection):
    """Which versions beside the champion the API knows of."""

    reload: bool = Field(
        False,
        description="A retrain registers a version of every candidate, and has a running API load "
        "them and the champion at once: its tasks `reload_<candidate>` and `reload_best`. So it "
        "does where `shares` are set.",
    )
    shares: Annotated[dict[str, StrictShare], AfterValidator(_left_for_the_champion)] = Field(
        default_factory=dict,
        description="Shares of live rows that other versions answer and decide on, each above 0 "
        "and together below 1: `challenger`, or a candidate by whose newest version.",
    )

    @property
    def reloads(self) -> bool:
        """Whether a retrain registers every candidate, and tells the API."""
        return self.reload or bool(self.shares)


def check_served(serve: Serve, candidates: Collection[str]) -> None:
    """Check that what is reloaded, and what shares of rows are of, has a name of its own.

    Raises
    ------
    ValueError
        One is of nothing that is known, or of two things.
    """
    if serve.reloads and "best" in candidates:
        msg = "candidate 'best': with `serve.reload`, `reload_best` is the champion's own task"
        raise ValueError(msg)
    unknown = serve.shares.keys() - {CHALLENGER, *candidates}
    if unknown:
        msg = (
            f"`serve.shares` names {', '.join(sorted(unknown))}: allowed are {CHALLENGER} and "
            f"the candidates, {', '.join(candidates)}"
        )
        raise ValueError(msg)
    if CHALLENGER in serve.shares and CHALLENGER in candidates:
        msg = (
            f"`serve.shares.{CHALLENGER}` is the newest version that lost or waits: give the "
            "candidate of that name another one"
        )
        raise ValueError(msg)
