"""Rows as programs send them: a model of one use case's row, and the rows that come of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import lru_cache
from typing import TYPE_CHECKING, Annotated, Any

import numpy as np
from pydantic import AwareDatetime, BaseModel, BeforeValidator, ConfigDict, Field, create_model

from monitoring.errors import InputError
from monitoring.rows.key_history import history_inputs
from monitoring.rows.parsing import parse_words
from monitoring.rows.quarantine import LARGEST_AMOUNT, LONGEST_ID
from monitoring.rows.rows import NO_TIME, UNLABELLED, Rows, moment64
from monitoring.sources.derived import Known, derived_columns, file_columns, sends_amount
from monitoring.use_case import UseCase
from monitoring.use_case_columns import Features

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

    from monitoring.rows.key_history import StoredHistory


def _word(given: object) -> object:
    """Spell a number or a truth value as a source of rows would."""
    if isinstance(given, float) and given.is_integer():
        return str(int(given))
    return str(given) if isinstance(given, bool | int | float) else given


Id = Annotated[
    str,
    Field(min_length=1, max_length=LONGEST_ID, pattern=r"^\S(.*\S)?$"),
    BeforeValidator(lambda given: str(given) if type(given) is int else given),
]
Number = Annotated[float, Field(strict=True, allow_inf_nan=False)]
Word = Annotated[str, BeforeValidator(_word)]
Amount = Annotated[float, Field(strict=True, allow_inf_nan=False, ge=0, le=LARGEST_AMOUNT)]


class GivenRow(BaseModel):
    """One row to be scored.

    Attributes
    ----------
    id
        One is made where none is given. The same row under the same id is stored and scored once.
    event_time
        With its time zone; when the row arrived if not given.
    amount
        Money at stake, where it is none of the features.
    features
        Every feature by its name; null where the value is missing.
    """

    model_config = ConfigDict(extra="forbid")

    id: Id | None = None
    event_time: AwareDatetime | None = None
    amount: Amount | None = None
    features: Any


def row_model(case: UseCase) -> type[GivenRow]:
    """Return the model of a use case's rows: each feature a field, every one required."""
    numeric, categorical = file_columns(case)
    fields: dict[str, Any] = {}
    kinds: dict[str, Any] = dict.fromkeys(numeric, Number) | dict.fromkeys(categorical, Word)
    if case.columns.amount in kinds:
        kinds[case.columns.amount] = Amount
    for place, (name, kind) in enumerate(kinds.items()):
        # A column may be called by any words; pydantic's own name of the field is not seen.
        fields[_field(place)] = (kind | None, Field(alias=name))
    features = create_model("Features", __config__=ConfigDict(extra="forbid"), **fields)
    title = case.name.title().replace("_", "")
    return create_model(f"{title}Row", __base__=GivenRow, features=(features, ...))


def _field(place: int) -> str:
    return f"feature_{place}"


def values_of(case: UseCase, given: GivenRow) -> dict[str, float | str | None]:
    """Return the features of a row as it was sent, by their names."""
    names = [name for kind in file_columns(case) for name in kind]
    return dict(zip(names, given.features.__dict__.values(), strict=True))


def with_value(case: UseCase, given: GivenRow, name: str, value: float | str) -> GivenRow:
    """Return a row with another value of one feature."""
    place = [*values_of(case, given)].index(name)
    features = given.features.model_copy(update={_field(place): value})
    return given.model_copy(update={"features": features})


def rows_of(
    case: UseCase,
    given: Sequence[GivenRow],
    ids: Sequence[str],
    arrival: datetime,
    stored: StoredHistory,
) -> Rows:
    """Return rows that were sent, in the order in which they were.

    Parameters
    ----------
    ids
        Of each row: its own, or the one that was made for it.
    arrival
        When they came; the event time of those that name none.
    stored
        Where the rows before these are known, for history features.

    Raises
    ------
    InputError
        The use case's features are not known yet.
    """
    import pandas as pd

    features = case.columns.features
    if not isinstance(features, Features):
        msg = f"{case.name}: columns.features is `auto`: name them, so that rows can be read"
        raise InputError(msg)
    numeric, categorical = file_columns(case)
    values = [[*row.features.__dict__.values()] for row in given]
    by_column = dict(zip((*numeric, *categorical), zip(*values, strict=True), strict=True))
    content: dict[str, Any] = {
        name: np.array([np.nan if v is None else v for v in by_column[name]], np.float64)
        for name in numeric
    }
    content |= {name: parse_words(pd.Series(by_column[name], dtype=object)) for name in categorical}
    arrived = moment64(arrival)
    times = [arrived if row.event_time is None else moment64(row.event_time) for row in given]
    event_time: NDArray[np.datetime64] = np.array(times, "datetime64[us]")
    content |= _amounts(case, given)
    row_id = np.array(ids, np.str_)
    content |= derived_columns(case, content, Known(row_id, event_time, stored=stored))
    amount = case.columns.amount
    return Rows(
        features=_frame(features, content),
        row_id=row_id,
        event_time=event_time,
        arrival_time=np.full(len(given), arrived),
        label=np.full(len(given), UNLABELLED, np.int8),
        label_time=np.full(len(given), NO_TIME),
        amount=None if amount is None else content[amount],
        inputs=history_inputs(case, content),
    )


def _frame(features: Features, content: Mapping[str, Any]) -> pd.DataFrame:
    """Return the features as a frame; numbers alone as one array, in a tenth of the time."""
    import pandas as pd

    if features.categorical:
        return pd.DataFrame({name: content[name] for name in features.names})
    numbers = np.column_stack([content[name] for name in features.names])
    return pd.DataFrame(numbers, columns=_named(features.names))


@lru_cache(maxsize=100)
def _named(names: tuple[str, ...]) -> pd.Index[str]:
    """Return names as an index, whose search for a name is made ready but once."""
    import pandas as pd

    return pd.Index(names, dtype=object)


def _amounts(case: UseCase, given: Sequence[GivenRow]) -> dict[str, NDArray[np.float64]]:
    name = case.columns.amount
    if name is None or not sends_amount(case):
        return {}
    return {name: np.array([np.nan if r.amount is None else r.amount for r in given], np.float64)}
