"""Ingest: rows, scores and labels of a file go into the production store, each once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from monitoring.rows.control_group import Control
from monitoring.rows.parsing import ColumnTypeError, parse_numbers, parse_times, parse_words
from monitoring.rows.quarantine import QuarantinedRow, QuarantineReason, row_payload
from monitoring.rows.rows import UNLABELLED, Role, moment64
from monitoring.settings import settings
from monitoring.sources.auto import declared_csv, resolve
from monitoring.sources.derived import file_columns
from monitoring.sources.portions import Portion, read_portions
from monitoring.sources.schema_check import CheckedRows, malformed_rows, numbered_ids
from monitoring.sources.source import text_columns
from monitoring.sources.source_rows import numbered
from monitoring.sources.target_values import parse_target
from monitoring.sources.typed_columns import SchemaError, declared_columns, resolved_columns
from monitoring.steps.places import production_store
from monitoring.steps.run import Result
from monitoring.store.production_store import ProductionStore
from monitoring.use_case import UseCase
from monitoring.use_case_columns import EventTime, Target
from monitoring.wording import count, several

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

    from monitoring.store.added import Aside


ID = "id"
"""What the column of ids is called in a file of scores or labels, where no other is declared."""

_WITHOUT_IDS = (
    "its last line has no end, so it may have been cut short, and its rows have no ids by which "
    "they would be known when it comes whole: nothing is stored; if it is whole, end its last "
    "line with a line end, or name a column of ids as `columns.id` of the use case"
)


class Tally(Result):
    """What became of the rows, scores or labels of a file.

    Attributes
    ----------
    contradicting
        Labels that say something else than one that came before: saved apart, as their history.
    unknown
        Labels whose row is not stored yet.
    """

    added: int = 0
    repeated: int = 0
    set_aside: int = 0
    contradicting: int = 0
    unknown: int = 0


class Ingested(Result):
    """What a file brought into the store.

    Attributes
    ----------
    set_aside
        Rows, scores and labels that were set aside, by reason.
    new
        Records that were written: 0 where all was there before.
    """

    rows: Tally = Tally()
    scores: Tally = Tally()
    labels: Tally = Tally()
    set_aside: Mapping[str, int] = {}
    new: int = 0

    @property
    def words(self) -> str:
        """Return it as lines for people."""
        lines = []
        for name, tally in (("rows", self.rows), ("scores", self.scores), ("labels", self.labels)):
            told = [f"{count(tally.added)} added", f"{count(tally.repeated)} repeated"]
            for number, word in (
                (tally.set_aside, "set aside"),
                (tally.contradicting, "contradicting, kept as history"),
                (tally.unknown, "of rows that are not there yet"),
            ):
                told += [f"{count(number)} {word}"] if number else []
            if any(dict(tally).values()):
                lines.append(f"{name}: {', '.join(told)}")
        lines += [f"  set aside: {count(rows)} {why}" for why, rows in self.set_aside.items()]
        if not self.new:
            lines.append("nothing changed: all of it was there already")
        return "\n".join(lines)


def ingest(
    case: UseCase,
    place: str,
    *,
    now: datetime,
    progress: Callable[[int, int], None],
) -> Ingested:
    """Put the rows, scores and labels of a file, a folder, a URL or standard input into the store.

    A file holds rows if it has columns of features, scores and labels if it has those columns. It
    is read in portions, each of which is stored before the next one is read; what was stored is
    known when the command is run again.

    Raises
    ------
    SourceError
        It can't be read.
    SchemaError
        It is not what the use case declares.
    """
    case = resolve(case, settings().data)
    _, target = resolved_columns(case)
    logged = case.columns.logged.names
    words = [name for name in logged if name != case.columns.logged.score]
    text = [*text_columns(case), ID, *words]
    wanted = {*declared_columns(case), *logged, ID}
    done = _Counts()
    with production_store() as store:
        for portion in read_portions(place, declared_csv(case), text, wanted):
            _Portion(case, target, portion, now, store, done).store_all()
            progress(int(1000 * portion.share), 1000)
    return done.ingested


@dataclass
class _Counts:
    """What came of the portions so far."""

    rows: Counter[str] = field(default_factory=Counter)
    scores: Counter[str] = field(default_factory=Counter)
    labels: Counter[str] = field(default_factory=Counter)
    reasons: Counter[str] = field(default_factory=Counter)
    new: int = 0

    def add_aside(self, aside: Aside) -> int:
        """Count what the store set aside; return how many."""
        self.reasons.update(aside.reasons)
        self.new += aside.new
        return sum(aside.reasons.values())

    @property
    def ingested(self) -> Ingested:
        """The whole."""
        return Ingested(
            rows=Tally(**self.rows),
            scores=Tally(**self.scores),
            labels=Tally(**self.labels),
            set_aside={str(reason): rows for reason, rows in self.reasons.most_common()},
            new=self.new + sum(each["added"] for each in (self.rows, self.scores, self.labels)),
        )


@dataclass
class _Portion:
    """One portion of a file, on its way into the store."""

    case: UseCase
    target: Target
    read: Portion
    now: datetime
    store: ProductionStore
    done: _Counts

    def store_all(self) -> None:
        """Store the rows, then the scores and the labels of the portion."""
        frame, place = self.read.frame, self.read.place
        parts = (self._has_rows, self._logs("score"), self.target.name in frame.columns)
        if not any(parts):
            raise SchemaError(_nothing_known(self.case, self.target, frame, place))
        if not self._has_rows and self._id_column not in frame.columns:
            msg = (
                f"{place}: column {self._id_column!r} is missing: it says whose scores and labels "
                "these are; another one is named by `columns.id` of the use case"
            )
            raise SchemaError(msg)
        if self._has_rows and self._id_column is None and self.read.unended:
            raise SchemaError(f"{place}: {_WITHOUT_IDS}")
        try:
            if self._has_rows:
                self._store_rows()
            else:
                self._store_malformed()
            if self._logs("score"):
                self._store_scores()
            if self.target.name in frame.columns:
                self._store_labels()
        except (SchemaError, ColumnTypeError) as error:
            before = self.read.first_row
            stored = f"; {several(before, 'row')} before it: stored" if before else ""
            msg = f"{place}: {error}{stored}"
            raise SchemaError(msg) from error

    @cached_property
    def _has_rows(self) -> bool:
        there = set(self.read.frame.columns)
        return any(name in there for names in file_columns(self.case) for name in names)

    def _logs(self, part: str) -> bool:
        return getattr(self.case.columns.logged, part) in self.read.frame.columns

    @cached_property
    def _numbers_and_ids(self) -> tuple[NDArray[np.int64], NDArray[np.str_]]:
        read = self.read
        return numbered_ids(
            read.frame,
            self._id_column,
            source_hash=read.sha256,
            first_row=read.first_row,
            malformed=read.malformed,
        )

    @property
    def _id_column(self) -> str | None:
        """The column of ids: the declared one, or what `tocsin score` calls ids that it gave."""
        return self.case.columns.id or (None if self._has_rows else ID)

    @cached_property
    def _checked(self) -> CheckedRows:
        if not isinstance(self.case.columns.event_time, EventTime):
            msg = (
                f"use case {self.case.name} has no column of event times: production rows need "
                "one, `columns.event_time`"
            )
            raise SchemaError(msg)
        return self.read.checked(self.case, self.now, self.store.history(self.case))

    def _accepted(self) -> NDArray[np.intp]:
        """Return where in the frame each checked row stands."""
        return np.searchsorted(self._numbers_and_ids[0], self._checked.row_number)

    def _store_rows(self) -> None:
        checked, rows = self._checked, self._checked.rows
        if self._logs("arrived_at"):
            arrived = self._times("arrived_at", self.now)[self._accepted()]
            rows = replace(rows, arrival_time=arrived)
        self._set_aside(checked.quarantined, self.done.rows)
        if not len(rows):
            return
        added = self.store.add_rows(self.case, rows)
        self.done.rows.update(
            added=added.added,
            repeated=added.repeated,
            set_aside=self.done.add_aside(added.aside),
        )

    def _store_malformed(self) -> None:
        """Set aside what could not be put into columns, where no schema check does."""
        self._set_aside(
            malformed_rows(self.read.malformed, numbered(self.read.sha256)), self.done.rows
        )

    def _store_scores(self) -> None:
        logged, frame = self.case.columns.logged, self.read.frame
        missing = [
            name for name in (logged.decision, logged.model_version) if name not in frame.columns
        ]
        if missing or logged.score is None:
            msg = f"column {', '.join(map(repr, missing))} is missing: a score comes with both"
            raise SchemaError(msg)
        scores = parse_numbers(frame[logged.score])
        given = ~np.isnan(scores.values) | scores.unparsable
        decision = parse_target(
            frame[logged.decision], Target(name=str(logged.decision), positive=True), history=False
        )
        versions = parse_words(frame[logged.model_version]).to_numpy(object, na_value=None)
        known = np.array([version is not None for version in versions], np.bool_)
        bad = given & (scores.unparsable | (decision.label == UNLABELLED) | ~known)
        self._set_aside(self._unreadable(bad, logged.score, logged), self.done.scores)
        alarmed = decision.label == 1
        good = given & ~bad
        if self.case.decisions.blocking is not None:
            good &= self._store_decisions(good & alarmed)
        times = self._times("scored_at", None)
        for version in sorted(set(versions[good].tolist())):
            those = good & (versions == version)
            added = self.store.add_scores(
                self.case,
                self._numbers_and_ids[1][those],
                scores.values[those],
                alarmed=alarmed[those],
                model_version=version,
                role=Role.CHAMPION,
                scored_at=times[those],
            )
            self.done.scores.update(
                added=added.added,
                repeated=added.repeated,
                set_aside=self.done.add_aside(added.aside),
            )

    def _store_decisions(self, flagged: NDArray[np.bool_]) -> NDArray[np.bool_]:
        """Store what was done about flagged rows; return which rows it is known of."""
        logged, frame, rows = self.case.columns.logged, self.read.frame, len(flagged)
        through, known = np.zeros(rows, np.bool_), np.ones(rows, np.bool_)
        probability = np.full(rows, self.case.decisions.control_share)
        if self._logs("control"):
            target = Target(name=str(logged.control), positive=True)
            told = parse_target(frame[logged.control], target, history=False)
            through, known = told.label == 1, ~told.unknown
        if self._logs("control_probability"):
            given = parse_numbers(frame[logged.control_probability])
            probability = np.where(np.isnan(given.values), probability, given.values)
            known &= ~given.unparsable
        control = Control(through, probability)
        bad = flagged & ~(known & control.possible)
        column = str(
            logged.control_probability if self._logs("control_probability") else logged.control
        )
        self._set_aside(self._unreadable(bad, column, logged), self.done.scores)
        those = flagged & ~bad
        self.done.new += self.store.add_decisions(
            self.case,
            self._numbers_and_ids[1][those],
            Control(through[those], probability[those]),
            self._times("scored_at", None)[those],
        )
        return ~bad

    def _unreadable(self, bad: NDArray[np.bool_], column: str, logged: Any) -> list[QuarantinedRow]:
        """Return rows whose score, decision or model version can't be read."""
        numbers, ids = self._numbers_and_ids
        names = [name for name in logged.names if name in self.read.frame.columns]
        records = self.read.frame[names].iloc[np.flatnonzero(bad)].to_dict(orient="records")
        return [
            QuarantinedRow(
                row_id=str(ids[place]),
                row_number=int(numbers[place]),
                reason=QuarantineReason.UNREADABLE_SCORE,
                detail=f"{column}: {record[column]!s:.80}",
                payload=row_payload(record),
            )
            for place, record in zip(np.flatnonzero(bad).tolist(), records, strict=True)
        ]

    def _store_labels(self) -> None:
        if self._has_rows:  # rows with an unknown label were set aside as a whole
            rows = self._checked.rows
            places, label, classes = self._accepted(), rows.label, rows.true_class
        else:
            labels = parse_target(self.read.frame[self.target.name], self.target, history=False)
            self._set_aside(self._unknown(labels.unknown), self.done.labels)
            places = np.arange(len(self.read.frame))
            label, classes = labels.label, labels.true_class
        there = label != UNLABELLED
        ids = self._numbers_and_ids[1][places][there]
        if not len(ids):
            return
        told: Any = label[there]
        if classes is not None and self.case.columns.classes is not None:
            told = np.array(self.case.columns.classes.named(classes[there]), object)
        times = self._times("labelled_at", self.now)[places][there]
        if not self._logs("labelled_at"):
            # Said again, without a time of its own, it is the same label.
            newest = self.store.newest_labels(self.case, ids)
            said = np.array(
                [
                    newest.get(row_id) == one
                    for row_id, one in zip(ids.tolist(), told.tolist(), strict=True)
                ]
            )
            self.done.labels["repeated"] += int(said.sum())
            ids, told, times = ids[~said], told[~said], times[~said]
        if not len(ids):
            return
        added = self.store.add_labels(self.case, ids, told.tolist(), times, received_at=self.now)
        self.done.labels.update(
            added=added.added,
            repeated=added.repeated,
            contradicting=added.conflicting + added.corrected,
            unknown=added.unknown,
            set_aside=self.done.add_aside(added.aside),
        )

    def _unknown(self, unknown: NDArray[np.bool_]) -> list[QuarantinedRow]:
        numbers, ids = self._numbers_and_ids
        values = self.read.frame[self.target.name]
        return [
            QuarantinedRow(
                row_id=str(ids[place]),
                row_number=int(numbers[place]),
                reason=QuarantineReason.UNKNOWN_TARGET,
                detail=f"{self.target.name}: {values.iloc[place]!s:.80}",
                payload=row_payload({"id": str(ids[place]), self.target.name: values.iloc[place]}),
            )
            for place in np.flatnonzero(unknown).tolist()
        ]

    def _times(self, part: str, default: datetime | None) -> NDArray[np.datetime64]:
        """Return the times that a logged column holds; where it isn't there, as rows arrived."""
        name = getattr(self.case.columns.logged, part)
        if name in self.read.frame.columns:
            column = self.read.frame[name]
            return parse_times(column, EventTime(name=name), self.case.timezone).values
        if default is None:
            return self._times("arrived_at", self.now)
        return np.full(len(self.read.frame), moment64(default))

    def _set_aside(self, rows: Sequence[QuarantinedRow], counts: Counter[str]) -> None:
        if not rows:
            return
        self.done.new += self.store.add_quarantined(self.case, rows, seen_at=self.now)
        self.done.reasons.update(row.reason for row in rows)
        counts["set_aside"] += len(rows)


def _nothing_known(case: UseCase, target: Target, frame: pd.DataFrame, place: str) -> str:
    logged = case.columns.logged
    features = [name for names in file_columns(case) for name in names]
    score = repr(logged.score) if logged.score else "a column that `columns.logged.score` names"
    return (
        f"{place}: no column of it is declared by use case {case.name}: rows have features such "
        f"as {', '.join(map(repr, features[:3]))}, scores {score}, labels {target.name!r}; the "
        f"file has {', '.join(map(str, frame.columns[:20]))}"
    )
