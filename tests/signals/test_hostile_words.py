"""A use case's words stay words in every generated file, whoever reads it."""

import json
import re
from datetime import UTC, datetime
from email.header import decode_header, make_header
from email.message import Message
from pathlib import Path
from typing import Any

import pytest
import requests
import yaml
from markdown_it import MarkdownIt
from pydantic import SecretStr

from monitoring.manual.generated_pages import filled
from monitoring.manual.metric_tables import thresholds_table
from monitoring.settings import Settings
from monitoring.signals.alerts import alerts_of
from monitoring.signals.alerts.delivery import Delivery, Mail, Notifier
from monitoring.signals.alerts.grafana_alerting import contact_points, provisioned_groups
from monitoring.signals.dashboards.grafana_json import dashboard_json
from monitoring.signals.dashboards.use_case_board import case_board
from monitoring.signals.generate import generate, stale
from monitoring.signals.generated_files import (
    COMPOSE,
    FLEET_RULES,
    prometheus_files,
)
from monitoring.signals.links import Addresses
from monitoring.signals.performance_metrics import DETECTED, MONEY_MISSED, POSITIVES, RECALL
from monitoring.use_case import UseCase
from tests.fixtures.eventually import eventually
from tests.fixtures.gateway import alertmanager_config_in, program, running_alertmanager
from tests.fixtures.hostile import HOSTILE, hostile_cases, with_words
from tests.fixtures.webhook import Webhook
from tests.reports.reading import Document
from tests.signals.programs import run
from tests.signals.servers.watched import AT_ONCE, listening

ADDRESSES = Addresses("http://tocsin.test")
each_word = pytest.mark.parametrize("words", HOSTILE.values(), ids=HOSTILE)


def test_prometheus_takes_every_rules_file_and_alerts_say_the_words_as_they_are(
    fraud: UseCase, tmp_path: Path
) -> None:
    cases = hostile_cases(fraud)
    for path, text in prometheus_files(cases, Delivery(addresses=ADDRESSES), COMPOSE).items():
        (tmp_path / path).parent.mkdir(exist_ok=True)
        (tmp_path / path).write_text(text, encoding="utf-8")
    names = [case.name for case in cases]
    files = [str(tmp_path / "rules" / f"{name}.yml") for name in (FLEET_RULES, *names)]
    assert "SUCCESS" in run(program("promtool"), "check", "rules", *files)
    labels = 'stage="production",role="champion"'
    values = {RECALL: 0.5, DETECTED: 50, POSITIVES: 100, MONEY_MISSED: 400}
    series = [
        {"series": f'{metric.name}{{use_case="{name}",{labels}}}', "values": f"{value}x1"}
        for name in names
        for metric, value in values.items()
    ]
    expected = [
        {
            "exp_labels": {"use_case": case.name, "severity": "critical"},
            "exp_annotations": {
                "summary": f"{case.title}: recall below 60%",
                "description": f"The model caught 50 of 100 {case.title} (50%, limit 60%) in the "
                "newest mature window.",
                "value": "50% (limit 60%)",
                "money": f"EUR 400 lost to missed {case.title}",
                "dashboard_url": f"http://tocsin.test/watch/{case.name}#panel-3",
                "report_url": f"http://tocsin.test/reports/{case.name}/index.html",
                "runbook_url": "http://tocsin.test/runbook#recalllow",
            },
        }
        for case in cases
    ]
    test = {
        "interval": "1m",
        "input_series": series,
        "alert_rule_test": [{"eval_time": "1m", "alertname": "RecallLow", "exp_alerts": expected}],
    }
    content = {"rule_files": files, "evaluation_interval": "1m", "tests": [test]}
    path = tmp_path / "test.yml"
    path.write_text(yaml.safe_dump(content), encoding="utf-8")
    run(program("promtool"), "test", "rules", path)


def rules_of(cases: list[UseCase]) -> list[dict[str, Any]]:
    groups = {case.name: alerts_of(case) for case in cases}
    files = provisioned_groups(groups, ADDRESSES, paused=False)
    return [rule for file in files.values() for rule in file["groups"][0]["rules"]]


@each_word
def test_grafana_finds_nothing_to_expand_in_what_it_provisions(words: str, fraud: UseCase) -> None:
    for rule in rules_of([with_words(fraud, "one", words)]):
        for expanded in (rule["title"], *rule["labels"].values()):
            assert "$" not in expanded.replace("$$", "")
        for annotation in rule["annotations"].values():
            ours = re.sub(r"\$(values\.[BEGI]|labels\.[a-z_]+)\b", "", annotation)
            assert "$" not in ours


def test_grafana_shows_the_title_as_it_is(fraud: UseCase) -> None:
    title = f"{HOSTILE['expansion']}: recall below 60% (critical)"
    assert title.replace("$", "$$") in {
        rule["title"] for rule in rules_of([with_words(fraud, "one", HOSTILE["expansion"])])
    }


def test_only_secrets_are_expanded_in_contact_points() -> None:
    secret = SecretStr("http://secret.test")
    mail = Mail("mail.test:25", "tocsin@tocsin.test", ("$HOME@tocsin.test",))
    points = contact_points(
        Delivery(Notifier.GRAFANA, webhook=secret, slack=secret, heartbeat=secret, mail=mail)
    )
    settings = [
        value
        for point in points["contactPoints"]
        for receiver in point["receivers"]
        for value in receiver["settings"].values()
    ]
    expanded = {value for value in settings if "$" in str(value).replace("$$", "")}
    assert expanded == {"$TOCSIN_WEBHOOK_URL", "$TOCSIN_SLACK_URL", "$TOCSIN_HEARTBEAT_URL"}
    assert "$$HOME@tocsin.test" in settings


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Card fraud", "Card fraud"),
        ("Card fraud", "CARD FRAUD"),
        ("x" * 190, "x" * 190),
        ("x" * 300 + "one", "x" * 300 + "other"),
        ("\N{CJK UNIFIED IDEOGRAPH-4E0D}" * 120, "\N{CJK UNIFIED IDEOGRAPH-4E0D}" * 119),
        ("x" * 180 + "\N{GRINNING FACE}" * 10, "x" * 181 + "\N{GRINNING FACE}" * 10),
    ],
    ids=["equal", "but for case", "at the limit", "alike at first", "wide", "cut in a letter"],
)
def test_no_two_rules_of_a_folder_share_a_title_whatever_use_cases_are_called(
    one: str, other: str, fraud: UseCase
) -> None:
    pair = [with_words(fraud, "one", one), with_words(fraud, "other", other)]
    titles = [rule["title"] for rule in rules_of(pair)]
    assert len({title.casefold() for title in titles}) == len(titles)
    assert max(len(title.encode()) for title in titles) <= 190
    boards = {case_board(case, ADDRESSES).title for case in pair}
    assert len(boards) == 2


def test_a_title_that_no_other_rule_has_stays_as_it_is(fraud: UseCase) -> None:
    titles = {rule["title"] for rule in rules_of([fraud, with_words(fraud, "other", "Other")])}
    assert {
        "Card fraud: recall below 60% (critical)",
        "Other: recall below 60% (critical)",
    } < titles
    doubled = {rule["title"] for rule in rules_of([fraud, with_words(fraud, "other", fraud.title)])}
    assert "Card fraud: recall below 60% (critical, RecallLow, other)" in doubled


@each_word
def test_a_dashboard_knows_no_variable_link_or_tag_in_a_use_case_s_words(
    words: str, fraud: UseCase
) -> None:
    content = json.loads(dashboard_json(case_board(with_words(fraud, "one", words), ADDRESSES)))
    for panel in (content, *content["panels"]):
        assert "$" not in panel["title"]
        description = panel.get("description", "")
        assert not re.search(r"\$|<|(?<!\\)\[", description)
        for target in panel.get("targets", ()):
            assert "$" not in target["legendFormat"]
    named = [
        override["matcher"]["options"]
        for panel in content["panels"]
        for override in panel.get("fieldConfig", {}).get("overrides", ())
    ]
    assert named
    assert not [name for name in named if "$" in name]


@each_word
def test_a_table_of_a_page_has_a_title_as_plain_text_in_one_cell(
    words: str, fraud: UseCase
) -> None:
    case = with_words(fraud, "one", words)
    table = MarkdownIt("gfm-like", {"linkify": False}).render(thresholds_table([case]))
    rows = re.findall("<tr>(.*?)</tr>", table, re.DOTALL)
    assert {row.count("</td>") for row in rows[1:]} == {5}
    cell = re.search("<td>(.*?)</td>", rows[1], re.DOTALL)
    assert cell is not None
    assert not re.search("<", cell[1])
    page = "<!-- generated: thresholds -->\n<!-- end -->\nafter\n"
    parts = {"thresholds": lambda: thresholds_table([case])}
    once = filled(page, parts, "README.md")
    assert filled(once, parts, "README.md") == once
    assert once.endswith("<!-- end -->\nafter\n")


def test_a_hostile_use_case_is_generated_once_and_stays_fresh(
    fraud: UseCase, tmp_path: Path
) -> None:
    cases = [with_words(fraud, "one", " ".join(HOSTILE.values()))]
    generate(tmp_path, cases, Settings())
    assert stale(tmp_path, cases, Settings()) == ()
    for path in tmp_path.rglob("*.yml"):
        assert yaml.safe_load(path.read_text(encoding="utf-8")) is not None


def fired(name: str, words: str) -> dict[str, Any]:
    """Return an alert as Prometheus posts it."""
    links = {"dashboard_url": "http://a.test", "report_url": "http://b.test"}
    return {
        "labels": {"alertname": "RecallLow", "use_case": name, "severity": "critical"},
        "annotations": {
            **dict.fromkeys(("summary", "description", "money"), words),
            **links,
            "runbook_url": "http://c.test",
        },
        "startsAt": datetime.now(UTC).isoformat(),
    }


def page_of(mail: Message) -> Document:
    """Return the page that a mail shows."""
    (page,) = (part for part in mail.walk() if part.get_content_type() == "text/html")
    content = page.get_payload(decode=True)
    assert isinstance(content, bytes)
    return Document(content.decode())


def test_slack_and_mail_show_words_and_obey_none(own_webhook: Webhook, tmp_path: Path) -> None:
    with listening() as (received, _, mailbox):
        delivery = Delivery(
            notifier=Notifier.ALERTMANAGER,
            slack=SecretStr(own_webhook.url),
            mail=Mail(mailbox, "tocsin@tocsin.test", ("team@tocsin.test",), tls=False),
            critical=AT_ONCE,
        )
        config = alertmanager_config_in(tmp_path, delivery)
        with running_alertmanager(config) as manager:
            alerts = [fired(name, words) for name, words in HOSTILE.items()]
            requests.post(f"{manager}/api/v2/alerts", json=alerts, timeout=10).raise_for_status()
            eventually(lambda: len(received.mails) == len(HOSTILE))
            eventually(lambda: len(own_webhook.received) == len(HOSTILE))
    for mail in received.mails:
        assert mail["To"] == "team@tocsin.test"
        assert mail["Bcc"] is None
        elements = page_of(mail).elements
        assert "script" not in {tag for tag, _ in elements}
        assert not [name for _, attributes in elements for name in attributes if name[:2] == "on"]
    subjects = {str(make_header(decode_header(mail["Subject"]))) for mail in received.mails}
    assert {f"critical: {HOSTILE['script']}", f"critical: {HOSTILE['wide'][:60]}"} < subjects
    (shown,) = (
        post["attachments"][0] for post in own_webhook.received if "channel" in json.dumps(post)
    )
    mention = "&lt;!channel&gt; &lt;@U1&gt; &amp; &lt;http://tocsin.test|here&gt;"
    assert shown["title"] == f"critical: {mention}"
    links = "<http://a.test|panel> | <http://b.test|reports> | <http://c.test|what to do>"
    assert shown["text"].strip().splitlines() == [f"*{mention}*", mention, mention, links]
