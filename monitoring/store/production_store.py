"""The production store: rows to score, the scores given, and the labels that came."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Self

import numpy as np

from monitoring.rows.rows import Role, Rows
from monitoring.rows.window import utc
from monitoring.store import acted_on, archive, intake, reading, schema, verdicts
from monitoring.store.archive import read_training_rows
from monitoring.store.database import Writer, consistent_read, engine_for, upgrade
from monitoring.store.database_failure import shown
from monitoring.store.handed_in import (
    check_lengths,
    given_scores,
    role_of,
    times_of,
    watched_labels,
)
from monitoring.store.key_history import KeyHistory
from monitoring.store.reading import read_ids, read_window
from monitoring.store.window_summaries import WindowSummaries

if TYPE_CHECKING:
    from contextlib import AbstractContextManager
    from types import TracebackType

    from numpy.typing import NDArray

    from monitoring.rows.control_group import Control
    from monitoring.rows.quarantine import QuarantinedRow
    from monitoring.rows.window import Window
    from monitoring.store.added import LabelsAdded, RowsAdded, ScoresAdded
    from monitoring.store.archive import Archive
    from monitoring.store.reading import Settled
    from monitoring.store.row_source import LabelProblems
    from monitoring.stored_files import StoredPath
    from monitoring.use_case import UseCase


def open_store(url: str) -> ProductionStore:
    """Open the production store, its tables brought up to date first.

    Several processes may do so at the same time. It takes rows, scores and labels, each once.

    Parameters
    ----------
    url
        ``sqlite:///FILE`` or ``postgresql://USER:PASSWORD@HOST/DATABASE``.

    Raises
    ------
    StoreError
        The URL is neither ``sqlite:///FILE`` nor ``postgresql://...``, the database does not
        answer or is none, or the store was migrated by a newer version of the code.

    Examples
    --------
    >>> from monitoring import open_store
    >>> with open_store("sqlite:///production.db") as store:
    ...     print(store)
    ProductionStore('sqlite:///production.db')
    """
    store = ProductionStore(url)
    try:
        upgrade(store.engine)
    except Exception:
        store.close()
        raise
    return store


class ProductionStore:
    """Rows, scores, labels, quarantine, archives and verdicts of all use cases.

    Whatever is added a second time changes nothing, so every call may be retried. Whatever is
    read is read as of a moment: rows that had arrived, labels that had come and scores that had
    been given by then. A moment may be in any time zone, and must have one. Ids are those of one
    use case.

    Open it with `open_store`, and close it by ``with`` or `close`.

    Parameters
    ----------
    url
        SQLAlchemy URL of SQLite (a file, in WAL mode) or PostgreSQL.
    """

    def __init__(self, url: str) -> None:
        self.engine = engine_for(url)
        self._writer = Writer(self.engine)

    def __repr__(self) -> str:
        return f"ProductionStore({shown(self.engine.url)!r})"

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Give the connections back."""
        self.engine.dispose()

    # Writing.

    def together(self) -> AbstractContextManager[None]:
        """Have what this thread adds until the block ends stored at once: all of it, or nothing.

        One commit for all, which is most of what adding a row takes. Other writers wait.
        """
        return self._writer.together()

    def add_rows(self, case: UseCase, rows: Rows, *, checked: bool = False) -> RowsAdded:
        """Add rows; one whose id is there is added no second time.

        Set aside, with a reason, are rows that no later step could take (see
        `monitoring.rows.quarantine`), and those that have another event time, amount or feature
        than the row that is there under their id. Labels and scores of `rows` are not added.

        Parameters
        ----------
        checked
            Whether `quarantine_unusable` let all of them through before.

        Raises
        ------
        InputError
            None of the rows has a time.
        """
        with self._writer.writing() as connection:
            added = intake.add_rows(connection, case, rows, checked=checked)
        self._writer.grew(schema.production_rows, added.added)
        return added

    def add_scores(
        self,
        case: UseCase,
        row_id: Sequence[str] | NDArray[np.str_],
        scores: NDArray[np.float64],
        *,
        alarmed: NDArray[np.bool_],
        model_version: str,
        role: str,
        scored_at: datetime | NDArray[np.datetime64],
        probabilities: NDArray[np.float64] | None = None,
    ) -> ScoresAdded:
        """Add a model's scores of rows; the first score of a row, version and role stays.

        A score outside 0 to 1, or without a time, is set aside with its reason.

        Parameters
        ----------
        alarmed
            The decision: score >= threshold.
        role
            ``champion`` where the decision was acted on, ``shadow`` where it was not.
        probabilities
            (rows, classes): of each class, in the use case's order, where its target has classes.

        Raises
        ------
        InputError
            There is no such role, lengths differ, a moment has no time zone, or none of the
            scores has a time.
        """
        given = given_scores(case, row_id, scores, alarmed, scored_at, probabilities)
        with self._writer.writing() as connection:
            added = intake.add_scores(
                connection, case.name, given, model_version=model_version, role=role_of(role)
            )
        self._writer.grew(schema.scores, added.added)
        return added

    def add_decisions(
        self,
        case: UseCase,
        row_id: Sequence[str] | NDArray[np.str_],
        control: Control,
        decided_at: datetime | NDArray[np.datetime64],
    ) -> int:
        """Add what was done about flagged rows, first of each; return how many had no decision.

        Raises
        ------
        InputError
            Lengths differ, a moment has no zone, or a probability can't be that of its row.
        """
        with self._writer.writing() as connection:
            return acted_on.add_decisions(connection, case.name, row_id, control, decided_at)

    def decide(
        self,
        case: UseCase,
        row_id: NDArray[np.str_],
        decided_at: datetime | NDArray[np.datetime64],
    ) -> NDArray[np.bool_]:
        """Decide which flagged rows are let through, as the use case says, or as was decided."""
        with self._writer.writing() as connection:
            return acted_on.decide(connection, case, row_id, decided_at)

    def add_labels(
        self,
        case: UseCase,
        row_id: Sequence[str] | NDArray[np.str_],
        labels: Sequence[int] | Sequence[str] | NDArray[np.int8],
        label_time: datetime | NDArray[np.datetime64],
        *,
        received_at: datetime | None = None,
    ) -> LabelsAdded:
        """Add labels by id; the first one of an id stays, unless the use case says `newest_wins`.

        Where it stays, a figure about mature rows, and an archive, stay true once made. A later
        label that says the same is a repetition; one that contradicts is saved apart and counted,
        and where the newest wins it is the row's label from its own time on. A label whose row is
        not stored yet is saved, counted as unknown, and valid once the row comes. One that is
        neither `POSITIVE` nor `NEGATIVE`, has no time, or is from the future, is set aside with
        its reason. Where the target has classes, labels are their names.

        Parameters
        ----------
        received_at
            When the labels were received: one whose time is later is from the future. Not looked
            at where it is not given.

        Raises
        ------
        InputError
            Lengths differ, a moment has no time zone, or none of the labels has a time.
        """
        times = times_of(label_time, len(row_id))
        check_lengths(row_id=row_id, labels=labels, label_time=times)
        names = None if case.columns.classes is None else [str(label) for label in labels]
        with self._writer.writing() as connection:
            added = intake.add_labels(
                connection,
                case,
                np.asarray(row_id, np.str_),
                np.asarray(labels) if names is None else watched_labels(case, names),
                times,
                names,
                received_at=received_at,
            )
        self._writer.grew(schema.labels, added.added)
        return added

    def add_quarantined(
        self, case: UseCase, rows: Sequence[QuarantinedRow], *, seen_at: datetime
    ) -> int:
        """Save rows that a check set aside; return how many were not stored yet."""
        with self._writer.writing() as connection:
            return intake.add_quarantined(connection, case.name, rows, utc(seen_at))

    # Reading.

    def window(self, case: UseCase, window: Window, as_of: datetime) -> Rows:
        """Return the rows of a window as they were known at `as_of`.

        Scores are the champion's. Where several versions scored rows of the window, they are
        those of the version that scored last, which `model_version` names, and rows that
        another version scored have none: NaN, as rows that no champion scored. So scores of
        unlike versions never meet in one summary. Without any score, both are None.
        """
        with consistent_read(self.engine) as connection:
            return read_window(connection, case, window, utc(as_of))

    def count_rows(self, case: UseCase, window: Window, as_of: datetime) -> int:
        """Return how many rows `window` has, without reading them."""
        with consistent_read(self.engine) as connection:
            return reading.rows_in_window(connection, case, window, utc(as_of))

    def scored(
        self,
        case: UseCase,
        window: Window,
        as_of: datetime,
        role: Role = Role.CHAMPION,
        version: str | None = None,
    ) -> Rows:
        """Return the rows of a window as `window` does, without features, scored by a role.

        Several times faster: what a scorecard needs of rows that are not looked at otherwise.

        Parameters
        ----------
        version
            Whose scores; of the version that scored last in that role if None is named.
        """
        with consistent_read(self.engine) as connection:
            return read_window(
                connection, case, window, utc(as_of), role=role, version=version, features=False
            )

    def versions(
        self, case: UseCase, window: Window, as_of: datetime, role: Role
    ) -> Mapping[str, int]:
        """Return how many rows of a window each version scored in a role, who scored last first."""
        with consistent_read(self.engine) as connection:
            return reading.read_versions(connection, case, window, utc(as_of), role)

    def known_ids(self, case: UseCase, as_of: datetime) -> NDArray[np.str_]:
        """Return the ids of all rows that had arrived by `as_of`, labelled or not."""
        with consistent_read(self.engine) as connection:
            return read_ids(connection, case, utc(as_of))

    def oldest_event_time(self, case: UseCase, as_of: datetime) -> datetime | None:
        """Return the earliest event time of a row that had arrived by `as_of`."""
        with consistent_read(self.engine) as connection:
            return reading.oldest_event_time(connection, case, utc(as_of))

    def newest_event_time(self, case: UseCase, as_of: datetime) -> datetime | None:
        """Return the latest event time of a row that had arrived by `as_of`."""
        with consistent_read(self.engine) as connection:
            return reading.newest_event_time(connection, case, utc(as_of))

    def newest_label_time(self, case: UseCase, as_of: datetime) -> datetime | None:
        """Return when the latest label by `as_of` came."""
        with consistent_read(self.engine) as connection:
            return reading.newest_label_time(connection, case, utc(as_of))

    def quarantined_counts(
        self, case: UseCase, since: datetime, as_of: datetime
    ) -> Mapping[str, int]:
        """Return how many rows were set aside after `since` and by `as_of`, by reason."""
        with consistent_read(self.engine) as connection:
            return reading.quarantined_counts(connection, case, utc(since), utc(as_of))

    def unreadable_values(
        self, case: UseCase, since: datetime, as_of: datetime
    ) -> Mapping[str, int]:
        """Return how many rows were set aside for a value of another type, by column."""
        with consistent_read(self.engine) as connection:
            return reading.unreadable_values(connection, case, utc(since), utc(as_of))

    def label_problems(self, case: UseCase, since: datetime, as_of: datetime) -> LabelProblems:
        """Return how many labels came after `since`, by `as_of`, that are not as they should be."""
        with consistent_read(self.engine) as connection:
            return reading.label_problems(connection, case, utc(since), utc(as_of))

    def newest_labels(
        self, case: UseCase, row_id: Sequence[str] | NDArray[np.str_]
    ) -> Mapping[str, int | str]:
        """Return what was last said of rows, by id: the label, or the class where there are some.

        Whether or not it is the row's label: see `add_labels`.
        """
        ids = np.asarray(row_id, np.str_).tolist()
        with consistent_read(self.engine) as connection:
            return reading.newest_labels(connection, case, ids)

    def history(self, case: UseCase) -> KeyHistory:
        """Return the rows of a use case as its history features see them."""
        return KeyHistory(self.engine, self._writer, case)

    def summaries(self, case: UseCase) -> WindowSummaries:
        """Return the summaries of windows of a use case's prediction logs."""
        return WindowSummaries(self.engine, self._writer, case.name)

    # For retrains.

    def new_labelled(self, case: UseCase, as_of: datetime) -> int:
        """Return how many labelled rows no retrain has consumed, as of a moment.

        A row counts once: from its label on, or from its maturity on where no label is `negative`.
        """
        with consistent_read(self.engine) as connection:
            return archive.count_new(connection, case, utc(as_of))

    def settled_since(
        self, case: UseCase, since: datetime, *, after: datetime, as_of: datetime
    ) -> Settled:
        """Return the rows from `since` on whose truth was `settled` in (after, as_of]."""
        with consistent_read(self.engine) as connection:
            return reading.settled_since(
                connection, case, utc(since), after=utc(after), as_of=utc(as_of)
            )

    def archive(self, case: UseCase, run_key: str, as_of: datetime, folder: StoredPath) -> Archive:
        """Consume the rows that `new_labelled` counts, and archive those with a label.

        The archive also takes rows that an earlier retrain consumed as mature and whose label
        has come since. Rows without a label, mature or not, are never archived. Archived rows
        stay in the store too, for reports.

        Exactly once: two run keys never share a row, and a rerun under the same key, after
        whatever ended the first, takes the same rows and finishes.

        Parameters
        ----------
        run_key
            The retrain's own key, the same each time its task is tried.
        as_of
            A rerun keeps the first try's.
        folder
            Where the Parquet file goes, if there are rows for one: its name has the range
            of their event times.
        """
        return archive.archive(self.engine, case, run_key, utc(as_of), folder)

    def training_rows(
        self, case: UseCase, as_of: datetime, span: timedelta | None, *, folder: StoredPath
    ) -> Rows:
        """Return all rows whose label was known at `as_of`, live and archived, each once.

        They are in order of event time, without scores, since unlike versions gave them. Where
        an absent label means `negative`, mature rows without one are negative (`matured`).

        Parameters
        ----------
        span
            How far back from `as_of` event times reach; all if None.
        folder
            Where `archive` put the files.

        Raises
        ------
        ArchiveError
            An archive's file is not there, or was changed.
        """
        return read_training_rows(self.engine, case, utc(as_of), span, folder)

    # Verdicts.

    def save_verdict(
        self,
        case: UseCase,
        verdict_id: str,
        *,
        window: Window,
        as_of: datetime,
        model_version: str | None,
        payload: str,
    ) -> str:
        """Save a verdict (JSON) under its id; return the stored one: the first one stays."""
        with self._writer.writing() as connection:
            return verdicts.save(
                connection,
                case.name,
                verdict_id,
                window=window,
                as_of=utc(as_of),
                model_version=model_version,
                payload=payload,
            )

    def load_verdict(self, case: UseCase, verdict_id: str) -> str | None:
        """Return the verdict of that id; None if there is none."""
        with consistent_read(self.engine) as connection:
            return verdicts.load(connection, case.name, verdict_id)

    def verdicts(self, case: UseCase, as_of: datetime) -> Iterator[str]:
        """Yield the verdicts that were made as of `as_of` or before, of the newest window first."""
        return verdicts.newest_first(self.engine, case.name, utc(as_of))
