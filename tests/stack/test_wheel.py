"""An installed wheel does what a checkout does: the local stack finds all that it reads."""

import json
import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from monitoring.stack.folders import DEPLOYMENT

_CONFIGURED = """
import json
from pathlib import Path
import monitoring
from monitoring.settings import Ports, settings
from monitoring.stack.configuration import configure
from monitoring.stack.credentials import credentials_in
from monitoring.stack.folders import DEPLOYMENT, Folders
where = settings()
folders = Folders(where.state)
folders.make()
configure(where, Ports(), credentials_in(folders.credentials))
print(json.dumps({"package": monitoring.__file__, "deployment": str(DEPLOYMENT)}))
"""


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with the package as the wheel holds it."""
    folder = tmp_path_factory.mktemp("wheel")
    uv = Path(sys.executable).with_name("uv")
    build = [uv, "build", "--quiet", "--wheel", "--no-build-isolation", "--offline"]
    subprocess.run(
        [*build, "--python", sys.executable, "--out-dir", folder, DEPLOYMENT],
        check=True,
        env={"PATH": os.environ["PATH"], "HOME": str(folder)},
    )
    (wheel,) = folder.glob("*.whl")
    with zipfile.ZipFile(wheel) as packed:
        packed.extractall(folder / "installed")
    return folder / "installed"


def test_every_dag_of_the_checkout_is_in_the_wheel(installed: Path) -> None:
    dags = {path.name: path.read_text() for path in (DEPLOYMENT / "airflow" / "dags").glob("*.py")}
    inside = installed / "monitoring" / "deployment" / "airflow" / "dags"
    assert {path.name: path.read_text() for path in inside.iterdir()} == dags
    assert len(dags) == 4


def test_the_local_stack_of_a_wheel_is_configured_in_an_empty_folder(
    installed: Path, tmp_path: Path
) -> None:
    done = subprocess.run(
        [sys.executable, "-c", _CONFIGURED],
        cwd=tmp_path,
        env={"PATH": os.environ["PATH"], "HOME": str(tmp_path), "PYTHONPATH": str(installed)},
        check=True,
        capture_output=True,
        text=True,
    )
    found = json.loads(done.stdout)
    assert Path(found["package"]).is_relative_to(installed)
    assert Path(found["deployment"]) == installed / "monitoring" / "deployment"
    prometheus = tmp_path / ".tocsin" / "prometheus"
    scraped = (DEPLOYMENT / "prometheus.yml").read_text()
    assert (prometheus / "prometheus.yml").read_text() == scraped
    assert (prometheus / "rules" / "fraud.yml").is_file()
