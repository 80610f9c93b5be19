"""Source: the labelled history of a use case, read from its file and checked."""

from __future__ import annotations

import logging
from collections import Counter
from dataclasses import replace
from pathlib import Path

from monitoring.sources.auto import resolve
from monitoring.sources.checked import Checked
from monitoring.sources.schema import SchemaError, check
from monitoring.sources.source_file import SourceError, find_source, read_file
from monitoring.sources.synthetic.frames import content_hash, synthetic_frame
from monitoring.sources.typed import resolved_columns
from monitoring.use_case import EventTime, UseCase

__all__ = ["SourceError", "read_source", "resolve"]

SYNTHETIC_ROWS = {"card": 120_000, "survey": 20_000}
"""Rows made up where a file is missing, by kind: enough positives in each part of the split."""

_SEED = 0

_log = logging.getLogger(__name__)


def read_source(case: UseCase, data: Path) -> Checked:
    """Read a use case's file and check its rows; make them up, and warn, where it may be missing.

    Parameters
    ----------
    data
        The folder that `source.path` is relative to.

    Raises
    ------
    SourceError
        The file is missing and nothing may be made up in its place, or it can't be read.
    SchemaError
        It is not what the use case declares, or none of its rows is.
    """
    case = resolve(case, data)
    path = find_source(Path(case.source.path), data)
    if path is None:
        return _made_up(case, data)
    content = read_file(path, _text_columns(case))
    try:
        checked = check(
            content.frame, case, source_hash=content.sha256, malformed=content.malformed
        )
    except SchemaError as error:
        msg = f"{path}: {error}"
        raise SchemaError(msg) from error
    _tell(checked, path)
    return checked


def _text_columns(case: UseCase) -> list[str]:
    """Return the columns that are text, whatever it looks like."""
    columns = case.columns
    features, target = resolved_columns(case)
    text = [*features.categorical]
    text += [columns.id] if columns.id is not None else []
    if isinstance(columns.event_time, EventTime) and columns.event_time.unit == "iso":
        text.append(columns.event_time.name)
    if isinstance(target.positive, str):
        text.append(target.name)
    return text


def _made_up(case: UseCase, data: Path) -> Checked:
    kind = case.source.synthetic
    if kind is None:
        msg = (
            f"use case {case.name}: no file {case.source.path} in {data.resolve()}, compressed or "
            "not: put it there, set TOCSIN_DATA to the folder it is in, or change `source.path`"
        )
        raise SourceError(msg)
    rows = SYNTHETIC_ROWS[kind]
    _log.warning(
        "SYNTHETIC DATA: %s is not in %s, so %s rows of use case %s are MADE UP; no figure made "
        "of them says anything about the world",
        case.source.path,
        data.resolve(),
        f"{rows:,}",
        case.name,
    )
    frame = synthetic_frame(case, rows, seed=_SEED)
    return replace(check(frame, case, source_hash=content_hash(frame)), synthetic=True)


def _tell(checked: Checked, path: Path) -> None:
    """Log what was set aside; raise if nothing is left."""
    by_reason = Counter(row.reason for row in checked.quarantined)
    reasons = ", ".join(f"{count:,} {reason}" for reason, count in by_reason.most_common())
    if not len(checked.rows):
        first = checked.quarantined[0]
        msg = f"{path}: none of its rows can be used: {reasons}; the first: {first.detail}"
        raise SchemaError(msg)
    if reasons:
        _log.warning("%s: rows set aside: %s", path, reasons)
