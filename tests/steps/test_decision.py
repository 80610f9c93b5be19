"""The decision to retrain: every branch, and the exact limits."""

from datetime import UTC, datetime, timedelta

import pytest

from monitoring.steps.retrain.decision import (
    Decision,
    DriftFinding,
    Episode,
    NewRows,
    Reason,
    choose,
)

BEGAN = datetime(2026, 3, 1, tzinfo=UTC)


def episode(
    positives: int,
    *,
    rows: int = 500,
    retrained: datetime | None = None,
    answered: bool = False,
) -> Episode:
    return Episode(
        since=BEGAN,
        retrained=retrained,
        answered=answered,
        rows=rows,
        positives=positives,
        wanted_rows=50,
        wanted_positives=30,
        positive_words="frauds",
    )


def chosen(
    *,
    force: bool = False,
    has_champion: bool = True,
    rows: int = 0,
    drifting: Episode | None = None,
) -> Decision:
    since = None if drifting is None else drifting.since
    return choose(
        force=force,
        has_champion=has_champion,
        fresh=NewRows(rows=rows, wanted=1000),
        drift=DriftFinding(verdict_id="v", share=0.5, since=since, words="5 of 9 drifted"),
        episode=drifting,
    )


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        ({"force": True}, Reason.FORCED),
        ({"force": True, "has_champion": False}, Reason.FORCED),
        ({"has_champion": False}, Reason.NO_CHAMPION),
        ({"rows": 1000}, Reason.NEW_ROWS),
        ({"drifting": episode(30)}, Reason.DRIFT),
        ({"drifting": episode(30), "rows": 5000}, Reason.DRIFT),
        ({"drifting": episode(30), "rows": 5000, "force": True}, Reason.FORCED),
        ({"drifting": episode(29), "rows": 1000}, Reason.NEW_ROWS),
    ],
)
def test_each_reason_to_retrain_is_given_by_name(
    options: dict[str, object], reason: Reason
) -> None:
    decision = chosen(**options)  # type: ignore[arg-type]
    assert decision.go
    assert decision.reason is reason


def test_one_row_too_few_and_no_drift_skips_and_says_so() -> None:
    decision = chosen(rows=999)
    assert not decision.go
    assert decision.reason is Reason.NOTHING_NEW
    assert not decision.waiting
    assert "999 new labelled rows (1,000 trigger a retrain)" in decision.words


@pytest.mark.parametrize("few", [episode(29), episode(30, rows=49)])
def test_drift_with_too_few_labels_of_its_time_waits_for_them(few: Episode) -> None:
    decision = chosen(drifting=few, rows=999)
    assert not decision.go
    assert decision.reason is Reason.WAITING_FOR_LABELS
    assert decision.waiting
    counted = f"{few.positives} frauds (30 wanted) and {few.rows} rows (50) of that time"
    assert counted in decision.words
    assert "drifting since 2026-03-01 00:00 UTC" in decision.words


def test_after_a_retrain_for_this_drift_the_words_name_it() -> None:
    again = episode(3, retrained=BEGAN + timedelta(days=2))
    decision = chosen(drifting=again)
    assert decision.reason is Reason.WAITING_FOR_LABELS
    assert "retrained for it as of 2026-03-03 00:00" in decision.words


def test_a_drift_that_made_a_champion_waits_for_nothing_though_it_lasts() -> None:
    answered = episode(3, retrained=BEGAN + timedelta(days=2), answered=True)
    decision = chosen(drifting=answered)
    assert not decision.go
    assert decision.reason is Reason.ANSWERED
    assert not decision.waiting
    assert chosen(drifting=answered, rows=1000).reason is Reason.NEW_ROWS
    again = episode(30, retrained=BEGAN + timedelta(days=2), answered=True)
    assert chosen(drifting=again).reason is Reason.DRIFT


@pytest.mark.parametrize("other", [{"rows": 1000}, {"force": True}])
def test_drift_goes_on_waiting_while_the_run_retrains_for_another_reason(
    other: dict[str, object],
) -> None:
    decision = chosen(drifting=episode(3), **other)  # type: ignore[arg-type]
    assert decision.go
    assert decision.waiting
    assert not chosen(drifting=episode(30), **other).waiting  # type: ignore[arg-type]
