"""A candidate of a use case: a model family that each retrain searches and trains."""

from __future__ import annotations

from itertools import chain
from math import prod
from typing import Annotated, Any, Literal, Self

from pydantic import BeforeValidator, Discriminator, Field, Tag, model_validator

from monitoring.estimators import (
    ENSEMBLES,
    MOST_COMBINATIONS,
    parameter_problems,
    range_problems,
    step_problem,
)
from monitoring.field_types import ColumnName, Count, IntOrFloat, UseCaseSection


class Range(UseCaseSection):
    """Numbers to draw from, both ends included; whole ones where both ends are whole."""

    low: IntOrFloat = Field(description="Least value.")
    high: IntOrFloat = Field(description="Greatest value; 10 draws whole numbers, 10.0 any.")
    log: bool = Field(False, description="Drawn evenly on a logarithmic scale.")

    @property
    def whole(self) -> bool:
        """Whether whole numbers are drawn."""
        return isinstance(self.low, int) and isinstance(self.high, int)

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if not self.low < self.high:
            msg = f"`low` must be below `high`: {self.low:g} is not below {self.high:g}"
            raise ValueError(msg)
        if self.log and self.low <= 0:
            msg = f"`log: true` needs a `low` above 0, not {self.low:g}"
            raise ValueError(msg)
        return self


Listed = Annotated[list[Any], Field(min_length=1)]
Values = Annotated[
    Annotated[Listed, Tag("(list)")] | Annotated[Range, Tag("(range)")],
    Discriminator(lambda given: "(range)" if isinstance(given, dict | Range) else "(list)"),
]


class Search(UseCaseSection):
    """Which points are tried: all of a grid, or some that are drawn."""

    method: Literal["grid", "random", "optuna"] = Field(
        "grid",
        description="`grid`: every combination; `random`: drawn; `optuna`: by its TPE sampler, "
        "which draws near what did well.",
    )
    trials: Annotated[Count, Field(le=MOST_COMBINATIONS)] | None = Field(
        None, description="How many points are drawn; not of a grid."
    )
    space: dict[str, Values] = Field(
        default_factory=dict,
        description="By parameter: a list of values, or {low, high, log} where points are drawn.",
    )

    @model_validator(mode="after")
    def _fits_its_method(self) -> Self:
        if self.method != "grid":
            if self.trials is None or not self.space:
                msg = f"`method: {self.method}` needs `trials`, such as 20, and a `space`"
                raise ValueError(msg)
            return self
        if self.trials is not None:
            msg = "`trials` are of `method: random` or `optuna`: a grid is tried as a whole"
            raise ValueError(msg)
        ranges = [name for name, values in self.space.items() if isinstance(values, Range)]
        if ranges:
            msg = f"a grid needs a list of values for {', '.join(ranges)}: a range is drawn from"
            raise ValueError(msg)
        return self

    @property
    def size(self) -> int:
        """How many points are tried."""
        if self.trials is not None:
            return self.trials
        return prod(len(values) for values in self.space.values() if isinstance(values, list))

    def problems(self) -> list[str]:
        """Return what of its space may not be given."""
        problems: list[str] = []
        if self.size > MOST_COMBINATIONS:
            problems.append(
                f"`search` has {self.size:,} combinations, more than {MOST_COMBINATIONS}: name "
                "fewer values, draw some (`method: random`), or make two candidates of it"
            )
        for name, values in self.space.items():
            if isinstance(values, Range):
                problems += range_problems(name, values.low, values.high)
            else:
                problems += parameter_problems(name, values)
        return problems


def _kind_of_search(given: object) -> str:
    if isinstance(given, dict):
        drawn = any(isinstance(values, dict | Range) for values in given.values())
        return "(search)" if drawn or given.keys() & Search.model_fields.keys() else "(grid)"
    return "(search)" if isinstance(given, Search) else "(grid)"


Steps = Annotated[
    tuple[str, ...],
    Field(min_length=1, max_length=10),
    BeforeValidator(lambda given: (given,) if isinstance(given, str) else given),
]
EstimatorName = Annotated[str, Field(pattern=r"^[a-z][a-z0-9]*(_[a-z0-9]+)*$", max_length=40)]


class Candidate(UseCaseSection):
    """A model family: a pipeline, its parameters, and those that are searched.

    Parameters of any step go by the names that scikit-learn's `make_pipeline` gives, such as
    `standardscaler__with_mean`; bare names are of the last step.
    """

    steps: tuple[str, ...] = Field(
        min_length=1, max_length=10, description="Classes, the last one a classifier."
    )
    estimators: dict[EstimatorName, Steps] = Field(
        default_factory=dict,
        max_length=10,
        description="What the last step combines, by name: a class, or a list of steps.",
    )
    parameters: dict[str, Any] = Field(
        default_factory=dict, description="Fixed parameters of its steps."
    )
    search: Annotated[
        Annotated[dict[str, Listed], Tag("(grid)")] | Annotated[Search, Tag("(search)")],
        Discriminator(_kind_of_search),
    ] = Field(
        default_factory=dict,
        description="Parameters to try: a grid of lists, or `method`, `trials` and `space`.",
    )
    text: tuple[ColumnName, ...] = Field(
        (),
        max_length=10,
        description="Categorical features that it reads as text, by the TF-IDF of their words.",
    )
    without: tuple[ColumnName, ...] = Field(
        (),
        max_length=1000,
        description="Features that it does not read, and other candidates do.",
    )
    max_rows: Count | None = Field(
        None,
        description="Most training rows that it is searched and fitted on, drawn with each "
        "class's share; all of them if unset.",
    )

    @property
    def points(self) -> Search:
        """What is searched, a plain grid too."""
        return self.search if isinstance(self.search, Search) else Search(space=dict(self.search))

    @model_validator(mode="after")
    def _allowed(self) -> Self:
        named = [*self.steps, *chain.from_iterable(self.estimators.values())]
        problems = [*filter(None, map(step_problem, named))]
        for name, value in self.parameters.items():
            problems += parameter_problems(name, [value])
        problems += self.points.problems()
        problems += self._ensemble_problems()
        if problems:
            raise ValueError("; ".join(problems))
        return self

    def _ensemble_problems(self) -> list[str]:
        last = self.steps[-1]
        if last in ENSEMBLES and len(self.estimators) < 2:
            example = "{lr: sklearn.linear_model.LogisticRegression, nb: ...}"
            return [f"{last} combines two or more `estimators`, such as {example}"]
        if self.estimators and last not in ENSEMBLES:
            return [f"`estimators` are of {' and '.join(ENSEMBLES)}, as the last of `steps`"]
        return []
