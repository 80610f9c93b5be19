"""Summaries of prediction logs by pieces of time: each is read once, kept, and merged from then on.

The features of a piece are read once; its scores again while labels come. What was read has a
fingerprint: files that came late, were written again or could not be read change it, and the piece
is read anew.
"""

from __future__ import annotations

import hashlib
import json
import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from math import gcd
from typing import Literal, TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError

from monitoring.rows.window import Window
from monitoring.signals.pipelines import firings, longest_gap
from monitoring.store.window_summaries import KeptSummary, SummaryKey, WindowSummaries
from monitoring.summary.as_json import FormatError
from monitoring.summary.files import from_json, to_json
from monitoring.summary.merge import merge
from monitoring.summary.types import Summary
from monitoring.use_case import UseCase

log = logging.getLogger(__name__)

_SHORTEST = 3600
"""Seconds of a piece, at least: shorter ones would each cost more to keep than to read."""

_Name = TypeVar("_Name", str, int)

_YEAR = datetime(2026, 1, 1, tzinfo=UTC)


class Found(BaseModel):
    """What was found beside the numbers of a summary.

    Attributes
    ----------
    unreadable
        Files that could not be read, with the reason: none of their rows is counted.
    set_aside
        Rows that were set aside, by reason.
    other_versions
        Rows that other versions scored, by their names.
    without_id, shared_id
        Rows that have no id, and those whose id a row before them has.
    labels_came, labels_met
        Labels by the stretch of time in which they came: those of the time that was read, and those
        that met one of its rows. Nothing of parts that were kept before these were counted.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    unreadable: dict[str, str] = {}
    set_aside: dict[str, int] = {}
    other_versions: dict[str, int] = {}
    conflicting_labels: int = 0
    early_labels: int = 0
    without_id: int = 0
    shared_id: int = 0
    arrivals_counted: bool = False
    labels_came: dict[int, int] = {}
    labels_met: dict[int, int] = {}

    def __add__(self, other: Found) -> Found:
        return Found(
            unreadable=self.unreadable | other.unreadable,
            set_aside=_added(self.set_aside, other.set_aside),
            other_versions=_added(self.other_versions, other.other_versions),
            conflicting_labels=self.conflicting_labels + other.conflicting_labels,
            early_labels=self.early_labels + other.early_labels,
            without_id=self.without_id + other.without_id,
            shared_id=self.shared_id + other.shared_id,
            arrivals_counted=self.arrivals_counted or other.arrivals_counted,
            labels_came=_added(self.labels_came, other.labels_came),
            labels_met=_added(self.labels_met, other.labels_met),
        )


class _Payload(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    format: Literal[1] = 1
    summary: str
    found: Found


@dataclass(frozen=True, eq=False)
class Part:
    """The summary of a piece of time, and what was found beside it."""

    summary: Summary
    found: Found


Read = Callable[[Sequence[Window]], Sequence[Part]]
"""Reads pieces that follow each other, in one pass over their files."""


@dataclass(frozen=True)
class KeptParts:
    """The pieces of a window, read where nothing of theirs is kept, or what is kept is old.

    Attributes
    ----------
    part
        ``features`` or ``scores``.
    inputs
        Fingerprint of what a piece is made of.
    """

    store: WindowSummaries
    part: str
    model_version: str
    inputs: Callable[[Window], str]
    read: Read

    def whole(self, window: Window, pieces: Sequence[Window], as_of: datetime) -> Part:
        """Return the summary of a window, merged from those of its pieces."""
        held = self.store.within(self.part, self.model_version, window)
        inputs = {piece: self.inputs(piece) for piece in pieces}
        parts: dict[Window, Part] = {}
        for piece in pieces:
            kept = held.get(SummaryKey(self.part, self.model_version, piece))
            if kept is None:
                continue
            if kept.inputs != inputs[piece]:
                log.info("%s of %s have changed since they were read: read again", self.part, piece)
                continue
            try:
                parts[piece] = _read_kept(kept)
            except (ValidationError, FormatError) as error:
                log.warning(
                    "the summary of %s of %s in the store is damaged, so its files are read "
                    "again: %s",
                    self.part,
                    piece,
                    str(error).splitlines()[0],
                )
        for run in _runs([piece for piece in pieces if piece not in parts]):
            for piece, part in zip(run, self.read(run), strict=True):
                parts[piece] = part
                self._keep(piece, part, inputs[piece], as_of)
        whole = [parts[piece] for piece in pieces]
        found = sum((part.found for part in whole), start=Found())
        return Part(merge(*(part.summary for part in whole)), found)

    def _keep(self, piece: Window, part: Part, inputs: str, as_of: datetime) -> None:
        if part.found.unreadable:
            inputs = ""  # what could not be read is tried again by the next run
        payload = _Payload(summary=to_json(part.summary), found=part.found).model_dump_json()
        key = SummaryKey(self.part, self.model_version, piece)
        self.store.save(key, KeptSummary(as_of, inputs, payload))


def found_in(kept: KeptSummary) -> Found | None:
    """Return what was found beside the numbers of a summary that is kept; None of a damaged one."""
    try:
        return _payload(kept).found
    except ValidationError:
        return None


def _read_kept(kept: KeptSummary) -> Part:
    payload = _payload(kept)
    return Part(from_json(payload.summary), payload.found)


def _payload(kept: KeptSummary) -> _Payload:
    return _Payload.model_validate_json(kept.payload)


def fingerprint(*facts: object) -> str:
    """Return the hash of facts: 64 hexadecimal digits."""
    text = json.dumps(facts, default=str, sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()


def pieces_of(case: UseCase, window: Window) -> list[Window]:
    """Cut a window where the windows of other reports begin and end, so that they share pieces."""
    length, offset = grid_of(case)
    start = window.start.timestamp()
    at = offset + ((start - offset) // length + 1) * length
    cuts = [window.start]
    while at < window.end.timestamp():
        cuts.append(datetime.fromtimestamp(at, UTC))
        at += length
    return [Window(a, b) for a, b in zip(cuts, [*cuts[1:], window.end], strict=True)]


def grid_of(case: UseCase) -> tuple[int, int]:
    """Return the seconds of a piece, and those of its first from 1970 on."""
    cron, window = case.report.every, case.drift.window
    fires = firings(cron, _YEAR, _YEAR + 4 * longest_gap(cron))
    seconds = [int(fire.timestamp()) for fire in fires]
    length = gcd(int(window.total_seconds()), *(at - seconds[0] for at in seconds[1:]))
    if length < _SHORTEST:
        length = max(int(window.total_seconds()), 1)
    return length, seconds[0] % length


def _runs(pieces: Sequence[Window]) -> list[list[Window]]:
    """Return pieces that follow each other together."""
    runs: list[list[Window]] = []
    for piece in pieces:
        if runs and runs[-1][-1].end == piece.start:
            runs[-1].append(piece)
        else:
            runs.append([piece])
    return runs


def _added(one: Mapping[_Name, int], other: Mapping[_Name, int]) -> dict[_Name, int]:
    return {name: one.get(name, 0) + other.get(name, 0) for name in {**one, **other}}
