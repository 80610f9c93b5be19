"""Generated files: the same every time, those committed are they, and no secret is in them."""

import json
import stat
from pathlib import Path

import pytest
import yaml
from pydantic import SecretStr

from monitoring.settings import Settings
from monitoring.signals.generate import (
    FOLDERS,
    MANIFEST,
    ForeignFileError,
    ManifestError,
    generate,
    stale,
)
from monitoring.signals.generated_files import NameTakenError, Targets, planned
from monitoring.use_case import UseCase
from monitoring.use_case_file import SHIPPED, find_use_case, load_use_case
from tests.fixtures.gateway import program
from tests.signals.conftest import everything
from tests.signals.programs import run
from tests.signals.servers.watched import ROOT

SECRETS = {
    "webhook_url": SecretStr("http://hook.test/s3cret-hook"),
    "slack_url": SecretStr("http://slack.test/s3cret-slack"),
    "heartbeat_url": SecretStr("http://pulse.test/s3cret-pulse"),
    "smtp_password": SecretStr("s3cret-mail"),
    "smtp_host": "mail.test:25",
    "smtp_to": "a@tocsin.test, b@tocsin.test",
}


@pytest.fixture
def plain(monkeypatch: pytest.MonkeyPatch) -> Settings:
    """Settings of a machine on which nothing is set."""
    for name in Settings.model_fields:
        monkeypatch.delenv(f"TOCSIN_{name.upper()}", raising=False)
    return Settings()


def shipped() -> list[UseCase]:
    return [load_use_case(path) for path in SHIPPED.glob("*.yml")]


def two() -> list[UseCase]:
    """Return as many use cases as it takes where what is generated is not their own."""
    return [find_use_case("fraud"), find_use_case("iris")]


def everywhere(folder: Path) -> str:
    return "\n".join(p.read_text(encoding="utf-8") for p in folder.rglob("*") if p.is_file())


def test_the_committed_files_are_what_would_be_generated(plain: Settings) -> None:
    assert stale(ROOT, shipped(), plain) == ()


def test_twice_is_once_in_whatever_order_the_use_cases_come(
    plain: Settings, tmp_path: Path
) -> None:
    first = generate(tmp_path, shipped(), plain)
    assert {path.suffix for path in first} == {".json", ".yml", ".tmpl", ".manifest"}
    assert generate(tmp_path, list(reversed(shipped())), plain) == ()


def test_what_was_changed_by_hand_is_stale(plain: Settings, tmp_path: Path) -> None:
    generate(tmp_path, two(), plain)
    changed = tmp_path / "grafana" / "prometheus" / "rules" / "fraud.yml"
    changed.write_text("groups: []\n", encoding="utf-8")
    assert stale(tmp_path, two(), plain) == (changed,)
    assert generate(tmp_path, two(), plain) == (changed,)
    assert stale(tmp_path, two(), plain) == ()


OF_A_USE_CASE = (
    "dashboards/everything.json",
    "prometheus/rules/everything.yml",
    "provisioning/alerting/rules-everything.yml",
)
"""The files that a use case has of its own, under grafana/."""


def test_what_is_no_longer_generated_is_stale_and_removed(plain: Settings, tmp_path: Path) -> None:
    generate(tmp_path, [*two(), everything()], plain)
    own = {tmp_path / "grafana" / name for name in OF_A_USE_CASE}
    assert {path for path in own if path.is_file()} == own
    out_of_date = set(stale(tmp_path, two(), plain))
    assert own < out_of_date
    assert set(generate(tmp_path, two(), plain)) == out_of_date
    assert {path for path in own if path.exists()} == set()
    assert stale(tmp_path, two(), plain) == ()


def files_of_a_team(out: Path) -> dict[Path, str]:
    """Write files of somebody else into every folder of generated files, and beside them."""
    grafana = out / "grafana"
    files = {
        grafana / "dashboards" / "payments.json": '{"uid": "payments"}',
        grafana / "dashboards" / "team" / "latency.json": '{"uid": "latency"}',
        grafana / "prometheus" / "rules" / "payments.yml": "groups: []\n",
        grafana / "prometheus" / "targets" / "payments.yml": "[]\n",
        grafana / "provisioning" / "alerting" / "payments.yml": "apiVersion: 1\n",
        grafana / "provisioning" / "datasources" / "warehouse.yml": "apiVersion: 1\n",
        grafana / "alertmanager" / "templates.yml": "{}\n",
        grafana / "dashboards" / "notes.txt": "ours",
    }
    for path, text in files.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return files


def test_files_of_others_stay_whatever_is_generated(plain: Settings, tmp_path: Path) -> None:
    generate(tmp_path, two(), plain)
    team = files_of_a_team(tmp_path)
    assert stale(tmp_path, two(), plain) == ()
    generate(tmp_path, [*two(), everything()], plain)
    generate(tmp_path, two(), plain)
    assert {path: path.read_text("utf-8") for path in team} == team


def test_without_a_manifest_nothing_is_removed_and_older_output_is_taken_over(
    plain: Settings, tmp_path: Path
) -> None:
    generate(tmp_path, [*two(), everything()], plain)
    team = files_of_a_team(tmp_path)
    for folder in FOLDERS:
        (tmp_path / folder / MANIFEST).unlink()
    older = tmp_path / "grafana" / "dashboards" / "fraud.json"
    board = json.loads(older.read_text("utf-8"))
    older.write_text(json.dumps({**board, "title": "As an older version drew it"}), "utf-8")
    rules = tmp_path / "grafana" / "prometheus" / "rules" / "fraud.yml"
    rules.write_text(rules.read_text("utf-8") + "# as an older version wrote it\n", "utf-8")
    written = set(generate(tmp_path, two(), plain))
    manifests = {tmp_path / folder / MANIFEST for folder in FOLDERS}
    short_names = tmp_path / "grafana" / "prometheus" / "rules" / "tocsin.yml"
    # The title was another use case's too.
    titles = tmp_path / "grafana" / "provisioning" / "alerting" / "rules-fraud.yml"
    boards = tmp_path / "grafana" / "dashboards"
    of_all = {boards / "tocsin_fleet.json", boards / "tocsin_health.json"}
    assert written == {older, rules, short_names, titles, *of_all, *manifests}
    for name in OF_A_USE_CASE:
        assert (tmp_path / "grafana" / name).is_file()
    assert {path: path.read_text("utf-8") for path in team} == team
    assert stale(tmp_path, two(), plain) == ()


@pytest.mark.parametrize("name", OF_A_USE_CASE)
@pytest.mark.parametrize("first", [True, False])
def test_a_file_of_somebody_else_is_not_written_over(
    name: str, first: bool, plain: Settings, tmp_path: Path
) -> None:
    if not first:
        generate(tmp_path, two(), plain)
    path = tmp_path / "grafana" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text('{"uid": "a team\'s own"}', encoding="utf-8")
    before = everywhere(tmp_path)
    for do in (stale, generate):
        with pytest.raises(ForeignFileError, match=f"{name} was not written by .tocsin generate"):
            do(tmp_path, [*two(), everything()], plain)
    assert everywhere(tmp_path) == before


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("not json", "is damaged"),
        ("[]", "is damaged"),
        ('{"format": 1}', "is damaged"),
        ('{"format": 2, "files": []}', "has format 2, this Tocsin reads format 1"),
        ('{"format": 1, "files": ["../../README.md"]}', "outside its folder"),
        ('{"format": 1, "files": ["/etc/hostname"]}', "outside its folder"),
    ],
)
def test_a_manifest_that_can_t_be_read_removes_nothing(
    text: str, message: str, plain: Settings, tmp_path: Path
) -> None:
    generate(tmp_path, two(), plain)
    (tmp_path / "grafana" / "dashboards" / MANIFEST).write_text(text, encoding="utf-8")
    before = everywhere(tmp_path)
    with pytest.raises(ManifestError, match=f"generated.manifest.*{message}"):
        generate(tmp_path, [everything()], plain)
    assert everywhere(tmp_path) == before


def test_a_generated_file_that_somebody_removed_is_written_again(
    plain: Settings, tmp_path: Path
) -> None:
    generate(tmp_path, [*two(), everything()], plain)
    gone = tmp_path / "grafana" / "dashboards" / "everything.json"
    gone.unlink()
    assert stale(tmp_path, [*two(), everything()], plain) == (gone,)
    generate(tmp_path, two(), plain)
    assert stale(tmp_path, two(), plain) == ()


def test_what_was_generated_of_a_use_case_whose_file_broke_since_stays(
    plain: Settings, tmp_path: Path
) -> None:
    generate(tmp_path, [*two(), everything()], plain)
    grafana = tmp_path / "grafana"
    own = [
        grafana / "dashboards" / "everything.json",
        grafana / "prometheus" / "rules" / "everything.yml",
        grafana / "provisioning" / "alerting" / "rules-everything.yml",
    ]
    before = {path: path.read_text("utf-8") for path in own}
    generate(tmp_path, two(), plain, kept=("everything", "never_generated"))
    assert {path: path.read_text("utf-8") for path in own} == before
    assert stale(tmp_path, two(), plain, kept=("everything",)) == ()
    generate(tmp_path, two(), plain)
    assert not any(path.exists() for path in own)


def test_every_generated_file_is_named_in_the_manifest_of_its_folder(
    plain: Settings, tmp_path: Path
) -> None:
    generate(tmp_path, shipped(), plain)
    named = {
        tmp_path / folder / name
        for folder in FOLDERS
        for name in json.loads((tmp_path / folder / MANIFEST).read_text("utf-8"))["files"]
    }
    there = {path for path in tmp_path.rglob("*") if path.is_file() and path.name != MANIFEST}
    assert named == there


def test_secrets_are_in_no_file_where_grafana_notifies(plain: Settings, tmp_path: Path) -> None:
    generate(tmp_path, shipped(), plain.model_copy(update=SECRETS))
    text = everywhere(tmp_path)
    assert "s3cret" not in text
    for name in ("$TOCSIN_WEBHOOK_URL", "$TOCSIN_SLACK_URL", "$TOCSIN_HEARTBEAT_URL"):
        assert name in text


def test_alertmanager_s_secrets_are_for_the_owner_alone(plain: Settings, tmp_path: Path) -> None:
    generate(tmp_path, shipped(), plain)
    by_alertmanager = plain.model_copy(update=SECRETS | {"notifier": "alertmanager"})
    generate(tmp_path, shipped(), by_alertmanager)
    config = tmp_path / "grafana" / "alertmanager" / "alertmanager.yml"
    assert stat.S_IMODE(config.stat().st_mode) == 0o600
    # Prometheus runs as another user; a target's file has the same name.
    targets = tmp_path / "grafana" / "prometheus" / "targets" / "alertmanager.yml"
    assert stat.S_IMODE(targets.stat().st_mode) == 0o644
    assert config.read_text(encoding="utf-8").count("s3cret") == 4
    config.unlink()
    assert "s3cret" not in everywhere(tmp_path)


def test_a_use_case_from_outside_the_package_gets_its_own_files(
    plain: Settings, tmp_path: Path
) -> None:
    generate(tmp_path, [everything()], plain)
    board = json.loads((tmp_path / "grafana/dashboards/everything.json").read_text("utf-8"))
    assert board["uid"] == "tocsin-everything"
    run(program("promtool"), "check", "rules", *(tmp_path.glob("grafana/prometheus/rules/*.yml")))


def test_short_names_that_no_use_case_declares_are_not_recorded(
    plain: Settings, tmp_path: Path
) -> None:
    generate(tmp_path, [find_use_case("student_depression")], plain)
    rules = (tmp_path / "grafana/prometheus/rules/tocsin.yml").read_text("utf-8")
    assert "record: drift_score" in rules
    assert "fraud" not in rules


def test_no_use_case_takes_the_name_of_what_belongs_to_all(plain: Settings, tmp_path: Path) -> None:
    case = everything().model_copy(update={"name": "tocsin"})
    with pytest.raises(NameTakenError, match="tocsin"):
        generate(tmp_path, [case], plain)


def test_prometheus_reads_its_configuration_beside_its_rules_and_targets(
    plain: Settings, tmp_path: Path
) -> None:
    targets = Targets("127.0.0.1:9091", "127.0.0.1:9093", {"prometheus": "127.0.0.1:9090"})
    generate(tmp_path, shipped(), plain, targets)
    folder = tmp_path / "grafana" / "prometheus"
    (folder / "prometheus.yml").write_text((ROOT / "prometheus.yml").read_text("utf-8"), "utf-8")
    output = run(program("promtool"), "check", "config", folder / "prometheus.yml")
    assert "WARNING" not in output
    assert output.count("rules found") == len(shipped()) + 1
    managers = yaml.safe_load((folder / "targets" / "alertmanager.yml").read_text("utf-8"))
    assert managers == [{"targets": ["127.0.0.1:9093"]}]


def test_every_folder_that_grafana_reads_at_its_start_is_there(
    plain: Settings, tmp_path: Path
) -> None:
    generate(tmp_path, shipped(), plain)
    folders = {
        path.name for path in (tmp_path / "grafana" / "provisioning").iterdir() if path.is_dir()
    }
    assert folders == {"alerting", "dashboards", "datasources", "notifiers", "plugins"}


def test_grafana_does_not_list_prometheus_s_rules_beside_the_same_of_its_own(
    plain: Settings, tmp_path: Path
) -> None:
    generate(tmp_path, shipped(), plain)
    path = tmp_path / "grafana" / "provisioning" / "datasources" / "prometheus.yml"
    (source,) = yaml.safe_load(path.read_text("utf-8"))["datasources"]
    assert source["jsonData"]["manageAlerts"] is False


def test_every_planned_file_ends_with_a_line_and_says_who_wrote_it(plain: Settings) -> None:
    from monitoring.signals.alerts.delivery import delivery_of

    for path, text in planned(shipped(), delivery_of(plain)).items():
        assert text.endswith("\n"), path
        assert path.suffix == ".json" or text.startswith("# Written by `tocsin generate`"), path
