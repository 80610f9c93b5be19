"""A promotion takes itself back: by its own rows, loudly, and as a whole whatever kills it."""

import os
import shutil
import signal
import subprocess
import sys
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
import requests

from monitoring.rows.rows import Role
from monitoring.rows.window import Window, ending
from monitoring.settings import settings
from monitoring.signals.pipelines import Pipeline
from monitoring.steps.places import model_registry, production_store
from monitoring.steps.report.probation import Probated, judge_probation
from monitoring.steps.report.shadow import shadows_of
from monitoring.steps.rollback import release_promotions, roll_back
from monitoring.steps.run import Run
from monitoring.training.model import Model
from monitoring.training.registry import Registry
from monitoring.training.train import train
from monitoring.training.versions import Version
from tests.steps.conftest import AS_OF, Served, send
from tests.steps.test_promotion import parts
from tests.training.conftest import Job

DAYS = timedelta(days=4)
SINCE = AS_OF - timedelta(days=12)
"""The `as_of` of the retrain whose challenger is on probation."""

_KILLED = """
import os, signal, sys
from datetime import datetime, timedelta
from monitoring.rows.window import ending
from monitoring.signals.pipelines import Pipeline
from monitoring.steps.report import probation
from monitoring.steps.run import Run
from mlflow import MlflowClient
phase = sys.argv[1]
of = probation if phase == "publish_model" else MlflowClient if phase.startswith("set_") else Run
do = getattr(of, phase)
def then_die(*arguments, **options):
    do(*arguments, **options)
    os.kill(os.getpid(), signal.SIGKILL)
setattr(of, phase, then_die)
window = ending(datetime.fromisoformat(sys.argv[2]), timedelta(days=1))
run = Run.open(Pipeline.REPORT, "fraud", window)
probation.judge_probation(run)
"""
PHASES = ("write", "set_registered_model_tag", "set_model_version_tag",
          "set_registered_model_alias", "publish_model")  # fmt: skip
"""What a kill follows: the finding, the hold, the version's tags, the switch, the figures."""


@pytest.fixture(scope="module")
def served(cards: Job, served: Served, tmp_path_factory: pytest.TempPathFactory) -> Served:
    """That registry after a version that hardly alarms has taken over, on probation."""
    folder = tmp_path_factory.mktemp("on_probation")
    database = Path(shutil.copy(served.database, folder / "mlflow.db"))
    served.restore()
    registry = Registry(f"sqlite:///{database}", served.artifacts)
    costs = cards.case.costs.model_copy(update={"review": 2000.0})
    dear = cards.case.model_copy(update={"costs": costs})
    name = cards.trained.model.candidate
    blind = train(dear, name, cards.split, cards.searched, data_hash="", seed=0)
    version = registry.register(cards.case, registry.log(cards.case, blind, "blind", SINCE))
    promote(registry, cards, version)
    copy = Path(shutil.copytree(served.artifacts, folder / "copy"))
    return replace(served, database=database, copy=copy)


@pytest.fixture
def worse(cards: Job, model: Model, pushgateway: str, monkeypatch: pytest.MonkeyPatch) -> Model:
    """A champion on probation that hardly alarms; the better `model` served before it."""
    monkeypatch.setenv("TOCSIN_PUSHGATEWAY_URL", pushgateway)
    settings.cache_clear()
    registry = model_registry()
    champion = registry.champion(cards.case)
    assert champion is not None
    return registry.load(cards.case, champion.number)


def promote(registry: Registry, cards: Job, version: Version) -> None:
    """Promote a version as the gate does."""
    registry.note(cards.case, version, {}, asked_by="new rows", as_of=SINCE)
    registry.promote(cards.case, version, on_probation=True)


@pytest.fixture
def report(cards: Job, model: Model, worse: Model) -> Run:
    """The report after four days of traffic that both scored, and whose labels are final."""
    traffic(cards, worse, model)
    return Run.open(Pipeline.REPORT, "fraud", ending(AS_OF, timedelta(days=1)))


def traffic(cards: Job, serving: Model, shadow: Model) -> None:
    window = Window(SINCE, SINCE + DAYS)
    with production_store() as store:
        for model, role in ((serving, Role.CHAMPION), (shadow, Role.SHADOW)):
            send(store, cards, model, window, rows=cards.rows, role=role)


def held(pushgateway: str) -> float:
    lines = requests.get(f"{pushgateway}/metrics", timeout=5).text.splitlines()
    mine = [one for one in lines if 'use_case="fraud"' in one]
    (line,) = [one for one in mine if one.startswith("tocsin_promotions_held{")]
    return float(line.split()[-1])


def test_one_that_its_own_rows_prove_dearer_is_taken_back_and_promotions_are_held(
    cards: Job, report: Run, pushgateway: str
) -> None:
    probated = judge_probation(report)
    assert (probated.version, probated.before, probated.taken_back) == ("2", "1", True)
    assert parts()[0] == "1"
    said = probated.text(cards.case)
    assert said is not None
    assert said.startswith("TAKEN BACK: version 2 cost ")
    assert "until `tocsin release fraud`" in said
    assert held(pushgateway) == 1
    assert model_registry().hold(cards.case) == said
    again = judge_probation(report)
    assert (again, parts()[0]) == (probated, "1")


def test_while_promotions_are_held_a_better_challenger_waits_until_a_person_releases_them(
    cards: Job, model: Model, worse: Model, pushgateway: str
) -> None:
    registry = model_registry()
    registry.take_back(cards.case, to=str(model.version), reason="made up")
    assert registry.probation(cards.case) is None
    assert release_promotions(cards.case).held == "made up"
    assert held(pushgateway) == 0
    assert "were not held: nothing changed" in release_promotions(cards.case).words


def test_one_that_costs_no_more_stays_and_its_predecessor_goes_on_in_shadow(
    cards: Job, model: Model, worse: Model
) -> None:
    better = registered_again(cards)
    promote(model_registry(), cards, better)
    serving = model_registry().load(cards.case, better.number)
    with production_store() as store:
        assert [one.version for one in shadows_of(cards.case, store)] == [str(worse.version)]
    traffic(cards, serving, worse)
    run = Run.open(Pipeline.REPORT, "fraud", ending(AS_OF, timedelta(days=1)))
    probated = judge_probation(run)
    assert not probated.taken_back
    assert probated.proof is not None
    assert probated.proof.new_cost < probated.proof.old_cost
    assert parts()[0] == better.number


def registered_again(cards: Job) -> Version:
    registry = model_registry()
    return registry.register(cards.case, registry.log(cards.case, cards.trained, "again", SINCE))


def test_what_a_person_rolled_back_to_is_on_no_probation(cards: Job, worse: Model) -> None:
    roll_back(cards.case)
    assert model_registry().probation(cards.case) is None


def test_probation_ends_by_itself(cards: Job, report: Run) -> None:
    later = ending(AS_OF + timedelta(days=40), timedelta(days=1))
    assert judge_probation(Run.open(Pipeline.REPORT, "fraud", later)) == Probated()
    assert parts()[0] == "2"


def test_too_few_labels_prove_nothing(cards: Job, model: Model, worse: Model) -> None:
    run = Run.open(Pipeline.REPORT, "fraud", ending(AS_OF, timedelta(days=1)))
    assert judge_probation(run) == Probated(version="2", before="1")


@pytest.mark.faults
@pytest.mark.parametrize("phase", PHASES)
def test_killed_at_any_step_the_next_try_takes_it_back_and_nothing_is_promoted_in_between(
    cards: Job, report: Run, pushgateway: str, phase: str
) -> None:
    done = subprocess.run(
        [sys.executable, "-c", _KILLED, phase, AS_OF.isoformat()],
        env=dict(os.environ),
        check=False,
        capture_output=True,
    )
    assert done.returncode == -signal.SIGKILL, done.stderr.decode()[-500:]
    serving = parts()[0]
    assert serving == "2" or model_registry().hold(cards.case) is not None
    assert judge_probation(report).taken_back
    assert parts()[0] == "1"
    assert held(pushgateway) == 1
