"""What the living demo says where a link of its chain is there, and where one is missing."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, cast

import pytest
import requests
from pydantic import SecretStr

from monitoring.airflow_api import AirflowApi
from monitoring.settings import Ports
from monitoring.stack import living_demo
from monitoring.stack.components import receiver_url
from monitoring.stack.credentials import credentials_in
from monitoring.stack.folders import Folders
from monitoring.stack.living_demo import (
    DAYS,
    DRIFT_FROM,
    DRIFT_REPORT,
    LAST_REPORT,
    QUIET_REPORTS,
    LivingDemo,
    days_left,
    report_time,
)
from monitoring.stack.receiver import FIRING, PATH, server_of
from monitoring.stack.stack_error import StackError
from monitoring.stack.up import Running
from monitoring.use_case_file import find_use_case
from tests.fixtures.loopback import free_port, serving
from tests.fixtures.stack import free_ports, stack_settings
from tests.stack.test_receiver import OF_ALERTMANAGER

if TYPE_CHECKING:
    from monitoring.steps.traffic import Traffic

OF_A_RUN = {"title": "Card fraud: report", "message": "0 of 29 drifted", "status": "success"}


@pytest.fixture
def ports() -> Ports:
    return free_ports()


@pytest.fixture
def said() -> list[str]:
    return []


@pytest.fixture
def demo(tmp_path: Path, ports: Ports, said: list[str]) -> LivingDemo:
    """A demo on a stack of which nothing answers."""
    where = stack_settings(tmp_path, webhook_url=SecretStr(receiver_url(ports)))
    folders = Folders(where.state)
    folders.make()
    running = Running((), where, credentials_in(folders.credentials), was_up=False)
    nowhere = AirflowApi(f"http://127.0.0.1:{free_port()}", "admin", "")
    return LivingDemo(running, ports, nowhere, find_use_case("fraud"), said.append)


@pytest.fixture
def receiver(demo: LivingDemo, ports: Ports) -> Iterator[str]:
    file = Folders(demo.running.settings.state).messages
    with serving(server_of(ports.receiver, file)) as url:
        yield f"{url}{PATH}"


def test_a_link_that_is_missing_fails_the_demo_on_the_rows_that_have_to_show_it(
    demo: LivingDemo, said: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(living_demo, "PATIENCE", 0)
    with pytest.raises(StackError, match=r"no share of drifted features.*should be above"):
        demo._share(above=True)
    with pytest.raises(StackError, match="has not happened: its message came"):
        demo._heard("its message came", FIRING)
    demo.is_rehearsed = False
    demo._share(above=False)
    demo._heard("its message came", FIRING)
    assert [line.split(":")[0].strip() for line in said] == ["NOT SEEN", "NOT SEEN"]


def test_an_alert_is_over_only_where_prometheus_answers(demo: LivingDemo) -> None:
    assert not demo._is_over()
    assert not demo._is_firing()


def test_each_message_is_printed_once_as_the_on_call_reads_it(
    demo: LivingDemo, receiver: str, said: list[str]
) -> None:
    for message in (OF_A_RUN, OF_ALERTMANAGER):
        assert requests.post(receiver, json=message, timeout=5).ok
    demo._heard("its message came", FIRING)
    assert "  message of a run: Card fraud: report" in said
    place = said.index("    | critical: Card fraud: drift score above 30%")
    assert "15 of 29 features (52%, limit 30%)" in said[place + 3]
    lines = len(said)
    demo._show_messages()
    assert len(said) == lines


def test_messages_to_a_webhook_of_the_user_s_own_are_theirs_to_look_at(
    demo: LivingDemo, said: list[str]
) -> None:
    theirs = {"webhook_url": SecretStr("http://127.0.0.1:9/mine")}
    settings = demo.running.settings.model_copy(update=theirs)
    demo.running = replace(demo.running, settings=settings)
    demo._heard("its message came", FIRING)
    assert said == ["  messages go to TOCSIN_WEBHOOK_URL: look there"]


def test_the_drift_is_three_days_old_when_it_is_reported_so_that_a_retrain_can_learn_it() -> None:
    assert QUIET_REPORTS[-1] + 1 < DRIFT_FROM
    assert DRIFT_FROM + 2 == DRIFT_REPORT < LAST_REPORT < DAYS


def test_a_demo_that_was_interrupted_reports_the_days_that_are_left() -> None:
    start, moment = datetime(2026, 1, 1, tzinfo=UTC), timedelta(seconds=1)
    every = (*QUIET_REPORTS, DRIFT_REPORT, LAST_REPORT)
    assert days_left(start, start) == every
    for place, day in enumerate(every):
        at = report_time(start, day)
        assert days_left(start, at) == every[place:]  # its report may not be there yet
        assert days_left(start, at + moment) == every[place + 1 :]


@dataclass
class Sending:
    """Traffic of which only is known what rows it has, and how often the rest was sent."""

    synthetic: bool
    dealt: bool
    sent: int = 0

    @property
    def script(self) -> SimpleNamespace:
        return SimpleNamespace(checked=self)

    def send(self) -> None:
        self.sent += 1


def test_rows_in_their_own_order_are_told_day_by_day_and_nothing_has_to_follow(
    demo: LivingDemo, said: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    reported: list[int] = []
    monkeypatch.setattr(living_demo, "PATIENCE", 0)
    monkeypatch.setattr(demo, "_report", lambda _sending, _start, day, **_: reported.append(day))
    monkeypatch.setattr(demo, "_backfill", lambda *_: None)
    monkeypatch.setattr(demo, "_drift_runs", frozenset)
    monkeypatch.setattr(demo, "_drifted", lambda: (0.9 if len(reported) > 1 else 0.1, "its share"))
    demo.is_rehearsed = False
    rows = Sending(synthetic=False, dealt=False)
    demo._tell(cast("Traffic", rows), datetime(2026, 1, 1, tzinfo=UTC), (2, 4))
    assert (reported, rows.sent) == ([2, 4], 1)
    lines = "\n".join(said)
    assert "Quiet" not in lines
    assert lines.count("seen: its share") == 2
    assert lines.count("NOT SEEN: after 0 s, this has not happened: DriftScoreHigh fires") == 1
    assert "DriftScoreHigh does not fire at the end" in lines
