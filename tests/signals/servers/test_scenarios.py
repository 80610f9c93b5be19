"""Each scenario fires the alerts of its row in docs/explanation/scenarios.md, and no other."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from monitoring.signals.alerts import alerts_of
from monitoring.sources.synthetic.scenarios import Scenario
from tests.fixtures.demo import Here
from tests.signals.servers.watched import Watched

DOC = Path(__file__).parents[3] / "docs" / "explanation" / "scenarios.md"
HEALTHY = "none"
_ROW = re.compile(r"^\| `(\w+)` \| ([^|]+) \| ([^|]+) \|$", re.MULTILINE)
_ALERT = re.compile(r"\[(\w+)\]\(\S*runbook\.md#(\w+)\) (warning|critical)")


def rows() -> dict[str, set[tuple[str, str]]]:
    """Return the alerts of each row of the document, by scenario."""
    table = _ROW.findall(DOC.read_text(encoding="utf-8"))
    return {
        name: {(alert, severity) for alert, _, severity in _ALERT.findall(alerts)}
        for name, _, alerts in table
    }


@pytest.fixture(scope="module")
def here(shop_here: Here, watched: Watched) -> Iterator[Here]:
    """The use case after its demo; afterwards its figures are those of the demo again."""
    yield shop_here
    began = datetime.now(UTC)
    with shop_here.at_work():
        shop_here.report()
    watched.wait_for_report("shop", began)


def test_every_scenario_has_its_row() -> None:
    assert set(rows()) == {HEALTHY, *Scenario}


@pytest.mark.parametrize("scenario", [HEALTHY, *Scenario])
def test_a_scenario_fires_the_alerts_of_its_row_and_no_other(
    scenario: str, here: Here, watched: Watched
) -> None:
    began = datetime.now(UTC)
    with here.at_work(store=scenario):
        here.traffic(None if scenario == HEALTHY else Scenario(scenario))
        here.report()
    watched.wait_for_report("shop", began)
    firing = {
        (alert.name, alert.severity_label)
        for alert in alerts_of(here.case)
        if watched.query(alert.condition)
    }
    assert firing == rows()[scenario]
