"""Backfill: past windows are measured as reports measure them, and written to Prometheus."""

from __future__ import annotations

import logging
from bisect import bisect_right
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

from monitoring.rows.maturity import newest_mature_window
from monitoring.rows.window import ending
from monitoring.settings import settings
from monitoring.signals.history import STEP, HeldSamples, History, exposition
from monitoring.signals.pipelines import Pipeline, PushGroup, firings, period
from monitoring.steps.backfill_past import Past, Unseen, unseen
from monitoring.steps.places import champion_model, model_registry, production_store
from monitoring.steps.report.beside import no_others, stored_others
from monitoring.steps.report.measurement import measure_windows
from monitoring.steps.report.report_outcome import report_samples
from monitoring.steps.report.windows import windows_of
from monitoring.steps.run import Result, Run, StepError
from monitoring.steps.stored_windows import StoredWindows
from monitoring.steps.window_source import WindowSource
from monitoring.store.production_store import ProductionStore
from monitoring.training.model import Model
from monitoring.training.versions import no_champion
from monitoring.use_case import UseCase
from monitoring.wording import several

log = logging.getLogger(__name__)

Progress = Callable[[int, int], None]
"""Called with the number of windows that are done, and of all."""

WINDOWS = 10
"""Drift windows that the source's rows are spread over where no start is given."""


class Backfilled(Result):
    """The samples that were written to Prometheus.

    Attributes
    ----------
    windows
        Windows that were measured: 0 where Prometheus had all samples.
    start, end
        Moments of the first and the last sample.
    later_from
        From here on Prometheus holds its newest samples in memory, and none can be added; None
        where this is later than what was asked for.
    shift
        By how much the event times of the source's rows were moved, where they were.
    """

    windows: int
    samples: int
    start: datetime | None
    end: datetime | None
    later_from: datetime | None
    model_version: str
    synthetic: bool
    shift: timedelta | None

    @property
    def words(self) -> str:
        """Return it as a sentence or two."""
        later = ""
        if self.later_from is not None:
            later = (
                f"; samples after {self.later_from:%H:%M} UTC can be added in about three hours: "
                "run it again then"
            )
        if self.start is None or self.end is None:
            return f"Prometheus has all samples already: nothing was written{later}"
        kind = "synthetic rows" if self.synthetic else "rows"
        moved = f"; {kind} of the source were shifted to that time" if self.shift else ""
        return (
            f"{several(self.windows, 'window')}, {several(self.samples, 'sample')} from "
            f"{self.start:%Y-%m-%d %H:%M} to {self.end:%Y-%m-%d %H:%M} UTC{moved}{later}"
        )


def backfill(
    case: UseCase,
    *,
    since: datetime | None,
    until: datetime,
    now: datetime,
    wait: bool,
    progress: Progress,
) -> Backfilled:
    """Measure past windows as reports would have, and write their figures to Prometheus.

    Rows are those of the production store and, before its first, those of the source that the
    champion has not learned from, scored by it. The latter are moved so that the last comes just
    before the store's first, or before `until`, unless they are of the asked-for time. Nothing
    is pushed, and nothing is written where Prometheus has any of these figures: a second backfill
    writes nothing, and what runs have pushed stays as it is. The newest hours, which Prometheus
    holds in memory only, are left out.

    Parameters
    ----------
    since
        Moment of the first sample; as far back as the rows reach if unset.
    wait
        Whether to return only when Prometheus shows what was written, within three minutes. Until
        then a second backfill would write it again.

    Raises
    ------
    StepError
        There is no champion, or no row of that time; or Prometheus would not retain it.
    PrometheusError
        It does not answer.
    HistoryError
        Its data can't be written from this machine.
    """
    where = settings()
    history = History(where.prometheus_url, where.prometheus_sign_in)
    _check_times(history, since, until, now)
    model = champion_model(case)
    if model is None or model.version is None:
        msg = f"use case {case.name}: {no_champion(case, model_registry().challenger(case))}"
        raise StepError(msg)
    with production_store() as store:
        source, first, windows = _windows(case, store, model, since, until)
        ticks = _ticks(case, first, until)
        start = _whole(max(ticks[0], since or ticks[0], now - history.retention()))
        in_memory = history.in_memory_since()
        end = until if in_memory is None else min(in_memory, until)
        moments = range(start, int(end.timestamp()), STEP)
        due = _due(ticks, history.lacking(case.name, PushGroup.REPORT, moments))
        held = tuple(_measured(case, windows, model, due, progress))
    written = [moment for one in held for moment in one.at]
    samples = sum(len(one.samples) * len(one.at) for one in held)
    if written:
        # Of months it takes minutes, in which nothing else is said.
        log.info(
            "writing %s of %s into Prometheus; a later --from writes fewer",
            several(samples, "sample"),
            several(round((written[-1] - written[0]) / 86_400), "day"),
        )
        _write(case, history, held)
    if written and wait:
        history.wait_for(case.name, PushGroup.REPORT, written[-1])
    return Backfilled(
        windows=len(held),
        samples=samples,
        start=datetime.fromtimestamp(written[0], UTC) if written else None,
        end=datetime.fromtimestamp(written[-1], UTC) if written else None,
        later_from=end if end < until else None,
        model_version=model.version,
        synthetic=source is not None and source.synthetic,
        shift=None if source is None else source.shift,
    )


def _check_times(history: History, since: datetime | None, until: datetime, now: datetime) -> None:
    if until > now:
        msg = f"{until} is in the future: give an earlier --to"
        raise StepError(msg)
    if since is None:
        return
    if since >= until:
        msg = f"there is no time between {since} and {until}: give a --from before --to"
        raise StepError(msg)
    kept = history.retention()
    if since < now - kept:
        msg = (
            f"Prometheus retains samples for {kept.days} days and would delete those of {since}: "
            "give a later --from, or start it with a longer --storage.tsdb.retention.time"
        )
        raise StepError(msg)


def _windows(
    case: UseCase,
    store: ProductionStore,
    model: Model,
    since: datetime | None,
    until: datetime,
) -> tuple[Unseen | None, datetime | None, Callable[[], WindowSource]]:
    """Return the source's rows, the time of the first of the past, and what windows are read from.

    Logs of a watched model are read where they lie, from the end of its reference on.
    """
    if not case.is_watched:
        source, past = _past(case, store, model, since, until)
        return source, past.first, lambda: StoredWindows(case, past)
    return None, model.trained_as_of, lambda: windows_of(case, store)


def _past(
    case: UseCase,
    store: ProductionStore,
    model: Model,
    since: datetime | None,
    until: datetime,
) -> tuple[Unseen | None, Past]:
    """Return the rows of the past, and those of them that come from the source."""
    kept = store.oldest_event_time(case, until)
    end = until if kept is None else kept
    begin = None if since is None else since - _lead(case) - period(case, Pipeline.REPORT)
    if begin is not None and end <= begin:
        return None, Past(None, store, kept)
    source = unseen(case, model)
    if source is None:
        return None, Past(None, store, kept)
    if source.last < (begin or end - case.drift.window):
        span = WINDOWS * case.drift.window + _lead(case) if begin is None else end - begin
        if case.split.by == "random":  # such rows have no order, and no pace of their own
            source = source.dealt()
        else:
            span = max(span, source.span)
        source = source.ending(end, span, case.labels.delay)
    else:
        source = source.before(end)
    return source, Past(source.rows, store, kept)


def _lead(case: UseCase) -> timedelta:
    """Return how far back from its end a report looks."""
    end = datetime(2026, 1, 1, tzinfo=UTC)
    mature = newest_mature_window(end, case.drift.window, case.labels.mature_after)
    return end - mature.start


def _ticks(case: UseCase, first: datetime | None, until: datetime) -> tuple[datetime, ...]:
    """Return when reports would have run, from the first whose windows are complete."""
    if first is None:
        msg = (
            f"use case {case.name}: no rows of the past: the production store has none before "
            f"{until}, and the champion has learned from all of the source"
        )
        raise StepError(msg)
    ticks = firings(case.report.every, first + _lead(case), until)
    if not ticks:
        msg = (
            f"use case {case.name}: rows since {first:%Y-%m-%d %H:%M} UTC are not enough: a report "
            f"needs those of {_lead(case)} before it"
        )
        raise StepError(msg)
    return ticks


def _whole(moment: datetime) -> int:
    """Return the first multiple of the step at `moment` or after it."""
    return -(-int(moment.timestamp()) // STEP) * STEP


def _due(ticks: Sequence[datetime], moments: Sequence[int]) -> dict[datetime, list[int]]:
    """Return the moments by the report whose figures held then: the last one before."""
    starts = [tick.timestamp() for tick in ticks]
    due: dict[datetime, list[int]] = {}
    for moment in moments:
        due.setdefault(ticks[bisect_right(starts, moment) - 1], []).append(moment)
    return due


def _measured(
    case: UseCase,
    source: Callable[[], WindowSource],
    champion: Model,
    due: dict[datetime, list[int]],
    progress: Progress,
) -> Iterator[HeldSamples]:
    models = {champion.version: champion}
    for number, (tick, moments) in enumerate(due.items()):
        progress(number, len(due))
        window = ending(tick, case.drift.window)
        windows = source()
        rows = windows.count(window, tick)
        version = windows.scorer(window, tick) or champion.version
        if version is not None and version not in models:
            models[version] = model_registry().load(case, version)
        run = Run.open(Pipeline.REPORT, case.name, window)
        measured = None
        if rows:
            others = stored_others(windows) if isinstance(windows, StoredWindows) else no_others
            measured = measure_windows(run, windows, models[version], others)
        samples = report_samples(case, measured, rows=rows, as_of=tick)
        yield HeldSamples(samples, moments)
    progress(len(due), len(due))


def _write(case: UseCase, history: History, held: Sequence[HeldSamples]) -> None:
    """Write the figures to Prometheus; their file is left only where that fails."""
    file: Path = settings().state / "backfill" / f"{case.name}.om"
    file.parent.mkdir(parents=True, exist_ok=True)
    with file.open("w", encoding="utf-8") as text:
        text.writelines(exposition(held, use_case=case.name, group=PushGroup.REPORT))
    file.chmod(0o644)  # whoever loads it may be another user; the state folder is closed to others
    history.load(file)
    file.unlink()
