"""A moment means the same in every time zone, and one without a zone is an error."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import pytest
import sqlalchemy as sa

from monitoring.errors import InputError
from monitoring.rows.control_group import Control
from monitoring.rows.quarantine import QuarantinedRow, QuarantineReason
from monitoring.rows.rows import NEGATIVE, POSITIVE, Role, Rows
from monitoring.rows.window import Window
from monitoring.store.production_store import ProductionStore
from monitoring.store.schema import decisions
from tests.store.made import HOUR, rows, use_case

# Rows of the ten hours around the night in which clocks in Berlin go forward, an hour apart.
START = datetime(2026, 3, 28, 20, tzinfo=UTC)
AS_OF = datetime(2026, 3, 29, 4, 30, tzinfo=UTC)
CASE = use_case(absent="negative")
ZONES: dict[str, tzinfo] = {
    "UTC": UTC,
    "+02:00": timezone(timedelta(hours=2)),
    "Berlin": ZoneInfo("Europe/Berlin"),
    "Kolkata": ZoneInfo("Asia/Kolkata"),
}
BAD = QuarantinedRow("x", 0, QuarantineReason.MISSING_TIME, "time: ", "{}")

Call = Callable[[ProductionStore, Callable[[datetime], datetime], Path], Any]


def window(moment: Callable[[datetime], datetime]) -> Window:
    return Window(moment(START + HOUR), moment(AS_OF))


def read(found: Rows) -> list[Any]:
    score = np.zeros(len(found)) if found.score is None else found.score
    return [found.row_id.tolist(), found.label.tolist(), np.nan_to_num(score).tolist()]


def decided(store: ProductionStore) -> list[datetime]:
    with store.engine.connect() as connection:
        return list(connection.execute(sa.select(decisions.c.decided_at)).scalars())


READS: dict[str, Call] = {
    "window": lambda s, m, _: read(s.window(CASE, window(m), m(AS_OF))),
    "count_rows": lambda s, m, _: s.count_rows(CASE, window(m), m(AS_OF)),
    "scored": lambda s, m, _: read(s.scored(CASE, window(m), m(AS_OF))),
    "known_ids": lambda s, m, _: sorted(s.known_ids(CASE, m(AS_OF)).tolist()),
    "oldest_event_time": lambda s, m, _: s.oldest_event_time(CASE, m(AS_OF)),
    "newest_event_time": lambda s, m, _: s.newest_event_time(CASE, m(AS_OF)),
    "newest_label_time": lambda s, m, _: s.newest_label_time(CASE, m(AS_OF)),
    "quarantined_counts": lambda s, m, _: s.quarantined_counts(CASE, m(START), m(AS_OF)),
    "unreadable_values": lambda s, m, _: s.unreadable_values(CASE, m(START), m(AS_OF)),
    "label_problems": lambda s, m, _: s.label_problems(CASE, m(START), m(AS_OF)),
    "new_labelled": lambda s, m, _: s.new_labelled(CASE, m(AS_OF)),
    "settled_since": lambda s, m, _: s.settled_since(
        CASE, m(START), after=m(START + 6.5 * HOUR), as_of=m(AS_OF)
    ),
    "archive": lambda s, m, folder: s.archive(CASE, "run", m(AS_OF), folder),
    "training_rows": lambda s, m, folder: read(
        s.training_rows(CASE, m(AS_OF), 8 * HOUR, folder=folder)
    ),
    "verdicts": lambda s, m, _: list(s.verdicts(CASE, m(AS_OF))),
    "save_verdict": lambda s, m, _: [
        s.save_verdict(
            CASE, "v2", window=window(m), as_of=m(AS_OF), model_version="1", payload="{}"
        ),
        list(s.verdicts(CASE, AS_OF)),
    ],
    "add_scores": lambda s, m, _: [
        s.add_scores(
            CASE,
            ["r2"],
            np.array([0.5]),
            alarmed=np.array([True]),
            model_version="2",
            role=Role.CHAMPION,
            scored_at=m(AS_OF),
        ),
        read(s.scored(CASE, window(lambda t: t), AS_OF)),
    ],
    "versions": lambda s, m, _: dict(s.versions(CASE, window(m), m(AS_OF), Role.CHAMPION)),
    "decide": lambda s, m, _: [s.decide(CASE, np.array(["r5"]), m(AS_OF)).tolist(), decided(s)],
    "add_decisions": lambda s, m, _: [
        s.add_decisions(CASE, ["r6"], Control(np.array([True]), np.array([0.1])), m(AS_OF)),
        decided(s),
    ],
    "add_labels": lambda s, m, _: [
        s.add_labels(CASE, ["r3"], [NEGATIVE], m(AS_OF)),
        s.newest_label_time(CASE, AS_OF),
    ],
    "add_quarantined": lambda s, m, _: [
        s.add_quarantined(CASE, [BAD], seen_at=m(AS_OF)),
        s.quarantined_counts(CASE, START, AS_OF),
    ],
}
TIMELESS = {
    "add_rows",
    "close",
    "history",
    "load_verdict",
    "newest_labels",
    "summaries",
    "together",
}
"""Public methods that take no moment."""


@pytest.fixture
def filled(store: ProductionStore) -> ProductionStore:
    """Ten rows, the even ones scored, two labelled in time and one later, one set aside."""
    sent = rows([f"r{i}" for i in range(10)], start=START, every=HOUR)
    store.add_rows(CASE, sent)
    even = slice(None, None, 2)
    scores = np.linspace(0.1, 0.9, 5)
    store.add_scores(
        CASE,
        sent.row_id[even],
        scores,
        alarmed=scores > 0.5,
        model_version="1",
        role=Role.CHAMPION,
        scored_at=sent.event_time[even],
    )
    times = sent.event_time[[1, 4, 9]] + np.timedelta64(HOUR)
    store.add_labels(CASE, sent.row_id[[1, 4, 9]], [POSITIVE, POSITIVE, POSITIVE], times)
    store.add_quarantined(CASE, [BAD], seen_at=START + HOUR)
    store.save_verdict(
        CASE,
        "v1",
        window=Window(START, START + HOUR),
        as_of=START + HOUR,
        model_version="1",
        payload='{"id": "v1"}',
    )
    return store


@pytest.mark.parametrize("zone", ZONES.values(), ids=ZONES.keys())
def test_every_call_gives_the_same_in_every_zone(
    filled: ProductionStore, zone: tzinfo, tmp_path: Path
) -> None:
    elsewhere = {name: call(filled, in_zone(zone), tmp_path) for name, call in READS.items()}
    assert elsewhere["window"][0] == [f"r{i}" for i in range(1, 9)]
    assert elsewhere["new_labelled"] == 4  # r0 to r2 are mature, r4 has its label
    assert elsewhere["settled_since"].rows == 2  # r1 and r2 matured in the last 1.5 hours
    # r0 is mature too, but the span begins after it.
    assert elsewhere["training_rows"][0] == ["r1", "r2", "r4"]
    assert elsewhere["archive"].as_of == AS_OF
    assert elsewhere["newest_label_time"] == START + 5 * HOUR
    assert elsewhere["versions"] == {"2": 1, "1": 4}
    assert elsewhere["decide"] == [[False], [AS_OF]]
    assert elsewhere["add_decisions"] == [1, [AS_OF, AS_OF]]
    assert elsewhere["add_labels"][1] == AS_OF


@pytest.mark.parametrize("name", READS)
def test_a_moment_without_a_zone_is_an_error_that_says_so(
    filled: ProductionStore, name: str, tmp_path: Path
) -> None:
    def naive(moment: datetime) -> datetime:
        return moment.replace(tzinfo=None)

    with pytest.raises(InputError, match="has no time zone"):
        READS[name](filled, naive, tmp_path)


def test_every_public_method_is_tried() -> None:
    public = {name for name in vars(ProductionStore) if not name.startswith("_")}
    assert public == READS.keys() | TIMELESS


def in_zone(zone: tzinfo) -> Callable[[datetime], datetime]:
    return lambda moment: moment.astimezone(zone)
