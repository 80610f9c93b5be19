"""The demo's receiver: it takes what is posted to the webhook, and keeps it for people to read.

``python -m monitoring.stack.receiver PORT FILE`` serves on the loopback until it is stopped.
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from html import escape
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Lock
from typing import Any

from monitoring.private import private_umask
from monitoring.stack.ports import LOOPBACK

PATH = "/messages"
"""Where messages are posted, and read."""

LONGEST = 10_000_000
"""Bytes of a message."""

FIRING, RESOLVED = "firing", "resolved"

_LINKS = (("panel", "dashboard_url"), ("reports", "report_url"), ("what to do", "runbook_url"))


@dataclass(frozen=True)
class Message:
    """A message as it was received, of an alert or of a run; whoever sent it.

    Attributes
    ----------
    at
        When it came.
    body
        As it was posted; `docs/how-to/notifications.md` has its shape.
    """

    at: datetime
    body: Mapping[str, Any]

    @property
    def is_of_alerts(self) -> bool:
        """Whether it is of alerts; else it is of a run."""
        return self.body.get("status") in {FIRING, RESOLVED}

    def has(self, alert: str, status: str) -> bool:
        """Whether an alert of that name is in it with a status."""
        return any(
            one["status"] == status and _name(one["labels"]) == alert
            for one in self.body.get("alerts", ())
        )

    @property
    def title(self) -> str:
        """The first line."""
        given = self.body.get("title")
        if given:  # Alertmanager posts none
            return str(given)
        common, alerts = self.body.get("commonAnnotations", {}), self.body.get("alerts", ())
        over = self.body.get("status") == RESOLVED
        severity = "over" if over else self.body.get("commonLabels", {}).get("severity", "alert")
        return f"{severity}: {common.get('summary') or f'{len(alerts)} alerts'}"

    @property
    def text(self) -> str:
        """What stands below the first line."""
        given = self.body.get("message")
        if given:
            return str(given).strip()
        return "\n".join(_lines(self.body.get("alerts", ())))


def _name(labels: Mapping[str, str]) -> str:
    """Return the name of an alert; Grafana's own `alertname` is the rule's title."""
    return labels.get("alert") or labels.get("alertname", "")


def _lines(alerts: list[dict[str, Any]]) -> Iterator[str]:
    """Yield the lines of alerts as the template of messages has them."""
    for alert in alerts:
        notes = alert["annotations"]
        if alert["status"] == RESOLVED:
            yield f"Over: {notes.get('summary', '')}"
            continue
        yield from filter(None, (notes.get(name) for name in ("summary", "description", "money")))
        yield from (f"{what}: {notes[name]}" for what, name in _LINKS if notes.get(name))
        yield ""


def messages_in(file: Path) -> tuple[Message, ...]:
    """Return what was received, the oldest first."""
    if not file.is_file():
        return ()
    lines = file.read_text(encoding="utf-8").splitlines()
    records = [json.loads(line) for line in lines if line.endswith("}")]
    return tuple(Message(datetime.fromisoformat(one["at"]), one["body"]) for one in records)


def server_of(port: int, file: Path) -> ThreadingHTTPServer:
    """Return the server; its `serve_forever` serves."""
    lock = Lock()
    return ThreadingHTTPServer(
        (LOOPBACK, port), lambda *arguments: _Received(*arguments, file=file, lock=lock)
    )


class _Received(BaseHTTPRequestHandler):
    """One request: a message to keep, all that were kept, or a health check."""

    def __init__(self, *arguments: object, file: Path, lock: Lock) -> None:
        self._file, self._lock = file, lock
        super().__init__(*arguments)  # type: ignore[arg-type]

    def do_GET(self) -> None:
        if self.path == "/health":
            self._answer(200, "")
        elif self.path.strip("/") in {"", PATH.strip("/")} and self._is_asked_by_its_name():
            self._answer(200, _page(messages_in(self._file)), "text/html")
        else:
            self._answer(404, "messages are at /messages")

    def do_POST(self) -> None:
        length = self.headers.get("Content-Length", "")
        # No page in a browser can send this type elsewhere without being asked first.
        if self.path != PATH or self.headers.get_content_type() != "application/json":
            self._answer(404, "messages are posted to /messages, as JSON")
        elif not (length.isascii() and length.isdigit() and int(length) <= LONGEST):
            self._answer(413, f"say the message's length, of at most {LONGEST} bytes")
        else:
            self._keep(self.rfile.read(int(length)))

    def _keep(self, message: bytes) -> None:
        try:
            body = json.loads(message)
        except ValueError:
            self._answer(400, "not JSON")
            return
        line = json.dumps({"at": datetime.now(UTC).isoformat(), "body": body})
        with self._lock, private_umask(), self._file.open("a", encoding="utf-8") as kept:
            kept.write(f"{line}\n")
        self._answer(200, "")

    def _is_asked_by_its_name(self) -> bool:
        """Whether a page from elsewhere does not reach it through a name of its own."""
        host = self.headers.get("Host", "").partition(":")[0]
        return host in {LOOPBACK, "localhost"}

    def _answer(self, status: int, text: str, kind: str = "text/plain") -> None:
        body = text.encode()
        self.send_response(status)
        self.send_header("Content-Type", f"{kind}; charset=utf-8")
        self.send_header("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'")
        self.send_header("X-Content-Type-Options", "nosniff")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Log nothing of what was received."""


def _page(received: Sequence[Message]) -> str:
    """Return the page of what was received, the newest first."""
    shown = "".join(map(_shown, reversed(received))) or "<p>No message has come yet."
    return (
        "<!doctype html><html lang=en><meta charset=utf-8><title>Messages</title>"
        "<meta name=viewport content='width=device-width'>"
        f"<style>{_STYLE}</style><main>{shown}</main></html>"
    )


def _shown(message: Message) -> str:
    severity = message.title.partition(":")[0] if message.is_of_alerts else "run"
    # What was posted is anybody's: only its addresses become links, everything else is text.
    text = re.sub(r"https?://[^\s<>\"']+", r'<a href="\g<0>">\g<0></a>', escape(message.text))
    return (
        f'<article class="{escape(severity)}"><time>{message.at:%Y-%m-%d %H:%M:%S} UTC</time>'
        f"<h2>{escape(message.title)}</h2><p>{text}</p></article>"
    )


_STYLE = """
:root { color-scheme: light dark; }
body { font: 15px/1.5 system-ui, sans-serif; margin: 24px auto; max-width: 760px; padding: 0 16px; }
article { border-left: 4px solid #6b7280; padding: 4px 16px; margin: 0 0 24px; }
article.critical { border-color: #dc2626; }
article.warning { border-color: #d97706; }
article.over { border-color: #16a34a; }
time { font-size: 13px; opacity: 0.7; }
h2 { font-size: 17px; margin: 0 0 4px; }
p { margin: 0; white-space: pre-wrap; overflow-wrap: anywhere; }
"""


if __name__ == "__main__":
    server_of(int(sys.argv[1]), Path(sys.argv[2])).serve_forever()
