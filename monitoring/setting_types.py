"""What an environment setting may be: folders, addresses, names, each checked when it is read."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated
from urllib.parse import urlsplit

from pydantic import AfterValidator, BeforeValidator, Field, SecretStr

from monitoring.secrecy import holds_secrets
from monitoring.stored_files import RemotePath, StoredPath, place_at

_SERVER = "an address is http://HOST:PORT or https://HOST:PORT"

_DATABASE = "a database is sqlite:///FILE or postgresql://USER:PASSWORD@HOST:PORT/NAME"


def _folder(path: Path) -> Path:
    # Airflow tasks run in folders of their own, so every folder is made absolute once.
    try:
        return path.expanduser().resolve()
    except RuntimeError as error:
        msg = f"a folder: {error}"
        raise ValueError(msg) from error


def _stored(given: object) -> object:
    """Return where files are stored: a folder of this machine, made absolute, or one on S3."""
    place = place_at(given) if isinstance(given, str) else given
    return _folder(place) if isinstance(place, Path) else place


def _on_s3(given: object) -> object:
    if isinstance(given, str) and not given.startswith("s3://"):
        msg = "a URL is s3://BUCKET/PREFIX; a folder of this machine is named by TOCSIN_STATE"
        raise ValueError(msg)
    return place_at(given) if isinstance(given, str) else given


def _server(url: str) -> str:
    _address(url, r"https?", _SERVER)
    if holds_secrets(url):
        msg = (
            "an address is shown to people, so it may hold no user, password, `?` or `#`: user and "
            "password have variables of their own (TOCSIN_PUSHGATEWAY_USER, ..._PASSWORD)"
        )
        raise ValueError(msg)
    return url


def _secret_server(url: SecretStr) -> SecretStr:
    _address(url.get_secret_value(), r"https?", _SERVER)
    return url


def _database(url: SecretStr) -> SecretStr:
    plain = url.get_secret_value()
    _address(plain, r"sqlite(\+pysqlite)?|postgresql(\+psycopg2)?", _DATABASE)
    if urlsplit(plain).path.strip("/") in ("", ":memory:"):
        msg = f"no file or no name of a database is given; {_DATABASE}"
        raise ValueError(msg)
    return url


def _tracking(url: SecretStr) -> SecretStr:
    plain = url.get_secret_value()
    schemes = r"https?|sqlite|postgresql(\+\w+)?|mysql(\+\w+)?"
    _address(plain, schemes, f"{_SERVER}; {_DATABASE}")
    if plain.startswith("http") and holds_secrets(plain):
        # MLflow writes the address into its errors.
        msg = (
            "the address of an MLflow server may hold no user, password, `?` or `#`: MLflow reads "
            "MLFLOW_TRACKING_USERNAME and MLFLOW_TRACKING_PASSWORD"
        )
        raise ValueError(msg)
    return url


def _address(url: str, schemes: str, allowed: str) -> str:
    """Check the parts of a URL that can be checked before it is used; it may hold a password."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        msg = f"the port is not a number from 1 to 65535; {allowed}"
        raise ValueError(msg) from error
    known = re.fullmatch(schemes, parts.scheme) is not None and "://" in url
    needs_host = not parts.scheme.startswith("sqlite")
    if not known or port == 0 or (needs_host and not parts.hostname):
        raise ValueError(allowed)
    return url


def _mail_server(given: str) -> str:
    """Return HOST:PORT as it is: whoever sends alerts wants both."""
    msg = "a mail server is HOST:PORT, such as mail.example.org:587"
    try:
        parts = urlsplit(f"//{given}")
        whole = parts.hostname is not None and bool(parts.port) and parts.netloc == given
    except ValueError as error:
        raise ValueError(msg) from error
    if not whole or "@" in given:
        raise ValueError(msg)
    return given


Port = Annotated[int, Field(ge=1, le=65535)]
Folder = Annotated[Path, AfterValidator(_folder)]
StoredFolder = Annotated[StoredPath, BeforeValidator(_stored)]
UseCaseNames = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*( ?, ?[a-z][a-z0-9_]*)*$")]
BucketPrefix = Annotated[str, Field(pattern=r"^s3://[a-z0-9][a-z0-9-]{0,20}$")]
RemoteFolder = Annotated[RemotePath, BeforeValidator(_on_s3)]
ServerUrl = Annotated[str, AfterValidator(_server)]
SecretUrl = Annotated[SecretStr, AfterValidator(_secret_server)]
MailServer = Annotated[str, AfterValidator(_mail_server)]
DatabaseUrl = Annotated[SecretStr, AfterValidator(_database)]
TrackingUrl = Annotated[SecretStr, AfterValidator(_tracking)]
