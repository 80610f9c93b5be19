"""The container engine that the compose file runs on: one that answers, or one started here."""

import os
import shutil
import subprocess
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass

import pytest

from monitoring.stack.folders import DEPLOYMENT

FOLDER = DEPLOYMENT / ".tocsin" / "engine"
"""Where an engine that is started here keeps its images, and a Compose that is built here lies."""

_BUILT = FOLDER / "docker-compose"

COMPOSE_VERSION = "v2.40.3"
_COMPOSE_MODULE = "github.com/docker/compose/v2/cmd"
_START_SECONDS = 60


@dataclass(frozen=True)
class Engine:
    """An engine that answers.

    Attributes
    ----------
    environment
        The variables by which docker's programs find it.
    compose
        The command of Compose v2.
    """

    environment: Mapping[str, str]
    compose: tuple[str, ...]

    def docker(self, *arguments: str, seconds: float = 1200) -> subprocess.CompletedProcess[str]:
        """Run docker; its exit code is the caller's to look at."""
        return subprocess.run(
            ["docker", *arguments],
            env=dict(self.environment),
            capture_output=True,
            text=True,
            timeout=seconds,
            check=False,
        )


@contextmanager
def running_engine() -> Iterator[Engine]:
    """Yield an engine; one that is started here is stopped again, and keeps its images."""
    if shutil.which("docker") is None:
        pytest.skip("docker is not installed")
    compose = _compose()
    environment = dict(os.environ)
    if _answers(environment):
        yield Engine(environment, compose)
        return
    if shutil.which("dockerd") is None or os.geteuid() != 0:
        pytest.skip(
            "no container engine answers, and none can be started: that wants dockerd, root"
        )
    environment["DOCKER_HOST"] = f"unix://{FOLDER / 'docker.sock'}"
    FOLDER.mkdir(parents=True, exist_ok=True)
    (FOLDER / "pid").unlink(missing_ok=True)
    command = [
        "dockerd", "--data-root", str(FOLDER / "data"), "--exec-root", str(FOLDER / "exec"),
        "--host", environment["DOCKER_HOST"], "--pidfile", str(FOLDER / "pid"),
        "--default-ulimit", "nofile=20000:20000",
    ]  # fmt: skip
    with (FOLDER / "log").open("wb") as log:
        daemon = subprocess.Popen(command, stdout=log, stderr=log)
    try:
        until = time.monotonic() + _START_SECONDS
        while not _answers(environment):
            assert daemon.poll() is None, (FOLDER / "log").read_text()[-2000:]
            assert time.monotonic() < until, "the engine does not answer"
            time.sleep(0.5)
        yield Engine(environment, compose)
    finally:
        daemon.terminate()
        daemon.wait(timeout=120)


def _answers(environment: Mapping[str, str]) -> bool:
    asked = subprocess.run(
        ["docker", "info"], env=dict(environment), capture_output=True, timeout=60, check=False
    )
    return asked.returncode == 0


def compose_there() -> tuple[str, ...] | None:
    """Return the command of Compose v2 that is installed, or was built here; None without one."""
    commands = (("docker", "compose"), ("docker-compose",), (str(_BUILT),))
    return next(filter(_is_compose, commands), None)


def _compose() -> tuple[str, ...]:
    """Return the command of Compose v2: the one that is there, or one built by Go."""
    there = compose_there()
    if there is not None:
        return there
    if shutil.which("go") is None:
        pytest.skip("docker compose v2 is not installed, nor is Go, which could build it")
    module = FOLDER / "module"
    module.mkdir(parents=True, exist_ok=True)
    (module / "go.mod").write_text("module compose\n\ngo 1.24\n")
    for command in (
        ("go", "get", "-tool", f"{_COMPOSE_MODULE}@{COMPOSE_VERSION}"),
        ("go", "build", "-o", str(_BUILT), _COMPOSE_MODULE),
    ):
        done = subprocess.run(command, cwd=module, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr[-2000:]
    return (str(_BUILT),)


def _is_compose(command: tuple[str, ...]) -> bool:
    if shutil.which(command[0]) is None:
        return False
    said = subprocess.run([*command, "version"], capture_output=True, text=True, check=False)
    return "Docker Compose version" in said.stdout
