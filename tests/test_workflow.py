"""CI runs the README's commands, by actions that nobody can change behind their names."""

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).parents[1]
WORKFLOW = ROOT / ".github" / "workflows" / "ci.yml"
TARGETS = set(re.findall(r"^([a-z][a-z-]*):", (ROOT / "Makefile").read_text("utf-8"), re.M))

pytestmark = pytest.mark.skipif(not WORKFLOW.is_file(), reason="not a checkout")


def jobs() -> dict[str, dict[str, Any]]:
    found: dict[str, dict[str, Any]] = yaml.safe_load(WORKFLOW.read_text("utf-8"))["jobs"]
    return found


def test_every_action_is_pinned_by_the_hash_of_a_commit_with_its_version_beside_it() -> None:
    lines = [line for line in WORKFLOW.read_text("utf-8").splitlines() if "uses:" in line]
    assert lines
    for line in lines:
        assert re.search(r"uses: [\w-]+/[\w-]+@[0-9a-f]{40}  # v\d+\.\d+\.\d+$", line), line


def test_what_runs_are_targets_that_there_are_the_light_and_the_compose_tests_too() -> None:
    commands = [step["run"] for job in jobs().values() for step in job["steps"] if "run" in step]
    commands.append((ROOT / ".ci" / "run").read_text("utf-8"))
    made = [
        word
        for command in commands
        for line in re.findall(r"\bmake (.*)", command)
        for word in line.split()
        if "=" not in word
    ]
    assert set(made) <= TARGETS
    assert {"lint", "typecheck", "test", "test-light", "test-compose", "audit"} <= set(made)


def test_jobs_may_read_the_code_and_no_more() -> None:
    assert yaml.safe_load(WORKFLOW.read_text("utf-8"))["permissions"] == {"contents": "read"}
    assert [name for name, job in jobs().items() if "permissions" in job] == []
