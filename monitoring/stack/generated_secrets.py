"""Passwords and keys, made anew. Nothing but the standard library is imported: see `env_file`."""

from __future__ import annotations

import base64
import secrets


def password() -> str:
    """Return a new password of letters, digits, ``-`` and ``_`` (24 random bytes)."""
    return secrets.token_urlsafe(24)


def signing_key() -> str:
    """Return a new key for signing tokens (64 random bytes: JWT's HS512 wants as many)."""
    return secrets.token_urlsafe(64)


def fernet_key() -> str:
    """Return a new Fernet key: 32 random bytes in URL-safe base64, as `cryptography` wants it."""
    return base64.urlsafe_b64encode(secrets.token_bytes(32)).decode()
