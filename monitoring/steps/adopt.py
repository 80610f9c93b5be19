"""Adoption of a watched model: its reference is fitted, registered, and serves as champion."""

from __future__ import annotations

import logging
from datetime import datetime

from monitoring.rows.score_scale import ScoreScale
from monitoring.rows.window import Window
from monitoring.settings import settings
from monitoring.sources.logs.log_reader import LogPartError
from monitoring.sources.logs.logs import label_reader, log_reader
from monitoring.sources.logs.sampled_rows import (
    LoggedReference,
    logged_reference,
    table_reference,
)
from monitoring.sources.logs.scored_rows import LogColumns, LoggedScores
from monitoring.sources.source import read_table
from monitoring.steps.places import model_registry
from monitoring.steps.publish import publish_model
from monitoring.steps.run import Result, StepError
from monitoring.training.adopted_model import AdoptedModel, adopted_model
from monitoring.use_case import UseCase
from monitoring.use_case_production import Production
from monitoring.wording import number, percent, several

log = logging.getLogger(__name__)

ROWS = 400_000
"""Rows that a reference is fitted on, at most: drawn at random from more."""


class Adoption(Result):
    """A model was adopted.

    Attributes
    ----------
    threshold
        As the scores are counted, between 0 and 1.
    by_decision
        Whether the decisions themselves are counted, for no threshold repeats them.
    agreement
        Share of the reference's decisions that the threshold repeats; None where there are none.
    """

    version: str
    log_version: str | None
    rows: int
    positives: int
    start: datetime
    end: datetime
    threshold: float
    by_decision: bool
    agreement: float | None

    @property
    def words(self) -> str:
        """Return it as a sentence or two."""
        named = "" if self.log_version is None else f" (in the logs {self.log_version})"
        decided = f"alarm from score {number(self.threshold)} on"
        if self.by_decision:
            decided = (
                "the logged decisions are counted themselves: the best threshold repeats "
                f"{percent(self.agreement or 0, 1)} of them"
            )
        elif self.agreement is not None:
            decided += f", which repeats {percent(self.agreement, 2)} of the decisions"
        return (
            f"version {self.version}{named} is champion: {several(self.rows, 'row')} of reference, "
            f"{self.positives:,} of them positive, {self.start:%Y-%m-%d %H:%M} to "
            f"{self.end:%Y-%m-%d %H:%M} UTC; {decided}"
        )


def adopt(case: UseCase, *, now: datetime) -> Adoption:
    """Fit the reference of a watched model, and make it the version that serves.

    The same reference and the same declaration give the same version, however often.

    Raises
    ------
    StepError
        The use case is of a model that Tocsin trains, or its logs have no rows yet.
    SourceError, TrainingError
        The reference is missing, or not what is declared.
    """
    if case.production is None:
        msg = (
            f"use case {case.name} is trained by Tocsin: `tocsin retrain {case.name}`; a watched "
            "model has `production` in place of `candidates`"
        )
        raise StepError(msg)
    try:
        logged = _reference(case, case.production, now)
    except LogPartError as error:
        msg = f"use case {case.name}: its reference can't be read: {error}"
        raise StepError(msg) from error
    adopted = adopted_model(case, case.production, logged, now)
    registry = model_registry()
    key = f"adopt_{adopted.model.data_hash[:16]}_{adopted.model.reference.training.bins_hash}"
    version = registry.register(case, registry.log_adopted(case, adopted, key))
    registry.promote(case, version)
    publish_model(case)
    adoption = _adoption(version.number, adopted)
    log.info(adoption.words)
    return adoption


def _reference(case: UseCase, production: Production, now: datetime) -> LoggedReference:
    columns, data = LogColumns(case, production), settings().data
    scores = LoggedScores(
        columns, log_reader(columns, data), label_reader(columns, data), ScoreScale(), None
    )
    first = production.reference.first
    if first is None:
        import pyarrow as pa

        # Its labels are in its rows, and all of them have come.
        in_rows = production.model_copy(update={"labels": None, "labelled_at": None})
        own = LoggedScores(LogColumns(case, in_rows), scores.logs, None, ScoreScale(), None)
        table = pa.Table.from_pandas(read_table(case, data), preserve_index=False)
        return table_reference(own, table, size=ROWS)
    span = scores.logs.span()
    if span is None:
        where = production.path or production.database
        msg = f"use case {case.name}: no logs in {where}: there is no reference yet"
        raise StepError(msg)
    window = Window(span.start, span.start + first)
    if window.end > now:
        msg = (
            f"use case {case.name}: its logs begin at {span.start:%Y-%m-%d %H:%M} UTC: their first "
            f"{first} is not over yet: adopt it after {window.end:%Y-%m-%d %H:%M}"
        )
        raise StepError(msg)
    return logged_reference(scores, scores.logs.parts(window), window, now, size=ROWS)


def _adoption(version: str, adopted: AdoptedModel) -> Adoption:
    model = adopted.model
    assert model.adopted is not None  # noqa: S101  # nosec B101 # it was just adopted
    return Adoption(
        version=version,
        log_version=model.adopted.log_version,
        rows=adopted.rows,
        positives=adopted.positives,
        start=adopted.start,
        end=adopted.end,
        threshold=model.threshold,
        by_decision=model.adopted.scale.by_decision,
        agreement=adopted.agreement,
    )
