"""Somebody else's model and its prediction logs: `python make_logs.py DATA [CARDS]`.

A logistic regression is trained outside of Tocsin on a third of the payments, and scores the
others; its logs lie in DATA/card_logs/day=YYYY-MM-DD/, the labels of frauds, which come a day
later, in DATA/card_labels/. The days end with yesterday. On the last one a column has drifted.

CARDS is the public card data, creditcard.csv or creditcard.csv.gz; without it payments are made up.
"""

from __future__ import annotations

import shutil
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pandas as pd
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

DAYS, ROWS = 25, 180_000
THRESHOLD = 0.1
FEATURES = [f"V{number}" for number in range(1, 29)]


def payments(cards: Path | None, rng: np.random.Generator) -> pd.DataFrame:
    """Return payments with their truth, in random order."""
    if cards is not None:
        return pd.read_csv(cards).sample(frac=1, random_state=0, ignore_index=True)
    truth = rng.random(ROWS) < 0.002
    values = rng.normal(size=(ROWS, len(FEATURES))) - 2.5 * truth[:, None] * (rng.random(28) < 0.3)
    amount = np.round(rng.lognormal(3, 1.2, ROWS), 2)
    return pd.DataFrame(values, columns=FEATURES).assign(Amount=amount, Class=truth.astype(int))


def main(data: Path, cards: Path | None) -> None:
    """Train the model, score the days, and write what its service would have logged."""
    rng = np.random.default_rng(0)
    rows = payments(cards, rng)
    known, live = rows.iloc[: len(rows) // 3], rows.iloc[len(rows) // 3 :].copy()
    model = make_pipeline(StandardScaler(), LogisticRegression(max_iter=1000))
    model.fit(known[FEATURES], known["Class"])

    today = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    seconds = np.sort(rng.uniform(0, DAYS * 86_400, len(live)))
    live["at"] = pd.Timestamp(today - timedelta(days=DAYS)) + pd.to_timedelta(seconds, unit="s")
    live["tx"] = [f"tx-{number:07}" for number in range(len(live))]
    last = live["at"] >= pd.Timestamp(today - timedelta(days=1))
    live.loc[last, FEATURES[:12]] += 1.0
    live["score"] = model.predict_proba(live[FEATURES])[:, 1]
    live["flagged"] = live["score"] >= THRESHOLD
    live["model"] = "logistic-2026-10"

    for name in ("card_logs", "card_labels"):
        shutil.rmtree(data / name, ignore_errors=True)
    (data / "card_labels").mkdir(parents=True)
    for day, of_day in live.groupby(live["at"].dt.strftime("%Y-%m-%d")):
        folder = data / "card_logs" / f"day={day}"
        folder.mkdir(parents=True)
        logged = ["tx", "at", *FEATURES, "Amount", "score", "flagged", "model"]
        of_day[logged].to_parquet(folder / "part-0.parquet", index=False)
        frauds = of_day.loc[of_day["Class"] == 1, ["tx", "at", "Class"]]
        came = frauds.assign(reported=frauds["at"] + timedelta(hours=24)).drop(columns="at")
        came.to_parquet(data / "card_labels" / f"{day}.parquet", index=False)
    print(f"{len(live):,} payments of {DAYS} days, {int(live['Class'].sum())} of them frauds")


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]) if len(sys.argv) > 2 else None)
