"""The report of a retrain: a page and Markdown, with the figures that XCom handed over."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from monitoring.rows.window import Window
from monitoring.settings import settings
from monitoring.signals.pipelines import Pipeline
from monitoring.steps.retrain.candidates import Selection
from monitoring.steps.retrain.decision import Decision, Reason
from monitoring.steps.retrain.promotion import Promotion
from monitoring.steps.retrain.run_report import report_run
from monitoring.steps.retrain.training_set import Merged
from monitoring.steps.run import Run, StepError
from monitoring.training.gate import GateDecision, Outcome, Rule
from tests.fixtures.tiny import write_tiny

END = datetime(2026, 2, 1, tzinfo=UTC)
SELECTED = Selection(
    candidate="random_forest",
    run_id="r1",
    failed=(),
    words="random_forest of 2 candidates: average precision 0.912 | 7 on validation <b>",
    figures={"test_accuracy": 0.96667, "cv_accuracy": 0.95},
).model_dump(mode="json")


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Return the folder of reports of a use case that has none yet."""
    for name in ("state", "reports", "use_cases"):
        monkeypatch.setenv(f"TOCSIN_{name.upper()}", str(tmp_path / name))
    settings.cache_clear()
    write_tiny("tiny", tmp_path)
    yield tmp_path / "reports" / "tiny"
    settings.cache_clear()


def promoted(as_of: datetime = END) -> Run:
    """Return a run whose challenger has taken over."""
    run = Run.open(Pipeline.RETRAIN, "tiny", Window(as_of - timedelta(days=1), as_of))
    gate = GateDecision(Rule.FLOOR, Outcome.PROMOTED, "recall is at or above the floor", 24, 10)
    run.write("promotion", Promotion(version="1", serving="1", gate=gate))
    run.write("decision", Decision.by(Reason.FORCED, "asked for by hand"))
    run.write(
        "merged",
        Merged(
            rows=120,
            positives=40,
            from_production=0,
            data_hash="d",
            synthetic=False,
            quarantined={},
            equal_content=0,
            out_of_order=0,
        ),
    )
    return run


def test_the_report_says_what_was_chosen_and_why_with_its_figures(folder: Path) -> None:
    report = report_run(promoted(), SELECTED)
    assert report.html == "tiny/retrain_20260201T000000Z.html"
    markdown = (folder / "retrain_20260201T000000Z.md").read_text(encoding="utf-8")
    page = (folder / "retrain_20260201T000000Z.html").read_text(encoding="utf-8")
    assert markdown.startswith("# Tiny tiny: retrain of 2026")
    assert "| cv\\_accuracy | 0.9500 |\n| test\\_accuracy | 0.9667 |" in markdown
    assert "0.912 \\| 7 on validation \\<b\\>" in markdown
    assert "0.912 | 7 on validation &lt;b&gt;" in page
    for words in ("asked for by hand", "120 labelled rows", "version 1 took over"):
        assert words in markdown
        assert words in page
    index = (folder / "index.html").read_text(encoding="utf-8")
    assert 'href="retrain_20260201T000000Z.html">2026-02-01 00:00 UTC</a>' in index


def test_without_the_figure_in_xcom_it_fails_and_says_what_to_clear(folder: Path) -> None:
    run = promoted()
    with pytest.raises(StepError, match=r"the task `select_best` is not in XCom.*clear that"):
        report_run(run, None)
    with pytest.raises(StepError, match="what `select_best` left in XCom is not its result"):
        report_run(run, {"candidate": "a"})
    assert not folder.exists()


def test_the_newest_reports_stay(folder: Path) -> None:
    for day in range(5):
        report_run(promoted(END + timedelta(days=day)), SELECTED)
    left = {path.name for path in folder.iterdir()} - {"index.html"}
    assert left == {f"retrain_202602{day:02}T000000Z.{kind}" for day in (3, 4, 5)
                    for kind in ("md", "html")}  # fmt: skip
