"""The files that the local stack starts from."""

import logging
from pathlib import Path

import pytest
import yaml

from monitoring.settings import Ports
from monitoring.stack.configuration import configure
from monitoring.stack.credentials import Credentials
from monitoring.stack.folders import Folders
from monitoring.use_case_file import SHIPPED
from tests.fixtures.stack import stack_settings


def test_rules_and_board_of_a_use_case_stay_while_its_file_can_not_be_read(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    server = tmp_path / "grafana" / "bin" / "grafana"
    server.parent.mkdir(parents=True)
    server.touch(mode=0o755)  # it is looked for, and not started
    settings = stack_settings(tmp_path, grafana_home=server.parents[1])
    own = settings.use_cases
    assert own is not None
    content = yaml.safe_load((SHIPPED / "fraud.yml").read_text(encoding="utf-8"))
    for name in ("churn", "gone"):
        (own / f"{name}.yml").write_text(yaml.safe_dump(content | {"name": name}))
    folders, credentials = Folders(settings.state), Credentials()

    def files() -> dict[str, str]:
        configure(settings, Ports(), credentials)
        found = [*folders.prometheus.rglob("*.yml"), *folders.grafana.rglob("*.json")]
        found += folders.grafana.rglob("*.yml")
        return {path.name: path.read_text(encoding="utf-8") for path in found}

    before = files()
    assert {"churn.yml", "churn.json", "rules-churn.yml", "gone.yml"} <= before.keys()
    (own / "churn.yml").write_text("name: churn\ntitle: [")
    (own / "gone.yml").unlink()
    with caplog.at_level(logging.WARNING):
        after = files()
    assert "use case churn stay as they were" in caplog.text
    assert {name: text for name, text in after.items() if "churn" in name} == {
        name: text for name, text in before.items() if "churn" in name
    }
    assert not [name for name in after if "gone" in name]
    assert after["fraud.json"] == before["fraud.json"]
