"""An episode of drift begins when a verdict crosses its limit and ends with one below."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from monitoring.drift.detection import drifting_since
from monitoring.drift.verdict import DriftStatus, FeatureVerdict, Verdict

NEWEST = datetime(2026, 3, 10, tzinfo=UTC)


def verdicts(shares: str) -> Iterator[Verdict]:
    """Yield a verdict a day, newest first: + above the limit, - below, ? not judged."""
    for age, share in enumerate(shares):
        status = DriftStatus.TOO_FEW_ROWS if share == "?" else DriftStatus.TESTED
        end = NEWEST - timedelta(days=age)
        yield Verdict(
            id=f"v{age}",
            status=status,
            rows_reference=1000,
            rows_current=1000,
            features=(FeatureVerdict(name="a", status=status, drifted=share == "+"),),
            window_start=end - timedelta(days=1),
            window_end=end,
        )


def days_of(shares: str) -> int | None:
    """Return how many windows ago the episode began."""
    since = drifting_since(verdicts(shares))
    return None if since is None else (NEWEST - since).days


def test_it_lasts_from_the_first_window_above_to_the_newest() -> None:
    assert days_of("+") == 1
    assert days_of("+++-+") == 3
    assert days_of("+++") == 3


def test_one_verdict_below_ends_it() -> None:
    assert days_of("-+++") is None
    assert days_of("") is None


def test_a_window_that_was_not_judged_neither_begins_nor_ends_it() -> None:
    assert days_of("+?+-") == 3
    assert days_of("?++-") == 3
    assert days_of("+?-") == 1
    assert days_of("??") is None


def test_no_more_verdicts_are_read_than_it_needs() -> None:
    read = verdicts("+--")
    drifting_since(read)
    assert len(list(read)) == 1
