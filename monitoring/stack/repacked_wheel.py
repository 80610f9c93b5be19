"""The wheel of what runs here: the image of a deployment installs the same code, from no index."""

from __future__ import annotations

import base64
import hashlib
import io
import zipfile
from collections.abc import Iterator, Mapping
from importlib.metadata import Distribution, distribution
from pathlib import Path

import monitoring
from monitoring.stack.folders import DEPLOYED, DEPLOYMENT, PACKED

_EPOCH = (1980, 1, 1, 0, 0, 0)
"""The earliest time of a file in a zip: the same code gives the same bytes."""

_OF_ITS_INSTALLER = (
    "INSTALLER",
    "RECORD",
    "REQUESTED",
    "WHEEL",
    "direct_url.json",
    "uv_cache.json",
)

_WHEEL = """Wheel-Version: 1.0
Generator: tocsin init
Root-Is-Purelib: true
Tag: py3-none-any
"""


def repacked_wheel() -> tuple[str, bytes]:
    """Return the name and the content of a wheel of the package that runs here.

    What was installed from a wheel, from an index or from a checkout makes no difference.
    """
    installed = distribution("tocsin")
    info = f"tocsin-{installed.version}.dist-info"
    files = dict(sorted(_package()))
    files |= {f"{info}/{name}": content for name, content in sorted(_metadata(installed))}
    files[f"{info}/WHEEL"] = _WHEEL.encode()
    files[f"{info}/RECORD"] = _record(files, f"{info}/RECORD")
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as wheel:
        for name, content in files.items():
            entry = zipfile.ZipInfo(name, _EPOCH)
            entry.external_attr = 0o644 << 16
            wheel.writestr(entry, content, zipfile.ZIP_DEFLATED)
    return f"tocsin-{installed.version}-py3-none-any.whl", packed.getvalue()


def _package() -> Iterator[tuple[str, bytes]]:
    """Yield the files of the package, and what a wheel holds beside it."""
    folder = Path(monitoring.__file__).parent
    for path in folder.rglob("*"):
        name = path.relative_to(folder.parent)
        if path.is_file() and "__pycache__" not in name.parts and name.parts[:2] != PACKED.parts:
            yield name.as_posix(), path.read_bytes()
    for deployed in DEPLOYED:
        yield (PACKED / deployed).as_posix(), (DEPLOYMENT / deployed).read_bytes()


def _metadata(installed: Distribution) -> Iterator[tuple[str, bytes]]:
    """Yield what describes the package: its metadata, its command, its licences."""
    for file in installed.files or ():
        folder, *below = file.parts
        if folder.endswith(".dist-info") and below[0] not in _OF_ITS_INSTALLER:
            yield "/".join(below), Path(str(installed.locate_file(file))).read_bytes()


def _record(files: Mapping[str, bytes], own: str) -> bytes:
    lines = []
    for name, content in files.items():
        digest = base64.urlsafe_b64encode(hashlib.sha256(content).digest()).rstrip(b"=")
        lines.append(f"{name},sha256={digest.decode()},{len(content)}\n")
    return "".join([*lines, f"{own},,\n"]).encode()
