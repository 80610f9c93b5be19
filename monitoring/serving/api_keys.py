"""API keys: who may predict, give feedback and reload, saved as hashes in one private file."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections.abc import Iterable
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, ValidationError

from monitoring.bounded_file import FileRefusedError, read_bounded
from monitoring.errors import TocsinError
from monitoring.private import private_folder, write_private

FILE = "api_keys.json"
"""In the folder of the state."""

_LARGEST = 1_000_000
_PREFIX = "tocsin"


class Scope(StrEnum):
    """What a key is good for."""

    PREDICT = "predict"
    FEEDBACK = "feedback"
    ADMIN = "admin"
    """Reload models; and all of the others."""


class ApiKeyError(TocsinError, ValueError):
    """A key can't be made, revoked or read; the message says why."""


class ApiKey(BaseModel):
    """What is kept of a key: enough to know it again, not to use it.

    Attributes
    ----------
    id
        Stands in the key in the clear, and names it.
    sha256
        Of the whole key, in hex. It is of 256 random bits, so no slower hash is needed.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    id: str
    name: str = Field(min_length=1, max_length=80)
    scopes: frozenset[Scope] = Field(min_length=1)
    sha256: str
    made_at: AwareDatetime

    def allows(self, scope: Scope) -> bool:
        """Whether the key is good for `scope`."""
        return scope in self.scopes or Scope.ADMIN in self.scopes


class _Saved(BaseModel):
    model_config = ConfigDict(extra="forbid")

    format: Literal[1] = 1
    keys: tuple[ApiKey, ...] = ()


class KeyRing:
    """The keys of one folder of state. A key that is revoked is refused from the next request on.

    Parameters
    ----------
    state
        The folder.
    """

    def __init__(self, state: Path) -> None:
        self._path = state / FILE
        self._seen: tuple[int, int] | None = None
        self._keys: dict[str, ApiKey] = {}

    def keys(self) -> tuple[ApiKey, ...]:
        """Return what is kept of each key, the oldest first.

        Raises
        ------
        ApiKeyError
            The file is damaged.
        """
        try:
            seen = self._path.stat()
        except FileNotFoundError:
            self._seen, self._keys = None, {}
            return ()
        state = (seen.st_mtime_ns, seen.st_ino)
        if state != self._seen:
            self._keys = {key.id: key for key in self._read().keys}
            self._seen = state
        return tuple(self._keys.values())

    def new(self, name: str, scopes: Iterable[Scope]) -> str:
        """Make a key, and return it: nobody can read it again.

        Raises
        ------
        ApiKeyError
            The name is taken, or empty, or no scope is given.
        """
        there = self.keys()
        if name in {key.name for key in there}:
            msg = f"there is a key called {name!r}: revoke it, or choose another name"
            raise ApiKeyError(msg)
        number = secrets.token_hex(4)
        plain = f"{_PREFIX}_{number}_{secrets.token_urlsafe(32)}"
        try:
            key = ApiKey(
                id=number,
                name=name,
                scopes=frozenset(scopes),
                sha256=_hash(plain),
                made_at=datetime.now(UTC),
            )
        except ValidationError as error:
            msg = f"a key has a name of 1 to 80 letters and one scope at least: {error}"
            raise ApiKeyError(msg) from error
        self._write((*there, key))
        return plain

    def revoke(self, name: str) -> None:
        """Forget the key called `name`.

        Raises
        ------
        ApiKeyError
            There is none.
        """
        there = self.keys()
        left = tuple(key for key in there if key.name != name)
        if len(left) == len(there):
            known = ", ".join(key.name for key in there) or "none"
            msg = f"no key is called {name!r} (there are: {known})"
            raise ApiKeyError(msg)
        self._write(left)

    def find(self, plain: str) -> ApiKey | None:
        """Return the key that was sent; None where it is none, or was revoked."""
        self.keys()
        number = plain.split("_")[1] if plain.count("_") >= 2 else ""
        key = self._keys.get(number)
        if key is None or not hmac.compare_digest(key.sha256, _hash(plain)):
            return None
        return key

    def _read(self) -> _Saved:
        try:
            return _Saved.model_validate_json(read_bounded(self._path, _LARGEST))
        except (ValidationError, FileRefusedError, OSError) as error:
            msg = f"{self._path}: not a file of API keys: remove it, and make the keys anew"
            raise ApiKeyError(msg) from error

    def _write(self, keys: tuple[ApiKey, ...]) -> None:
        private_folder(self._path.parent)
        write_private(self._path, _Saved(keys=keys).model_dump_json(indent=2))


def _hash(plain: str) -> str:
    return hashlib.sha256(plain.encode()).hexdigest()
