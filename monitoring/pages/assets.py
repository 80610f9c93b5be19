"""The scripts that pages run: Plotly, what draws figures with it, and what asks the API.

A page allows them by their hashes and no other, whoever brings words into it.
"""

from __future__ import annotations

import base64
import hashlib
from dataclasses import dataclass
from functools import cache, cached_property
from importlib.resources import files

from fastapi import APIRouter
from starlette.exceptions import HTTPException
from starlette.responses import Response

PATH = "assets"

_FOREVER = "public, max-age=31536000, immutable"

router = APIRouter()


@dataclass(frozen=True)
class Script:
    """A script.

    Attributes
    ----------
    content
        As it is sent.
    """

    name: str
    content: bytes

    @cached_property
    def integrity(self) -> str:
        """Its hash, as pages and browsers write it."""
        return f"sha256-{base64.b64encode(hashlib.sha256(self.content).digest()).decode()}"

    @property
    def address(self) -> str:
        """Where it is, below the front page; another content has another address."""
        return f"{PATH}/{hashlib.sha256(self.content).hexdigest()[:16]}/{self.name}"


@cache
def scripts() -> tuple[Script, ...]:
    """Return the scripts that draw, in the order in which they are run."""
    of_plotly = files("plotly").joinpath("package_data", "plotly.min.js").read_bytes()
    own = files("monitoring.pages").joinpath("draw.js").read_bytes()
    return Script("plotly.js", of_plotly), Script("draw.js", own)


@cache
def try_script() -> Script:
    """Return the script that asks the API for a prediction."""
    return Script("try.js", files("monitoring.pages").joinpath("try.js").read_bytes())


def drawing_policy(plain: str) -> str:
    """Return a content policy that lets a page draw beside what `plain` allows."""
    return _running(plain, *scripts())


def asking_policy(plain: str) -> str:
    """Return a content policy that lets a page ask this server beside what `plain` allows."""
    return f"{_running(plain, try_script())}; connect-src 'self'"


def _running(plain: str, *allowed: Script) -> str:
    hashes = " ".join(f"'{script.integrity}'" for script in allowed)
    return f"{plain}; script-src {hashes}"


@router.get(f"/{PATH}/{{version}}/{{name}}", include_in_schema=False)
def script(version: str, name: str) -> Response:
    """Send a script."""
    for one in (*scripts(), try_script()):
        if one.address == f"{PATH}/{version}/{name}":
            headers = {"Cache-Control": _FOREVER}
            return Response(one.content, headers=headers, media_type="text/javascript")
    raise HTTPException(404)
