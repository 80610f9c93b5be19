"""The report of a retrain: a page and a Markdown file, with the figures that XCom handed over."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import ValidationError

from monitoring.reports.pages import write_index
from monitoring.reports.retrain_report import RetrainFacts, write_retrain_report
from monitoring.settings import settings
from monitoring.steps.retrain.candidates import Selection
from monitoring.steps.retrain.promotion import Promotion, retrain_sentences
from monitoring.steps.run import Result, Run, StepError


class RunReport(Result):
    """The files of a retrain's report, relative to the reports folder."""

    markdown: str
    html: str


def report_run(run: Run, selected: Mapping[str, Any] | None) -> RunReport:
    """Write the report of a retrain from the result of `select_best`.

    Parameters
    ----------
    selected
        What `select_best` returned.

    Raises
    ------
    StepError
        It was not handed over, or is no such result.
    """
    if selected is None:
        msg = (
            "the result of the task `select_best` is not in XCom, where the report takes its "
            "figures: clear that task, which runs it and what follows again"
        )
        raise StepError(msg)
    try:
        selection = Selection.model_validate(dict(selected))
    except ValidationError as error:
        msg = f"what `select_best` left in XCom is not its result: {error.errors()[0]['msg']}"
        raise StepError(msg) from error
    promotion = run.need("promotion", Promotion)
    facts = RetrainFacts(
        case=run.declared,
        as_of=run.as_of,
        candidate=selection.candidate,
        version=promotion.version,
        sentences=retrain_sentences(run, selection, promotion),
        figures=selection.figures,
    )
    folder = settings().reports
    written = write_retrain_report(facts, folder)
    write_index(folder, run.declared)
    markdown, html = (f"{path.parent.name}/{path.name}" for path in written)
    report = RunReport(markdown=markdown, html=html)
    run.write("run_report", report)
    return report
