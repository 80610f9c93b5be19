"""Pictures of every page, wide and narrow, light and dark, with figures and without.

Run it with `make screenshots`; they are written to reports/screenshots, which is not committed.
"""

from __future__ import annotations

import sys
import tempfile
from contextlib import ExitStack
from pathlib import Path

from monitoring.pages.site import Site
from monitoring.serving.api import api_of
from monitoring.settings import Settings
from monitoring.signals.links import Addresses
from tests.fixtures.loopback import free_port
from tests.fixtures.serving import NOBODY, asking, running_site
from tests.fixtures.steered_browser import running_browser
from tests.pages.measured import day, measured

PAGES = {"front": "/", "case": "/watch/fraud", "fleet": "/watch", "latest": "/latest"}

SIZES = {"wide": (1440, 2400), "narrow": (390, 2400)}

SCHEMES = ("light", "dark")


def main(into: Path) -> None:
    """Take all pictures."""
    into.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as name, ExitStack() as stack:
        folder = Path(name)
        prometheus = stack.enter_context(measured(folder, "fraud", day()))
        seen = stack.enter_context(running_browser(folder))
        for kind, servers in (("figures", asking(prometheus)), ("away", NOBODY)):
            port = free_port()
            site = Site(folder / "reports", None, Addresses(f"http://127.0.0.1:{port}"))
            api = api_of(Settings(state=folder / "state"), keys=False)
            url = stack.enter_context(running_site(site, api, port=port, servers=servers))
            for page, path in PAGES.items():
                for size, pixels in SIZES.items():
                    for scheme in SCHEMES:
                        out = into / f"{page}-{kind}-{size}-{scheme}.png"
                        out.write_bytes(seen.picture(url + path, pixels, scheme))
                        sys.stdout.write(f"{out}\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
