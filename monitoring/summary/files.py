"""Saved references and summaries: compressed JSON in a format that carries its version."""

from __future__ import annotations

import gzip
import json
import zlib
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, TypeVar

from monitoring.atomic_write import atomic_write
from monitoring.errors import InputError
from monitoring.summary.as_json import (
    FormatError,
    reference_from,
    reference_record,
    summary_from,
    summary_record,
)
from monitoring.summary.types import Reference, Summary

ENDING = ".json.gz"
"""How the name of a saved reference or summary ends."""

VERSION = 1
"""Version of the format; one that is not known is an error, never a guess."""

Saved = TypeVar("Saved")

_KINDS = {Reference: "reference", Summary: "summary"}


def save(record: Reference | Summary, path: Path | str) -> None:
    """Write a reference or a summary to `path`; the same one gives the same bytes.

    The format is JSON under gzip: a few hundred kB for a reference of 30 features.

    Raises
    ------
    InputError
        The name doesn't end in `.json.gz`, by which it is recognised, or can't be written.
    """
    if not str(path).endswith(ENDING):
        msg = f"{path}: the name of a saved {_KINDS[type(record)]} ends in {ENDING}"
        raise InputError(msg)
    try:
        atomic_write(Path(path), gzip.compress(_text(record).encode(), mtime=0))
    except OSError as error:
        msg = f"{path} can't be written: {error.strerror}"
        raise InputError(msg) from error


def load(path: Path | str) -> Reference | Summary:
    """Read what `save` wrote: a reference or a summary, whichever it is.

    Raises
    ------
    FormatError
        There is no such file, or it holds something else, is damaged, or is of an unknown
        version.

    Examples
    --------
    >>> from monitoring import load
    >>> load("january.json.gz").bins[0].name  # doctest: +SKIP
    """
    text, where = _unpacked(Path(path)), str(path)
    whole = _envelope(text, where)
    if whole.get("format") == _format("summary"):
        return _read(summary_from, whole, "summary", where)
    return _read(reference_from, whole, "reference", where)


def load_reference(path: Path) -> Reference:
    """Read a reference that `save` wrote.

    Raises
    ------
    FormatError
        The file holds something else, is damaged, or is of an unknown version.
    """
    return _read(reference_from, _envelope(_unpacked(path), str(path)), "reference", str(path))


def load_summary(path: Path) -> Summary:
    """Read a summary that `save` wrote.

    Raises
    ------
    FormatError
        As `load_reference`.
    """
    return _read(summary_from, _envelope(_unpacked(path), str(path)), "summary", str(path))


def to_json(summary: Summary) -> str:
    """Return a summary as JSON text, for a database."""
    return _text(summary)


def from_json(text: str) -> Summary:
    """Read what `to_json` gave.

    Raises
    ------
    FormatError
        As `load_reference`.
    """
    return _read(summary_from, _envelope(text, "the text"), "summary", "the text")


def _text(record: Reference | Summary) -> str:
    content = reference_record(record) if isinstance(record, Reference) else summary_record(record)
    whole = {"format": _format(_KINDS[type(record)]), "version": VERSION, "content": content}
    return json.dumps(whole, separators=(",", ":"), allow_nan=False)


def _format(kind: str) -> str:
    return f"tocsin {kind}"


def _unpacked(path: Path) -> str:
    try:
        return gzip.decompress(path.read_bytes()).decode()
    except (gzip.BadGzipFile, EOFError, UnicodeDecodeError, zlib.error) as error:
        msg = f"{path} is not a reference or summary of Tocsin's, or is damaged: {error}"
        raise FormatError(msg) from error
    except OSError as error:
        msg = f"{path} can't be read: {error.strerror}"
        raise FormatError(msg) from error


def _envelope(text: str, where: str) -> dict[str, Any]:
    try:
        whole = json.loads(text)
    except json.JSONDecodeError as error:
        msg = f"{where} is not JSON: {error}"
        raise FormatError(msg) from error
    return whole if isinstance(whole, dict) else {}


def _read(parse: Callable[[Any], Saved], whole: Mapping[str, Any], kind: str, where: str) -> Saved:
    """Parse what is in the envelope.

    Parameters
    ----------
    kind
        What it has to hold: reference or summary.
    """
    named = whole.get("format")
    if named != _format(kind):
        msg = f"{where} holds {named or 'something else'}, not a tocsin {kind}"
        raise FormatError(msg)
    if whole.get("version") != VERSION:
        msg = (
            f"{where} is of version {whole.get('version')!r} of the format, and this Tocsin reads "
            f"version {VERSION}: install the Tocsin that wrote it, or fit the reference anew"
        )
        raise FormatError(msg)
    try:
        return parse(whole.get("content"))
    except (LookupError, TypeError, ValueError, AttributeError) as error:
        msg = (
            f"{where} is damaged: {type(error).__name__} {error}; "
            f"fit or summarise anew, and save the {kind} again"
        )
        raise FormatError(msg) from error
