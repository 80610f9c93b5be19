"""The examples for schedulers and servers that are there already do what their files say."""

import os
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import yaml

from tests.examples.test_examples import EXAMPLES, Shell
from tests.fixtures.gateway import program

ROOT = EXAMPLES.parent
BIN = Path(sys.executable).parent
SCHEDULERS = EXAMPLES / "schedulers"


@pytest.fixture(scope="module")
def payments(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a reference, a day that is like it, and one that has drifted."""
    folder, rng = tmp_path_factory.mktemp("payments"), np.random.default_rng(0)
    for name, shift in (("reference", 0.0), ("alike", 0.0), ("drifted", 1.0)):
        values = rng.normal(size=(3000, 3)) + shift
        pd.DataFrame(values, columns=["a", "b", "c"]).to_parquet(folder / f"{name}.parquet")
    return folder


def in_shell(line: str, folder: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    path = f"{BIN}:{os.environ['PATH']}"
    return subprocess.run(
        ["sh", "-ec", line],
        cwd=folder,
        env={**os.environ, "PATH": path, **environment},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize(("day", "said"), [("alike", ""), ("drifted", "3 of 3 features drifted")])
def test_the_line_of_cron_prints_on_drift_alone(payments: Path, day: str, said: str) -> None:
    lines = (SCHEDULERS / "crontab").read_text(encoding="utf-8").splitlines()
    (job,) = [line for line in lines if "tocsin drift" in line]
    assert re.match(r"30 5 \* \* \* said=", job)
    command = job.split(maxsplit=5)[5].replace("/srv/payments/yesterday", f"{payments}/{day}")
    done = in_shell(command.replace("/srv/payments", str(payments)), payments)
    assert done.returncode == 0
    assert done.stdout.startswith(said)
    assert bool(done.stdout) == bool(said)


@pytest.mark.parametrize(("day", "code"), [("alike", 0), ("drifted", 1)])
def test_the_pull_request_fails_on_drift(
    payments: Path, tmp_path: Path, day: str, code: int
) -> None:
    text = (SCHEDULERS / "drift_of_pull_request.yml").read_text(encoding="utf-8")
    job = yaml.safe_load(text)["jobs"]["drift"]
    own = (ROOT / ".github" / "workflows" / "ci.yml").read_text(encoding="utf-8")
    for step in job["steps"]:
        assert f"uses: {step['uses']}" in own if "uses" in step else step["run"]
    install, show, compare = [step["run"] for step in job["steps"] if "run" in step]
    assert "pip install tocsin " in install
    for line in ("git init -q -b main .", "mkdir data"):
        in_shell(line, tmp_path).check_returncode()
    data = tmp_path / "data" / "payments.parquet"
    data.write_bytes((payments / "reference.parquet").read_bytes())
    commit = "git add . && git -c user.name=a -c user.email=a@b.c commit -qm data"
    in_shell(f"{commit} && git update-ref refs/remotes/origin/main HEAD", tmp_path)
    data.write_bytes((payments / f"{day}.parquet").read_bytes())
    where = {"GITHUB_BASE_REF": "main", "GITHUB_STEP_SUMMARY": str(tmp_path / "summary.md")}
    assert in_shell(show, tmp_path, **where).returncode == 0
    assert in_shell(compare, tmp_path, **where).returncode == code
    assert "of 3 features drifted" in (tmp_path / "summary.md").read_text(encoding="utf-8")


def test_the_task_of_an_airflow_dag_fails_on_drift(payments: Path, tmp_path: Path) -> None:
    (tmp_path / "dags").mkdir()
    script = tmp_path / "dags" / "airflow_dag.py"
    script.write_bytes((SCHEDULERS / "airflow_dag.py").read_bytes())
    airflow = {
        "AIRFLOW_HOME": str(tmp_path),
        "AIRFLOW__CORE__DAGS_FOLDER": str(tmp_path / "dags"),
        "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
        "PAYMENTS": str(payments),
    }
    in_shell("airflow db migrate", tmp_path, **airflow).check_returncode()
    ends = []
    for day in ("alike", "drifted"):
        yesterday = payments / "yesterday.parquet"
        yesterday.write_bytes((payments / f"{day}.parquet").read_bytes())
        done = in_shell(f"python {script}", tmp_path, **airflow)
        ends.append(done.stdout + done.stderr)
    assert "state=success, run_type" in ends[0]
    assert "state=failed, run_type" in ends[1]
    assert "ValueError: 3 of 3 features drifted" in ends[1]


def test_a_model_that_mlflow_serves_is_watched_from_its_inference_table(tmp_path: Path) -> None:
    example = EXAMPLES / "mlflow_inference_table"
    (tmp_path / "use_cases").mkdir()
    (tmp_path / "data").mkdir()
    (tmp_path / "use_cases" / "loans.yml").write_bytes((example / "loans.yml").read_bytes())
    folders = ("data", "use_cases", "state", "reports")
    named = " ".join(f"TOCSIN_{name.upper()}=$PWD/{name}" for name in folders)
    shell = Shell(tmp_path, f"{named} LOANS_URL=sqlite:///$PWD/loans.db")
    said = shell.run(f"python {example / 'serve_and_log.py'}")
    assert "40,000 predictions of 20 days" in said
    assert "is valid" in shell.run("tocsin use-case check use_cases/loans.yml --data")
    assert "is champion" in shell.run("tocsin adopt loans")
    said = shell.run("tocsin report loans", codes=(1,))
    assert "3 of 4 features drifted" in said
    assert "defaults caught" in said


def test_a_prometheus_that_is_there_takes_the_rules_and_the_grafana_the_boards(
    tmp_path: Path,
) -> None:
    example = EXAMPLES / "own_prometheus"
    written = (example / "prometheus.yml").read_text(encoding="utf-8")
    (tmp_path / "prometheus.yml").write_text(written, encoding="utf-8")
    (generate,) = re.findall(r"# (tocsin generate .*)", written)
    done = in_shell(generate, tmp_path)
    assert done.returncode == 0, done.stderr
    checked = in_shell(f"{program('promtool')} check config prometheus.yml", tmp_path)
    assert checked.returncode == 0, checked.stdout + checked.stderr
    assert "rules found" in checked.stdout
    boards = yaml.safe_load((example / "grafana.yml").read_text(encoding="utf-8"))
    folder = boards["providers"][0]["options"]["path"]
    assert list((tmp_path / folder.removeprefix("/srv/tocsin/")).glob("*.json"))
