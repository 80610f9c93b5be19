"""Decide: whether this run retrains, and why."""

from __future__ import annotations

from enum import StrEnum
from typing import Self

from monitoring.steps.drift import DriftFound
from monitoring.steps.fresh import Fresh
from monitoring.steps.places import model_registry
from monitoring.steps.run import Result, Run


class Reason(StrEnum):
    """Why a run retrains, or does not."""

    FORCED = "forced"
    NO_CHAMPION = "no champion yet"
    DRIFT = "drift"
    NEW_ROWS = "new rows"
    WAITING_FOR_LABELS = "waiting for labels"
    NOTHING_NEW = "too few new rows and no drift"


_GO = frozenset({Reason.FORCED, Reason.NO_CHAMPION, Reason.DRIFT, Reason.NEW_ROWS})


class Decision(Result):
    """Whether to retrain."""

    go: bool
    reason: Reason
    words: str

    @classmethod
    def by(cls, reason: Reason, words: str) -> Self:
        """Return the decision that `reason` asks for."""
        return cls(go=reason in _GO, reason=reason, words=words)


def decide(run: Run) -> Decision:
    """Decide by force, drift strictly above its limit, or enough new rows; else skip and say so.

    Drift alone is no reason while fewer labels than a verdict needs rows have come: a retrain
    would see nothing that the champion has not seen.
    """
    fresh, drift = run.need("fresh", Fresh), run.need("drift", DriftFound)
    has_champion = model_registry().champion(run.case) is not None
    few_labels = fresh.rows < run.case.drift.min_rows
    decision = choose(
        force=run.force, has_champion=has_champion, fresh=fresh, drift=drift, few_labels=few_labels
    )
    run.write("decision", decision)
    return decision


def choose(
    *, force: bool, has_champion: bool, fresh: Fresh, drift: DriftFound, few_labels: bool
) -> Decision:
    """Return the decision for what was found."""
    rows = f"{fresh.rows} new labelled rows, {fresh.wanted} wanted"
    found = f"{drift.words}; {rows}"
    if force:
        return Decision.by(Reason.FORCED, f"asked for by hand; {found}")
    if not has_champion:
        return Decision.by(Reason.NO_CHAMPION, f"nothing serves yet; {rows}")
    if drift.above and not few_labels:
        return Decision.by(Reason.DRIFT, found)
    if fresh.enough:
        return Decision.by(Reason.NEW_ROWS, found)
    reason = Reason.WAITING_FOR_LABELS if drift.above else Reason.NOTHING_NEW
    return Decision.by(reason, found)
