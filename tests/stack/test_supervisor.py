"""The supervisor starts, restarts and stops real processes, and what it lost is found again."""

import os
import signal
import sys
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from monitoring.settings import Settings
from monitoring.stack.components import Component
from monitoring.stack.down import down
from monitoring.stack.environment import MARK, Environments
from monitoring.stack.folders import Folders
from monitoring.stack.health_check import Health
from monitoring.stack.leftovers import processes_of
from monitoring.stack.stack_error import StackError
from monitoring.stack.supervisor import Supervisor
from monitoring.stack.up import up
from tests.fixtures.eventually import eventually
from tests.fixtures.stack import free_ports, stack_settings

STUBBORN_CHILD = """
import signal, subprocess, sys, time
if len(sys.argv) == 1:
    subprocess.Popen([sys.executable, __file__, "child"], start_new_session=True)
else:
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
time.sleep(600)
"""


@pytest.fixture
def settings(tmp_path: Path) -> Iterator[Settings]:
    settings = stack_settings(tmp_path)
    Folders(settings.state).make()
    yield settings
    down(settings)


def start(settings: Settings, *command: str) -> Supervisor:
    folders = Folders(settings.state)
    supervisor = Supervisor(folders)
    component = Component("sleeper", command, folders.state, None, Health("http://127.0.0.1:1"))
    supervisor.start([component], Environments({**os.environ, MARK: str(settings.state)}))
    supervisor.start_component("sleeper")
    return supervisor


def test_a_part_that_died_is_started_again(settings: Settings) -> None:
    supervisor = start(settings, "sleep", "600")
    eventually(lambda: supervisor.states()["sleeper"].pid is not None)
    first = supervisor.states()["sleeper"].pid
    assert first is not None
    os.kill(first, signal.SIGKILL)
    eventually(lambda: supervisor.states()["sleeper"].pid not in {None, first})


def test_a_part_that_can_not_start_for_a_while_is_started_once_it_can(
    settings: Settings, tmp_path: Path
) -> None:
    """As a server is whose disk was full, or that is killed again while it starts."""
    tries, disk = tmp_path / "tries", tmp_path / "disk_is_free"
    script = f"echo >> '{tries}'; test -e '{disk}' && exec sleep 600"
    supervisor = start(settings, "sh", "-c", script)
    eventually(lambda: tries.is_file() and len(tries.read_text(encoding="utf-8")) >= 4)
    disk.touch()
    eventually(lambda: supervisor.states()["sleeper"].state == "RUNNING")


def test_down_says_whether_anything_ran(settings: Settings) -> None:
    start(settings, "sleep", "600")
    assert down(settings)
    assert not down(settings)


def test_down_ends_what_left_its_process_group_and_what_will_not_end(settings: Settings) -> None:
    program = settings.state / "stubborn.py"
    program.write_text(STUBBORN_CHILD)
    start(settings, sys.executable, str(program))
    eventually(lambda: len(processes_of(settings.state)) == 3)
    down(settings)
    assert processes_of(settings.state) == ()


def test_what_outlived_a_killed_supervisor_is_told_by_up_and_ended_by_down(
    settings: Settings,
) -> None:
    supervisor = start(settings, "sleep", "600")
    eventually(lambda: supervisor.states()["sleeper"].pid is not None)
    pid = int((Folders(settings.state).control / "supervisord.pid").read_text())
    os.kill(pid, signal.SIGKILL)
    eventually(lambda: not psutil.pid_exists(pid) or psutil.Process(pid).status() == "zombie")
    with pytest.raises(StackError, match="tocsin down"):
        up(settings, free_ports(), progress=lambda _: None)
    assert down(settings)
    assert processes_of(settings.state) == ()


def test_a_command_with_spaces_and_percent_signs_arrives_as_it_is(settings: Settings) -> None:
    folder = settings.state / "50% of it"
    folder.mkdir()
    program = folder / "said.py"
    program.write_text(
        "import pathlib, sys, time\n"
        "pathlib.Path(__file__).with_name('said').write_text(sys.argv[1])\n"
        "time.sleep(600)\n"
    )
    start(settings, sys.executable, str(program), "100% 'sure'")
    eventually(lambda: (folder / "said").exists() and (folder / "said").read_text() != "")
    assert (folder / "said").read_text() == "100% 'sure'"


def test_a_path_that_the_supervisor_would_misread_is_refused(settings: Settings) -> None:
    with pytest.raises(StackError, match="can't read"):
        start(settings, "sleep", "600 #1")
