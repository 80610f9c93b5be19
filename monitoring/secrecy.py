"""Secrets: how one signs in without showing a password, and text without the secrets it held."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from urllib.parse import parse_qsl, unquote, urlsplit

from pydantic import SecretStr

MASK = "***"

SHORTEST = 5
"""Characters below which a secret is not masked: words of ordinary text would be."""


@dataclass(frozen=True)
class SignIn:
    """User and password for a server; its repr does not show the password."""

    user: str
    password: SecretStr

    @property
    def pair(self) -> tuple[str, str]:
        """Both in plain text, as HTTP clients take them."""
        return self.user, self.password.get_secret_value()


def shown_url(url: str) -> str:
    """Return a URL without what may be a secret: user, password, query and fragment."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path}"


def holds_secrets(url: str) -> bool:
    """Whether a URL holds a part that `shown_url` leaves out."""
    parts = urlsplit(url)
    return "@" in parts.netloc or bool(parts.query) or bool(parts.fragment)


def secrets_of_url(url: str) -> Iterator[str]:
    """Yield the secrets in a URL, as they are written there and as they are decoded.

    A user, a host and a database's name are none; a password is, and a query's values.
    """
    parts = urlsplit(url)
    user, _, password = parts.netloc.rpartition("@")[0].partition(":")
    # Some services take a token in the user's place.
    yield from _both(password or user)
    for _, value in parse_qsl(parts.query):
        yield from _both(value)
    if parts.query:
        yield parts.query


def secrets_of_address(url: str) -> Iterator[str]:
    """Yield the secrets in the address of a webhook: its path too is one."""
    yield url
    yield from secrets_of_url(url)
    parts = urlsplit(url)
    yield from _both(parts.path.strip("/"))


_CREDENTIALS = re.compile(r"//[^@/\s]*@")


def masked(text: str, secrets: Iterable[str]) -> str:
    """Return `text` with a mask in the place of every secret of `SHORTEST` characters or more.

    What stands before the host of an address is left out, whoever's it is.
    """
    # The longest first: a password must not be masked inside the URL that is masked as a whole.
    for secret in sorted(set(secrets), key=len, reverse=True):
        if len(secret) >= SHORTEST:
            text = text.replace(secret, MASK)
    return _CREDENTIALS.sub("//", text)


def _both(secret: str) -> Iterator[str]:
    yield secret
    yield unquote(secret)
