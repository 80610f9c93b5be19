"""Write the files of the example: labelled orders of two months, the last days, their labels.

Run it as::

    python write_orders.py
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pandas as pd

FOLDER = Path(__file__).parent / "data"
LABEL = "refund_fraud"


def orders(rows: int, first: datetime, last: datetime, seed: int) -> pd.DataFrame:
    """Return orders, evenly spread over a time, with whether each refund was a fraud."""
    draw = np.random.default_rng(seed)
    times = pd.date_range(first, last, periods=rows).floor("s")
    table = pd.DataFrame(
        {
            "order": [f"{times[0]:%m%d}-{number}" for number in range(rows)],
            "ordered_at": times.strftime("%Y-%m-%dT%H:%M:%SZ"),
            "amount": draw.lognormal(3.5, 0.8, rows).round(2),
            "items": draw.integers(1, 8, rows),
            "account_days": draw.exponential(300, rows).round(),
            "channel": draw.choice(["web", "app", "phone"], rows, p=[0.6, 0.35, 0.05]),
        }
    )
    odds = -3.8 + 0.02 * table["amount"] - 0.006 * table["account_days"]
    odds += 2.0 * (table["channel"] == "phone")
    table[LABEL] = (draw.random(rows) < 1 / (1 + np.exp(-odds))).astype(int)
    return table


def main() -> None:
    """Write the files; the last days end now."""
    now = datetime.now(UTC).replace(microsecond=0)
    FOLDER.mkdir(exist_ok=True)
    history = orders(9_000, now - timedelta(days=62), now - timedelta(days=3), seed=1)
    history.to_csv(FOLDER / "orders.csv", index=False)
    recent = orders(2_400, now - timedelta(days=2), now - timedelta(minutes=1), seed=2)
    recent.drop(columns=LABEL).to_csv(FOLDER / "recent.csv", index=False)
    recent[["order", LABEL]].to_csv(FOLDER / "labels.csv", index=False)
    print(f"{FOLDER}: {len(history):,} labelled orders, and {len(recent):,} of the last days")


if __name__ == "__main__":
    main()
