"""Saved references and summaries: compressed JSON in a format that carries its version."""

from __future__ import annotations

import gzip
import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar

from monitoring.atomic_write import atomic_write
from monitoring.bounded_file import FileRefusedError
from monitoring.errors import InputError
from monitoring.summary.as_json import (
    FormatError,
    reference_from,
    reference_record,
    summary_from,
    summary_record,
)
from monitoring.summary.packed_file import DAMAGE, is_gzip, read_unpacked
from monitoring.summary.types import Reference, Summary

ENDING = ".json.gz"
"""How the name of a saved reference or summary ends."""

VERSION, UNWEIGHTED, UNHASHED = 4, 3, 1
"""Versions of the format: the newest, which knows weights of rows; that of what has none, as it
was before; and the first one, whose files hold no hash of their content. Version 2 knows no
notation of CSV. One that is not known is an error, never a guess."""

LARGEST = 128 * 2**20
"""Bytes of a saved reference or summary, unpacked: thousands of features fit in."""

Saved = TypeVar("Saved")

_KINDS = {Reference: "reference", Summary: "summary"}


def save(record: Reference | Summary, path: Path | str) -> None:
    """Write a reference or a summary to `path`; the same one gives the same bytes.

    The format is JSON under gzip: a few hundred kB for a reference of 30 features. It is written
    aside, synced and then moved: a full disk or a loss of power leaves the file that was there.

    Parameters
    ----------
    record
        What `fit`, `summarise` or `merge` made.
    path
        A file whose name ends in `.json.gz`.

    Raises
    ------
    InputError
        The name doesn't end in `.json.gz`, by which it is recognised, or can't be written.

    Examples
    --------
    >>> import pandas as pd
    >>> from monitoring import fit, load, save
    >>> reference = fit(pd.DataFrame({"amount": [n % 97 for n in range(1000)]}), window=100)
    >>> save(reference, "january.json.gz")
    >>> load("january.json.gz").training.rows
    1000
    """
    if not str(path).endswith(ENDING):
        msg = f"{path}: the name of a saved {_KINDS[type(record)]} ends in {ENDING}"
        raise InputError(msg)
    write(record, Path(path))


def write(record: Reference | Summary, path: Path) -> None:
    """Write a reference or a summary under any name, as `save` does.

    Raises
    ------
    InputError
        It can't be written.
    """
    try:
        atomic_write(path, gzip.compress(_text(record).encode(), mtime=0))
    except OSError as error:
        msg = f"{path} can't be written: {error.strerror}"
        raise InputError(msg) from error


def load(path: Path | str) -> Reference | Summary:
    """Read what `save` wrote: a reference or a summary, whichever it is.

    The SHA-256 of the content stands in the file and is verified, and so is that its counts, edges
    and sums can be those of any rows. Files of every earlier version of the format are read too.

    Parameters
    ----------
    path
        Of a file that `save` wrote.

    Raises
    ------
    FormatError
        There is no such file, or it holds something else, is damaged, or is of an unknown
        version.

    Examples
    --------
    >>> import pandas as pd
    >>> from monitoring import fit, load, save
    >>> reference = fit(pd.DataFrame({"amount": [n % 97 for n in range(1000)]}), window=100)
    >>> save(reference, "january.json.gz")
    >>> [bins.name for bins in load("january.json.gz").bins]
    ['amount']
    """
    text, where = _unpacked(Path(path)), str(path)
    whole = _envelope(text, where)
    if whole.get("format") == _format("summary"):
        return _read(summary_from, whole, "summary", where)
    if whole.get("format") == _format("reference"):
        return _read(reference_from, whole, "reference", where)
    msg = f"{where} is not a reference or summary of Tocsin's"
    raise FormatError(msg)


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
    return _compact(
        {
            "format": _format(_KINDS[type(record)]),
            "version": VERSION if _is_weighted(record) else UNWEIGHTED,
            "sha256": _hash(content),
            "content": content,
        }
    )


def _is_weighted(record: Reference | Summary) -> bool:
    if isinstance(record, Summary):
        return record.scores is not None and bool(record.scores.by_weight)
    return (
        any(part.by_weight for part in record.score_chunks)
        or (record.validation is not None and _is_weighted(record.validation))
        or any(map(_is_weighted, (record.training, *record.chunks, *record.by_hour)))
    )


def _hash(content: Any) -> str:
    """Return the SHA-256 of content as it is written, whatever white space was put into it."""
    return hashlib.sha256(_compact(content).encode()).hexdigest()


def _compact(content: Any) -> str:
    return json.dumps(content, separators=(",", ":"), allow_nan=False)


def _format(kind: str) -> str:
    return f"tocsin {kind}"


def _unpacked(path: Path) -> str:
    # By its content: what stores files on the way may unpack one whose name invites it.
    try:
        return read_unpacked(path, LARGEST, packed=is_gzip(path)).decode()
    except (*DAMAGE, UnicodeDecodeError) as error:
        msg = f"{path} is not a reference or summary of Tocsin's, or is damaged: {error}"
        raise FormatError(msg) from error
    except FileRefusedError as error:
        raise FormatError(str(error)) from error
    except OSError as error:
        msg = f"{path} can't be read: {error.strerror}"
        raise FormatError(msg) from error


def _envelope(text: str, where: str) -> dict[str, Any]:
    try:
        whole = json.loads(text, object_pairs_hook=_each_once, parse_constant=_no_constant)
    except (ValueError, RecursionError) as error:  # ValueError: a number of thousands of digits too
        msg = f"{where} is not JSON: {error}"
        raise FormatError(msg) from error
    return whole if isinstance(whole, dict) else {}


def _each_once(pairs: Sequence[tuple[str, Any]]) -> dict[str, Any]:
    record = dict(pairs)
    if len(record) < len(pairs):
        msg = "a name stands twice in one record"
        raise InputError(msg)
    return record


def _no_constant(name: str) -> float:
    msg = f"{name} is not a number in JSON"
    raise InputError(msg)


def _read(parse: Callable[[Any], Saved], whole: Mapping[str, Any], kind: str, where: str) -> Saved:
    """Parse what is in the envelope.

    Parameters
    ----------
    kind
        What it has to hold: reference or summary.
    """
    named = whole.get("format")
    if named != _format(kind):
        held = f"{named:.60}" if isinstance(named, str) else "something else"
        msg = f"{where} holds {held}, not a tocsin {kind}"
        raise FormatError(msg)
    version = whole.get("version")
    if type(version) is not int or not UNHASHED <= version <= VERSION:
        msg = (
            f"{where} is of version {version!r:.60} of the format, and this Tocsin reads versions "
            f"{UNHASHED} to {VERSION}: install the Tocsin that wrote it, or fit the reference anew"
        )
        raise FormatError(msg)
    content = whole.get("content")
    try:
        if version != UNHASHED and whole.get("sha256") != _hash(content):
            msg = "its content is not what was saved, by its SHA-256"
            raise InputError(msg)
        return parse(content)
    except (LookupError, TypeError, ValueError, AttributeError, OverflowError) as error:
        msg = (
            f"{where} is damaged: {type(error).__name__} {error}; "
            f"fit or summarise anew, and save the {kind} again"
        )
        raise FormatError(msg) from error
