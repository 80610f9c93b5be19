"""The rows a retrain learns from: merged into one snapshot for all candidates, then archived."""

from __future__ import annotations

import logging
from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import numpy as np

from monitoring.errors import InputTypeError
from monitoring.rows.maturity import settled
from monitoring.rows.rows import ACTED_ON, POSITIVE, Rows, combined, moment64
from monitoring.rows.serving_skew import NONE_CHECKED, Skew, skewed_rows
from monitoring.rows.window import Window
from monitoring.settings import settings
from monitoring.sources.source import read_source
from monitoring.steps.places import model_registry, production_store
from monitoring.steps.retrain.raw_files import Loaded
from monitoring.steps.run import Result, Run
from monitoring.store.production_store import ProductionStore
from monitoring.store.row_formats import read_snapshot, write_snapshot
from monitoring.stored_files import StoredPath, place_at
from monitoring.training.split import is_held_back
from monitoring.use_case import UseCase
from monitoring.use_case_columns import Features
from monitoring.wording import several

if TYPE_CHECKING:
    from numpy.typing import NDArray

log = logging.getLogger(__name__)

FILE = "training.parquet"


class Merged(Result):
    """The rows of the snapshot, counted.

    Attributes
    ----------
    skew
        Production rows that were served with other values than are stored.
    """

    rows: int
    positives: int
    from_production: int
    data_hash: str
    synthetic: bool
    quarantined: dict[str, int]
    equal_content: int
    out_of_order: int
    held_back: float = 0.0
    skew: Skew = NONE_CHECKED

    @property
    def words(self) -> str:
        """Return it as one sentence."""
        labelled = several(self.rows, f"labelled {'synthetic ' * self.synthetic}row")
        aside = sum(self.quarantined.values())
        reasons = f" ({', '.join(sorted(self.quarantined))})" if aside else ""
        later = f"; {self.held_back:.0%} of it was held back for replays" if self.held_back else ""
        skew = self.skew
        left_out = f"; {several(skew.left_out, 'row')} left out: {skew.sentence}"
        return (
            f"{labelled} ({self.positives:,} positive), "
            f"{self.from_production:,} of them from production"
            f"{left_out if skew.left_out else ''}; in the source, "
            f"{several(aside, 'row was', 'rows were')} quarantined{reasons}, "
            f"{several(self.equal_content, 'was a duplicate', 'were duplicates')} by content and "
            f"{self.out_of_order:,} out of order{later}"
        )


def merge_production_data(run: Run) -> Merged:
    """Snapshot the labelled rows of source and production, as of the run, each row once."""
    case = run.case
    checked = read_source(case, _source_folder(run))
    share = settings().hold_back
    aside = is_held_back(checked.rows, case.split, share)
    source = checked.rows.take(~aside).as_of(run.as_of)
    history = settled(source, case.labels, run.as_of)
    with production_store() as store:
        if case.history and not checked.synthetic:  # nobody's past is made up
            store.history(case).begin_with(source)
        labelled = store.training_rows(
            case, run.as_of, case.retrain.span, folder=settings().archives
        )
        production = settled(labelled, case.labels, run.as_of)
        production, skew = _unskewed(run, store, production)
        # A row that arrived in production counts as it is there, with the label that came there.
        known = store.known_ids(case, run.as_of)
        store.add_quarantined(case, checked.quarantined, seen_at=run.as_of)
    history = history.take(~np.isin(history.row_id, known))
    rows = combined(_within_span(history, run, case.retrain.span), production)
    merged = Merged(
        rows=len(rows),
        positives=int((rows.label == POSITIVE).sum()),
        from_production=len(production),
        data_hash=write_snapshot(rows, run.folder / FILE),
        synthetic=checked.synthetic,
        quarantined=dict(Counter(row.reason for row in checked.quarantined)),
        equal_content=checked.equal_content,
        out_of_order=checked.out_of_order,
        held_back=share,
        skew=skew,
    )
    run.write("merged", merged)
    return merged


def merged_rows(run: Run, case: UseCase) -> Rows:
    """Return the rows of the run's snapshot."""
    features = case.columns.features
    if not isinstance(features, Features):
        msg = f"use case {case.name}: its features are not resolved yet"
        raise InputTypeError(msg)
    sha256 = run.need("merged", Merged).data_hash
    return read_snapshot(run.folder / FILE, features, sha256=sha256)


def _unskewed(run: Run, store: ProductionStore, rows: Rows) -> tuple[Rows, Skew]:
    """Leave out the rows that were decided on by other values than are stored, or not at all."""
    case, as_of = run.case, run.as_of
    if case.retrain.skewed_rows == "keep" or not len(rows):
        return rows, NONE_CHECKED
    first: datetime = rows.event_time[0].item().replace(tzinfo=UTC)
    window = Window(first, max(as_of, first + timedelta(microseconds=1)))
    served, again = np.full((2, len(rows)), np.nan)
    deciders = [(role, v) for role in ACTED_ON for v in store.versions(case, window, as_of, role)]
    for role, version in deciders:
        score = store.scored(case, window, as_of, role, version).scores_of(rows.row_id)
        its = ~np.isnan(score)
        if its.any():
            served[its], again[its] = score[its], _scores_again(run, version, rows.take(its))
    skewed, skew = skewed_rows(rows, served, again, case.drift.window)
    if skew.left_out:
        log.warning("use case %s: %d rows left out: %s", case.name, skew.left_out, skew.sentence)
    return rows.take(~skewed), skew


def _scores_again(run: Run, version: str, rows: Rows) -> NDArray[np.float64]:
    """Return what a version makes of rows as they are stored; NaN where it can't be asked."""
    try:
        return model_registry().load(run.case, version).score(rows.features)
    except Exception:  # whatever a registry, a file format or an estimator may raise
        log.warning(
            "use case %s: version %s can't score again what it scored, so these rows are learned "
            "from unchecked",
            run.case.name,
            version,
            exc_info=True,
        )
        return np.full(len(rows), np.nan)


def _source_folder(run: Run) -> StoredPath:
    """Return where the source is read from: the raw bucket where this run uploaded it to one."""
    loaded = run.read("loaded", Loaded)
    return settings().data if loaded is None or loaded.source is None else place_at(loaded.source)


class Archived(Result):
    """The rows that were consumed, and the Parquet file that holds those with labels."""

    rows_consumed: int
    rows: int
    file: str | None


def archive_production_data(run: Run) -> Archived:
    """Consume and archive the rows that were new to this retrain, whether it promoted or not."""
    with production_store() as store:
        done = store.archive(run.case, run.key, run.as_of, settings().archives)
    archived = Archived(rows_consumed=done.rows_consumed, rows=done.rows, file=done.file)
    run.write("archived", archived)
    return archived


def remove_snapshot(run: Run) -> None:
    """Remove the snapshot of a run that has ended: sources and archives hold its rows."""
    (run.folder / FILE).unlink(missing_ok=True)


def _within_span(history: Rows, run: Run, span: timedelta | None) -> Rows:
    if span is None:
        return history
    return history.take(history.event_time >= moment64(run.as_of - span))
