"""Combine: rows of several origins as one, each row once."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from monitoring.rows.rows import Rows


def combined(history: Rows, production: Rows) -> Rows:
    """Return both, in order of event time; a row that is in both is taken from production.

    Scores are left out: they come from models of different versions.
    """
    import pandas as pd

    again = np.isin(history.row_id, production.row_id)
    old = history.take(~again)
    if len(old) == 0 or len(production) == 0:
        both = production if len(old) == 0 else old
        return replace(both, score=None, model_version=None)
    parts = (old, production)
    features = pd.concat([part.features for part in parts], ignore_index=True)
    event_time = np.concatenate([part.event_time for part in parts])
    order = np.argsort(event_time, kind="stable")
    amounts = [part.amount for part in parts if part.amount is not None]
    rows = Rows(
        features=features,
        row_id=np.concatenate([part.row_id for part in parts]),
        event_time=event_time,
        arrival_time=np.concatenate([part.arrival_time for part in parts]),
        label=np.concatenate([part.label for part in parts]),
        label_time=np.concatenate([part.label_time for part in parts]),
        amount=np.concatenate(amounts) if len(amounts) == len(parts) else None,
    )
    return rows.take(order)
