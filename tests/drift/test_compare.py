"""The public functions on tables: two tables in, a verdict out, whatever they are made of."""

import io
import json
import subprocess
import sys
from dataclasses import asdict
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from rich.console import Console

from monitoring import compare
from monitoring.comparison.compare import MIN_EFFECT, RATE, ChosenLimits
from monitoring.drift.verdict import SHARE_LIMIT, DriftStatus, Verdict, verdict_table
from monitoring.summary.table import TableError
from monitoring.use_case import Drift


def frame(seed: int, rows: int = 2000) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    return pd.DataFrame(
        {
            "amount": rng.lognormal(size=rows),
            "count": rng.integers(0, 6, rows),
            "flag": rng.random(rows) < 0.3,
            "town": pd.Series(rng.choice(["a", "b", "c"], rows), dtype="str"),
            "level": pd.Categorical(rng.choice(["low", "high"], rows)),
            "at": pd.Timestamp("2026-01-01", tz="UTC") + pd.to_timedelta(rng.random(rows), "D"),
        }
    )


@pytest.fixture
def drifted() -> pd.DataFrame:
    window = frame(2)
    window["amount"] *= 2
    window.loc[window.index % 8 == 0, "town"] = "z"
    return window


def names(verdict: Verdict) -> list[str]:
    return [part.name for part in verdict.drifted_features]


def test_frames_arrow_tables_and_files_give_the_same_verdict(
    drifted: pd.DataFrame, tmp_path: Path
) -> None:
    reference = frame(1)
    plain = compare(reference, drifted)
    assert names(plain) == ["amount", "town"]
    assert plain.drifted
    arrow = compare(pa.Table.from_pandas(reference), pa.Table.from_pandas(drifted))
    pq.write_table(pa.Table.from_pandas(reference), tmp_path / "a.parquet")
    pq.write_table(pa.Table.from_pandas(drifted), tmp_path / "b.parquet")
    assert arrow.to_dict() == plain.to_dict()
    assert compare(tmp_path / "a.parquet", str(tmp_path / "b.parquet")).to_dict() == plain.to_dict()


def test_csv_files_are_compared_too(drifted: pd.DataFrame, tmp_path: Path) -> None:
    frame(1).to_csv(tmp_path / "a.csv.gz", index=False)
    drifted.to_csv(tmp_path / "b.csv", index=False)
    assert names(compare(tmp_path / "a.csv.gz", tmp_path / "b.csv")) == ["amount", "town"]


def test_only_the_columns_asked_for_are_compared(drifted: pd.DataFrame) -> None:
    verdict = compare(frame(1), drifted, columns=["count", "amount"])
    assert {part.name for part in verdict.features} == {"amount", "count"}


def test_a_column_that_is_not_there_is_an_error_that_names_those_that_are(
    drifted: pd.DataFrame, tmp_path: Path
) -> None:
    frame(1).to_csv(tmp_path / "a.csv", index=False)
    for reference in (frame(1), pa.table(frame(1)), tmp_path / "a.csv"):
        with pytest.raises(TableError, match="no column age: it has amount, count, flag"):
            compare(reference, drifted, columns=["amount", "age"])


def test_names_of_several_parts_are_spelled_out() -> None:
    before = frame(1)[["amount", "count"]]
    before.columns = pd.MultiIndex.from_tuples([("a", "b"), ("a", "c")])
    assert [part.name for part in compare(before, before).features] == ["('a', 'b')", "('a', 'c')"]


def test_limits_are_those_that_were_given(drifted: pd.DataFrame) -> None:
    assert names(compare(frame(1), drifted, min_effect=0.9)) == []
    assert not compare(frame(1), drifted, share_limit=0.5).drifted


def test_bad_columns_get_a_status_and_the_others_their_verdict(drifted: pd.DataFrame) -> None:
    drifted["count"] = "many"
    verdict = compare(frame(1), drifted.drop(columns="flag"))
    status = {part.name: part.status for part in verdict.features}
    assert status["count"] is DriftStatus.TYPE_CHANGED
    assert status["flag"] is DriftStatus.MISSING_COLUMN
    assert names(verdict) == ["amount", "town"]


def test_an_empty_window_is_too_few_rows() -> None:
    verdict = compare(frame(1), frame(2).head(0))
    assert verdict.status is DriftStatus.TOO_FEW_ROWS
    assert verdict.share is None
    assert not verdict.drifted


def test_rounding_to_float32_is_no_drift() -> None:
    values = np.random.default_rng(0).choice([0.1, 0.2, 0.3], 2000)
    before = pd.DataFrame({"x": values})
    for one, other in ((before, before.astype("float32")), (before.astype("float32"), before)):
        assert not compare(one, other).drifted_features


def test_nested_and_mixed_columns_are_compared_as_they_are_spelled() -> None:
    before = pd.DataFrame({"x": [[1], [2]] * 100, "y": [1, "a"] * 100})
    after = pd.DataFrame({"x": [[3], [2]] * 100, "y": [1, "a"] * 100})
    assert names(compare(before, after)) == ["x"]


@pytest.mark.parametrize(
    ("before", "now", "moved"),
    [
        ([Decimal("Infinity"), *map(Decimal, range(99))], [Decimal(100)] * 100, True),
        (np.arange(100, dtype=np.longdouble) % 50, np.arange(100.0) % 50, False),
        (["\ud800", "a"] * 50, ["a", "\ud800"] * 50, False),
        ([2**70, 1] * 50, [1, 2**70] * 50, False),
    ],
    ids=["infinite decimals", "long doubles", "half a character", "very large integers"],
)
def test_objects_that_arrow_has_no_type_for_are_compared(
    before: Any, now: Any, moved: bool
) -> None:
    tables = (
        pd.DataFrame({"x": pd.Series(x, dtype=x.dtype if hasattr(x, "dtype") else object)})
        for x in (before, now)
    )
    (part,) = compare(*tables).features
    assert part.status is DriftStatus.TESTED
    assert part.changed is moved


@pytest.mark.skipif(not hasattr(pa, "string_view"), reason="PyArrow knows them from 16 on")
def test_categories_as_polars_hands_them_over_are_words() -> None:
    words = pa.array(["red", "blue"], pa.string_view())
    codes = pa.array([0, 1, None] * 100, pa.uint32())
    table = pa.table({"x": pa.DictionaryArray.from_arrays(codes, words)})
    plain = pd.DataFrame({"x": ["red", "blue", None] * 100})
    assert compare(table, plain).to_dict() == compare(plain, table).to_dict()
    (part,) = compare(table, plain).features
    assert part.status is DriftStatus.TESTED
    assert part.missing == pytest.approx(1 / 3)


def test_a_long_word_is_not_told_whole() -> None:
    before = pd.DataFrame({"x": ["a" * 10_000, "b"] * 100})
    (part,) = compare(before, before + "c").features
    assert part.drifted
    assert len(part.reason) < 300


@pytest.mark.parametrize(
    ("reference", "said"),
    [
        (pd.Series([1, 2]), "the reference is a Series"),
        (pd.DataFrame({"x": []}), "no rows"),
        (pd.DataFrame([[1, 2]], columns=["x", "x"]), "several columns of one name: x"),
        (42, "is a int"),
        ("nowhere.parquet", "nowhere.parquet can't be read"),
        ("table.xlsx", "ends in .csv"),
    ],
)
def test_what_cannot_be_compared_is_an_error_that_says_why(reference: object, said: str) -> None:
    with pytest.raises(TableError, match=said):
        compare(reference, frame(1))


def test_a_truncated_parquet_file_is_an_error_that_names_it(tmp_path: Path) -> None:
    path = tmp_path / "cut.parquet"
    pq.write_table(pa.Table.from_pandas(frame(1)), path)
    path.write_bytes(path.read_bytes()[:-100])
    with pytest.raises(TableError, match=r"cut\.parquet"):
        compare(frame(1), path)


def test_a_verdict_reads_well_everywhere(drifted: pd.DataFrame) -> None:
    verdict = compare(frame(1), drifted)
    sentence = "2 of 6 features drifted (33%), above the limit of 30%"
    rows = "2,000 rows against 2,000 of the reference"
    assert str(verdict).startswith(f"{sentence}\n  {rows}\n")
    assert 'new category "z": 0% -> 1' in str(verdict)
    assert repr(verdict) == f"<Verdict compare: {sentence}>"
    assert "<table>" in verdict._repr_html_()
    assert list(verdict.to_frame()["name"][:2]) == ["amount", "town"]
    console = Console(width=200, record=True, file=io.StringIO())
    console.print(verdict_table(verdict))
    shown = console.export_text()
    assert shown.startswith(f"{sentence}\n{rows}\n")
    assert "new category" in shown


def test_names_cannot_smuggle_markup() -> None:
    bad = "<script>[red]"
    before = pd.DataFrame({bad: np.random.default_rng(0).normal(size=500)})
    verdict = compare(before, before + 3)
    assert "<script>" not in verdict._repr_html_()
    console = Console(width=200, record=True, file=io.StringIO())
    console.print(verdict_table(verdict))
    assert bad in console.export_text()


def test_a_verdict_is_plain_json(drifted: pd.DataFrame) -> None:
    record = json.loads(json.dumps(compare(frame(1), drifted).to_dict(), allow_nan=False))
    assert record["status"] == "tested"
    assert record["rows_reference"] == record["rows_current"] == 2000
    assert record["share"] == record["score"] == pytest.approx(1 / 3)
    assert record["drifted"] is True
    assert {"name", "status", "effect", "p_value", "q_value", "changed", "drifted", "reason"} <= (
        record["features"][0].keys()
    )


def test_the_package_alone_imports_nothing_heavy() -> None:
    code = "import monitoring, sys; print({'pandas', 'numpy', 'scipy'} & set(sys.modules))"
    said = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    ).stdout
    assert said.strip() == "set()"


def test_comparing_imports_no_server_and_no_learner() -> None:
    code = (
        "import sys; from monitoring import compare; print({'sklearn', 'mlflow', 'evidently', "
        "'scipy', 'sqlalchemy', 'matplotlib'} & set(sys.modules))"
    )
    said = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    ).stdout
    assert said.strip() == "set()"


def test_limits_that_were_not_given_are_those_of_a_use_case() -> None:
    chosen = asdict(ChosenLimits(MIN_EFFECT, RATE))
    assert chosen.pop("share_limit") == SHARE_LIMIT
    assert Drift(window="1d").model_dump(exclude={"window"}) == chosen


@pytest.mark.parametrize(
    "wrong",
    [
        {"min_effect": 1.5},
        {"rate": 0},
        {"rate": 1},
        {"share_limit": -0.1},
        {"share_limit": float("nan")},
        {"engine": "x"},
        {"columns": "amount"},
    ],
)
def test_limits_that_make_no_sense_are_errors_that_name_them(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=next(iter(wrong))):
        compare(frame(1), frame(2), **wrong)
