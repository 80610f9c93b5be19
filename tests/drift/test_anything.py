"""Whatever a table holds, every column gets a verdict or a status, and figures make sense."""

import json
from datetime import UTC, datetime

import numpy as np
import pandas as pd
from hypothesis import given, settings
from hypothesis import strategies as st

from monitoring import compare
from monitoring.drift.verdict import DriftStatus

ROWS = 60

cells = {
    "floats": st.floats() | st.none(),
    "whole": st.integers(-(2**62), 2**62),
    "flags": st.booleans() | st.none(),
    "few": st.sampled_from([0.0, -0.0, 1.0, np.inf, -np.inf, np.nan, 1e308, -1e308]),
    "words": st.text(max_size=5) | st.none(),
    "times": st.datetimes(datetime(1970, 1, 1), datetime(2200, 1, 1), timezones=st.just(UTC)),  # noqa: DTZ001
    "mixed": st.integers() | st.text(max_size=3) | st.none() | st.lists(st.integers(), max_size=2),
    "nothing": st.none(),
}


@st.composite
def columns(draw: st.DrawFn) -> pd.Series:
    values = draw(st.sampled_from(sorted(cells)))
    pool = draw(st.lists(cells[values], min_size=1, max_size=12))
    picked = [pool[draw(st.integers(0, len(pool) - 1))] for _ in range(6)]
    return pd.Series(picked * (ROWS // 6))


@settings(max_examples=120, deadline=None)
@given(columns(), columns(), st.integers(0, ROWS))
def test_any_two_columns_can_be_compared(before: pd.Series, now: pd.Series, rows: int) -> None:
    good = np.arange(ROWS) % 7.0
    verdict = compare(
        pd.DataFrame({"x": before, "good": good}),
        pd.DataFrame({"x": now, "good": good}).head(rows),
    )
    json.dumps(verdict.to_dict(), allow_nan=False)
    assert str(verdict)
    assert verdict._repr_html_()
    by_name = {part.name: part for part in verdict.features}
    part = by_name["x"]
    if part.status is DriftStatus.TESTED:
        assert part.effect is not None
        assert part.p_value is not None
        assert 0 <= part.effect <= 1
        assert 0 <= part.p_value <= (part.q_value or 0) <= 1
    assert by_name["good"].status is (
        DriftStatus.TESTED if rows >= 50 else DriftStatus.TOO_FEW_ROWS
    )
