"""What the Pushgateway has taken outlasts a kill -9 right after it: here as in compose."""

import subprocess
import time
from pathlib import Path

import requests
import yaml

from monitoring.rows.rows import Role
from monitoring.signals.metric import Sample, Stage
from monitoring.signals.performance_metrics import RECALL
from monitoring.signals.pipelines import PushGroup
from monitoring.signals.pushgateway import publish
from monitoring.stack.components import components
from monitoring.stack.folders import DEPLOYMENT, Folders
from tests.fixtures.gateway import program
from tests.fixtures.loopback import wait_for
from tests.fixtures.stack import free_ports, stack_settings

KEPT = "--persistence.interval="


def test_a_success_that_was_pushed_right_before_a_kill_is_there_after_it(tmp_path: Path) -> None:
    """Lost, it would be the alert of a failed run hours later, where none failed."""
    program("prometheus-pushgateway")
    settings, ports = stack_settings(tmp_path), free_ports()
    Folders(settings.state).make()
    server = next(one for one in components(settings, ports) if one.name == "pushgateway")
    sample = Sample(RECALL, 0.9, {"stage": Stage.PRODUCTION.value, "role": Role.CHAMPION.value})
    for name in ("first", "second", "third"):
        with subprocess.Popen(server.command, stderr=subprocess.DEVNULL) as running:
            try:
                wait_for(f"{server.url}/-/ready")
                for group in (PushGroup.REPORT_ATTEMPT, PushGroup.REPORT_SUCCESS):
                    publish((sample,), use_case=name, group=group, url=str(server.url))
                time.sleep(0.5)
            finally:
                running.kill()
    with subprocess.Popen(server.command, stderr=subprocess.DEVNULL) as running:
        try:
            wait_for(f"{server.url}/-/ready")
            kept = requests.get(f"{server.url}/metrics", timeout=30).text
        finally:
            running.kill()
    for name in ("first", "second", "third"):
        for group in (PushGroup.REPORT_ATTEMPT, PushGroup.REPORT_SUCCESS):
            assert f'part="{group}",role="champion",stage="production",use_case="{name}"' in kept


def test_compose_has_the_same_interval(tmp_path: Path) -> None:
    file = DEPLOYMENT / "docker-compose.yml"
    services = yaml.safe_load(file.read_text(encoding="utf-8"))["services"]
    local = next(
        one
        for one in components(stack_settings(tmp_path), free_ports())
        if one.name == "pushgateway"
    )
    (ours,) = [option for option in local.command if option.startswith(KEPT)]
    assert ours in services["pushgateway"]["command"]
