"""Declarations: which values a use case's columns may hold, written down with pandera."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from monitoring.sources.checked import Reason
from monitoring.sources.typed import Defect, Typed, resolved_columns
from monitoring.use_case import UseCase

if TYPE_CHECKING:
    import pandas as pd
    from pandera.pandas import DataFrameSchema


def declarations(case: UseCase) -> DataFrameSchema:
    """Return what the use case's numbers must be: finite, and money not below 0."""
    from pandera.pandas import Check, Column, DataFrameSchema

    finite = Check(_is_finite, error=Reason.INFINITE_NUMBER)
    features, _ = resolved_columns(case)
    amount = case.columns.amount
    columns = {name: Column(float, finite, nullable=True) for name in features.numeric}
    if amount is not None:
        positive = Check.ge(0, error=Reason.NEGATIVE_AMOUNT)
        columns[amount] = Column(float, [finite, positive], nullable=True)
    return DataFrameSchema(columns)


def broken_declarations(typed: Typed, case: UseCase) -> list[Defect]:
    """Return which rows hold values that the use case's columns may not."""
    from pandera.errors import SchemaErrors

    schema = declarations(case)
    if not schema.columns:
        return []
    try:
        schema.validate(typed.content, lazy=True)
    except SchemaErrors as error:
        return _defects(error.failure_cases, len(typed.content))
    return []


def _is_finite(values: pd.Series) -> pd.Series:
    finite: pd.Series = ~np.isinf(values)
    return finite


def _defects(failures: pd.DataFrame, rows: int) -> list[Defect]:
    found = []
    for (reason, column), cases in failures.groupby(["check", "column"], sort=True):
        where = np.zeros(rows, np.bool_)
        where[cases["index"].to_numpy(np.int64)] = True
        found.append(Defect(Reason(str(reason)), str(column), where))
    return found
