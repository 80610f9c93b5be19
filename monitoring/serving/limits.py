"""What a client may ask for: who it is, how often it may ask, and how much it may send."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from threading import Lock

from fastapi import Request
from starlette.exceptions import HTTPException

from monitoring.serving.api_keys import KeyRing, Scope

LARGEST_BODY = 10_000_000
"""Bytes: a thousand rows of a hundred features take a fifth of it."""

_REMEMBERED = 10_000
"""Clients whose last requests are known, at most."""


@dataclass
class RateLimit:
    """So many requests a second of each client, and at once what two seconds allow, or one.

    Parameters
    ----------
    per_second
        Requests of one client.
    clock
        Seconds, from any start.
    """

    per_second: float
    clock: Callable[[], float] = time.monotonic
    _left: dict[str, tuple[float, float]] = field(default_factory=dict)
    _lock: Lock = field(default_factory=Lock)

    def wait(self, client: str) -> float:
        """Count a request; return after how many seconds it may be made: 0 for now."""
        most = max(2 * self.per_second, 1.0)
        with self._lock:
            now = self.clock()
            left, seen = self._left.pop(client, (most, now))
            left = min(most, left + (now - seen) * self.per_second)
            taken = left >= 1
            self._left[client] = (left - 1 if taken else left, now)
            if len(self._left) > _REMEMBERED:  # who asked longest ago has all of it again
                del self._left[next(iter(self._left))]
        return 0.0 if taken else (1 - left) / self.per_second


@dataclass(frozen=True)
class Gate:
    """Lets requests in.

    Attributes
    ----------
    keys
        None where none is asked for: on loopback.
    """

    keys: KeyRing | None
    rate: RateLimit

    def admit(self, request: Request, scope: Scope) -> None:
        """Refuse a request that may not be made.

        Raises
        ------
        HTTPException
            401 without a valid key, 403 with one of another scope, 429 too many of them.
        """
        client = request.client.host if request.client is not None else ""
        if self.keys is not None:
            key = self.keys.find(_sent(request))
            if key is None:
                raise HTTPException(
                    401,
                    "send an API key: `Authorization: Bearer KEY`; `tocsin api-key new` makes one",
                    {"WWW-Authenticate": "Bearer"},
                )
            if not key.allows(scope):
                raise HTTPException(403, f"the key {key.name!r} is not good for {scope}")
            client = key.id
        wait = self.rate.wait(client)
        if wait:
            raise HTTPException(
                429, "too many requests of this client", {"Retry-After": f"{wait + 1:.0f}"}
            )


def _sent(request: Request) -> str:
    kind, _, key = request.headers.get("authorization", "").partition(" ")
    return key.strip() if kind.casefold() == "bearer" else ""


async def json_body(request: Request) -> bytes:
    """Return the body of a request; no more than `LARGEST_BODY` bytes are ever read.

    Raises
    ------
    HTTPException
        413 for a larger one, 415 for one that is not JSON: a page from elsewhere could send it.
    """
    kind = request.headers.get("content-type", "").partition(";")[0].strip().casefold()
    if kind != "application/json":
        raise HTTPException(415, "send JSON: `Content-Type: application/json`")
    body = bytearray()
    async for part in request.stream():
        body += part
        if len(body) > LARGEST_BODY:
            raise HTTPException(413, f"a body has {LARGEST_BODY:,} bytes at most")
    return bytes(body)
