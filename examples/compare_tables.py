"""Data drift, performance in money, and an estimate before labels come: in Python alone.

Wants the light installation alone::

    pip install tocsin
    python examples/compare_tables.py
"""

from __future__ import annotations

import tempfile
from pathlib import Path

import numpy as np
import pandas as pd

from monitoring import compare, estimate, fit, load, merge, save, scorecard, summarise

COSTS = {"missed": {"of_amount": 1.0}, "false_alarm": 5, "review": 2}
THRESHOLD = 0.5


def payments(rows: int, seed: int, *, abroad: float = 0.1, factor: float = 1.0) -> pd.DataFrame:
    """Return payments with the scores of some model, and whether each was fraud."""
    draw = np.random.default_rng(seed)
    table = pd.DataFrame(
        {
            "amount": draw.lognormal(3.5, 1.0, rows) * factor,
            "age_of_account": draw.exponential(400, rows),
            "country": np.where(draw.random(rows) < abroad, "abroad", "home"),
        }
    )
    odds = -6 + 4 * (table["country"] == "abroad") + 0.02 * table["amount"]
    probability = 1 / (1 + np.exp(-odds))
    table["score"] = probability
    table["fraud"] = (draw.random(rows) < probability).astype(int)
    return table


def main() -> None:
    """Print what a data scientist asks of last week's payments."""
    features = ["amount", "age_of_account", "country"]
    before, after = payments(20_000, 1), payments(5_000, 2, abroad=0.3, factor=1.4)

    print("Did the data drift?")
    verdict = compare(before[features], after[features])
    print(verdict)
    print(verdict.to_frame()[["name", "effect", "drifted"]].to_string(index=False))

    print("\nThe same from saved summaries: hours add up, and no rows are kept")
    with tempfile.TemporaryDirectory() as folder:
        saved = Path(folder, "before.json.gz")
        save(fit(before[features], window=5_000), saved)
        hours = [
            summarise(after[features][at : at + 1_000], saved) for at in range(0, 5_000, 1_000)
        ]
        print(compare(load(saved), merge(*hours)).sentence)

    print("\nWhat did the model catch, and what was it worth?")
    card = scorecard(
        before["fraud"],
        before["score"],
        threshold=THRESHOLD,
        amounts=before["amount"],
        costs=COSTS,
    )
    print(card)

    print("\nWhat will it have caught in the rows whose labels have not come?")
    print(
        estimate(
            after["score"],
            threshold=THRESHOLD,
            calibrated_on=card,
            amounts=after["amount"],
            costs=COSTS,
        )
    )


if __name__ == "__main__":
    main()
