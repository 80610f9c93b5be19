"""Run: the server until it is told to stop."""

from __future__ import annotations

import uvicorn

from monitoring.serving.app import make_app
from monitoring.serving.site import Site

LAST_ANSWERS_SECONDS = 5
"""How long answers under way may take when it is told to stop."""


def server_of(site: Site, *, host: str, port: int) -> uvicorn.Server:
    """Return the server of `site`; `run` serves until SIGINT or SIGTERM."""
    config = uvicorn.Config(
        make_app(site, also_called=host),
        host=host,
        port=port,
        log_level="warning",
        server_header=False,
        timeout_graceful_shutdown=LAST_ANSWERS_SECONDS,
    )
    return uvicorn.Server(config)
