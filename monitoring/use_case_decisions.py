"""Decisions that are acted on, and what acting on them hides."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from monitoring.field_types import Number, UseCaseSection

ControlShare = Annotated[Number, Field(ge=0, le=0.5)]


class Decisions(UseCaseSection):
    """Which decisions block a row, so that its truth is never seen."""

    blocking: Literal["alarm"] | None = Field(
        None,
        description="`alarm`: a flagged row is stopped, so its label never comes, and its truth is "
        "unknown unless a review labels it. If unset, labels come whatever was decided.",
    )
    control_share: ControlShare = Field(
        0.0,
        description="Share of flagged rows that are let through, drawn by their ids: they stand "
        "for those that are blocked, in figures and in training.",
    )

    @model_validator(mode="after")
    def _something_blocks(self) -> Self:
        if self.control_share and self.blocking is None:
            msg = "`control_share` is of rows that are blocked: set `blocking: alarm` too"
            raise ValueError(msg)
        return self
