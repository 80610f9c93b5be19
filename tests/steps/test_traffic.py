"""A replay as traffic, through the API of a real `tocsin serve`: what comes, when, and once."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest

from monitoring.pages.site import Site
from monitoring.rows.rows import UNLABELLED, Rows
from monitoring.rows.window import Window
from monitoring.serving.api import api_of
from monitoring.serving.api_keys import KeyRing, Scope
from monitoring.settings import settings
from monitoring.signals.links import Addresses
from monitoring.sources.synthetic.scenarios import Scenario
from monitoring.steps import api_client
from monitoring.steps.places import production_store
from monitoring.steps.replay import DAY, Wanted, made_ready, replay
from monitoring.steps.replay_record import begun_plan, last_replay
from monitoring.steps.run import StepError
from monitoring.steps.traffic import Traffic, traffic
from monitoring.use_case import UseCase
from monitoring.use_case_decisions import Decisions
from tests.fixtures.eventually import eventually
from tests.fixtures.loopback import free_port, wait_for
from tests.fixtures.serving import running_site
from tests.steps.replayed import UNTIL, Replayable, use_store

FOUR_DAYS = Wanted(UNTIL, length=4 * DAY, scenario=Scenario.COVARIATE, from_day=3)
AT_ONCE = 1e9
EVER = UNTIL + timedelta(days=30)


@dataclass
class Server:
    """A `tocsin serve` in a process of its own, on the store and the models of the test."""

    port: int
    process: subprocess.Popen[bytes]

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @classmethod
    def started(cls, port: int) -> "Server":
        command = [sys.executable, "-m", "monitoring.cli", "serve", "--port", str(port)]
        server = cls(port, subprocess.Popen(command))
        wait_for(f"{server.url}/health")
        return server

    def stop(self, sign: signal.Signals = signal.SIGTERM) -> None:
        self.process.send_signal(sign)
        self.process.wait()


@contextmanager
def serving(monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    server = Server.started(free_port())
    monkeypatch.setenv("TOCSIN_SERVE_URL", server.url)
    settings.cache_clear()
    try:
        yield server
    finally:
        server.stop()


@pytest.fixture
def case(replayable: Replayable) -> UseCase:
    return replayable.case


@pytest.fixture
def server(case: UseCase, monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    with serving(monkeypatch) as server:
        yield server


def sending(case: UseCase, wanted: Wanted = FOUR_DAYS, speed: float = AT_ONCE) -> Traffic:
    return traffic(case, wanted, speed=speed, progress=lambda *_: None)


def stored(case: UseCase, as_of: datetime = EVER) -> Rows:
    window = Window(UNTIL - 30 * DAY, EVER)
    with production_store() as store:
        return store.window(case, window, as_of)


def assert_same(one: Rows, other: Rows) -> None:
    first, second = (np.argsort(rows.row_id) for rows in (one, other))
    one, other = one.take(first), other.take(second)
    assert one.features.equals(other.features)
    for name in ("row_id", "event_time", "arrival_time", "label", "label_time", "amount"):
        np.testing.assert_array_equal(getattr(one, name), getattr(other, name))
    if one.score is not None or other.score is not None:
        # How many rows are multiplied at once shows in the last digit.
        np.testing.assert_allclose(one.score, other.score, rtol=1e-9)


def test_what_is_sent_is_what_a_replay_delivers_at_once(
    server: Server, case: UseCase, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    told = sending(case).send()
    sent = stored(case)
    assert len(sent) == told.rows > 500
    assert (sent.label != UNLABELLED).all()
    assert begun_plan(case) is None
    assert last_replay(case) == told
    use_store(tmp_path / "other", monkeypatch)
    at_once = replay(case, FOUR_DAYS)
    assert_same(sent, stored(case))
    assert told == at_once.model_copy(update={"sent": True})
    assert "sent to the API" in told.words
    assert "covariate drift planted from day 3 on" in told.words


def test_killed_again_and_again_it_goes_on_where_it_was_and_nothing_is_lost_or_twice(
    server: Server, case: UseCase, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    command = [sys.executable, "-m", "monitoring.cli", "replay", "tiny"]
    options = ["--scenario", "covariate@day3", "--days", "4", "--until", UNTIL.isoformat()]
    for share in (0.2, 0.6):
        # Four days in half a minute: however busy the machine, the process is killed while rows are
        # on their way.
        child = subprocess.Popen([*command, *options, "--speed", str(4 * 86_400 / 30)])

        def came_so_far(share: float = share) -> bool:
            plan = begun_plan(case)
            return plan is not None and plan.sent is not None and plan.sent.rows > share * 600

        eventually(came_so_far)
        child.send_signal(signal.SIGKILL)
        assert child.wait() == -signal.SIGKILL
    before = begun_plan(case)
    assert before is not None
    assert before.sent is not None
    assert 0 < before.sent.rows < 600
    plans = [before.start, before.end]
    done = subprocess.run([*command, *options, "--speed", "1e9"], check=True, capture_output=True)
    assert b"600 real rows" in done.stdout
    sent = stored(case)
    told = last_replay(case)
    assert told is not None
    assert [told.start, told.end] == plans
    assert begun_plan(case) is None
    use_store(tmp_path / "other", monkeypatch)
    replay(case, FOUR_DAYS)
    assert_same(sent, stored(case))


def test_stretch_by_stretch_nothing_comes_before_its_time(server: Server, case: UseCase) -> None:
    sent = sending(case)
    for day in (1, 2, 3, 4):
        until = UNTIL - (4 - day) * DAY
        sent.send(through=until)
        rows = stored(case)
        assert rows.event_time.max() <= np.datetime64(until.replace(tzinfo=None))
        late = rows.event_time > np.datetime64((until - timedelta(hours=2)).replace(tzinfo=None))
        assert (rows.label[late] == UNLABELLED).all()
        assert (rows.label[~late] != UNLABELLED).all()
    assert not sent.is_done
    sent.send()
    assert sent.is_done
    assert (stored(case).label != UNLABELLED).all()


def test_speed_is_kept_and_labels_come_after_their_delay(server: Server, case: UseCase) -> None:
    wanted = Wanted(UNTIL, length=DAY, label_delay=timedelta(hours=6))
    sent = sending(case, wanted, speed=86_400 / 4)
    began = datetime.now(UTC)
    sent.send(through=UNTIL)
    assert datetime.now(UTC) - began >= timedelta(seconds=3.9)
    sent.send()
    rows = stored(case)
    np.testing.assert_array_equal(rows.label_time - rows.event_time, np.timedelta64(6, "h"))


def test_labels_that_are_due_only_later_are_left_for_another_time(
    server: Server, case: UseCase
) -> None:
    now = datetime.now(UTC)
    sent = sending(case, Wanted(now, length=DAY, label_delay=timedelta(hours=12)))
    sent.send()
    assert not sent.is_done
    assert 200 < sent.left < 400
    assert sent.sent.rows == 600
    assert begun_plan(case) is not None


def test_where_alarms_block_the_labels_of_blocked_rows_are_not_sent(
    case: UseCase, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = Path(os.environ["TOCSIN_USE_CASES"]) / "tiny.yml"
    folder = tmp_path / "use_cases"
    folder.mkdir()
    blocks = "decisions: {blocking: alarm, control_share: 0.5}\n"
    (folder / "tiny.yml").write_text(file.read_text("utf-8") + blocks, encoding="utf-8")
    monkeypatch.setenv("TOCSIN_USE_CASES", str(folder))
    blocking = case.model_copy(update={"decisions": Decisions(blocking="alarm", control_share=0.5)})
    with serving(monkeypatch):
        told = sending(blocking).send()
    sent = stored(blocking)
    assert sent.weight is not None
    blocked = sent.weight == 0
    assert 0 < told.blocked == blocked.sum() < told.alarms
    assert (sent.label[blocked] == UNLABELLED).all()
    assert (sent.label[~blocked] != UNLABELLED).all()
    use_store(tmp_path / "other", monkeypatch)
    assert told == replay(blocking, FOUR_DAYS).model_copy(update={"sent": True})


def test_an_api_that_is_away_for_a_while_is_waited_for(server: Server, case: UseCase) -> None:
    sent = sending(case)
    sent.send(through=UNTIL - 2 * DAY)
    server.stop(signal.SIGKILL)
    again = subprocess.Popen(
        ["sh", "-c", f"sleep 2; exec {sys.executable} -m monitoring.cli serve --port {server.port}"]
    )
    server.process = again
    sent.send()
    assert sent.is_done
    assert (stored(case).label != UNLABELLED).all()


def test_an_api_that_stays_away_is_given_up_and_the_same_command_goes_on(
    case: UseCase, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TOCSIN_SERVE_URL", f"http://127.0.0.1:{free_port()}")
    monkeypatch.setattr(api_client, "PATIENCE", 2)
    settings.cache_clear()
    with pytest.raises(StepError, match="run the same command again"):
        sending(case).send()
    with serving(monkeypatch):
        assert sending(case).send().rows == 600


def test_beyond_loopback_it_wants_a_key_of_the_scope_admin(
    case: UseCase, monkeypatch: pytest.MonkeyPatch
) -> None:
    where, port = settings(), free_port()
    ring = KeyRing(where.state)
    keys = {scope: ring.new(f"of {scope}", [scope]) for scope in (Scope.PREDICT, Scope.ADMIN)}
    site = Site(where.state / "reports", None, Addresses(f"http://127.0.0.1:{port}"))
    with running_site(site, api_of(where, keys=True), port=port) as url:
        monkeypatch.setenv("TOCSIN_SERVE_URL", url)
        for key, refusal in ((None, "401"), (keys[Scope.PREDICT], "403")):
            if key is not None:
                monkeypatch.setenv("TOCSIN_SERVE_KEY", key)
            settings.cache_clear()
            with pytest.raises(StepError, match=refusal):
                sending(case).send()
        monkeypatch.setenv("TOCSIN_SERVE_KEY", keys[Scope.ADMIN])
        settings.cache_clear()
        assert sending(case).send().rows == 600


def test_a_replay_is_finished_as_it_was_begun(server: Server, case: UseCase) -> None:
    sending(case).send(through=UNTIL - 3 * DAY)
    finish = r"run `tocsin replay tiny --speed SPEED --scenario covariate@day3` to finish it"
    with pytest.raises(StepError, match=finish):
        replay(case, FOUR_DAYS)
    with pytest.raises(StepError, match=finish):
        sending(case, Wanted(UNTIL, length=4 * DAY, scenario=Scenario.COVARIATE))
    later = Wanted(UNTIL + DAY, length=9 * DAY, scenario=Scenario.COVARIATE, from_day=3)
    assert sending(case, later).send().end == UNTIL


def test_without_an_api_and_in_the_future_there_is_no_traffic(case: UseCase) -> None:
    with pytest.raises(StepError, match="TOCSIN_SERVE_URL"):
        sending(case)
    with pytest.raises(StepError, match="future"):
        sending(case, Wanted(datetime.now(UTC) + timedelta(minutes=1)))
    with pytest.raises(StepError, match="drift would begin with day 5"):
        replay(case, Wanted(UNTIL, length=4 * DAY, scenario=Scenario.PRIOR, from_day=5))


@pytest.mark.parametrize("seed", [0, 7])
def test_drift_begins_with_its_day_and_the_same_seed_gives_the_same_traffic(
    case: UseCase, seed: int
) -> None:
    def rows(scenario: Scenario | None) -> Rows:
        from_day = None if scenario is None else 3
        wanted = Wanted(UNTIL, 4 * DAY, scenario, from_day, seed=seed)
        with production_store() as store:
            return made_ready(case, store, wanted, as_traffic=False).rows

    plain, planted, again = rows(None), rows(Scenario.COVARIATE), rows(Scenario.COVARIATE)
    assert_same(planted, again)
    changed = (plain.features != planted.features).any(axis=1).to_numpy()
    begins = np.datetime64((UNTIL - 2 * DAY).replace(tzinfo=None))
    np.testing.assert_array_equal(changed, plain.event_time >= begins)


def test_as_many_days_as_a_window_needs_that_is_mature_follow_the_day_of_the_drift(
    case: UseCase,
) -> None:
    with production_store() as store:
        wanted = Wanted(UNTIL, scenario=Scenario.COVARIATE, from_day=6)
        plan = made_ready(case, store, wanted, as_traffic=False).plan
    assert plan.end - plan.start == 7 * DAY
