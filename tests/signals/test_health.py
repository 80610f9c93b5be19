"""Pipeline health: a run is not called failed while it runs."""

from pathlib import Path

import pytest
import yaml

from monitoring.signals.dashboards.fleet_boards import health_board
from monitoring.signals.links import HealthPanel
from tests.fixtures.gateway import program
from tests.signals.programs import run

ATTEMPT, SUCCESS = (
    f'tocsin_last_{what}_timestamp_seconds{{use_case="shop",pipeline="report"}}'
    for what in ("attempt", "success")
)
AN_ATTEMPT_OF_TEN_HOURS_AGO = 4 * 3600
NOW = "14h"


@pytest.mark.parametrize(
    ("attempt", "success", "failed"),
    [
        (AN_ATTEMPT_OF_TEN_HOURS_AGO, AN_ATTEMPT_OF_TEN_HOURS_AGO + 60, 0),
        (AN_ATTEMPT_OF_TEN_HOURS_AGO, AN_ATTEMPT_OF_TEN_HOURS_AGO - 60, 1),
        (AN_ATTEMPT_OF_TEN_HOURS_AGO, None, 1),
        (14 * 3600 - 60, AN_ATTEMPT_OF_TEN_HOURS_AGO, 0),
        (14 * 3600 - 60, None, 0),
    ],
    ids=["succeeded", "failed", "never succeeded", "runs", "runs for the first time"],
)
def test_an_attempt_without_success_has_failed_once_its_time_is_over(
    attempt: int, success: int | None, failed: int, tmp_path: Path
) -> None:
    (panel,) = (panel for panel in health_board().panels if panel.id == HealthPanel.FAILED)
    (query,) = panel.queries
    values = {ATTEMPT: attempt} | ({} if success is None else {SUCCESS: success})
    expected = {"labels": '{use_case="shop",pipeline="report"}', "value": failed}
    test = {
        "interval": "1h",
        "input_series": [{"series": s, "values": f"{v}x20"} for s, v in values.items()],
        "promql_expr_test": [{"expr": query.expr, "eval_time": NOW, "exp_samples": [expected]}],
    }
    path = tmp_path / "test.yml"
    path.write_text(yaml.safe_dump({"rule_files": [], "tests": [test]}), encoding="utf-8")
    run(program("promtool"), "test", "rules", path)
