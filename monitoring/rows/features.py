"""Features in store and archive: JSON, one object a row; and frames of the declared kinds."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from pydantic_core import to_json

from monitoring.errors import InputError

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa

    from monitoring.use_case import Features


def features_to_json(features: pd.DataFrame) -> list[str]:
    """Return one JSON object a row, keyed by feature name: missing is null, floats are exact.

    Raises
    ------
    InputError
        A number is infinite, which JSON can't hold.
    """
    numbers = features.select_dtypes("number")
    infinite = [str(n) for n in numbers.columns if np.isinf(numbers[n].to_numpy()).any()]
    if infinite:
        msg = f"infinite values in {', '.join(infinite)}: set these rows aside before storing"
        raise InputError(msg)
    names = [str(name) for name in features.columns]
    return [
        to_json(dict(zip(names, row, strict=True)), inf_nan_mode="null").decode()
        for row in zip(*(features[name].tolist() for name in names), strict=True)
    ]


def features_from_json(texts: Sequence[str], features: Features) -> pd.DataFrame:
    """Return the declared features of each row; one that a row doesn't have is missing.

    Raises
    ------
    InputError
        A stored value is of another kind than the use case declares.
    """
    import pyarrow as pa
    from pyarrow import json

    if not texts:
        return features_frame(arrow_schema(features).empty_table(), features)
    parse = json.ParseOptions(
        explicit_schema=arrow_schema(features), unexpected_field_behavior="ignore"
    )
    # A row longer than a block would be refused.
    read = json.ReadOptions(block_size=max(1 << 20, 8 * max(map(len, texts))))
    lines = pa.BufferReader("\n".join(texts).encode())
    try:
        table = json.read_json(lines, read_options=read, parse_options=parse)
    except pa.ArrowInvalid as error:
        msg = f"stored features are not of the kinds that the use case declares: {error}"
        raise InputError(msg) from error
    return features_frame(table, features)


def arrow_schema(features: Features) -> pa.Schema:
    """Return the features' Arrow types, numeric first."""
    import pyarrow as pa

    kinds = dict.fromkeys(features.numeric, pa.float64())
    kinds |= dict.fromkeys(features.categorical, pa.string())
    return pa.schema(list(kinds.items()))


def features_frame(table: pa.Table, features: Features) -> pd.DataFrame:
    """Return the frame that `Rows` holds: float64 or `str`, missing as NaN in both."""
    import pandas as pd

    columns = {name: table[name].to_numpy() for name in features.numeric}
    columns |= {
        name: pd.array(table[name].to_pylist(), dtype="str") for name in features.categorical
    }
    return pd.DataFrame(columns, columns=list(features.names))
