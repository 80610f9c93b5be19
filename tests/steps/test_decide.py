"""The decision to retrain: every branch, and the exact limits."""

import pytest

from monitoring.steps.decide import Decision, Reason, choose
from monitoring.steps.drift import DriftFound
from monitoring.steps.fresh import Fresh


def chosen(
    *,
    force: bool = False,
    has_champion: bool = True,
    rows: int = 0,
    above: bool = False,
    few_labels: bool = False,
) -> Decision:
    return choose(
        force=force,
        has_champion=has_champion,
        fresh=Fresh(rows=rows, wanted=1000),
        drift=DriftFound(verdict_id="v", share=0.5 if above else 0.0, above=above, words="drift"),
        few_labels=few_labels,
    )


@pytest.mark.parametrize(
    ("found", "reason"),
    [
        ({"force": True}, Reason.FORCED),
        ({"has_champion": False}, Reason.NO_CHAMPION),
        ({"rows": 1000}, Reason.NEW_ROWS),
        ({"above": True, "rows": 500}, Reason.DRIFT),
        ({"above": True, "rows": 5000, "force": True}, Reason.FORCED),
    ],
)
def test_each_reason_to_retrain_is_told_by_name(found: dict[str, object], reason: Reason) -> None:
    decision = chosen(**found)  # type: ignore[arg-type]
    assert decision.go
    assert decision.reason is reason


def test_one_row_too_few_and_no_drift_skips_and_says_so() -> None:
    decision = chosen(rows=999)
    assert not decision.go
    assert decision.reason is Reason.NOTHING_NEW
    assert "999 new labelled rows, 1000 wanted" in decision.words


def test_drift_without_new_labels_waits_for_them() -> None:
    decision = chosen(above=True, rows=3, few_labels=True)
    assert not decision.go
    assert decision.reason is Reason.WAITING_FOR_LABELS


def test_a_person_may_force_a_retrain_while_labels_are_awaited() -> None:
    assert chosen(above=True, few_labels=True, force=True).reason is Reason.FORCED
