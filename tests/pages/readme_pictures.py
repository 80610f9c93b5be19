"""Pictures for the README, of a local stack in which `tocsin demo` has run: a board, a message.

Run it with `make pictures` once the demo is over, with the same TOCSIN_ settings; they are written
to docs/pictures, which is committed. It wants Chromium, and Grafana in the stack.
"""

from __future__ import annotations

import base64
import io
import sys
import tempfile
from pathlib import Path

from PIL import Image

from monitoring.settings import Ports, settings
from monitoring.stack.components import receiver_url
from monitoring.stack.credentials import credentials_in
from monitoring.stack.environment import loopback_url
from monitoring.stack.folders import Folders
from monitoring.stack.status import started_ports
from tests.fixtures.steered_browser import Browser, running_browser

BOARD = "d/tocsin-fraud?from=now-16d&to=now&kiosk"
"""Card fraud, over the demo's days and the history before them."""

BOARD_SIZE = (1440, 808)
"""As far as the first two rows of panels reach."""

MESSAGE = "article.critical"
"""The newest critical message on the receiver's page."""

COLOURS = 128
"""Of a picture's palette: a third of the bytes, and nothing that a reader would see."""


def ports() -> Ports:
    """Return the ports of the stack."""
    started = started_ports(Folders(settings().state))
    if started is None:
        sys.exit(f"no stack was started in {settings().state}: run `tocsin demo` first")
    return started


def board(browser: Browser) -> bytes:
    """Return the picture of the board, as Grafana's admin sees it."""
    secret = credentials_in(Folders(settings().state).credentials).grafana_password
    pair = base64.b64encode(f"admin:{secret.get_secret_value()}".encode()).decode()
    browser.call("Network.enable")
    browser.call("Network.setExtraHTTPHeaders", headers={"Authorization": f"Basic {pair}"})
    picture = browser.picture(f"{loopback_url(ports().grafana)}/{BOARD}", BOARD_SIZE, "dark")
    browser.call("Network.setExtraHTTPHeaders", headers={})
    return picture


def message(browser: Browser) -> bytes:
    """Return the picture of the newest critical message."""
    url = receiver_url(ports())
    page = browser.picture(url, (900, 4000), "light")
    found = browser.value(
        f"(() => {{const part = document.querySelector('{MESSAGE}');"
        "if (part === null) return null; const box = part.getBoundingClientRect();"
        "return [box.left, box.top, box.right, box.bottom]})()"
    )
    if found is None:
        sys.exit(f"no critical message came to {url}")
    left, top, right, bottom = found
    around = (max(left - 12, 0), max(top - 12, 0), right + 12, bottom + 12)
    cut = io.BytesIO()
    Image.open(io.BytesIO(page)).crop(tuple(map(round, around))).save(cut, "PNG")
    return cut.getvalue()


def small(picture: bytes) -> bytes:
    """Return a picture with a palette of its own."""
    packed = io.BytesIO()
    few = Image.open(io.BytesIO(picture)).convert("RGB").quantize(COLOURS, dither=Image.Dither.NONE)
    few.save(packed, "PNG", optimize=True)
    return packed.getvalue()


def main(into: Path) -> None:
    """Take both pictures."""
    into.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as name, running_browser(Path(name)) as browser:
        for picture, taken in (("board", board), ("alert", message)):
            out = into / f"{picture}.png"
            out.write_bytes(small(taken(browser)))
            sys.stdout.write(f"{out}: {out.stat().st_size // 1000} kB\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
