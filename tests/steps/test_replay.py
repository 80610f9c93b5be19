"""A replay: each row once, and one that was killed is finished by the same command."""

import json
import os
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import numpy as np
import pytest

from monitoring.rows.rows import UNLABELLED, Rows
from monitoring.rows.window import Window
from monitoring.settings import settings
from monitoring.sources.source import deals_rows, read_source
from monitoring.sources.synthetic.scenarios import Scenario
from monitoring.steps.places import production_store
from monitoring.steps.replay import Wanted, dealt, replay, windows_filled
from monitoring.steps.replay_record import Replayed, last_replay
from monitoring.steps.run import StepError
from monitoring.training.split import AGAIN, split_rows
from monitoring.use_case import UseCase
from monitoring.use_case_decisions import Decisions
from monitoring.use_case_split import Split
from tests.rows.customers import customer_case
from tests.steps.replayed import UNTIL, Replayable, use_store

LATER = UNTIL + timedelta(hours=1)
TABLES = ("production_rows", "scores", "labels", "quarantined_rows")

_KILLED = """
import json, os, signal, sys
from datetime import datetime
import mlflow, sklearn, skops.io  # once, and not in every process that is killed
from monitoring.steps import replay as replaying, replay_record
from monitoring.store.production_store import ProductionStore
from monitoring.use_case_file import find_use_case
for line in sys.stdin:
    environment, phase, until = json.loads(line)
    if os.fork() == 0:
        os.environ.update(environment)
        of = replay_record if phase == "atomic_write" else ProductionStore
        do = getattr(of, phase)
        def then_die(*arguments, **options):
            do(*arguments, **options)
            os.kill(os.getpid(), signal.SIGKILL)
        setattr(of, phase, then_die)
        case = find_use_case("tiny", replaying.settings().use_cases)
        replaying.replay(case, replaying.Wanted(datetime.fromisoformat(until)))
        os._exit(0)
    print(os.WTERMSIG(os.wait()[1]), flush=True)
"""
Kill = Callable[[str], int]


@pytest.fixture(scope="module")
def kill(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Kill]:
    """Replay in a process that is killed once a phase is done; return the signal it died of."""
    with subprocess.Popen(
        [sys.executable, "-c", _KILLED],
        cwd=tmp_path_factory.mktemp("killed"),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as child:
        assert child.stdin is not None
        assert child.stdout is not None
        asked, answers = child.stdin, child.stdout

        def killed_after(phase: str) -> int:
            environment = {k: v for k, v in os.environ.items() if k.startswith("TOCSIN_")}
            asked.write(json.dumps([environment, phase, UNTIL.isoformat()]) + "\n")
            asked.flush()
            return int(answers.readline())

        yield killed_after


@pytest.fixture
def case(replayable: Replayable) -> UseCase:
    """A use case with a champion, and a production store in which nothing is yet."""
    return replayable.case


def contents(store: Path) -> dict[str, list[tuple[object, ...]]]:
    """Return every row of a store's tables."""
    with sqlite3.connect(store) as database:
        return {
            table: sorted(database.execute(f"select * from {table}"), key=repr)  # noqa: S608
            for table in TABLES
        }


Calm = tuple[Replayed, dict[str, list[tuple[object, ...]]]]


@pytest.fixture(scope="module")
def calm(replay_champion: Replayable) -> Calm:
    """What an undisturbed replay returns, and what it leaves in the store."""
    case, folder = replay_champion.case, replay_champion.folder
    with pytest.MonkeyPatch.context() as patch:
        for name in ("state", "data", "use_cases"):
            patch.setenv(f"TOCSIN_{name.upper()}", str(folder / name))
        store = use_store(folder / "calm", patch)
        replayed = replay(case, Wanted(UNTIL))
    settings.cache_clear()
    return replayed, contents(store)


@pytest.mark.faults
@pytest.mark.parametrize(
    "phase", ["atomic_write", "add_rows", "add_scores", "add_labels", "add_quarantined"]
)
def test_killed_at_any_phase_the_same_command_finishes_it(
    calm: Calm, kill: Kill, case: UseCase, tmp_path: Path, phase: str
) -> None:
    assert kill(phase) == signal.SIGKILL
    assert last_replay(case) is None
    # Before its rows arrived nothing had begun: then it may as well end at another moment.
    replayed = replay(case, Wanted(UNTIL if phase == "atomic_write" else LATER))
    assert replayed == last_replay(case)
    assert (replayed, contents(tmp_path / "production.db")) == calm


def test_rows_are_replayed_once(case: UseCase) -> None:
    replay(case, Wanted(UNTIL))
    with pytest.raises(StepError, match="were replayed before, from 2026-01-30"):
        replay(case, Wanted(LATER))


def test_where_alarms_block_the_labels_of_blocked_rows_do_not_come(
    case: UseCase, calm: Calm
) -> None:
    decisions = Decisions(blocking="alarm", control_share=0.5)
    replayed = replay(case.model_copy(update={"decisions": decisions}), Wanted(UNTIL))
    with production_store() as store:
        blocking = case.model_copy(update={"decisions": decisions})
        rows = store.window(
            blocking, Window(replayed.start, replayed.end), LATER + timedelta(days=9)
        )
    assert rows.weight is not None
    blocked = rows.weight == 0
    assert 0 < replayed.blocked == blocked.sum() < replayed.alarms == calm[0].alarms
    assert (rows.label[blocked] == UNLABELLED).all()
    assert (rows.label[~blocked] != UNLABELLED).any()
    assert f"{replayed.blocked} of them blocked" in replayed.words


@pytest.mark.faults
def test_an_unfinished_replay_is_not_finished_as_another_one(case: UseCase, kill: Kill) -> None:
    kill("add_rows")
    with pytest.raises(StepError, match="run `tocsin replay tiny` to finish it"):
        replay(case, Wanted(UNTIL, scenario=Scenario.COVARIATE))


def test_rows_without_an_order_come_in_one_that_is_drawn_and_again_into_the_part_of_the_first(
    survey_rows: Rows,
) -> None:
    split = Split(by="random", random_state=42, train=0.8, test=0.2, validation=0)
    order = np.argsort(survey_rows.label, kind="stable")
    rows = replace(survey_rows.take(order), event_time=survey_rows.event_time)
    test = split_rows(rows, split).test
    replayed = dealt(test, 0, times=3)
    assert len(set(replayed.row_id)) == len(replayed) == 3 * len(test)
    assert set(test.row_id) < set(replayed.row_id)
    halves = replayed.label[: len(test) // 2].mean(), replayed.label[len(test) // 2 :].mean()
    assert halves == pytest.approx([test.label.mean()] * 2, abs=0.05)
    parts = split_rows(replayed, split)
    firsts = [{name.partition(AGAIN)[0] for name in part.row_id} for part in parts.parts.values()]
    assert len(firsts[0] & firsts[1]) <= 2  # at the border of each class


def test_rows_of_a_file_are_dealt_out_over_their_own_times_for_a_demonstration(
    case: UseCase, monkeypatch: pytest.MonkeyPatch
) -> None:
    checked = read_source(case, settings().data)
    happened = checked.rows
    monkeypatch.setenv("TOCSIN_DEAL_ROWS", "true")
    settings.cache_clear()
    dealt_out = read_source(case, settings().data)
    dealt_rows = dealt_out.rows
    np.testing.assert_array_equal(dealt_rows.event_time, happened.event_time)
    places = np.argsort(dealt_rows.row_id)
    order = np.argsort(happened.row_id)
    np.testing.assert_array_equal(dealt_rows.row_id[places], happened.row_id[order])
    np.testing.assert_array_equal(dealt_rows.label[places], happened.label[order])
    assert (dealt_rows.row_id != happened.row_id).mean() > 0.99
    np.testing.assert_array_equal(dealt_out.row_number[places], checked.row_number[order])
    for delayed in ("arrival_time", "label_time"):
        before, now = getattr(happened, delayed), getattr(dealt_rows, delayed)
        np.testing.assert_array_equal(
            (now - dealt_rows.event_time)[places], (before - happened.event_time)[order]
        )
    again = read_source(case, settings().data).rows
    np.testing.assert_array_equal(again.row_id, dealt_rows.row_id)
    assert "dealt out at random" in replay(case, Wanted(UNTIL)).words


def test_rows_that_have_no_order_or_make_features_of_earlier_ones_are_not_dealt_out(
    case: UseCase, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TOCSIN_DEAL_ROWS", "true")
    settings.cache_clear()
    assert deals_rows(case)
    split = Split(by="random", random_state=42, train=0.8, test=0.2, validation=0)
    assert not deals_rows(case.model_copy(update={"split": split}))
    assert not deals_rows(customer_case())


def test_a_replay_reaches_back_to_a_window_that_is_mature(
    fraud_case: UseCase, student_case: UseCase
) -> None:
    assert [windows_filled(case) for case in (fraud_case, student_case)] == [2, 4]
