"""What a report says in one sentence."""

import io
from dataclasses import replace

import numpy as np
import pytest
from rich.console import Console

from monitoring import wording
from monitoring.drift.verdict import DriftStatus, notes, verdict_table
from monitoring.performance.intervals import Ratio
from monitoring.performance.scorecard import CardStatus
from monitoring.reports.facts import ReportFacts
from monitoring.reports.header import (
    drift_findings,
    performance_findings,
    quality_findings,
)
from monitoring.use_case_file import find_use_case
from tests.reports.made import CARD, facts_of, verdict_of, with_column

NAMES = [f"f{number}" for number in range(10)]


@pytest.mark.parametrize(
    ("drifted", "limit", "sentence"),
    [
        (0, 0.3, "0 of 10 features drifted (0%), within the limit of 30%"),
        (3, 0.3, "3 of 10 features drifted (30%), at the limit of 30%, not above it"),
        (4, 0.3, "4 of 10 features drifted (40%), above the limit of 30%"),
        (3, 0.299, "3 of 10 features drifted (30.0%), above the limit of 29.9%"),
    ],
)
def test_drift_is_said_with_its_share_its_limit_and_what_follows(
    drifted: int, limit: float, sentence: str
) -> None:
    found = drift_findings(verdict_of(NAMES, drifted=NAMES[:drifted], share_limit=limit))
    assert found.sentence == sentence
    assert found.drifted == (", above the limit" in sentence)


def test_a_verdict_that_could_not_be_made_is_not_called_no_drift() -> None:
    nothing = replace(verdict_of([], drifted=[]), status=DriftStatus.TOO_FEW_ROWS)
    assert drift_findings(nothing).sentence == "Drift not judged: too few rows"
    assert drift_findings(nothing).drifted is None
    assert drift_findings(None).sentence == "Drift not judged: no verdict was made"


def test_features_that_were_not_judged_are_named_with_the_reason() -> None:
    verdict = verdict_of(NAMES, drifted=[])
    gone = replace(verdict.features[0], status=DriftStatus.MISSING_COLUMN)
    found = drift_findings(replace(verdict, features=(gone, *verdict.features[1:])))
    assert "Not judged, missing column: f0" in found.notices


def test_too_few_positives_are_said_before_the_counts() -> None:
    card = replace(CARD, status=CardStatus.TOO_FEW_POSITIVES, positives=3, detected=2, money=None)
    found = performance_findings(card, find_use_case("fraud"))
    assert found.sentence == (
        "Performance not judged, too few positives: 2 of 3 frauds caught, 12 false alarms"
    )


def test_a_ratio_that_is_not_defined_is_said_to_be_so_and_never_zero() -> None:
    card = replace(CARD, precision=Ratio(None))
    table = performance_findings(card, find_use_case("fraud")).tables[0]
    assert ("Precision", "not defined", "") in table.rows


def test_quality_names_the_column_that_misses_most_over_every_row() -> None:
    facts = facts_of("fraud", rows=1000, sample=10)
    few = np.where(np.arange(1000) < 310, np.nan, 1.0)
    assert quality_findings(facts).sentence == "29 features, no value missing"
    assert quality_findings(with_column(facts, "V7", few)).sentence == (
        "29 features, 1 of them with missing values: most in V7 (31%, reference 0%)"
    )


def tables_of(facts: ReportFacts) -> dict[str, tuple[tuple[str, ...], ...]]:
    return {table.title: table.rows for table in quality_findings(facts).tables}


def test_quality_counts_numbers_beyond_the_range_and_far_from_the_quartiles() -> None:
    facts = facts_of("fraud", rows=1000, sample=10)
    low, high = float(facts.reference["V1"].min()), float(facts.reference["V1"].max())
    assert "Outliers" not in tables_of(facts)  # nothing is said of ranges that are not known
    one_in_ten = np.where(np.arange(1000) % 10 == 0, 50.0, 0.0)
    odd = replace(with_column(facts, "V1", one_in_ten), ranges={"V1": (low, high)})
    (row,) = tables_of(odd)["Outliers"]
    assert row[:3] == ("V1", "100", "10%")
    inside = replace(with_column(facts, "V1", np.zeros(1000)), ranges={"V1": (low, high)})
    assert "Outliers" not in tables_of(inside)


def test_quality_names_the_column_with_most_outliers_first_and_none_for_a_rounding() -> None:
    facts = facts_of("fraud", rows=1000, sample=10)
    few = with_column(with_column(facts, "V1", [99.0] * 3 + [0.0] * 997), "V2", [99.0] * 1000)
    edge = with_column(few, "V3", [5.0 * (1 + 1e-12)] * 1000)
    ranges = {"V1": (-5.0, 5.0), "V2": (-5.0, 5.0), "V3": (5.0, 5.0), "gone": (0.0, 1.0)}
    rows = tables_of(replace(edge, ranges=ranges))["Outliers"]
    assert [(name, beyond) for name, beyond, *_ in rows if beyond != "0"] == [
        ("V2", "1,000"),
        ("V1", "3"),
    ]


def test_quality_defines_no_quartile_rule_where_half_of_the_reference_is_one_value() -> None:
    facts = facts_of("fraud", rows=1000, sample=10)
    flat = replace(facts, reference=facts.reference.assign(V1=0.0), ranges={"V1": (0.0, 0.0)})
    (row,) = tables_of(with_column(flat, "V1", np.arange(1000.0)))["Outliers"]
    assert row == ("V1", "999", "not defined", "not defined")


def test_quality_names_columns_of_another_type_in_whole_or_in_some_values() -> None:
    facts = facts_of("fraud", rows=1000, sample=10)
    assert facts.verdict is not None
    changed = replace(
        facts.verdict.features[0],
        status=DriftStatus.TYPE_CHANGED,
        reason="words where the reference has numbers",
    )
    verdict = replace(facts.verdict, features=(changed, *facts.verdict.features[1:]))
    said = tables_of(replace(facts, verdict=verdict, unreadable={"V2": 1, changed.name: 30}))
    assert dict(said["Columns of another type"]) == {
        changed.name: "words where the reference has numbers; 30 values of another type",
        "V2": "1 value of another type",
    }
    assert "Columns of another type" not in tables_of(facts)


@pytest.mark.parametrize(
    ("share", "text"),
    [
        (0.0, "0%"),
        (0.0001, "0.01%"),
        (0.034, "3.4%"),
        (0.24, "24%"),
        (0.9997, "99.97%"),
        (0.999999, "99.99%"),
        (1.0, "100%"),
    ],
)
def test_a_share_that_is_not_nothing_or_everything_does_not_read_so(
    share: float, text: str
) -> None:
    assert wording.percent(share) == text


def test_a_verdict_has_one_wording_in_terminal_notebook_and_report() -> None:
    verdict = verdict_of(NAMES, drifted=NAMES[:4])
    sentence = "4 of 10 features drifted (40%), above the limit of 30%"
    terminal = Console(width=200, record=True, file=io.StringIO())
    terminal.print(verdict_table(verdict))
    found = drift_findings(replace(verdict, variation_known=False))
    assert found.sentence == sentence
    assert terminal.export_text().startswith(sentence)
    assert str(verdict).startswith(sentence)
    assert sentence in verdict._repr_html_()
    assert list(found.notices) == notes(replace(verdict, variation_known=False))


def test_a_scorecard_has_one_wording_in_notebook_and_report() -> None:
    case = find_use_case("fraud")
    sentence = CARD.sentence(case.words.positives, case.costs.currency)
    assert performance_findings(CARD, case).sentence == sentence
    assert str(CARD).startswith(CARD.sentence())
    plain = CARD.sentence(case.words.positives).replace("frauds", "positives")
    assert plain == CARD.sentence()
    row = next(row for row in performance_findings(CARD, case).tables[0].rows if row[0] == "Recall")
    assert f"{row[1]} ({row[2]})" == CARD.recall.text(digits=1)
    assert CARD.recall.text(digits=1) in str(CARD)


@pytest.mark.parametrize(
    ("amount", "text"),
    [(1234.5, "EUR 1,234"), (12.5, "EUR 12.50"), (12.0, "EUR 12"), (0.0, "EUR 0")],
)
def test_small_amounts_are_written_to_the_cent(amount: float, text: str) -> None:
    assert wording.money(amount, "EUR").replace("\N{NO-BREAK SPACE}", " ") == text
