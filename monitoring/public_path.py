"""The path of a server's public address, below which it answers on its own address too."""

from __future__ import annotations

from urllib.parse import urlsplit, urlunsplit


def path_of(url: str | None) -> str:
    """Return the path of a public address, without a slash at its end; "" where it has none."""
    return "" if url is None else urlsplit(url).path.rstrip("/")


def below(path: str, url: str) -> str:
    """Return `url` with its own path below `path`; as it is where it lies there already."""
    parts = urlsplit(url)
    if not path or parts.path == path or parts.path.startswith(f"{path}/"):
        return url
    return urlunsplit(parts._replace(path=path + parts.path))
