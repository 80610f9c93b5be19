"""A model that MLflow serves, and the table that its predictions go to: `python serve_and_log.py`.

The model is logged, loaded and asked as whoever serves it by MLflow would. Each prediction becomes
a row of `inference` in the database at LOANS_URL; labels come a day later, in `outcomes`. On the
last day incomes are given in another unit.
"""

from __future__ import annotations

import os
import tempfile
from datetime import UTC, datetime, timedelta

import mlflow
import numpy as np
import pandas as pd
import sqlalchemy as sa
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

DAYS, A_DAY = 20, 2_000
FEATURES = ["income", "debt", "age", "months"]


def applications(rng: np.random.Generator, rows: int) -> pd.DataFrame:
    """Return applications for loans, with whether they defaulted."""
    table = pd.DataFrame(
        {
            "income": rng.lognormal(8, 0.5, rows),
            "debt": rng.lognormal(7, 1, rows),
            "age": rng.integers(18, 80, rows).astype(float),
            "months": rng.integers(0, 240, rows).astype(float),
        }
    )
    risk = -2.5 + 1.2 * np.log(table["debt"] / table["income"]) - 0.005 * table["months"]
    return table.assign(defaulted=(rng.random(rows) < 1 / (1 + np.exp(-risk))).astype(int))


class Scorer(mlflow.pyfunc.PythonModel):
    """The probability of a default, which is what MLflow serves."""

    def __init__(self, pipeline: object) -> None:
        self.pipeline = pipeline

    def predict(self, context: object, model_input: pd.DataFrame) -> np.ndarray:  # noqa: D102
        del context
        return self.pipeline.predict_proba(model_input[FEATURES])[:, 1]  # type: ignore[attr-defined]


def served(rng: np.random.Generator) -> mlflow.pyfunc.PyFuncModel:
    """Train a model, log it in MLflow, and load it as a server would."""
    known = applications(rng, 10_000)
    pipeline = make_pipeline(StandardScaler(), LogisticRegression())
    pipeline.fit(known[FEATURES], known["defaulted"])
    folder = tempfile.mkdtemp()
    mlflow.pyfunc.save_model(f"{folder}/model", python_model=Scorer(pipeline), pip_requirements=[])
    return mlflow.pyfunc.load_model(f"{folder}/model")


def main() -> None:
    """Serve the days, and log them."""
    rng = np.random.default_rng(0)
    model, engine = served(rng), sa.create_engine(os.environ["LOANS_URL"])
    today = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0, tzinfo=None)
    for day in range(DAYS):
        rows = applications(rng, A_DAY)
        if day == DAYS - 1:
            rows[["income", "debt", "months"]] /= 12
        start = today - timedelta(days=DAYS - day)
        rows["asked_at"] = start + pd.to_timedelta(np.sort(rng.uniform(0, 86_400, A_DAY)), unit="s")
        rows["request"] = [f"{day:03}-{number:05}" for number in range(A_DAY)]
        rows["score"] = model.predict(rows[FEATURES])
        rows["model"] = "loans/1"
        rows.drop(columns="defaulted").to_sql("inference", engine, if_exists="append", index=False)
        outcomes = rows[["request", "defaulted"]].assign(known_at=rows["asked_at"] + timedelta(1))
        outcomes.to_sql("outcomes", engine, if_exists="append", index=False)
    print(f"{DAYS * A_DAY:,} predictions of {DAYS} days in the table `inference`")


if __name__ == "__main__":
    main()
