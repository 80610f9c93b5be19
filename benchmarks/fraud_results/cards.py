"""The real payments with every column that an experiment may read."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from benchmarks.fraud_results.past import past_columns
from benchmarks.real_data import needed_folder
from monitoring.rows.rows import Rows
from monitoring.sources.source import read_source
from monitoring.use_case import UseCase


@dataclass(frozen=True, eq=False)
class Cards:
    """The payments in order of event time.

    Attributes
    ----------
    rows
        As the product reads them.
    columns
        The product's features, and beside them those of `past_columns`.
    repeated
        (n,): an earlier payment has the same time and the same values throughout.
    """

    rows: Rows
    columns: pd.DataFrame
    repeated: NDArray[np.bool_]

    @property
    def label(self) -> NDArray[np.int8]:
        """(n,): 1 for fraud."""
        return self.rows.label

    @property
    def amount(self) -> NDArray[np.float64]:
        """(n,): in the use case's currency."""
        assert self.rows.amount is not None  # noqa: S101 - the use case has amounts
        return self.rows.amount


def read_cards(case: UseCase) -> Cards:
    """Read the real payments.

    Raises
    ------
    SystemExit
        The file is nowhere.
    """
    rows = read_source(case, needed_folder(case.source.path)).rows
    seconds = (rows.event_time - rows.event_time[0]) / np.timedelta64(1, "s")
    columns = pd.concat([rows.features, past_columns(rows.features, seconds)], axis=1)
    repeated = rows.features.assign(seconds=seconds).duplicated().to_numpy()
    return Cards(rows, columns, repeated)
