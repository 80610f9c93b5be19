"""Rows, verdicts and scorecards made for reports on the shipped use cases."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import numpy as np
import pandas as pd

from monitoring.drift.verdict import DriftStatus, FeatureVerdict, Verdict
from monitoring.performance.intervals import Ratio
from monitoring.performance.money import Money
from monitoring.performance.scorecard import CardStatus, Scorecard
from monitoring.reports.facts import ReportFacts
from monitoring.rows.rows import Rows
from monitoring.rows.window import Window
from monitoring.use_case import UseCase
from monitoring.use_case_columns import Features
from monitoring.use_case_file import find_use_case

END = datetime(2026, 1, 31, 6, tzinfo=UTC)
WINDOW = Window(END - timedelta(days=1), END)


def facts_of(name: str, *, rows: int = 1500, sample: int = 1000) -> ReportFacts:
    """Return what reports on the use case called `name` are made from."""
    case = find_use_case(name)
    rng = np.random.default_rng(20260131)
    reference, current = (_frame(case, rows, rng) for _ in range(2))
    label = (rng.random(rows) < 0.1).astype("int8")
    score = np.clip(0.5 * label + rng.beta(1, 8, rows), 0, 1)
    times = np.datetime64("2026-01-30T06:00", "us") + np.arange(rows) * np.timedelta64(50, "s")
    return ReportFacts(
        case=case,
        window=WINDOW,
        as_of=END,
        reference=reference.assign(score=score, label=label.astype(int)),
        current=Rows(
            features=current,
            row_id=np.arange(rows).astype(str),
            event_time=times,
            arrival_time=times,
            label=label,
            label_time=times,
            score=score,
            model_version="7",
        ),
        verdict=verdict_of(list(current.columns), drifted=list(current.columns)[::4]),
        card=CARD,
        model_version="7",
        threshold=0.4,
        sample=sample,
    )


def _frame(case: UseCase, rows: int, rng: np.random.Generator) -> pd.DataFrame:
    features = case.columns.features
    assert isinstance(features, Features)
    numbers = {name: rng.normal(size=rows) for name in features.numeric}
    words = {
        name: pd.Series(rng.choice(["yes", "no", "sometimes"], rows), dtype="str")
        for name in features.categorical
    }
    return pd.DataFrame(numbers | words)


def with_column(facts: ReportFacts, name: str, values: object) -> ReportFacts:
    """Return `facts` with other values in one column of the window."""
    features = facts.current.features.assign(**{name: values})
    return replace(facts, current=replace(facts.current, features=features))


def verdict_of(names: list[str], *, drifted: list[str], share_limit: float = 0.3) -> Verdict:
    """Return a verdict in which the features named `drifted` have, strongest first."""
    parts = tuple(
        FeatureVerdict(
            name,
            DriftStatus.TESTED,
            effect=0.5 - 0.01 * place if name in drifted else 0.01,
            p_value=0.0,
            q_value=0.0,
            changed=name in drifted,
            drifted=name in drifted,
            reason="> 1.2: 5% -> 12%" if name in drifted else "",
            importance=1 / len(names),
        )
        for place, name in enumerate(names)
    )
    return Verdict(
        id="made",
        status=DriftStatus.TESTED,
        rows_reference=1500,
        rows_current=1500,
        features=parts,
        scores=FeatureVerdict("score", DriftStatus.TESTED, effect=0.02),
        variation_known=True,
        share_limit=share_limit,
        model_version="7",
    )


CARD = Scorecard(
    status=CardStatus.JUDGED,
    threshold=0.4,
    rows=1500,
    labelled=1500,
    positives=160,
    coverage=1.0,
    detected=131,
    missed=29,
    false_alarms=12,
    recall=Ratio(0.819, 0.752, 0.871),
    precision=Ratio(0.916, 0.859, 0.952),
    f1=Ratio(0.865, 0.82, 0.9),
    false_alarm_rate=Ratio(0.009, 0.005, 0.016),
    pr_auc=Ratio(0.81, 0.75, 0.86),
    roc_auc=Ratio(0.97, 0.95, 0.98),
    money=Money(
        caught=20_312.2, missed=3_120, reviews=286, false_alarms=60, without_model=23_432.2
    ),
)
