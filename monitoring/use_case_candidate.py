"""A candidate of a use case: a model family that each retrain searches and trains."""

from __future__ import annotations

from math import prod
from typing import Annotated, Any, Self

from pydantic import Field, model_validator

from monitoring.estimators import MOST_COMBINATIONS, parameter_problems, step_problem
from monitoring.field_types import UseCaseSection


class Candidate(UseCaseSection):
    """A model family: a pipeline and the grid searched over its last step."""

    steps: tuple[str, ...] = Field(
        min_length=1, max_length=10, description="Classes, the last one a classifier."
    )
    parameters: dict[str, Any] = Field(
        default_factory=dict, description="Fixed parameters of the last step."
    )
    search: dict[str, Annotated[list[Any], Field(min_length=1)]] = Field(
        default_factory=dict, description="Values to try for parameters of the last step."
    )

    @model_validator(mode="after")
    def _allowed(self) -> Self:
        given = [(name, [value]) for name, value in self.parameters.items()]
        given += self.search.items()
        problems = [*filter(None, map(step_problem, self.steps))]
        problems += [each for name, values in given for each in parameter_problems(name, values)]
        if problems:
            raise ValueError("; ".join(problems))
        combinations = prod(map(len, self.search.values()))
        if combinations > MOST_COMBINATIONS:
            msg = (
                f"`search` has {combinations:,} combinations, more than {MOST_COMBINATIONS}: name "
                "fewer values, or make two candidates of it"
            )
            raise ValueError(msg)
        return self
