"""Derived columns of a use case: SQL over one row, and features of its key's earlier rows."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Annotated, Literal, Self, get_args

from pydantic import Discriminator, Field, Tag, model_validator

from monitoring.field_types import ColumnName, Duration, UseCaseSection, did_you_mean
from monitoring.use_case_columns import Columns, EventTime, Features

Statistic = Literal["count", "sum", "mean", "min", "max", "std"]

STATISTICS: tuple[Statistic, ...] = get_args(Statistic)

AMOUNT = "amount"
"""What derived columns call the money of a row where no column is called so."""


class HistoryFeature(UseCaseSection):
    """A statistic of earlier rows with the same key: those in the time `over` before a row."""

    count: Literal["rows"] | None = Field(None, description="`rows`: how many there are.")
    sum: ColumnName | None = Field(None, description="Column to sum; 0 where there is no row.")
    mean: ColumnName | None = Field(None, description="Column to take the mean of.")
    min: ColumnName | None = Field(None, description="Column to take the smallest value of.")
    max: ColumnName | None = Field(None, description="Column to take the greatest value of.")
    std: ColumnName | None = Field(
        None, description="Column to take the sample standard deviation of: of two values or more."
    )
    by: ColumnName = Field(description="Column of the key: a categorical feature or input.")
    over: Duration = Field(description="How far back rows count: 30d.")

    @model_validator(mode="after")
    def _one_statistic(self) -> Self:
        if len(list(self._given())) != 1:
            msg = f"give exactly one of {', '.join(STATISTICS)}, such as `mean: amount`"
            raise ValueError(msg)
        return self

    def _given(self) -> Iterator[tuple[Statistic, str]]:
        for name in STATISTICS:
            value = getattr(self, name)
            if value is not None:
                yield name, value

    @property
    def statistic(self) -> Statistic:
        """What is made of the rows."""
        return next(name for name, _ in self._given())

    def column(self, columns: Columns) -> str | None:
        """Return the column that is aggregated; None where rows are counted."""
        if self.count is not None:
            return None
        given = next(value for _, value in self._given())
        numeric, _ = _declared(columns)
        return columns.amount if given == AMOUNT and given not in numeric else given


Expression = Annotated[str, Field(min_length=1, max_length=2000)]

Derived = Annotated[
    Annotated[Expression, Tag("(expression)")] | Annotated[HistoryFeature, Tag("(history)")],
    Discriminator(
        lambda given: "(history)" if isinstance(given, dict | HistoryFeature) else "(expression)"
    ),
]


def history_of(derive: Mapping[str, Derived]) -> dict[str, HistoryFeature]:
    """Return the derived columns that are made of earlier rows."""
    return {name: each for name, each in derive.items() if isinstance(each, HistoryFeature)}


def expressions_of(derive: Mapping[str, Derived]) -> dict[str, str]:
    """Return the derived columns that are made of their own row."""
    return {name: each for name, each in derive.items() if isinstance(each, str)}


def made_of_history(derive: Mapping[str, Derived]) -> frozenset[str]:
    """Return the derived columns whose values depend on earlier rows, by way of others too."""
    history = history_of(derive)
    naming = {
        name
        for name, expression in expressions_of(derive).items()
        if any(_names(expression, each) for each in history)
    }
    return frozenset(history) | naming


def _names(expression: str, column: str) -> bool:
    """Whether an expression has a column's name in it, as SQL reads names: blind to case."""
    name = re.escape(column)
    return re.search(rf"(?<!\w){name}(?!\w)", expression.replace('""', '"'), re.I) is not None


def check_derived(derive: Mapping[str, Derived], columns: Columns) -> None:
    """Check that what is derived is used, and made of columns that may be.

    Raises
    ------
    ValueError
        It is not; the message names the field.
    """
    if not derive and columns.inputs is None:
        return
    if not isinstance(columns.features, Features):
        msg = "`derive` needs named columns: not with `columns.features: auto`"
        raise ValueError(msg)
    if not derive:
        msg = "`columns.inputs` are what `derive` reads: there is no `derive`"
        raise ValueError(msg)
    used = {*columns.features.names, columns.amount}
    inputs = columns.inputs.names if columns.inputs is not None else ()
    for name in derive:
        if name in inputs or not (name in used or _is_named(name, derive)):
            msg = (
                f"`derive.{name}` is no feature: name it under `columns.features`, numeric or "
                "categorical, and not under `columns.inputs`"
            )
            raise ValueError(msg)
    twice = sorted(set(inputs) & set(columns.features.names))
    if twice:
        msg = f"`columns.inputs`: {', '.join(twice)} is a feature, which `derive` may read too"
        raise ValueError(msg)
    for name, each in history_of(derive).items():
        for problem in _problems(name, each, derive, columns):
            msg = f"`derive.{name}` {problem}"
            raise ValueError(msg)
    if columns.amount in made_of_history(derive):
        msg = (
            f"`columns.amount`: {columns.amount} is made of earlier rows, and the money at stake "
            "in a row is its own: name a column of the file, or an expression of such columns"
        )
        raise ValueError(msg)


def _is_named(name: str, derive: Mapping[str, Derived]) -> bool:
    """Whether a history feature is used by an expression, if by no model."""
    expressions = expressions_of(derive)
    return name not in expressions and any(_names(each, name) for each in expressions.values())


def _problems(
    name: str, feature: HistoryFeature, derive: Mapping[str, Derived], columns: Columns
) -> Iterator[str]:
    """Yield what is wrong with a history feature."""
    features = columns.features
    if isinstance(features, Features) and name in features.categorical:
        yield "is a number: name it under `columns.features.numeric`"
    if not isinstance(columns.event_time, EventTime):
        yield (
            "needs the time of each row: name its column as `columns.event_time`, for the order "
            "of a file's rows is not known when a row is scored"
        )
    numeric, categorical = _declared(columns)
    if feature.by in derive or feature.by not in categorical:
        yield (
            f"`by`: no categorical column of the file {did_you_mean(feature.by, categorical)}: "
            f"name it under `columns.features` or `columns.inputs`, `categorical`, of which there "
            f"are {', '.join(n for n in categorical if n not in derive) or 'none'}"
        )
    column = feature.column(columns)
    allowed = [n for n in dict.fromkeys([*numeric, columns.amount]) if n and n not in derive]
    if feature.count is None and column not in allowed:
        yield (
            f"`{feature.statistic}`: no numeric column of the file "
            f"{did_you_mean(str(column or AMOUNT), allowed)}: name it under `columns.features` or "
            f"`columns.inputs`, `numeric`, of which there are {', '.join(allowed) or 'none'}"
        )


def _declared(columns: Columns) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return all features and inputs, numbers and words."""
    kinds = [each for each in (columns.features, columns.inputs) if isinstance(each, Features)]
    numeric = (name for each in kinds for name in each.numeric)
    categorical = (name for each in kinds for name in each.categorical)
    return tuple(dict.fromkeys(numeric)), tuple(dict.fromkeys(categorical))
