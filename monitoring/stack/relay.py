"""The relay: it forwards Alertmanager's messages to the webhooks, whose addresses it alone knows.

Alertmanager 0.25 writes the address of a webhook that refuses into its log, and shows it on its
status page to whoever opens that; the address of a webhook holds its token.

``python -m monitoring.stack.relay PORT`` serves on the loopback until it is stopped.
"""

from __future__ import annotations

import logging
import sys
from collections.abc import Mapping
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import requests
from pydantic import SecretStr

from monitoring.settings import Settings, settings
from monitoring.signals.alerts.delivery import Delivery
from monitoring.stack.ports import LOOPBACK

WEBHOOK, HEARTBEAT = "webhook", "heartbeat"

LONGEST = 10_000_000
"""Bytes of a message; Alertmanager's hold some thousands an alert."""

_TIMEOUT = 10

log = logging.getLogger(__name__)


def through_relay(delivery: Delivery, address: str) -> Delivery:
    """Return `delivery` as Alertmanager is told it: the relay's address in the place of webhooks'.

    Parameters
    ----------
    address
        Of the relay.
    """

    def relayed(url: SecretStr | None, name: str) -> SecretStr | None:
        return None if url is None else SecretStr(f"{address}/{name}")

    return replace(
        delivery,
        webhook=relayed(delivery.webhook, WEBHOOK),
        heartbeat=relayed(delivery.heartbeat, HEARTBEAT),
    )


def channels_of(known: Settings) -> dict[str, SecretStr]:
    """Return the addresses that messages are forwarded to, by their names."""
    every = {WEBHOOK: known.webhook_url, HEARTBEAT: known.heartbeat_url}
    return {name: url for name, url in every.items() if url is not None}


def server_of(channels: Mapping[str, SecretStr], port: int) -> ThreadingHTTPServer:
    """Return the server; its `serve_forever` serves."""
    return ThreadingHTTPServer(
        (LOOPBACK, port), lambda *arguments: _Relayed(*arguments, channels=channels)
    )


class _Relayed(BaseHTTPRequestHandler):
    """One request: a message to forward, or a health check."""

    def __init__(self, *arguments: object, channels: Mapping[str, SecretStr]) -> None:
        self._channels = channels
        super().__init__(*arguments)  # type: ignore[arg-type]

    def do_GET(self) -> None:
        self._answer(200 if self.path == "/health" else 404, "")

    def do_POST(self) -> None:
        name = self.path.strip("/")
        url = self._channels.get(name)
        length = self.headers.get("Content-Length", "")
        # No page in a browser can send this type elsewhere without being asked first.
        if url is None or self.headers.get_content_type() != "application/json":
            self._answer(404, "there is no such channel, or this is not JSON")
        elif not (length.isascii() and length.isdigit()):
            self._answer(411, "say the message's length, in bytes")
        elif len(length) > len(str(LONGEST)) or int(length) > LONGEST:
            self._answer(413, f"a message has at most {LONGEST} bytes")
        else:
            self._answer(*_forwarded(name, url, self.rfile.read(int(length))))

    def _answer(self, status: int, text: str) -> None:
        body = text.encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Log nothing of what was forwarded."""


def _forwarded(name: str, url: SecretStr, message: bytes) -> tuple[int, str]:
    """Post a message, and return the status and what to say of it."""
    try:
        answer = requests.post(
            url.get_secret_value(),
            data=message,
            headers={"Content-Type": "application/json"},
            timeout=_TIMEOUT,
        )
    except requests.RequestException as error:
        # Its text shows the address.
        status, said = 502, f"the {name} does not answer ({type(error).__name__})"
    else:
        status, said = answer.status_code, f"the {name} answered {answer.status_code}"
    if status >= 300:
        log.warning(said)
    return status, said


if __name__ == "__main__":
    logging.basicConfig(format="%(asctime)s %(message)s")
    server_of(channels_of(settings()), int(sys.argv[1])).serve_forever()
