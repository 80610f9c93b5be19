"""Derived columns: scalar SQL per row, alike in history, batches and scoring."""

from datetime import timedelta
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from pydantic import ValidationError

from monitoring.field_types import wrong_fields
from monitoring.rows.quarantine import QuarantineReason
from monitoring.sources.derived import check_derive
from monitoring.sources.location import SourceError
from monitoring.sources.schema_check import CheckedRows, check
from monitoring.sources.source import read_source
from monitoring.sources.typed_columns import SchemaError
from monitoring.use_case import UseCase
from monitoring.use_case_source import Source
from tests.rows.made import HASH, START, raw, use_case

DERIVE = {
    "price": "worth / weight",
    "hour": "hour(event_time)",
    "weekday": "strftime(event_time, '%A')",
    "heavy": "weight > 5 AND kind = 'box'",
    "channel_kind": "upper(kind) || '-' || coalesce(channel, 'none')",
    "rate": "amount / pieces",
}


def case_of(
    derive: dict[str, str] | None = None,
    numeric: tuple[str, ...] = ("price", "hour", "heavy", "rate"),
    categorical: tuple[str, ...] = ("weekday", "channel_kind"),
    **columns: object,
) -> UseCase:
    """Return a use case of parcels with derived features and two inputs that are none."""
    content = use_case().model_dump()
    content["derive"] = DERIVE if derive is None else derive
    content["columns"]["features"] = {
        "numeric": ("weight", "worth", *numeric),
        "categorical": ("kind", *categorical),
    }
    content["columns"]["inputs"] = {"numeric": ["pieces"], "categorical": ["channel"]}
    content["columns"] |= columns
    return UseCase.model_validate(content)


def one(expression: str, *, numeric: bool = True, **columns: object) -> UseCase:
    """Return a use case with one derived feature, `x`."""
    kinds = (
        {"numeric": ("x",), "categorical": ()}
        if numeric
        else {"numeric": (), "categorical": ("x",)}
    )
    return case_of({"x": expression}, **kinds, **columns)  # type: ignore[arg-type]


def parcels(count: int = 20) -> pd.DataFrame:
    there = raw(count).assign(
        pieces=np.arange(count) % 4 + 1, channel=["01", "web", None, "7"] * (count // 4)
    )
    return there.assign(at=there["at"] * 3600)


def checked(frame: pd.DataFrame, case: UseCase, **how: object) -> CheckedRows:
    return check(frame, case, source_hash=HASH, **how)  # type: ignore[arg-type]


def values(expression: str, frame: pd.DataFrame | None = None, **how: object) -> list[object]:
    rows = checked(parcels(4) if frame is None else frame, one(expression, **how)).rows  # type: ignore[arg-type]
    return [None if pd.isna(value) else value for value in rows.features["x"]]


def test_features_are_computed_from_the_row_s_own_columns() -> None:
    frame = parcels()
    features = checked(frame, case_of()).rows.features
    assert features.columns.tolist() == list(case_of().columns.features.names)  # type: ignore[union-attr]
    np.testing.assert_array_equal(features["price"], frame["worth"] / frame["weight"])
    np.testing.assert_array_equal(features["rate"], frame["worth"] / frame["pieces"])
    assert features["hour"].tolist() == [float(n) for n in range(20)]
    assert features["weekday"].tolist() == ["Sunday"] * 20
    assert features["heavy"].tolist() == [float(n > 3 and n % 2) for n in range(20)]
    assert features["channel_kind"].tolist()[:4] == ["BAG-01", "BOX-web", "BAG-none", "BOX-7"]
    assert features["price"].dtype == "float64"
    assert "pieces" not in features


def test_the_same_row_has_the_same_values_in_a_file_a_batch_and_alone(tmp_path: Path) -> None:
    frame = parcels(400)
    frame.loc[7, "weight"] = None
    case = case_of()
    frame.to_csv(tmp_path / "parcels.csv", index=False)
    frame.to_parquet(tmp_path / "parcels.parquet", index=False)
    elsewhere = case.model_copy(update={"source": Source(path="parcels.parquet")})
    history = read_source(case, tmp_path).rows.features
    parquet = read_source(elsewhere, tmp_path).rows.features
    batch = checked(frame.drop(columns="lost"), case, arrival=START).rows.features
    as_text = checked(frame.astype(object).where(frame.notna(), "").astype(str), case).rows.features
    alone = pd.concat(
        [
            checked(frame.iloc[[n]], case, arrival=START + timedelta(days=1)).rows.features
            for n in (0, 7, 13, 399)
        ]
    )
    for other in (parquet, batch, as_text):
        pd.testing.assert_frame_equal(other, history)
    pd.testing.assert_frame_equal(
        alone.reset_index(drop=True), history.iloc[[0, 7, 13, 399]].reset_index(drop=True)
    )


def test_many_rows_keep_their_order() -> None:
    frame = parcels(300_000).assign(at=np.arange(300_000.0))
    features = checked(frame, one("weight * 2")).rows.features
    np.testing.assert_array_equal(features["x"], frame["weight"] * 2)


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("worth / 0", [None] * 4),
        ("0 / (weight - 1.5)", [None, 0, 0, 0]),
        ("worth % (weight - 1.5)", [None, 0, 0, 0]),
        ("weight / NULL", [None] * 4),
        ("ln(worth)", [None, *np.log([10.0, 20.0, 30.0])]),
        ("sqrt(worth - 15)", [None, None, *np.sqrt([5.0, 15.0])]),
        ("CAST(channel AS DOUBLE)", [1.0, None, None, 7.0]),
        ("coalesce(worth / nullif(worth, 0), -1)", [-1.0, 1.0, 1.0, 1.0]),
        ("date_diff('hour', TIMESTAMP '2026-03-01 00:00:00', event_time)", [0, 1, 2, 3]),
        ("extract(dow FROM event_time)", [0.0] * 4),
        ("CASE WHEN kind = 'box' THEN 1 ELSE 0 END", [0.0, 1.0, 0.0, 1.0]),
        ("weight BETWEEN 2 AND 3", [0.0, 1.0, 0.0, 0.0]),
        ("kind IN ('box', 'crate') -- a remark", [0.0, 1.0, 0.0, 1.0]),
        ('WEIGHT + "Worth"', [1.5, 12.5, 23.5, 34.5]),
        ("3", [3.0] * 4),
    ],
)
def test_what_can_t_be_computed_is_missing(expression: str, expected: list[float | None]) -> None:
    assert values(expression) == pytest.approx(expected)


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("hour(event_time)", ["0", "1", "2", "3"]),
        ("weight - 1.5", ["0", "1", "2", "3"]),
        ("kind = 'box'", ["False", "True", "False", "True"]),
        ("CAST(event_time AS DATE)", ["2026-03-01"] * 4),
        ("nullif(kind, 'box')", ["bag", None, "bag", None]),
        ("channel", ["01", "web", None, "7"]),
    ],
)
def test_words_are_spelled_as_those_of_files_are(expression: str, expected: list[object]) -> None:
    assert values(expression, numeric=False) == expected


def test_an_infinite_value_is_quarantined_and_said() -> None:
    result = checked(parcels(8), one("exp(weight * 200)"))
    assert {row.reason for row in result.quarantined} == {QuarantineReason.INFINITE_NUMBER}
    assert result.quarantined[0].detail == "x: inf"
    assert len(result.quarantined) + len(result.rows) == 8
    assert len(result.rows) > 0
    frame = parcels(8).astype({"pieces": float})
    frame.loc[3, "pieces"] = np.inf
    (aside,) = checked(frame, one("amount / pieces")).quarantined
    assert (aside.row_number, aside.detail) == (3, "pieces: inf")


def test_an_amount_may_be_derived() -> None:
    case = case_of({"total": "worth * pieces"}, numeric=(), categorical=(), amount="total")
    rows = checked(parcels(), case).rows
    assert rows.amount is not None
    np.testing.assert_array_equal(rows.amount, parcels()["worth"] * parcels()["pieces"])


def test_a_column_of_its_own_name_comes_before_a_role() -> None:
    features = {"numeric": ("weight", "worth", "amount", "x"), "categorical": ("kind",)}
    case = one("amount", features=features)
    frame = parcels(4).assign(amount=[1.0, 2.0, 3.0, 4.0])
    assert checked(frame, case).rows.features["x"].tolist() == [1.0, 2.0, 3.0, 4.0]


def test_without_event_times_expressions_know_the_time_of_arrival_order() -> None:
    case = one("minute(event_time)", event_time={"origin": START, "spacing": "1m"})
    assert checked(parcels(8), case).rows.features["x"].tolist() == list(range(8))


@pytest.mark.parametrize(
    ("expression", "said"),
    [
        ("(SELECT 1)", "a subquery: an expression knows one row alone"),
        ("weight IN (SELECT 1)", "a subquery"),
        ("EXISTS (SELECT 1)", "a subquery"),
        ("sum(weight)", r"sum\(\) is of several rows"),
        ("weight / max(weight)", r"max\(\) is of several rows"),
        ("count(*)", r"of several rows|`\*`"),
        ("row_number() OVER ()", "a window function"),
        ("lag(weight) OVER (ORDER BY event_time)", "a window function"),
        ("geomean(weight)", "is of several rows"),
        ("unnest([1, 2])", r"unnest\(\) is of several rows"),
        ("random()", r"random\(\) gives another value"),
        ("weight * RANDOM()", r"[Rr](ANDOM|andom)\(\) gives another value"),
        ("uuid()", "gives another value"),
        ("now()", "gives another value"),
        ("today()", "gives another value"),
        ("hour(current_timestamp)", "no column `current_timestamp`"),
        ("current_date", "no column `current_date`"),
        ("age(event_time)", r"age\(\) gives another value"),
        ("current_setting('threads')", "gives another value"),
        ("getvariable('a')", "gives another value"),
        ("nextval('a')", "gives another value"),
        ("pg_sleep(1)", "gives another value"),
        ("getenv('HOME')", "getenv does not exist"),
        ("wieght + 1", "no column `wieght`, did you mean `weight`"),
        ("lost + 1", "`lost` is the target: it is not known when a row is scored"),
        ("y + 1", "no other derived column"),
        ("weight AS w", "not one expression"),
        ("weight, worth", "not one expression"),
        ("weight FROM t", "not one expression"),
        ("weight WHERE true", "not one expression"),
        ("DISTINCT weight", "not one expression"),
        ("1; DROP TABLE input", "not one expression"),
        ("1 UNION SELECT 2", "not one expression"),
        ("1 ORDER BY 1", "not one expression"),
        ("1 LIMIT 1", "not one expression"),
        ("*", r"`\*`"),
        ("COLUMNS('w.*')", r"`\*`"),
        ("$1", "parameter"),
        ("?", "parameter"),
        ("weight +", "syntax error"),
        ("1)", "syntax error"),
        ("1) FROM input, (SELECT 1", "syntax error"),
        ("list_transform([weight], a -> a)", "lambda"),
        ("nope(weight)", "nope does not exist"),
        ("kind + 1", "x: |No function|Could not"),
        ("kind", "gives VARCHAR, not a number: name it under `categorical`, or CAST it"),
        ("event_time", "gives TIMESTAMP, not a number"),
        ("[weight]", r"gives DOUBLE\[\], not a number"),
    ],
)
def test_an_expression_is_scalar_and_its_row_s_alone(expression: str, said: str) -> None:
    with pytest.raises(SourceError, match=rf"use case parcels: derive\.x: .*({said})"):
        check_derive(one(expression))
    with pytest.raises(SourceError, match=r"derive\.x"):
        checked(parcels(4), one(expression))


def test_columns_that_differ_in_case_alone_can_t_be_told_apart_in_sql() -> None:
    features = {"numeric": ("weight", "WEIGHT", "x"), "categorical": ("kind",)}
    with pytest.raises(SourceError, match=r"use case parcels: derive: .*WEIGHT.*blind to case"):
        check_derive(one("1", features=features))


def test_a_file_that_holds_the_derived_column_is_refused() -> None:
    with pytest.raises(SchemaError, match="column 'x' is there, and is derived"):
        checked(parcels(4).assign(x=1), one("weight"))
    with pytest.raises(SchemaError, match="column 'pieces' is missing"):
        checked(parcels(4).drop(columns="pieces"), one("weight"))


@pytest.mark.parametrize(
    ("columns", "derive", "said"),
    [
        ({}, {"y": "1"}, r"`derive\.y` is no feature: name it under `columns.features`"),
        ({"inputs": {"numeric": ["x"]}}, {"x": "1"}, "`derive.x` is no feature|is a feature"),
        ({"inputs": {"numeric": ["weight"]}}, {"x": "1"}, "weight is a feature, which `derive`"),
        ({"inputs": {"numeric": ["lost"]}}, {"x": "1"}, "'lost' is the target: .* input"),
        ({}, {"x": ""}, "derive.x: must not be empty"),
        ({}, {}, "`columns.inputs` are what `derive` reads"),
        ({"features": "auto"}, {"x": "1"}, "`derive` needs named columns|auto` only"),
    ],
)
def test_what_is_derived_is_declared(
    columns: dict[str, object], derive: dict[str, str], said: str
) -> None:
    kinds = {"numeric": ("x",) if derive else (), "categorical": ()}
    with pytest.raises(ValidationError) as caught:
        case_of(derive, **kinds, **columns)  # type: ignore[arg-type]
    lines = "\n".join(wrong_fields(caught.value, ""))
    assert pd.Series([lines]).str.contains(said).all(), lines
