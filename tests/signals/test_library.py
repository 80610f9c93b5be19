"""Dashboards and rules for a Grafana and a Prometheus of one's own."""

import json
import re
from pathlib import Path

import pytest
import yaml

from monitoring.errors import InputError
from monitoring.settings import Settings
from monitoring.signals.alerts.delivery import Delivery
from monitoring.signals.catalogue import CATALOGUE
from monitoring.signals.generate import ForeignFileError
from monitoring.signals.library import library_files, write_library
from monitoring.signals.own_place import OwnPlace, pairs_of
from monitoring.signals.promql import DATASOURCE, FOREIGN
from monitoring.use_case import UseCase
from monitoring.use_case_file import find_use_case
from tests.fixtures.gateway import program
from tests.signals.conftest import everything
from tests.signals.programs import run

OWN = OwnPlace(
    datasource="mimir",
    folder="Payments",
    labels={"team": "payments", "cost": "5$"},
    matchers={"cluster": "eu", "tenant": 'a"b'},
)
NAMES = {*FOREIGN, *(metric.name for metric in CATALOGUE)}
_NAMED = re.compile(rf"(?<![\w:\"])({'|'.join(NAMES)})(?![\w:])([^,\s]{{0,9}})")


@pytest.fixture(scope="module")
def files() -> dict[str, str]:
    """Every file for a place of one's own, by its path."""
    made = library_files([find_use_case("fraud"), everything()], Delivery(), OWN)
    return {str(path): text for path, text in made.items()}


def queries_in(content: object) -> list[str]:
    """Return every query in a file's content, those in templates of rules too."""
    if isinstance(content, dict):
        own = [text for key, text in content.items() if key == "expr" and isinstance(text, str)]
        texts = [text for text in content.values() if isinstance(text, str)]
        own += [query for text in texts for query in re.findall(r"query `([^`]*)`", text)]
        return own + [query for inner in content.values() for query in queries_in(inner)]
    if isinstance(content, list):
        return [query for inner in content for query in queries_in(inner)]
    return []


def test_there_is_a_folder_for_each_reader(files: dict[str, str]) -> None:
    boards = ("everything", "fraud", "tocsin_fleet", "tocsin_health")
    rules = ("everything", "fraud", "tocsin")
    assert sorted(files) == [
        *(f"dashboards/{name}.json" for name in boards),
        *(f"grafana-rules/{name}.yml" for name in rules),
        *(f"prometheus-rules/{name}.yml" for name in rules),
    ]


def test_every_selector_of_every_file_has_the_matchers(files: dict[str, str]) -> None:
    for path, text in files.items():
        queries = queries_in(yaml.safe_load(text))
        assert queries, path
        for query in queries:
            unquoted = re.sub(r'"(?:[^"\\]|\\.)*"', '""', query)
            for name, follows in _NAMED.findall(unquoted):
                assert follows.startswith("{cluster="), (path, name, query)


def test_prometheus_understands_the_rules(files: dict[str, str], tmp_path: Path) -> None:
    for path, text in files.items():
        if path.startswith("prometheus-rules"):
            (tmp_path / path).parent.mkdir(exist_ok=True)
            (tmp_path / path).write_text(text, encoding="utf-8")
            run(program("promtool"), "check", "rules", tmp_path / path)


def test_the_data_source_the_folder_and_the_labels_are_one_s_own(files: dict[str, str]) -> None:
    assert not any(DATASOURCE in text for text in files.values())
    assert '"uid": "mimir"' in files["dashboards/fraud.json"]
    (group,) = yaml.safe_load(files["grafana-rules/fraud.yml"])["groups"]
    assert group["folder"] == "Payments"
    assert {rule["labels"]["team"] for rule in group["rules"]} == {"payments"}
    # Grafana expands variables of the environment in labels, Prometheus does not.
    assert {rule["labels"]["cost"] for rule in group["rules"]} == {"5$$"}
    (group,) = yaml.safe_load(files["prometheus-rules/fraud.yml"])["groups"]
    assert {rule["labels"]["cost"] for rule in group["rules"]} == {"5$"}
    assert not any(rule.get("isPaused") for rule in group["rules"])


def test_one_use_case_has_its_own_files_alone(tmp_path: Path) -> None:
    cases = [find_use_case("fraud"), everything()]
    written = write_library(tmp_path, cases, Settings(), OwnPlace(), ["fraud"])
    assert {str(path.relative_to(tmp_path)) for path in written} == {
        "dashboards/fraud.json",
        "grafana-rules/fraud.yml",
        "prometheus-rules/fraud.yml",
    }
    assert write_library(tmp_path, cases, Settings(), OwnPlace(), ["fraud"]) == ()


def test_nobody_s_file_is_written_over(fraud: UseCase, tmp_path: Path) -> None:
    (tmp_path / "dashboards").mkdir()
    mine = tmp_path / "dashboards" / "fraud.json"
    mine.write_text("{}", encoding="utf-8")
    with pytest.raises(ForeignFileError, match="was not written by"):
        write_library(tmp_path, [fraud], Settings(), OwnPlace())
    assert mine.read_text(encoding="utf-8") == "{}"
    assert list(tmp_path.iterdir()) == [tmp_path / "dashboards"]


def test_what_is_no_label_and_no_use_case_is_refused(fraud: UseCase) -> None:
    with pytest.raises(InputError, match="write NAME=VALUE"):
        pairs_of(["team"])
    with pytest.raises(InputError, match="'a-b' is not the name of a label"):
        OwnPlace(labels={"a-b": "x"})
    with pytest.raises(InputError, match="no use case 'frod': the use cases are fraud"):
        library_files([fraud], Delivery(), OwnPlace(), ["frod"])


def test_without_anything_of_one_s_own_queries_are_as_they_are_shipped(fraud: UseCase) -> None:
    path = next(p for p in library_files([fraud], Delivery(), OwnPlace()) if p.stem == "fraud")
    shipped = Path(__file__).parents[2] / "grafana" / "dashboards" / "fraud.json"
    ours = json.loads(library_files([fraud], Delivery(), OwnPlace())[path])
    assert sorted(queries_in(ours)) == sorted(queries_in(json.loads(shipped.read_text("utf-8"))))
