"""Each other tool in one of its own, with the versions it was made for."""

from __future__ import annotations

import shutil
import subprocess
import sys
from enum import StrEnum
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
HERE = Path(__file__).resolve().parent
PYTHON = "3.11"


class Peer(StrEnum):
    """An environment, by the name of its file of pinned requirements; ours is the lock's."""

    NANNYML = "nannyml"
    WHYLOGS = "whylogs"
    OURS = "ours"


class PeerError(RuntimeError):
    """Another tool can't be set up, or its script failed; the message holds what it said."""


def python_of(peer: Peer) -> Path:
    """Return the Python of an environment, made or renewed where that is needed.

    Ours is the one that runs this. The others' lie in `.tocsin/peers/` of the checkout, which git
    ignores.

    Raises
    ------
    PeerError
        There is no Python 3.11, or the packages can't be installed.
    """
    if peer is Peer.OURS:
        return Path(sys.executable)
    home = ROOT / ".tocsin" / "peers" / peer
    requirements, installed = HERE / f"{peer}.txt", home / "requirements.txt"
    python = home / "bin" / "python"
    if installed.exists() and installed.read_bytes() == requirements.read_bytes():
        return python
    uv = str(Path(sys.executable).with_name("uv"))
    _run(peer, uv, "venv", "--quiet", "--clear", "--python", PYTHON, str(home))
    # The files are complete, and leave out what a tool declares and does not need.
    _run(
        peer, uv, "pip", "install", "--quiet", "--no-deps", "--python", str(python),
        "--requirement", str(requirements),
    )  # fmt: skip
    shutil.copyfile(requirements, installed)
    return python


def _run(peer: Peer, *command: str) -> None:
    # Words of this file.
    done = subprocess.run(command, capture_output=True, text=True, check=False)  # nosec B603 # as above
    if done.returncode:
        msg = f"{peer}: `{' '.join(command[:3])}` failed: {done.stderr.strip()}"
        raise PeerError(msg)
