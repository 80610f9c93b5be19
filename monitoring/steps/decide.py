"""Decide: whether this run retrains, and why."""

from __future__ import annotations

from enum import StrEnum
from typing import Self

from monitoring.steps.drift import DriftFound
from monitoring.steps.episode import DRIFT, Episode, episode_of
from monitoring.steps.fresh import Fresh
from monitoring.steps.places import model_registry
from monitoring.steps.run import Result, Run


class Reason(StrEnum):
    """Why a run retrains, or does not."""

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
        """Return the decision that `reason` asks for."""
        return cls(go=reason in _GO, reason=reason, words=words, waiting=waiting)


def decide(run: Run) -> Decision:
    """Decide by force, drift strictly above its limit, or enough new rows; else skip and say so.

    Drift is a reason once in its episode, when enough labels of the drifted time have come: a
    retrain before that would see nothing that the champion has not seen. It is one again when
    as many rows as any retrain wants have come after that retrain.
    """
    fresh, drift = run.need("fresh", Fresh), run.need("drift", DriftFound)
    has_champion = model_registry().champion(run.case) is not None
    episode = episode_of(run, drift.since) if has_champion and drift.since else None
    decision = choose(
        force=run.force, has_champion=has_champion, fresh=fresh, drift=drift, episode=episode
    )
    run.write("decision", decision)
    return decision


def choose(
    *, force: bool, has_champion: bool, fresh: Fresh, drift: DriftFound, episode: Episode | None
) -> Decision:
    """Return the decision for what was found.

    Parameters
    ----------
    episode
        Of the drift that lasts; None where none does.
    """
    rows = f"{fresh.rows} new labelled rows, {fresh.wanted} wanted"
    if not has_champion and not force:
        return Decision.by(Reason.NO_CHAMPION, f"nothing serves yet; {rows}")
    if episode is None:
        return _without_drift(force, fresh, f"{drift.words}; {rows}")
    found = f"{drift.words}; {episode.words}"
    if force:
        return Decision.by(Reason.FORCED, f"asked for by hand; {found}", waiting=episode.waiting)
    if episode.enough:
        return Decision.by(Reason.DRIFT, found)
    if fresh.enough:
        return Decision.by(Reason.NEW_ROWS, f"{rows}; {found}", waiting=episode.waiting)
    reason = Reason.WAITING_FOR_LABELS if episode.waiting else Reason.ANSWERED
    return Decision.by(reason, found, waiting=episode.waiting)


def _without_drift(force: bool, fresh: Fresh, found: str) -> Decision:
    if force:
        return Decision.by(Reason.FORCED, f"asked for by hand; {found}")
    return Decision.by(Reason.NEW_ROWS if fresh.enough else Reason.NOTHING_NEW, found)
