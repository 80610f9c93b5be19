"""Reports: written for every kind, whatever the data holds, and believable."""

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from monitoring.reports.entry import Entry, ReportKind
from monitoring.reports.report import write_report
from monitoring.rows.window import Window
from tests.reports.conftest import USE_CASES, Written
from tests.reports.made import END, WINDOW, facts_of, verdict_of, with_column
from tests.reports.reading import Document, drift_flags

EACH = [(name, kind) for name in USE_CASES for kind in ReportKind]


@pytest.mark.parametrize(("name", "kind"), EACH)
def test_a_report_of_each_kind_is_named_after_the_end_of_its_window(
    written: Written, name: str, kind: ReportKind
) -> None:
    path = written.paths[name, kind]
    assert path.relative_to(written.folder) == Path(name, f"{kind}_20260131T060000Z.html")
    assert "window.drawDashboard(" in path.read_text(encoding="utf-8")


@pytest.mark.parametrize(("name", "kind"), EACH)
def test_a_report_says_what_it_is_about_before_any_script_runs(
    written: Written, name: str, kind: ReportKind
) -> None:
    text = Document(written.html(name, kind)).text
    for words in (
        f"{written.facts[name].case.title}: {kind.heading.lower()}",
        "2026-01-30 06:00 to 2026-01-31 06:00 UTC",
        "1,500 rows in the window, 1,500 of them labelled",
        "1,000 rows drawn at random from 1,500 of the window; "
        "1,000 rows drawn at random from 1,500 of the reference",
        "version 7, alarm from score 0.4 on",
    ):
        assert words in text


@pytest.mark.parametrize(("name", "kind"), EACH)
def test_a_report_opens_without_network(written: Written, name: str, kind: ReportKind) -> None:
    assert Document(written.html(name, kind)).fetched == []


@pytest.mark.parametrize("name", USE_CASES)
def test_the_drift_report_flags_exactly_the_features_that_the_verdict_says_drifted(
    written: Written, name: str
) -> None:
    verdict = written.facts[name].verdict
    assert verdict is not None
    flags = drift_flags(written.html(name, ReportKind.DRIFT))
    assert {feature for feature, flag in flags.items() if flag == "Drifted"} == {
        feature.name for feature in verdict.drifted_features
    }
    assert set(flags) == {feature.name for feature in verdict.tested}


def test_the_drift_report_begins_with_the_verdict_and_what_moved(written: Written) -> None:
    text = Document(written.html("fraud", ReportKind.DRIFT)).text
    assert "8 of 29 features drifted (28%), within the limit of 30%" in text
    assert "> 1.2: 5% -> 12%" in text


def test_the_performance_report_begins_with_the_scorecard_and_its_money(written: Written) -> None:
    text = Document(written.html("fraud", ReportKind.PERFORMANCE)).text
    assert (
        "Recall 82% (75% to 87%), precision 92% (86% to 95%): 131 of 160 frauds caught, "
        "12 false alarms, EUR 19,966 saved" in text
    )
    assert "published ones, from the scorecard" in text
    assert "Accuracy" not in text


def test_the_same_window_written_again_takes_the_place_of_its_file(
    written: Written, tmp_path: Path
) -> None:
    facts = written.facts["fraud"]
    first = write_report(ReportKind.PERFORMANCE, facts, tmp_path)
    again = write_report(ReportKind.PERFORMANCE, replace(facts, model_version="8"), tmp_path)
    assert again == first
    assert "version 8" in Document(first.read_text(encoding="utf-8")).text
    assert sorted(path.name for path in first.parent.iterdir()) == [
        "performance_20260131T060000Z.html",
        "performance_20260131T060000Z.json",
    ]


@pytest.mark.parametrize("kind", [ReportKind.QUALITY, ReportKind.DRIFT])
def test_a_column_without_values_is_set_aside_by_name_and_the_others_are_drawn(
    kind: ReportKind, tmp_path: Path
) -> None:
    facts = with_column(facts_of("fraud", rows=200), "V7", np.full(200, np.nan))
    path = write_report(kind, facts, tmp_path)
    html = path.read_text(encoding="utf-8")
    assert "V7\nno value in any sampled row of the window" in Document(html).text
    assert "window.drawDashboard(" in html
    assert Entry.read(path.with_suffix(".json")).set_aside == {
        "V7": "no value in any sampled row of the window"
    }


def test_columns_gone_or_of_another_kind_are_set_aside_with_the_reason(tmp_path: Path) -> None:
    facts = facts_of("student_depression", rows=200)
    facts = with_column(facts, "Age", pd.Series(["old"] * 200, dtype="str"))
    features = facts.current.features.drop(columns=["City"])
    facts = replace(facts, current=replace(facts.current, features=features))
    path = write_report(ReportKind.DRIFT, facts, tmp_path)
    assert Entry.read(path.with_suffix(".json")).set_aside == {
        "Age": "numbers in the reference, words in the window",
        "City": "not in the window",
    }


def test_a_column_that_evidently_refuses_is_set_aside_with_what_it_said(tmp_path: Path) -> None:
    facts = facts_of("fraud", rows=100)
    features = facts.current.features.filter(["V1", "V2", "V3"]).rename(columns={"V2": ""})
    facts = replace(
        facts,
        current=replace(facts.current, features=features),
        reference=features.assign(score=0.5, label=0),
    )
    path = write_report(ReportKind.QUALITY, facts, tmp_path)
    aside = Entry.read(path.with_suffix(".json")).set_aside
    assert list(aside) == [""]
    assert aside[""].startswith("Evidently cannot take it: ")


def test_values_and_names_that_hold_markup_stay_text(written: Written, tmp_path: Path) -> None:
    evil = "</script><script>document.title = 'taken'</script><body><head>"
    facts = facts_of("student_depression")
    facts = with_column(facts, "City", pd.Series([evil, "<b>x</b>"] * 750, dtype="str"))
    facts = with_column(facts, evil, np.ones(1500))
    facts = replace(facts, reference=facts.reference.assign(**{evil: 1.0}))
    path = write_report(ReportKind.DRIFT, facts, tmp_path)
    found = Document(path.read_text(encoding="utf-8"))
    clean = Document(written.html("student_depression", ReportKind.DRIFT))
    assert len(found.scripts) == len(clean.scripts)
    assert {tag for tag, _ in found.elements} == {tag for tag, _ in clean.elements}


def test_ten_thousand_categories_are_drawn_as_the_most_frequent_and_the_rest(
    tmp_path: Path,
) -> None:
    facts = facts_of("student_depression")
    codes = pd.Series([f"c{number % 1200}" for number in range(1500)], dtype="str")
    facts = with_column(facts, "City", codes)
    facts = replace(facts, reference=facts.reference.assign(City=codes))
    html = write_report(ReportKind.DRIFT, facts, tmp_path).read_text(encoding="utf-8")
    assert "rarer ones together" in html


def test_without_labels_the_performance_report_says_so_in_place_of_figures(
    tmp_path: Path,
) -> None:
    facts = facts_of("fraud", rows=200)
    unlabelled = replace(facts.current, label=np.full(200, -1, dtype="int8"))
    facts = replace(facts, current=unlabelled, card=None)
    html = write_report(ReportKind.PERFORMANCE, facts, tmp_path).read_text(encoding="utf-8")
    text = Document(html).text
    assert "Performance not judged: there is no scorecard of this window" in text
    assert "Nothing to draw: no row of the window has both a score and a label." in text
    assert "window.drawDashboard(" not in html


@pytest.mark.parametrize(
    ("label", "reason"),
    [
        (0, "Nothing to draw: of the rows drawn from the window, none are frauds."),
        (1, "Nothing to draw: of the rows drawn from the window, all are frauds."),
    ],
)
def test_labels_of_one_class_are_no_reason_to_fail(label: int, reason: str, tmp_path: Path) -> None:
    facts = facts_of("fraud", rows=200)
    one_class = replace(facts.current, label=np.full(200, label, dtype="int8"))
    path = write_report(ReportKind.PERFORMANCE, replace(facts, current=one_class), tmp_path)
    assert reason in Document(path.read_text(encoding="utf-8")).text


@pytest.mark.parametrize("kind", list(ReportKind))
def test_an_empty_window_gets_a_report_that_says_so(kind: ReportKind, tmp_path: Path) -> None:
    facts = facts_of("fraud", rows=200)
    empty = replace(facts, current=facts.current.take(slice(0, 0)), verdict=None, card=None)
    path = write_report(kind, empty, tmp_path)
    assert "Nothing to draw: " in Document(path.read_text(encoding="utf-8")).text
    assert Entry.read(path.with_suffix(".json")).rows == 0


def test_synthetic_and_shifted_data_are_announced(tmp_path: Path) -> None:
    facts = facts_of("fraud", rows=200)
    shift = timedelta(days=4466, hours=3)
    facts = replace(
        facts, current=facts.current.take(slice(0, 0)), synthetic=True, time_shift=shift
    )
    path = write_report(ReportKind.QUALITY, facts, tmp_path)
    text = Document(path.read_text(encoding="utf-8")).text
    assert "Synthetic data, generated to show how Tocsin works" in text
    assert "every event time was moved forward by 4,466 days and 3 hours" in text


def test_a_report_of_an_earlier_window_whose_labels_have_come_says_which(tmp_path: Path) -> None:
    facts = facts_of("fraud", rows=200)
    mature = Window(END - timedelta(days=3), END - timedelta(days=2))
    path = write_report(ReportKind.PERFORMANCE, replace(facts, mature_window=mature), tmp_path)
    text = Document(path.read_text(encoding="utf-8")).text
    assert path.name == "performance_20260131T060000Z.html"
    assert f"Window\n{mature}" in text
    assert f"{WINDOW}; its labels have yet to come" in text


def test_a_feature_that_was_not_judged_is_not_called_undrifted(tmp_path: Path) -> None:
    facts = facts_of("fraud", rows=200)
    names = [name for name in facts.current.features if name != "V3"]
    facts = replace(facts, verdict=verdict_of(names, drifted=["V1"]))
    html = write_report(ReportKind.DRIFT, facts, tmp_path).read_text(encoding="utf-8")
    assert drift_flags(html)["V3"] == "Not judged: no verdict"
    assert drift_flags(html)["V1"] == "Drifted"


def test_rows_that_were_never_scored_get_their_drift_report_all_the_same(tmp_path: Path) -> None:
    facts = facts_of("fraud", rows=200)
    nothing = replace(facts.current, score=np.full(200, np.nan))
    path = write_report(ReportKind.DRIFT, replace(facts, current=nothing), tmp_path)
    assert "V1" in drift_flags(path.read_text(encoding="utf-8"))
