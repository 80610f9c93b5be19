"""Reports written once for the whole room: Evidently takes seconds to start."""

from dataclasses import dataclass
from pathlib import Path

import pytest

from monitoring.reports.entry import ReportKind
from monitoring.reports.facts import ReportFacts
from monitoring.reports.report import write_report
from tests.reports.made import facts_of

USE_CASES = ("fraud", "student_depression")


@dataclass(frozen=True)
class Written:
    """Every kind of report on both use cases."""

    folder: Path
    facts: dict[str, ReportFacts]
    paths: dict[tuple[str, ReportKind], Path]

    def html(self, use_case: str, kind: ReportKind) -> str:
        """Return a report's HTML."""
        return self.paths[use_case, kind].read_text(encoding="utf-8")


@pytest.fixture(scope="session")
def written(tmp_path_factory: pytest.TempPathFactory) -> Written:
    """Every kind of report on both use cases, in one folder."""
    folder = tmp_path_factory.mktemp("reports")
    facts = {name: facts_of(name) for name in USE_CASES}
    paths = {
        (name, kind): write_report(kind, facts[name], folder)
        for name in USE_CASES
        for kind in ReportKind
    }
    return Written(folder, facts, paths)
