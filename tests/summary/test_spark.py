"""Spark finds what memory finds, on a real cluster of one master and two workers."""

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from monitoring import compare
from monitoring.drift.verdict import DriftStatus
from monitoring.summary.distributed import Distributed
from monitoring.summary.fit import fit_bins
from monitoring.summary.frame import arrow_table
from monitoring.summary.in_memory import InMemory
from monitoring.summary.profile import profile
from monitoring.summary.table import TableError
from tests.summary.frames import reference_text, summary_text, tables

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

pytestmark = [
    pytest.mark.spark,
    # Said of pandas 3 by parts of Spark that are not used here.
    pytest.mark.filterwarnings("ignore:PySpark does not yet fully support:FutureWarning"),
]


UNKNOWN = frozenset({"times of the day"})
"""Kinds of columns that Spark has none of."""

COLUMNS = ("amount", "town", "at")


def handed(spark: "SparkSession", table: pa.Table) -> "DataFrame":
    """Return the table as Spark has it, in two partitions; it knows no unsigned integers."""
    kinds = [pa.int16() if kind == pa.uint8() else kind for kind in table.schema.types]
    named = pa.schema(zip(table.column_names, kinds, strict=True))
    return spark.createDataFrame(table.cast(named))


def frame(seed: int, rows: int = 1000) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    return pd.DataFrame(
        {
            "amount": rng.lognormal(size=rows),
            "town": rng.choice(["Ghent", "Namur"], rows),
            "at": pd.Timestamp("2026-01-01") + pd.to_timedelta(rng.random(rows), "D"),
        }
    )


def test_spark_gives_the_same_reference_and_summary(spark: "SparkSession") -> None:
    # A smaller case of a failure takes a cluster far too long to find.
    @settings(max_examples=12, deadline=None, phases=[Phase.reuse, Phase.generate])
    @given(tables(least=1, without=UNKNOWN), tables(without=UNKNOWN), st.integers(1, 10))
    def same(reference: pa.Table, current: pa.Table, chunk: int) -> None:
        before, now = handed(spark, reference), handed(spark, current)
        in_memory = InMemory.of(before.toArrow())
        assert reference_text(Distributed(before), chunk) == reference_text(in_memory, chunk)
        bins = fit_bins(profile(in_memory, in_memory.columns))
        assert summary_text(Distributed(now), bins) == summary_text(InMemory.of(current), bins)

    same()


def test_a_sample_of_a_large_frame_is_the_one_that_memory_takes(
    spark: "SparkSession", monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("monitoring.summary.profile.SAMPLED", 300)
    before = handed(spark, arrow_table(frame(0), COLUMNS))
    in_memory = InMemory.of(before.toArrow())
    assert reference_text(Distributed(before), 50) == reference_text(in_memory, 50)


def test_compare_takes_frames_of_spark_and_mixes_them_with_others(spark: "SparkSession") -> None:
    before, now = frame(1), frame(2)
    now["amount"] *= 3
    plain = compare(before, now).to_dict()
    first, second = (handed(spark, arrow_table(table, COLUMNS)) for table in (before, now))
    assert compare(first, second).to_dict() == plain
    assert compare(first, second, engine="spark").to_dict() == plain
    assert compare(before, second).to_dict() == plain
    assert compare(first, now).to_dict() == plain


def test_a_bad_frame_ends_in_a_status_or_an_error(spark: "SparkSession") -> None:
    before = handed(spark, arrow_table(frame(1), COLUMNS))
    now = frame(2).drop(columns="town").assign(amount="many")
    status = {part.name: part.status for part in compare(before, now).features}
    assert status["amount"] is DriftStatus.TYPE_CHANGED
    assert status["town"] is DriftStatus.MISSING_COLUMN
    assert status["at"] is DriftStatus.TESTED
    assert compare(before, before.limit(0)).status is DriftStatus.TOO_FEW_ROWS
    with pytest.raises(TableError, match="no rows"):
        compare(before.limit(0), before)
    with pytest.raises(TableError, match="several columns of one name: amount"):
        compare(before.select("amount", "amount"), before)
    broken = before.selectExpr("raise_error('the disk is gone') as amount")
    with pytest.raises(TableError, match="the disk is gone"):
        compare(before, broken)
