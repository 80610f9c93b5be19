"""Whether a run retrains, and why: new labelled rows, drift, and the labels of a drift episode."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from enum import StrEnum
from itertools import dropwhile, islice
from math import ceil
from typing import Self

from monitoring.drift.detection import drifting_since
from monitoring.drift.verdict import Verdict
from monitoring.steps.places import champion_model, model_registry, production_store
from monitoring.steps.run import Result, Run
from monitoring.steps.stored_windows import StoredWindows
from monitoring.steps.window_verdict import load_verdict, make_verdict, stored_verdicts
from monitoring.store.production_store import ProductionStore
from monitoring.store.reading import Settled
from monitoring.training.versions import Challenge
from monitoring.use_case import UseCase
from monitoring.wording import several

DRIFT = "drift"
"""The reason of a retrain that drift asked for, as it is saved with the version."""


class NewRows(Result):
    """Labelled production rows that no retrain has consumed, and how many a retrain wants."""

    rows: int
    wanted: int

    @property
    def enough(self) -> bool:
        """Whether new rows alone justify a retrain."""
        return self.rows >= self.wanted


def check_production_data(run: Run) -> NewRows:
    """Count the labelled production rows that no retrain has consumed, as of the run."""
    case = run.case
    with production_store() as store:
        rows = store.new_labelled(case, run.as_of)
    last = model_registry().last_challenge(case, as_of=run.as_of)
    new_rows = NewRows(rows=rows, wanted=wanted_rows(case, last))
    run.write("fresh", new_rows)
    return new_rows


def wanted_rows(case: UseCase, last: Challenge | None) -> int:
    """Return how many new rows justify a retrain: fewer where the last challenger lost.

    What made it worth a try is still there then, and more rows may show it.
    """
    wanted = case.retrain.new_rows
    if last is None or last.promoted:
        return wanted
    return ceil(wanted * case.retrain.again_after)


class DriftFinding(Result):
    """The verdict that a decision rests on.

    Attributes
    ----------
    verdict_id
        None where there is no champion to compare with.
    since
        When the verdict's drift episode began; None where drift is not above its limit.
    """

    verdict_id: str | None
    share: float | None
    since: datetime | None
    words: str


def detect_drift(run: Run) -> DriftFinding:
    """Load the verdict the run was started for, or make the one of the window that ends with it."""
    with production_store() as store:
        verdict = _verdict_of(run, store)
        if verdict is None:
            words = "no champion to compare with"
            drift = DriftFinding(verdict_id=None, share=None, since=None, words=words)
        else:
            drift = DriftFinding(
                verdict_id=verdict.id,
                share=verdict.share,
                since=drifting_since(_newest_first(verdict, run, store)),
                words=verdict.sentence,
            )
    run.write("drift", drift)
    return drift


def _verdict_of(run: Run, store: ProductionStore) -> Verdict | None:
    if run.verdict_id is not None:
        return load_verdict(store, run.case, run.verdict_id)
    model = champion_model(run.case)
    return None if model is None else make_verdict(run, StoredWindows(run.case, store), model)


def _newest_first(verdict: Verdict, run: Run, store: ProductionStore) -> Iterator[Verdict]:
    """Yield a verdict and those before it, the newest first."""
    yield verdict
    stored = stored_verdicts(store, run.case, run.as_of)
    yield from islice(dropwhile(lambda one: one.id != verdict.id, stored), 1, None)


class Episode(Result):
    """A stretch of drift: what is known of the rows since it began.

    Attributes
    ----------
    since
        Start of the first window that had drifted.
    retrained
        The `as_of` of the newest retrain that this drift asked for.
    answered
        Whether a champion came of a retrain since the drift began, whatever asked for it.
    rows, positives
        Rows since the drift began whose truth settled since then, or since that retrain.
    wanted_rows, wanted_positives
        How many of them justify a retrain.
    positive_words
        The use case's word for positives.
    """

    since: datetime
    retrained: datetime | None
    answered: bool
    rows: int
    positives: int
    wanted_rows: int
    wanted_positives: int
    positive_words: str

    @classmethod
    def counted(
        cls,
        case: UseCase,
        since: datetime,
        last: Challenge | None,
        settled: Settled,
        *,
        answered: bool,
    ) -> Self:
        """Return the episode that began at `since`.

        The first retrain wants as many rows and positives as a verdict and a scorecard do; a
        further one wants as many rows as any retrain after that one.
        """
        return cls(
            since=since,
            retrained=None if last is None else last.as_of,
            answered=answered,
            rows=settled.rows,
            positives=settled.positives,
            wanted_rows=case.drift.min_rows if last is None else wanted_rows(case, last),
            wanted_positives=case.min_positives,
            positive_words=case.words.positives,
        )

    @property
    def enough(self) -> bool:
        """Whether a retrain, or a further one, has something to learn of this drift."""
        return self.rows >= self.wanted_rows and self.positives >= self.wanted_positives

    @property
    def waiting(self) -> bool:
        """Whether no retrain has answered this drift, and none can yet."""
        return not self.enough and not self.answered

    @property
    def words(self) -> str:
        """Return the episode as one clause."""
        since = f"drifting since {self.since:%Y-%m-%d %H:%M} UTC"
        if self.retrained is not None:
            since += f", retrained for it as of {self.retrained:%Y-%m-%d %H:%M}"
        return (
            f"{since}: {self.positives:,} {self.positive_words} ({self.wanted_positives:,} wanted) "
            f"and {several(self.rows, 'row')} ({self.wanted_rows:,}) of that time are labelled"
        )


def episode_of(run: Run, since: datetime) -> Episode:
    """Count the settled rows of a drift that began at `since`, as of the run.

    Once a retrain that this drift asked for has been to the gate, whatever its outcome, only
    labels that came after it count towards another one.
    """
    case = run.case
    registry = model_registry()
    last = registry.last_challenge(case, asked_by=DRIFT, as_of=run.as_of)
    if last is not None and last.as_of < since:
        last = None
    champion = registry.last_challenge(case, as_of=run.as_of, promoted=True)
    answered = champion is not None and champion.as_of >= since
    after = since if last is None else last.as_of
    with production_store() as store:
        settled = store.settled_since(case, since, after=after, as_of=run.as_of)
    return Episode.counted(case, since, last, settled, answered=answered)


class Reason(StrEnum):
    """Why a run retrains, or does not; values of the label `reason`."""

    FORCED = "forced"
    NO_CHAMPION = "no champion yet"
    DRIFT = DRIFT
    NEW_ROWS = "new rows"
    WAITING_FOR_LABELS = "waiting for labels"
    ANSWERED = "retrained for this drift"
    NOTHING_NEW = "too few new rows and no drift"


_GO = frozenset({Reason.FORCED, Reason.NO_CHAMPION, Reason.DRIFT, Reason.NEW_ROWS})


class Decision(Result):
    """Whether to retrain.

    Attributes
    ----------
    waiting
        Whether drift asks for a retrain that too few labels have come for, whatever else
        this run does.
    """

    go: bool
    reason: Reason
    words: str
    waiting: bool = False

    @classmethod
    def by(cls, reason: Reason, words: str, *, waiting: bool = False) -> Self:
        """Return the decision that follows from `reason`."""
        return cls(go=reason in _GO, reason=reason, words=words, waiting=waiting)


def decide(run: Run) -> Decision:
    """Retrain when forced, on drift strictly above its limit, or on enough new rows; else skip.

    Drift is a reason once per episode, when enough labels of the drifted time have come: a
    retrain before that would see nothing that the champion has not seen. It is one again when
    as many rows as any retrain wants have come after that retrain. A run of a use case whose
    retrains have no schedule was started by a person: it is forced.
    """
    fresh, drift = run.need("fresh", NewRows), run.need("drift", DriftFinding)
    has_champion = model_registry().champion(run.case) is not None
    episode = episode_of(run, drift.since) if has_champion and drift.since else None
    decision = choose(
        force=run.force or run.declared.retrain.by_hand,
        has_champion=has_champion,
        fresh=fresh,
        drift=drift,
        episode=episode,
    )
    run.write("decision", decision)
    return decision


def choose(
    *, force: bool, has_champion: bool, fresh: NewRows, drift: DriftFinding, episode: Episode | None
) -> Decision:
    """Return the decision.

    Parameters
    ----------
    episode
        The drift episode that still lasts; None where none does.
    """
    rows = f"{fresh.rows:,} new labelled rows ({fresh.wanted:,} trigger a retrain)"
    if not has_champion and not force:
        return Decision.by(Reason.NO_CHAMPION, rows)
    if episode is None:
        return _without_drift(force, fresh, f"{drift.words}; {rows}")
    drifting = f"{drift.words}; {episode.words}"
    if force:
        return Decision.by(
            Reason.FORCED, f"requested by a person; {drifting}", waiting=episode.waiting
        )
    if episode.enough:
        return Decision.by(Reason.DRIFT, drifting)
    if fresh.enough:
        return Decision.by(Reason.NEW_ROWS, f"{rows}; {drifting}", waiting=episode.waiting)
    reason = Reason.WAITING_FOR_LABELS if episode.waiting else Reason.ANSWERED
    return Decision.by(reason, drifting, waiting=episode.waiting)


def _without_drift(force: bool, fresh: NewRows, words: str) -> Decision:
    if force:
        return Decision.by(Reason.FORCED, f"requested by a person; {words}")
    return Decision.by(Reason.NEW_ROWS if fresh.enough else Reason.NOTHING_NEW, words)
