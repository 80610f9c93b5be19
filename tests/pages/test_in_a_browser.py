"""Hostile words, names, values and errors in every page, opened in a real browser."""

from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import pandas as pd
import pytest

from monitoring.errors import InputError
from monitoring.pages.assets import scripts
from monitoring.pages.drawn_board import DrawnBoard, DrawnSection, View
from monitoring.pages.drawn_panel import Cell, drawn, page_of
from monitoring.pages.glance import Fact, Firing, Glance
from monitoring.pages.page import page
from monitoring.pages.site import Site, Watched
from monitoring.pages.watched_board import Choice, graph
from monitoring.performance.scorecard import html_of
from monitoring.reports.entry import ReportKind
from monitoring.reports.facts import ReportFacts
from monitoring.reports.pages import page as report_page
from monitoring.reports.pages import write_index
from monitoring.reports.report import write_report
from monitoring.signals.dashboards.panel import Section
from monitoring.signals.dashboards.use_case_board import case_board
from monitoring.signals.links import Addresses
from monitoring.signals.prometheus import Series
from monitoring.use_case import UseCase
from tests.fixtures.browser import Opened, opened
from tests.fixtures.hostile import HOSTILE, with_words
from tests.reports.made import facts_of, verdict_of
from tests.reports.test_index import entry

EVERYTHING = " ".join(" ".join(HOSTILE.values()).split())
ADDRESSES = Addresses("http://tocsin.test")
SEEN = "<img src=x onerror="
"""A part of the words that a reader sees wherever they are shown as they are."""


def hostile_facts(case: UseCase) -> ReportFacts:
    """Return what reports are made from where column names and values are hostile too."""
    facts = replace(facts_of("fraud", rows=300, sample=200), case=case)
    kept = list(facts.current.features.columns[:2])
    names = {kept[0]: EVERYTHING, kept[1]: "{{ x }} $y </script>"}
    words = pd.Series([EVERYTHING, "</script><!--<script>", "\u2028 ${z}"] * 100, dtype="str")
    features = facts.current.features[kept].rename(columns=names).assign(words=words)
    reference = facts.reference[[*kept, "score", "label"]].rename(columns=names)
    return replace(
        facts,
        current=replace(facts.current, features=features),
        reference=reference.assign(words=words),
        verdict=verdict_of(list(features), drifted=list(features)),
        model_version=EVERYTHING,
    )


def every_page(case: UseCase, folder: Path) -> dict[str, str]:
    """Return the HTML of every kind of page by name."""
    facts = hostile_facts(case)
    pages = {
        str(kind): write_report(kind, facts, folder).read_text(encoding="utf-8")
        for kind in ReportKind
    }
    listed = entry(sentence=EVERYTHING).model_copy(update={"use_case_title": EVERYTHING})
    listed.write(folder / case.name)
    pages["list"] = write_index(folder, case).read_text(encoding="utf-8")
    error = InputError(EVERYTHING)
    pages["lists"] = report_page("all", newest=[listed], damaged=[error])
    site = Site(folder, None, ADDRESSES, prometheus="http://prometheus.test")
    board = case_board(case, ADDRESSES)
    watched = [
        Watched(case.name, case, (listed,)),
        Watched(EVERYTHING, None, wrong=(error,)),
    ]
    fact = Fact(EVERYTHING, Cell(EVERYTHING))
    known = {case.name: Glance((Firing(EVERYTHING, EVERYTHING),), (fact,))}
    told = DrawnBoard(board, tuple(map(hostile_section, board.sections)), EVERYTHING)
    chosen = Choice(EVERYTHING, EVERYTHING, ((EVERYTHING, EVERYTHING),), EVERYTHING)
    now = datetime.now(UTC)
    made = {
        "front": page(
            "front", site=site, watched=watched, known=known, away=EVERYTHING, wrong=error
        ),
        "watch": page(
            "watch",
            boards=(told,),
            choices=(chosen,),
            view=View(now, now),
            up="../",
            page_of=page_of,
            scripts=scripts(),
            site=site,
            graph=partial(graph, site),
        ),
        "refused": page("refused", 404, title=EVERYTHING, what=EVERYTHING, home=".."),
    }
    pages |= {name: bytes(answer.body).decode() for name, answer in made.items()}
    assert facts.verdict is not None
    notebook = facts.verdict._repr_html_() + html_of(EVERYTHING, [(EVERYTHING, EVERYTHING)])
    return pages | {"notebook": f"<!doctype html><meta charset=utf-8>{notebook}"}


def hostile_section(section: Section) -> DrawnSection:
    """Return a row of panels whose series have hostile names."""
    series = Series(dict.fromkeys(("feature", "of", "status", "role"), EVERYTHING), (0.0,), (1.0,))
    promql = {query.expr: query.expr for panel in section.panels for query in panel.queries}
    answers = dict.fromkeys(promql, (series,))
    return DrawnSection(
        EVERYTHING, tuple(drawn(panel, answers, promql, ()) for panel in section.panels)
    )


@pytest.fixture(scope="module")
def seen(tmp_path_factory: pytest.TempPathFactory, fraud_case: UseCase) -> Opened:
    """Every kind of page, opened."""
    case = with_words(fraud_case, "fraud", EVERYTHING)
    reports, pages = (tmp_path_factory.mktemp(name) for name in ("reports", "pages"))
    return opened(every_page(case, reports), pages)


def test_no_script_runs_and_no_element_is_made_from_words_names_or_values(seen: Opened) -> None:
    assert not seen.ran
    assert {name: page.handlers for name, page in seen.pages.items() if page.handlers} == {}
    schemes = {scheme for page in seen.pages.values() for scheme in page.schemes}
    # No address at all is a link of Evidently's to a place on its own page.
    assert schemes <= {"http:", "https:", ":"}


def test_a_reader_sees_the_words_as_they_were_given(seen: Opened) -> None:
    assert {name for name, page in seen.pages.items() if SEEN not in page.text} == set()


def test_evidently_s_drawings_are_there_with_names_that_are_text(seen: Opened) -> None:
    changed = EVERYTHING.replace("<", "\N{SINGLE LEFT-POINTING ANGLE QUOTATION MARK}")
    for kind in ReportKind:
        assert changed[:100] in seen.pages[kind].text


def test_the_browser_would_tell(tmp_path: Path) -> None:
    seen = opened({"raw": f"<p>{HOSTILE['script']}", "fine": "<p>fine"}, tmp_path)
    assert seen.ran
    assert seen.pages["raw"].handlers == ("onerror",)
    assert seen.pages["fine"].text == "fine"
