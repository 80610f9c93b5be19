"""An installed wheel does what a checkout does: the local stack, and `tocsin init`."""

import json
import os
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from monitoring.stack.deployment_record import RECORD
from monitoring.stack.folders import DEPLOYED, DEPLOYMENT, PACKED
from monitoring.stack.new_deployment import START
from monitoring.use_case_file import SHIPPED
from tests.compose.engine import compose_there

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


def test_what_a_deployment_is_made_of_is_in_the_wheel(installed: Path) -> None:
    inside = installed / PACKED
    there = {path.relative_to(inside) for path in inside.rglob("*") if path.is_file()}
    assert there == set(map(Path, DEPLOYED))
    for name in DEPLOYED:
        assert (inside / name).read_bytes() == (DEPLOYMENT / name).read_bytes(), name
    dags = {name.name for name in DEPLOYED if name.parent.name == "dags"}
    assert dags == {path.name for path in (DEPLOYMENT / "airflow" / "dags").glob("*.py")}


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


@pytest.fixture(scope="module")
def deployment(installed: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder that the installed command made, from an empty one, by its name."""
    folder = tmp_path_factory.mktemp("anywhere")
    done = run_init(installed, folder, "deployed")
    assert (done.returncode, done.stderr) == (0, "")
    assert "docker compose up --build --detach" in done.stdout
    return folder / "deployed"


def run_init(installed: Path, folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run `tocsin init` of the wheel, in a folder that knows nothing of the checkout."""
    return subprocess.run(
        [sys.executable, "-m", "monitoring.cli", "init", *arguments],
        cwd=folder,
        env={"PATH": os.environ["PATH"], "HOME": str(folder), "PYTHONPATH": str(installed)},
        check=False,
        capture_output=True,
        text=True,
    )


def files_of(folder: Path) -> Iterator[Path]:
    return (path.relative_to(folder) for path in folder.rglob("*") if path.is_file())


def test_init_of_a_wheel_writes_each_file_as_the_checkout_has_it(deployment: Path) -> None:
    (wheel,) = (deployment / "wheel").iterdir()
    own = {Path(".env"), Path(RECORD), Path(START), wheel.relative_to(deployment)}
    assert (deployment / START).read_bytes() == (SHIPPED / START.name).read_bytes()
    generated = {Path("grafana") / path for path in files_of(DEPLOYMENT / "grafana")}
    assert set(files_of(deployment)) == own | set(map(Path, DEPLOYED)) | generated
    for name in set(files_of(deployment)) - own:
        assert (deployment / name).read_bytes() == (DEPLOYMENT / name).read_bytes(), name


def test_docker_compose_takes_the_folder_of_init_and_all_that_it_mounts_is_there(
    deployment: Path,
) -> None:
    command = compose_there()
    if command is None:
        pytest.skip("docker compose v2 is not installed")
    shown = subprocess.run(
        [*command, "config", "--format", "json"],
        cwd=deployment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert shown.returncode == 0, shown.stderr
    services = json.loads(shown.stdout)["services"]
    mounted = {
        mount["source"]
        for service in services.values()
        for mount in service.get("volumes", [])
        if mount["type"] == "bind"
    }
    assert mounted >= {str(deployment / name) for name in ("data", "init-db.sql", "prometheus.yml")}
    assert [path for path in mounted if not Path(path).exists()] == []
    assert services["init"]["build"]["context"] == str(deployment)
    assert (deployment / services["init"]["build"]["dockerfile"]).is_file()


def test_the_wheel_that_the_image_installs_is_the_one_that_was_installed(
    installed: Path, deployment: Path
) -> None:
    (wheel,) = (deployment / "wheel").glob("*.whl")
    with zipfile.ZipFile(wheel) as packed:
        repacked = {Path(name): packed.read(name) for name in packed.namelist()}
    bytecode = {path for path in files_of(installed) if "__pycache__" in path.parts}
    assert repacked.keys() == set(files_of(installed)) - bytecode
    for name, content in repacked.items():
        if name.name not in {"WHEEL", "RECORD"}:
            assert (installed / name).read_bytes() == content, name


def test_the_wheel_is_installed_by_an_installer_that_verifies_it(
    deployment: Path, tmp_path: Path
) -> None:
    (wheel,) = (deployment / "wheel").glob("*.whl")
    uv = Path(sys.executable).with_name("uv")
    env = {"PATH": os.environ["PATH"], "HOME": str(tmp_path)}
    target = ["--target", tmp_path / "there", "--python", sys.executable]
    subprocess.run(
        [uv, "pip", "install", "--quiet", "--offline", "--no-deps", *target, wheel],
        check=True,
        env=env,
    )
    done = subprocess.run(
        [sys.executable, tmp_path / "there" / "bin" / "tocsin", "use-case", "list"],
        cwd=tmp_path,
        env={**env, "PYTHONPATH": str(tmp_path / "there")},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert str(tmp_path / "there" / "monitoring" / "use_cases" / "fraud.yml") in done.stdout


def test_the_image_is_built_from_the_wheel_or_from_the_sources(deployment: Path) -> None:
    sent = (deployment / ".dockerignore").read_text().splitlines()
    assert {"*", "!wheel", "!monitoring"} <= set(sent)
    recipe = (deployment / "Dockerfile").read_text()
    assert '"$(ls wheel/*.whl 2>/dev/null || echo .)"' in recipe
