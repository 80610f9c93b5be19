"""Evidently shows the drifted set that was published, and no other."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from evidently import Dataset, Report
from evidently.presets import DataDriftPreset

from monitoring.drift.detection import drift_verdict
from monitoring.drift.verdict import Verdict
from monitoring.reports.drawings import as_stattest, features_definition
from monitoring.reports.entry import ReportKind
from monitoring.reports.facts import ReportFacts
from monitoring.reports.report import write_report
from monitoring.reports.report_sample import draw_features
from monitoring.rows.rows import Rows
from monitoring.summary.build import summarise
from monitoring.use_case_columns import Features
from tests.drift.made import LIMITS, frame, reference_of, rows_of
from tests.reports.made import facts_of
from tests.reports.reading import drift_flags

SAMPLE = 400
SOME = Features(
    numeric=("normal0", "normal1", "normal2", "normal3", "lognormal0", "heavytail0", "gaps0"),
    categorical=("c2", "c30"),
)


def judged(before: Rows, now: Rows, features: Features) -> ReportFacts:
    """Return facts of which the verdict was really made, from all rows."""
    reference = reference_of(before, features=features)
    verdict = drift_verdict(reference, summarise(now, reference), LIMITS, id="made")
    facts = facts_of("fraud", rows=100)
    return replace(
        facts,
        reference=before.features.assign(label=0),
        current=now,
        verdict=verdict,
        sample=SAMPLE,
    )


def few_columns(rng: np.random.Generator, rows: int) -> Rows:
    return rows_of(frame(rng, rows)[list(SOME.names)])


def drifting_table() -> ReportFacts:
    """Return a window that moved in each way Evidently's own tests would not see, or overdo."""
    rng = np.random.default_rng(0)
    window = frame(rng, 3000)
    window["normal0"] = window["normal0"].mask(rng.random(3000) < 0.3)
    window["normal1"] = (window["normal1"] + 3).where(window.index > 0, 1e6)
    window["normal2"] *= 2
    window["normal3"] += 0.12
    window["c30"] = window["c30"].mask(rng.random(3000) < 0.1, "brand new")
    facts = judged(few_columns(rng, 20_000), rows_of(window[list(SOME.names)]), SOME)
    assert drifted(facts) == {"normal0", "normal1", "normal2", "c30"}
    assert {part.name for part in verdict_of(facts).features if part.changed} - drifted(facts)
    return facts


def few_rows() -> ReportFacts:
    """Return a window without drift, so small that Evidently's defaults flag most of it."""
    rng = np.random.default_rng(1)
    facts = judged(few_columns(rng, 20_000), few_columns(rng, 100), SOME)
    assert drifted(facts) == set()
    return facts


def verdict_of(facts: ReportFacts) -> Verdict:
    assert facts.verdict is not None
    return facts.verdict


def drifted(facts: ReportFacts) -> set[str]:
    return {part.name for part in verdict_of(facts).drifted_features}


def preset_flags(facts: ReportFacts) -> set[str]:
    """Return the columns whose test fails in Evidently's own preset."""
    sample = draw_features(facts)
    definition = features_definition(sample)
    current, reference = (
        Dataset.from_pandas(side[list(sample.features)], data_definition=definition)
        for side in (sample.current, sample.reference)
    )
    with as_stattest(facts.verdict) as test:
        preset = DataDriftPreset(method=test)
        snapshot = Report([preset], include_tests=True).run(current, reference)
    return {
        result.metric_config.params["column"]
        for result in snapshot.tests_results
        if result.status == "FAIL" and "column" in result.metric_config.params
    }


def agrees(facts: ReportFacts, folder: Path) -> None:
    path = write_report(ReportKind.DRIFT, facts, folder)
    flags = drift_flags(path.read_text(encoding="utf-8"))
    assert {name for name, flag in flags.items() if flag == "Drifted"} == drifted(facts)
    assert set(flags) == {part.name for part in verdict_of(facts).tested}
    changed = {part.name for part in verdict_of(facts).features if part.changed}
    assert {name for name, flag in flags.items() if flag.startswith("Changed")} == (
        changed - drifted(facts)
    )
    assert preset_flags(facts) == drifted(facts)


@pytest.mark.parametrize("made", [drifting_table, few_rows])
def test_the_report_and_evidentlys_preset_show_the_drifted_set_of_the_verdict(
    made: Callable[[], ReportFacts], tmp_path: Path
) -> None:
    agrees(made(), tmp_path)


@pytest.mark.real
def test_on_real_payments_too(real_cards: Rows, tmp_path: Path) -> None:
    middle = real_cards.event_time.min() + np.timedelta64(24, "h")
    days = real_cards.event_time < middle
    rng = np.random.default_rng(2)
    before, now = (
        real_cards.take(np.sort(rng.choice(np.flatnonzero(side), 20_000, replace=False)))
        for side in (days, ~days)
    )
    features = Features(numeric=tuple(before.features.columns))
    facts = judged(replace(before, score=None), replace(now, score=None), features)
    assert 15 <= len(drifted(facts)) < len(features.names)
    agrees(facts, tmp_path)
