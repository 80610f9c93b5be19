"""The images that docker-compose.yml and the Dockerfile name: pulled, or stood in for.

Where no image can be pulled, programs of Debian and Go are put under the pinned names and tags,
with the users, folders and entry points that the compose file relies on.
"""

import os
import re
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from monitoring.stack.folders import DEPLOYMENT
from tests.compose.engine import FOLDER, Engine

RECIPES = Path(__file__).parent / "stand_ins"

DEBIAN = "tocsin-stand-in/debian"

_OF_PIP = re.compile(r"(PIP|UV)_\w+|SSL_CERT_(FILE|DIR)|REQUESTS_CA_BUNDLE|(HTTPS?|NO)_PROXY", re.I)
"""What a build needs of this machine's environment, to fetch packages as it does."""

_PLACES = ("etc/apt/sources.list", "etc/apt/sources.list.d", "etc/pip.conf", "etc/ssl/certs")
"""Where this machine says from where packages come, and whom it trusts."""


def base_images() -> set[str]:
    """Return the images that the Dockerfile begins with."""
    text = (DEPLOYMENT / "Dockerfile").read_text(encoding="utf-8")
    return set(re.findall(r"^FROM (\S+)", text, re.MULTILINE))


def service_images() -> Mapping[str, str]:
    """Return the images of other people's programs by their names without tag."""
    declared: dict[str, Any] = yaml.safe_load((DEPLOYMENT / "docker-compose.yml").read_text())
    images = {service["image"] for service in declared["services"].values()}
    return {
        image.partition(":")[0].rpartition("/")[2]: image
        for image in images | base_images()
        if not image.startswith("tocsin:")
    }


def provide(engine: Engine, grafana: Path | None) -> None:
    """Have every image there: those that are not, pulled, or else stood in for.

    Parameters
    ----------
    grafana
        Folder of a built Grafana, for where its image can't be pulled; without it there is none.
    """
    for name, image in service_images().items():
        if engine.docker("image", "inspect", image).returncode == 0:
            continue
        if engine.docker("pull", image, seconds=3600).returncode != 0:
            _stand_in(engine, name, image, grafana)


def _stand_in(engine: Engine, name: str, image: str, grafana: Path | None) -> None:
    folder = FOLDER / "contexts" / name
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    for file in RECIPES.glob(f"{name}*"):
        shutil.copy(file, folder)
    if name == "versitygw":
        _copy_program(folder, "versitygw")
    if name == "grafana":
        if grafana is None:
            return
        shutil.copytree(grafana, folder / "grafana", symlinks=True)
    _debian(engine)
    recipe = str(folder / f"{name}.Dockerfile")
    built = engine.docker(
        "build", "--network", "host", "--tag", image, "--file", recipe, str(folder)
    )
    assert built.returncode == 0, (built.stdout + built.stderr)[-3000:]
    shutil.rmtree(folder)


def _copy_program(folder: Path, name: str) -> None:
    program = shutil.which(name)
    if program is None:
        pytest.skip(f"{name} is not on PATH, and its image can't be pulled")
    shutil.copy(program, folder / name)


def _debian(engine: Engine) -> None:
    """Make the image that stand-ins begin with, which fetches packages as this machine does."""
    if engine.docker("image", "inspect", DEBIAN).returncode == 0:
        return
    if shutil.which("debootstrap") is None:
        pytest.skip("no image can be pulled, and debootstrap is not installed")
    root = FOLDER / "debian"
    shutil.rmtree(root, ignore_errors=True)
    _run("debootstrap", "--variant=minbase", "--include=ca-certificates", "bookworm", str(root))
    for place in _PLACES:
        here, there = Path("/", place), root / place
        if here.is_dir():
            shutil.rmtree(there, ignore_errors=True)
            shutil.copytree(here, there, symlinks=True, ignore_dangling_symlinks=True)
        elif here.exists():
            shutil.copy(here, there)
    variables = [f"{name}={value}" for name, value in os.environ.items() if _OF_PIP.fullmatch(name)]
    changes = [part for variable in variables for part in ("--change", f"ENV {variable}")]
    archive = FOLDER / "debian.tar"
    _run("tar", "--directory", str(root), "--create", "--file", str(archive), ".")
    imported = engine.docker("import", *changes, str(archive), DEBIAN)
    assert imported.returncode == 0, imported.stderr
    shutil.rmtree(root)
    archive.unlink()


def _run(*command: str) -> None:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
