"""On a real Grafana: whatever use cases are called, all is provisioned, and words stay words."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any

import pytest
import yaml
from pydantic import SecretStr

from monitoring.settings import Settings
from monitoring.signals.alerts.alert import VALUE, Alert, MoneyAtStake
from monitoring.signals.alerts.delivery import Delivery, Notifier
from monitoring.signals.alerts.grafana_alerting import INTERVAL, provisioned_groups
from monitoring.signals.generated_files import grafana_files
from monitoring.signals.links import Addresses, CasePanel, Link, board_of
from monitoring.signals.performance_metrics import MONEY_MISSED
from monitoring.signals.thresholds import Side
from monitoring.use_case import Severity, UseCase
from tests.fixtures.eventually import eventually
from tests.fixtures.gateway import running_prometheus
from tests.fixtures.grafana import Grafana, running_grafana
from tests.fixtures.hostile import HOSTILE, with_words
from tests.fixtures.webhook import Webhook, running_webhook
from tests.signals.servers.watched import AT_ONCE

pytestmark = pytest.mark.grafana

ADDRESSES = Addresses("http://tocsin.test", "http://grafana.test")
CANARY = "c4nary-of-the-mail-server"
AT_WORK = "AlwaysFires"
ALWAYS = PurePosixPath("provisioning/alerting/rules-always.yml")


@dataclass(frozen=True)
class Told:
    """A running Grafana, the use cases it was given, and what Slack receives."""

    grafana: Grafana
    cases: list[UseCase]
    slack: Webhook

    def rules(self) -> dict[str, dict[str, Any]]:
        """Return the provisioned rules by uid."""
        listed = self.grafana.get("/api/v1/provisioning/alert-rules")
        return {rule["uid"]: rule for rule in listed}


def always_firing(words: str, use_case: str) -> Alert:
    """Return an alert that fires at once and has words in everything that it says."""
    return Alert(
        name=AT_WORK,
        use_case=use_case,
        title=words,
        meaning=f"{VALUE} of {words}",
        severity=Severity.CRITICAL,
        value="vector(1)",
        side=Side.ABOVE,
        limit=0,
        link=Link(board_of(use_case), CasePanel.RANKING),
        money=MoneyAtStake(MONEY_MISSED, "vector(7)", "EUR", words),
    )


@pytest.fixture(scope="module")
def told(
    grafana_command: tuple[str, ...], fraud: UseCase, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Told]:
    """Grafana with hostile use cases, whose rules wait for data, and alerts that fire at once."""
    folder = tmp_path_factory.mktemp("hostile")
    (folder / "prometheus.yml").write_text("scrape_configs: []\n", encoding="utf-8")
    twins = [with_words(fraud, name, fraud.title) for name in ("twin", "other_twin")]
    # Few: hundreds of rules that are evaluated at once lock the SQLite of a Grafana.
    hostile = [with_words(fraud, name, HOSTILE[name]) for name in ("expansion", "file", "wide")]
    cases = [*hostile, fraud, *twins]
    with running_webhook() as slack, running_prometheus(folder) as prometheus:
        delivery = Delivery(
            Notifier.GRAFANA,
            ADDRESSES,
            slack=SecretStr(slack.url),
            critical=AT_ONCE,
            warning=AT_ONCE,
        )
        boards = str(folder / "grafana" / "dashboards")
        files = grafana_files(cases, delivery, dashboards=boards)
        alerts = [always_firing(words, name) for name, words in HOSTILE.items()]
        groups = provisioned_groups({"always": alerts}, ADDRESSES, paused=False)
        always = yaml.safe_dump(groups["always"]).replace(f"interval: {INTERVAL}", "interval: 10s")
        settings = Settings(
            prometheus_url=prometheus,
            slack_url=SecretStr(slack.url),
            smtp_host="127.0.0.1:1",
            smtp_password=SecretStr(CANARY),
        )
        written = files | {ALWAYS: always}
        with running_grafana(grafana_command, folder, written, settings) as grafana:
            yield Told(grafana, cases, slack)


def test_every_rule_is_provisioned_whatever_its_use_case_is_called(told: Told) -> None:
    rules = told.rules()
    groups = {rule["ruleGroup"] for rule in rules.values()}
    assert groups == {"tocsin", "always", *(case.name for case in told.cases)}
    titles = [rule["title"] for rule in rules.values()]
    assert len(set(titles)) == len(titles)
    assert f"{HOSTILE['file']}: recall below 60% (critical)" in titles
    assert f"{HOSTILE['expansion']}: recall below 60% (critical)" in titles
    assert "Card fraud: recall below 60% (critical, RecallLow, twin)" in titles


def test_every_dashboard_is_there_whatever_its_use_case_is_called(told: Told) -> None:
    def all_boards() -> bool:
        boards = told.grafana.get("/api/search?type=dash-db&limit=100")
        return len({board["title"] for board in boards}) == len(told.cases) + 2

    eventually(all_boards)


def test_no_secret_is_expanded_anywhere(told: Told) -> None:
    everything = str(told.rules()) + told.grafana.log.read_text(encoding="utf-8", errors="replace")
    assert CANARY not in everything
    assert told.grafana.password not in everything


def test_a_firing_alert_says_the_words_as_they_are(told: Told) -> None:
    def firing() -> dict[str, dict[str, str]] | None:
        alerts = told.grafana.get("/api/alertmanager/grafana/api/v2/alerts")
        ours = [alert for alert in alerts if alert["labels"].get("alert") == AT_WORK]
        said = {alert["labels"]["use_case"]: alert["annotations"] for alert in ours}
        return said if HOSTILE.keys() <= said.keys() else None

    said = eventually(firing)
    for name, words in HOSTILE.items():
        if name == "stand_ins":
            continue
        assert said[name]["summary"] == words
        assert said[name]["description"] == f"1 of {words}"
        assert said[name]["money"] == f"EUR 7 {words}"


def test_slack_is_sent_no_mention(told: Told) -> None:
    def mentioned() -> list[str]:
        posts = [str(post) for post in told.slack.received]
        return [post for post in posts if "tocsin-mention?viewPanel=14|" in post]

    (post, *_) = eventually(mentioned)
    assert "&lt;!channel&gt; &lt;@U1&gt; &amp;" in post
    assert "<!channel>" not in post
    assert "<http://grafana.test/d/tocsin-mention?viewPanel=14|panel>" in post
