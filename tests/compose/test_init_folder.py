"""The image is built from a folder that `tocsin init` made, and holds the code that made it."""

import hashlib
import json
import subprocess
from pathlib import Path

import pytest
import yaml

from monitoring.settings import settings
from monitoring.stack.folders import DEPLOYMENT
from monitoring.stack.new_deployment import write_deployment
from tests.compose.engine import running_engine
from tests.compose.stand_ins import provide

pytestmark = pytest.mark.compose

TAGGED = "tocsin-test-init"

_HASHES = """
import hashlib, json, monitoring
from pathlib import Path
package = Path(monitoring.__file__).parent
files = {
    str(path.relative_to(package)): hashlib.sha256(path.read_bytes()).hexdigest()
    for path in package.rglob("*.py")
    if "deployment" not in path.parts
}
print(json.dumps(files))
"""


def test_the_image_of_its_folder_runs_the_code_that_made_it(tmp_path: Path) -> None:
    write_deployment(tmp_path)
    with running_engine() as engine:
        provide(engine, settings().grafana_home)
        # Beside whatever is built of a checkout; packages are fetched as this machine does.
        init = {"image": TAGGED, "build": {"context": ".", "network": "host"}}
        (tmp_path / "override.yml").write_text(yaml.safe_dump({"services": {"init": init}}))
        built = subprocess.run(
            [*engine.compose, "-f", "docker-compose.yml", "-f", "override.yml", "build", "init"],
            cwd=tmp_path,
            env=dict(engine.environment),
            capture_output=True,
            text=True,
            check=False,
        )
        assert built.returncode == 0, (built.stdout + built.stderr)[-4000:]
        python = engine.docker("run", "--rm", "--entrypoint", "python", TAGGED, "-c", _HASHES)
        listed = engine.docker(
            "run",
            "--rm",
            "--entrypoint",
            "tocsin",
            "-e",
            "TOCSIN_USE_CASES=",
            TAGGED,
            "use-case",
            "list",
        )
        dags = engine.docker(
            "run", "--rm", "--entrypoint", "ls", TAGGED, "/opt/tocsin/airflow/dags"
        )
    assert json.loads(python.stdout) == {
        str(path.relative_to(DEPLOYMENT / "monitoring")): hashlib.sha256(
            path.read_bytes()
        ).hexdigest()
        for path in (DEPLOYMENT / "monitoring").rglob("*.py")
    }
    assert "fraud" in listed.stdout, listed.stderr
    assert {"retrain.py", "reporting.py", "status.py"} <= set(dags.stdout.split())
