"""Parcels of customers, of which features of their earlier parcels are made."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import numpy as np
import pandas as pd

from monitoring.use_case import UseCase
from tests.rows.made import use_case

DERIVE: dict[str, Any] = {
    "sent": {"count": "rows", "by": "customer", "over": "30d"},
    "spent": {"sum": "worth", "by": "customer", "over": "7d"},
    "usual": {"mean": "amount", "by": "customer", "over": "30d"},
    "least": {"min": "pieces", "by": "customer", "over": "30d"},
    "most": {"max": "worth", "by": "customer", "over": "30d"},
    "spread": {"std": "worth", "by": "customer", "over": "30d"},
    "of_depot": {"mean": "pieces", "by": "kind", "over": "1h"},
    "against_usual": "worth / usual",
}
MODELLED = ("sent", "spent", "least", "most", "spread", "of_depot", "against_usual")
"""All but `usual`, which only an expression uses."""


def customer_case(derive: dict[str, Any] | None = None, **columns: Any) -> UseCase:
    """Return the use case; `columns` replace its own."""
    content = use_case().model_dump()
    content["derive"] = DERIVE if derive is None else derive
    content["columns"]["features"] = {"numeric": ("worth", *MODELLED), "categorical": ("kind",)}
    content["columns"]["inputs"] = {"numeric": ("pieces",), "categorical": ("customer",)}
    content["columns"] |= columns
    return UseCase.model_validate(content)


def customers(
    count: int, *, every: timedelta = timedelta(minutes=20), seed: int = 0
) -> pd.DataFrame:
    """Return parcels in order of time, some at one moment, with customers and values missing."""
    rng = np.random.default_rng(seed)
    at = np.sort(rng.integers(0, count, count)) * every.total_seconds()
    name = rng.integers(0, max(2, count // 40), count).astype(object)
    frame = pd.DataFrame(
        {
            "parcel": [f"p{n}" for n in range(count)],
            "at": at,
            "worth": rng.gamma(2.0, 30.0, count),
            "pieces": rng.integers(1, 5, count).astype(float),
            "kind": rng.choice(["box", "bag"], count),
            "customer": [f"c{n}" for n in name],
            "lost": (rng.random(count) < 0.2).astype(int),
        }
    )
    frame.loc[rng.random(count) < 0.02, "customer"] = None
    frame.loc[rng.random(count) < 0.02, "pieces"] = np.nan
    return frame
