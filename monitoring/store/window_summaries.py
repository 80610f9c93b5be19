"""Summaries of windows of prediction logs in the store, each of one model version."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

import sqlalchemy as sa

from monitoring.rows.window import Window, utc
from monitoring.store.database import Writer, consistent_read, insert
from monitoring.store.schema import window_summaries

if TYPE_CHECKING:
    from sqlalchemy.engine import Engine


@dataclass(frozen=True)
class SummaryKey:
    """What a summary is of.

    Attributes
    ----------
    part
        ``features``, which are read once, or ``scores``, which labels change that come later.
    """

    part: str
    model_version: str
    window: Window


@dataclass(frozen=True)
class KeptSummary:
    """A summary, and what it was made of.

    Attributes
    ----------
    as_of
        The moment from which labels were seen.
    inputs
        Hash of the parts that were read, and of how: where it is another now, the summary is old.
    payload
        JSON.
    """

    as_of: datetime
    inputs: str
    payload: str


class WindowSummaries:
    """The summaries of windows of one use case's prediction logs."""

    def __init__(self, engine: Engine, writer: Writer, use_case: str) -> None:
        self._engine, self._writer, self._use_case = engine, writer, use_case

    def save(self, key: SummaryKey, kept: KeptSummary) -> None:
        """Save a summary in the place of an earlier one of the same key."""
        values = {"as_of": utc(kept.as_of), "inputs": kept.inputs, "payload": kept.payload}
        record = {
            "use_case": self._use_case,
            "part": key.part,
            "model_version": key.model_version,
            "window_start": key.window.start,
            "window_end": key.window.end,
            **values,
        }
        names = ["use_case", "part", "model_version", "window_start", "window_end"]
        with self._writer.writing() as connection:
            statement = insert(connection, window_summaries).values(record)
            connection.execute(statement.on_conflict_do_update(index_elements=names, set_=values))

    def within(
        self, part: str, model_version: str, window: Window
    ) -> Mapping[SummaryKey, KeptSummary]:
        """Return the summaries of windows that lie in a window, whatever they were made of."""
        of = window_summaries.c
        statement = (
            sa.select(of.window_start, of.window_end, of.as_of, of.inputs, of.payload)
            .where(of.use_case == self._use_case, of.part == part)
            .where(of.model_version == model_version)
            .where(of.window_start >= window.start, of.window_end <= window.end)
        )
        with consistent_read(self._engine) as connection:
            return {
                SummaryKey(part, model_version, Window(start, end)): KeptSummary(*kept)
                for start, end, *kept in connection.execute(statement)
            }
