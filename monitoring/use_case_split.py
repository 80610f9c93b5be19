"""The split of a use case: how its training rows are divided into parts."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from monitoring.field_types import Count, RandomState, Share, StrictShare, UseCaseSection
from monitoring.wording import number


class Split(UseCaseSection):
    """How the training rows are divided into parts, and the share of each."""

    by: Literal["time", "random"] = Field(
        "time",
        description="`time`: each part is later than the one before; `random`: stratified by "
        "target, for rows without an order.",
    )
    random_state: RandomState | None = Field(
        None, description="What a random split is drawn by; needed for it, and for it alone."
    )
    train: StrictShare = Field(0.6, description="Search, fit and calibration.")
    validation: Share | None = Field(
        None,
        description="Decision threshold only; what the others leave if unset. 0, by `random`: "
        "threshold and calibration by cross-validation inside the training part.",
    )
    test: StrictShare = Field(0.2, description="Untouched until the end.")
    global_test: Share = Field(
        0.0, description="Never learned from nor selected by; by `random` only."
    )

    folds: Annotated[Count, Field(ge=2, le=10)] = Field(
        3, description="Folds of the search and of cross-validation, inside the training part."
    )

    @property
    def shares(self) -> dict[str, float]:
        """Share of each part, in order; 0 where there is no such part."""
        rest = round(1 - self.train - self.test - self.global_test, 9)
        return {
            "train": self.train,
            "validation": rest if self.validation is None else self.validation,
            "test": self.test,
            "global_test": self.global_test,
        }

    @model_validator(mode="after")
    def _adds_up(self) -> Self:
        total = sum(self.shares.values())
        if abs(total - 1) > 1e-9 or self.shares["validation"] < 0:
            total = self.train + (self.validation or 0) + self.test + self.global_test
            more = " and global_test" if self.global_test else ""
            msg = (
                f"train, validation and test{more} must add up to 1, not {number(round(total, 9))}"
            )
            raise ValueError(msg)
        return self

    @model_validator(mode="after")
    def _fits_its_kind(self) -> Self:
        if self.by == "random" and self.random_state is None:
            msg = "`by: random` needs a `random_state`, such as 42: the same rows, the same parts"
            raise ValueError(msg)
        if self.by == "time" and (self.random_state is not None or self.global_test > 0):
            msg = "`random_state` and `global_test` are of `by: random` alone"
            raise ValueError(msg)
        if self.by == "time" and self.shares["validation"] == 0:
            msg = "a split by time needs a validation part: the threshold is chosen on it"
            raise ValueError(msg)
        return self
