"""Headers: what browsers are told so that no page can do more than it should."""

from __future__ import annotations

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

_EVERYWHERE = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "X-Frame-Options": "DENY",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}

_PLAIN = (
    "default-src 'none'; style-src 'unsafe-inline'; img-src 'self' data:; "
    "base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)

# Evidently's documents carry their scripts, styles and fonts in themselves. They show text from
# the data, so they are kept in an origin of their own: what runs in them reaches no other page.
_SCRIPTED = (
    "default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; "
    "img-src data: blob:; font-src data:; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'none'; sandbox allow-scripts allow-popups allow-downloads"
)


class SecurityHeaders:
    """Adds the headers to every answer.

    Parameters
    ----------
    scripted
        Pages below this path may run the scripts that stand in them.
    """

    def __init__(self, app: ASGIApp, scripted: str) -> None:
        self._app = app
        self._scripted = f"{scripted}/"

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        policy = _SCRIPTED if scope["path"].startswith(self._scripted) else _PLAIN

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                headers.update({"Content-Security-Policy": policy, **_EVERYWHERE})
            await send(message)

        await self._app(scope, receive, send_with_headers)
