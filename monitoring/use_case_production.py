"""Prediction logs: where a model that Tocsin did not train leaves its scores."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Any, Self

from pydantic import AfterValidator, Field, model_validator

from monitoring.field_types import ColumnName, Duration, Number, UseCaseSection
from monitoring.row_files import PARQUET_ENDING
from monitoring.use_case_columns import Columns, EventTime, Features, Logged
from monitoring.use_case_source import Query, Source, TablePath, Variable


class ScoreKind(StrEnum):
    """What the numbers of a score are."""

    PROBABILITY = "probability"
    LOG_ODDS = "log_odds"
    NUMBER = "number"


class LoggedScore(UseCaseSection):
    """The column with the score of the model that served."""

    name: ColumnName = Field(description="Column name.")
    kind: ScoreKind = Field(
        ScoreKind.PROBABILITY,
        description="`probability` of the positive class, its `log_odds`, or any `number` that is "
        "higher the likelier a row is positive.",
    )


def _parquet(path: str) -> str:
    name = path.rpartition("/")[2]
    if "." in name and not name.casefold().endswith(PARQUET_ENDING):
        msg = "logs are Parquet: a path that ends in .parquet, or a folder of such files"
        raise ValueError(msg)
    return path


LogPath = Annotated[TablePath, AfterValidator(_parquet)]


class LogTable(UseCaseSection):
    """A table that is read where it lies: Parquet files, or a query on a database."""

    path: LogPath | None = Field(
        None,
        description="Parquet files: a file, a pattern or a folder, relative to TOCSIN_DATA, or a "
        "URL (`s3://bucket/logs/day=*/*.parquet`).",
    )
    database: Variable | None = Field(
        None,
        description="In place of files: name of the environment variable that holds the SQLAlchemy "
        "URL of a database.",
    )
    sql: Query | None = Field(
        None, description="Of a database: one SELECT, of whose rows those of a window are read."
    )

    @model_validator(mode="after")
    def _files_or_a_query(self) -> Self:
        if (self.path is None) == (self.database is None):
            msg = "give either `path`, of Parquet files, or `database` and `sql`"
            raise ValueError(msg)
        if (self.database is None) != (self.sql is None):
            msg = "`database` and `sql` go together: the query is run there"
            raise ValueError(msg)
        return self


class LogLabels(LogTable):
    """The table of labels, where they are not in the rows of the logs."""

    id: ColumnName | None = Field(
        None, description="Column that names the row; that of `columns.id` if unset."
    )
    label: ColumnName | None = Field(
        None, description="Column of the label; that of `columns.target` if unset."
    )
    time: ColumnName = Field(description="Column of when the label came, in ISO 8601 or a time.")


class LogReference(Source):
    """What the logs are compared with: a labelled table with scores, or the logs' first days."""

    first: Duration | None = Field(
        None, description="The first so long of the logs, in place of a table: `14d`."
    )

    @property
    def origins(self) -> tuple[str, ...]:
        """What it may be: a table, or of the logs themselves."""
        return ("first", *super().origins)


class NoTable(Source):
    """Stands for the labelled table where the reference is of the logs themselves."""

    @property
    def origins(self) -> tuple[str, ...]:
        """It comes from nowhere else."""
        return ()


class OnDrift(UseCaseSection):
    """Who is told when drift lies above its limit, in place of a retrain."""

    webhook: Variable = Field(
        description="Name of the environment variable that holds the URL that is posted to."
    )


class Production(LogTable):
    """The prediction logs of a watched model, read where they lie."""

    partition: ColumnName | None = Field(
        None,
        description="The `column=value` of the files' folders that is the day (2026-11-30) or the "
        "hour (2026-11-30T05) of their event times. Only those of a window are looked at.",
    )
    score: LoggedScore = Field(description="The score of the model that served.")
    decision: ColumnName | None = Field(
        None, description="Whether the row was flagged: 1 and 0, or true and false."
    )
    version: ColumnName | None = Field(
        None, description="Version of the model that gave the score."
    )
    threshold: Annotated[Number, Field(gt=-1e12, lt=1e12)] | None = Field(
        None,
        description="A row was flagged where its score is at least this; if unset, what its "
        "decisions imply.",
    )
    labelled_at: ColumnName | None = Field(
        None, description="When the label came, where labels are in the rows of the logs."
    )
    labels: LogLabels | None = Field(
        None, description="The table of labels, where they are not in the rows of the logs."
    )
    reference: LogReference = Field(description="What windows of the logs are compared with.")
    on_drift: OnDrift | None = Field(
        None, description="Who is told when drift lies above its limit."
    )

    @property
    def names(self) -> tuple[str, ...]:
        """The columns that are named here, each once."""
        given = (self.score.name, self.decision, self.version, self.labelled_at)
        return tuple(dict.fromkeys(name for name in given if name is not None))

    @model_validator(mode="after")
    def _decides_somehow(self) -> Self:
        if self.decision is None and self.threshold is None:
            msg = "give `decision`, the column of decisions, or `threshold`, or both"
            raise ValueError(msg)
        if self.partition is not None and self.path is None:
            msg = "`partition` is of files: a database finds a window's rows itself"
            raise ValueError(msg)
        if self.labels is not None and self.labelled_at is not None:
            msg = "`labelled_at` is of labels in the rows: `labels.time` says it of their own table"
            raise ValueError(msg)
        return self


_NOT_OF_WATCHED = {
    "source": "its labelled table is `production.reference`",
    "candidates": "Tocsin trains none for it",
    "retrain": "Tocsin trains none; `production.on_drift` tells who does",
    "serve": "it serves elsewhere",
    "split": "its reference is split by nobody",
}
"""Fields that a watched model does not have, and why."""


def for_watched(given: dict[str, Any]) -> dict[str, Any]:
    """Return the fields of a watched model, with what stands in for those it does not have.

    Raises
    ------
    ValueError
        It has one that only a model has which Tocsin trains.
    """
    for name, why in _NOT_OF_WATCHED.items():
        if name in given:
            msg = f"`{name}` does not go with `production`: of a watched model, {why}"
            raise ValueError(msg)
    return {
        **given,
        "source": _labelled_table(given["production"]),
        "candidates": {},
        "retrain": {"every": None},
    }


def _labelled_table(production: object) -> object:
    """Return the source that a reference is; one of nothing where it is of the logs themselves."""
    reference = production.get("reference") if isinstance(production, dict) else None
    if not isinstance(reference, dict) or "first" in reference:
        return NoTable()
    return reference


def check_logged(production: Production, columns: Columns, *, derives: bool, blocks: bool) -> None:
    """Check that the columns are such as logs have, and that nothing is asked of a score here.

    Raises
    ------
    ValueError
        They are not, or something is.
    """
    if derives or blocks:
        name = "derive" if derives else "decisions.blocking"
        msg = f"`{name}` is of what Tocsin scores itself: not with `production`"
        raise ValueError(msg)
    if columns.classes is not None:
        msg = "`columns.target.classes` does not go with `production`: logs hold one score a row"
        raise ValueError(msg)
    if not isinstance(columns.features, Features) or columns.target == "last":
        msg = "name `columns.features` and `columns.target`: of logs nothing is guessed"
        raise ValueError(msg)
    if not isinstance(columns.event_time, EventTime):
        msg = "`columns.event_time` names a column: rows of logs have no order of their own"
        raise ValueError(msg)
    if columns.logged != Logged():
        msg = "`columns.logged` is for `tocsin ingest`: name the columns under `production`"
        raise ValueError(msg)
    if production.labels is not None and columns.id is None:
        msg = "`production.labels` are joined by the rows' id: name `columns.id`"
        raise ValueError(msg)
    taken = sorted(set(production.names) & set(columns.features.names))
    if taken:
        msg = f"{', '.join(taken)}: named under `production`, so not a feature"
        raise ValueError(msg)
