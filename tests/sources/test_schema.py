"""Every row of a file is accounted for: accepted in order of time, or set aside with a reason."""

import json
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from monitoring.rows.quarantine import QuarantineReason
from monitoring.rows.rows import NEGATIVE, POSITIVE, UNLABELLED, moment64
from monitoring.sources.schema_check import CheckedRows, check
from monitoring.sources.source_file import MalformedRow
from monitoring.sources.typed_columns import SchemaError
from tests.rows.made import HASH, START, raw, use_case, with_value

CASE = use_case()
WITHOUT_ID = use_case(id=None)
IN_FILE_ORDER = use_case(event_time={"origin": START, "spacing": "1m"})


def checked(frame: pd.DataFrame) -> CheckedRows:
    return check(frame, CASE, source_hash=HASH)


# What is right comes through.


def test_rows_with_nothing_wrong_are_all_accepted_as_declared() -> None:
    result = checked(raw())
    rows = result.rows
    assert (len(rows), result.quarantined, result.source_hash) == (20, (), HASH)
    assert list(rows.features.columns) == ["weight", "worth", "kind"]
    assert [str(kind) for kind in rows.features.dtypes] == ["float64", "float64", "str"]
    assert rows.row_id.tolist() == [f"p{i}" for i in range(20)]
    assert rows.amount is not None
    assert rows.amount.dtype == np.float64
    assert rows.label.dtype == np.int8
    assert (rows.label == POSITIVE).sum() == 4
    assert rows.event_time.dtype == np.dtype("datetime64[us]")
    assert rows.event_time[3] == moment64(START + timedelta(seconds=3))
    assert rows.score is None


def test_history_arrived_when_it_happened_and_its_labels_after_the_delay() -> None:
    rows = checked(with_value(raw(), 4, "lost", None)).rows
    np.testing.assert_array_equal(rows.arrival_time, rows.event_time)
    assert rows.label[4] == UNLABELLED
    assert np.isnat(rows.label_time[4])
    delays = np.delete(rows.label_time - rows.event_time, 4)
    assert set(delays.tolist()) == {timedelta(hours=1)}


def test_a_batch_arrives_at_once_and_may_come_without_labels() -> None:
    arrival = START + timedelta(days=1)
    with_labels = check(raw(), CASE, source_hash=HASH, arrival=arrival).rows
    assert set(with_labels.arrival_time) == {moment64(arrival)}
    assert set(with_labels.label_time) == {moment64(arrival)}
    without = check(raw().drop(columns="lost"), CASE, source_hash=HASH, arrival=arrival).rows
    assert (without.label == UNLABELLED).all()
    assert np.isnat(without.label_time).all()


def test_history_without_its_target_is_an_error() -> None:
    with pytest.raises(SchemaError, match="'lost' is missing"):
        checked(raw().drop(columns="lost"))


def test_rows_without_an_id_column_are_called_after_source_and_row_number() -> None:
    result = check(raw(3), WITHOUT_ID, source_hash=HASH, first_row=7)
    assert result.rows.row_id.tolist() == [f"0123456789ab-{n}" for n in (7, 8, 9)]


def test_file_order_gives_rows_their_time_where_there_is_none() -> None:
    rows = check(raw(3), IN_FILE_ORDER, source_hash=HASH, first_row=10).rows
    expected = [moment64(START + timedelta(minutes=n)) for n in (10, 11, 12)]
    assert rows.event_time.tolist() == np.array(expected).tolist()


def test_missing_features_and_amounts_stay_missing_and_are_no_zero() -> None:
    frame = raw()
    for column in ("weight", "worth", "kind"):
        frame = with_value(frame, 2, column, None)
    rows = checked(with_value(frame, 3, "kind", "")).rows
    assert len(rows) == 20
    assert rows.features.iloc[2].isna().all()
    assert rows.features["kind"].isna()[3]
    assert rows.amount is not None
    assert np.isnan(rows.amount[2])


def test_rows_out_of_order_are_sorted_by_time_and_counted() -> None:
    frame = raw(6)
    frame["at"] = [0.0, 5.0, 1.0, 2.0, 6.0, 6.0]
    result = checked(frame)
    assert result.out_of_order == 2
    assert result.rows.row_id.tolist() == ["p0", "p2", "p3", "p1", "p4", "p5"]
    assert list(result.rows.features.index) == list(range(6))


def test_equal_content_is_counted_and_kept() -> None:
    frame = pd.concat([raw(5)] * 2, ignore_index=True)
    frame["parcel"] = [f"q{i}" for i in range(10)]
    result = checked(frame)
    assert (result.equal_content, len(result.rows)) == (5, 10)


def test_columns_nobody_declared_are_left_alone() -> None:
    frame = raw().assign(comment="x", nested=[[1]] * 20)
    assert len(checked(frame).rows) == 20


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ([1, 2, 3], [1.0, 2.0, 3.0]),
        ([True, False, None], [1.0, 0.0, np.nan]),
        (["1", " 2.5 ", "1e3"], [1.0, 2.5, 1000.0]),
        (["", "NA", "null"], [np.nan] * 3),
        ([Decimal("1.5"), None, 2], [1.5, np.nan, 2.0]),
        (pd.array([1, None, 3], dtype="Int64"), [1.0, np.nan, 3.0]),
        (pd.array([True, None, False], dtype="boolean"), [1.0, np.nan, 0.0]),
        (pd.Categorical(["1", "2", "1"]), [1.0, 2.0, 1.0]),
    ],
)
def test_numbers_are_read_however_they_are_held(values: object, expected: list[float]) -> None:
    rows = checked(raw(3).assign(weight=values)).rows
    np.testing.assert_array_equal(rows.features["weight"], expected)


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ([1, 2, None], ["1", "2", np.nan]),
        ([1.5, 2.0, np.nan], ["1.5", "2", np.nan]),
        (["007", "", "NA"], ["007", np.nan, "NA"]),
        ([True, False, None], ["True", "False", np.nan]),
        (pd.Categorical(["a", None, "b"]), ["a", np.nan, "b"]),
        ([date(2026, 1, 1), None, "x"], ["2026-01-01", np.nan, "x"]),
    ],
)
def test_words_are_read_however_they_are_held(values: object, expected: list[object]) -> None:
    kind = checked(raw(3).assign(kind=values)).rows.features["kind"]
    pd.testing.assert_series_equal(kind, pd.Series(expected, dtype="str", name="kind"))


@pytest.mark.parametrize(
    ("positive", "values", "expected"),
    [
        (1, [1, 0, None], [POSITIVE, NEGATIVE, UNLABELLED]),
        (1, ["1", "0", ""], [POSITIVE, NEGATIVE, UNLABELLED]),
        (1, ["true", "false", "NA"], [POSITIVE, NEGATIVE, UNLABELLED]),
        (True, [True, False, False], [POSITIVE, NEGATIVE, NEGATIVE]),
        (0, [1.0, 0.0, np.nan], [NEGATIVE, POSITIVE, UNLABELLED]),
        (2, [2, 1, 1], [POSITIVE, NEGATIVE, NEGATIVE]),
        ("yes", ["yes", "no", None], [POSITIVE, NEGATIVE, UNLABELLED]),
        ("1", [1, 0, 0], [POSITIVE, NEGATIVE, NEGATIVE]),
        (1, [0, 0, 0], [NEGATIVE] * 3),
        (1, [None, None, None], [UNLABELLED] * 3),
    ],
)
def test_labels_are_told_however_the_truth_is_spelled(
    positive: object, values: list[object], expected: list[int]
) -> None:
    case = use_case(target={"name": "lost", "positive": positive})
    rows = check(raw(3).assign(lost=values), case, source_hash=HASH).rows
    assert rows.label.tolist() == expected


@pytest.mark.parametrize(
    "values",
    [
        ["2026-03-01", "2026-03-01T01:00:00+01:00", "2026-03-01 00:00:00.000000Z"],
        [datetime(2026, 3, 1, tzinfo=UTC)] * 3,
        np.full(3, "2026-03-01", "datetime64[ns]"),
        [date(2026, 3, 1)] * 3,
    ],
)
def test_times_are_utc_however_they_are_held(values: object) -> None:
    case = use_case(event_time={"name": "at"})
    rows = check(raw(3).assign(at=values), case, source_hash=HASH).rows
    assert set(rows.event_time) == {moment64(START)}
    assert rows.event_time.dtype == np.dtype("datetime64[us]")


# One wrong row is set aside, the others stay.


@pytest.mark.parametrize(
    ("column", "value", "reason"),
    [
        ("at", None, QuarantineReason.MISSING_TIME),
        ("at", "yesterday", QuarantineReason.UNPARSABLE_TIME),
        ("at", float("inf"), QuarantineReason.TIME_OUT_OF_RANGE),
        ("at", 1e18, QuarantineReason.TIME_OUT_OF_RANGE),
        ("at", 1e305, QuarantineReason.TIME_OUT_OF_RANGE),  # infinite in microseconds
        ("at", -1e10, QuarantineReason.TIME_OUT_OF_RANGE),
        ("parcel", None, QuarantineReason.MISSING_ID),
        ("parcel", "", QuarantineReason.MISSING_ID),
        ("parcel", "x" * 201, QuarantineReason.UNUSABLE_ID),
        ("parcel", "p\0", QuarantineReason.UNUSABLE_ID),
        ("weight", "heavy", QuarantineReason.UNPARSABLE_NUMBER),
        ("weight", float("-inf"), QuarantineReason.INFINITE_NUMBER),
        ("weight", "inf", QuarantineReason.INFINITE_NUMBER),
        ("worth", "1,5", QuarantineReason.UNPARSABLE_NUMBER),
        ("worth", float("inf"), QuarantineReason.INFINITE_NUMBER),
        ("worth", -0.01, QuarantineReason.NEGATIVE_AMOUNT),
        ("worth", 1e200, QuarantineReason.AMOUNT_OUT_OF_RANGE),
        ("lost", 2, QuarantineReason.UNKNOWN_TARGET),
        ("lost", "maybe", QuarantineReason.UNKNOWN_TARGET),
        ("parcel", "p3", QuarantineReason.DUPLICATE_ID),
    ],
)
def test_a_row_with_one_fault_is_set_aside_with_its_reason(
    column: str, value: object, reason: QuarantineReason
) -> None:
    frame = with_value(raw(), 6, column, value)
    result = check(frame, CASE, source_hash=HASH, first_row=100)
    (row,) = result.quarantined
    assert (row.reason, row.row_number) == (reason, 106)
    shown = repr(value) if isinstance(value, str) else str(value)
    assert row.detail == f"{column}: {shown[:80]}"
    assert json.loads(row.payload)["kind"] == "bag"
    assert len(result.rows) == 19
    assert result.rows.features["weight"].notna().all()


def test_a_row_set_aside_keeps_its_id_or_gets_one_of_source_and_number() -> None:
    frame = with_value(with_value(raw(), 6, "weight", "heavy"), 7, "parcel", None)
    ids = [row.row_id for row in checked(frame).quarantined]
    assert ids == ["p6", "0123456789ab-7"]


def test_the_first_usable_row_of_an_id_is_kept() -> None:
    frame = with_value(raw(), 2, "weight", "heavy")
    frame["parcel"] = frame["parcel"].replace({"p9": "p2", "p10": "p2"})
    result = checked(frame)
    reasons = [(row.row_number, row.reason) for row in result.quarantined]
    assert reasons == [(2, QuarantineReason.UNPARSABLE_NUMBER), (10, QuarantineReason.DUPLICATE_ID)]
    assert result.rows.features["weight"][result.rows.row_id == "p2"].tolist() == [10.5]


def test_of_several_faults_the_first_in_the_list_of_reasons_is_told() -> None:
    frame = with_value(with_value(raw(), 6, "worth", -1.0), 6, "at", None)
    (row,) = checked(frame).quarantined
    assert row.reason is QuarantineReason.MISSING_TIME


def test_the_third_value_of_a_target_in_words_is_set_aside() -> None:
    case = use_case(target={"name": "lost", "positive": "yes"})
    frame = raw().assign(lost=["yes", "no", "no", "yess"] + ["no"] * 16)
    result = check(frame, case, source_hash=HASH)
    assert [row.row_number for row in result.quarantined] == [3]
    assert (result.rows.label == NEGATIVE).sum() == 18


def test_rows_of_another_width_are_set_aside_and_the_others_keep_their_numbers() -> None:
    malformed = [MalformedRow(1, "a,b", "2 columns"), MalformedRow(4, "c", "1 column")]
    result = check(raw(4), WITHOUT_ID, source_hash=HASH, malformed=malformed)
    assert [row.row_id[-2:] for row in result.quarantined] == ["-1", "-4"]
    assert {row.reason for row in result.quarantined} == {QuarantineReason.WRONG_WIDTH}
    assert result.quarantined[0].payload == "a,b"
    assert result.rows.row_id.tolist() == [f"0123456789ab-{n}" for n in (0, 2, 3, 5)]


def test_the_payload_is_json_whatever_was_in_the_row() -> None:
    frame = with_value(raw(), 6, "weight", float("inf"))
    frame = with_value(with_value(frame, 6, "kind", None), 6, "lost", Decimal(1))
    payload = json.loads(checked(frame).quarantined[0].payload)
    assert (payload["weight"], payload["kind"]) == ("Infinity", None)


# What is wrong with a column, or with the whole, is an error that says what to do.


def test_a_missing_column_is_named_with_those_like_it() -> None:
    with pytest.raises(SchemaError, match=r"'weight' is missing: did you mean 'weigth'\?"):
        checked(raw().rename(columns={"weight": "weigth"}))
    with pytest.raises(SchemaError, match=r"'at' is missing: did you mean ' AT '\?"):
        checked(raw().rename(columns={"at": " AT "}))


def test_all_missing_columns_are_named_at_once() -> None:
    with pytest.raises(SchemaError, match=r"'weight' is missing; .*'kind' is missing"):
        checked(raw().drop(columns=["weight", "kind"]))


def test_a_column_that_is_there_twice_is_an_error() -> None:
    frame = raw()
    with pytest.raises(SchemaError, match="'weight' appears 2 times"):
        checked(pd.concat([frame, frame[["weight"]]], axis=1))


def test_no_rows_is_an_error() -> None:
    with pytest.raises(SchemaError, match="no row"):
        checked(raw(0))


@pytest.mark.parametrize(
    ("column", "values", "wanted"),
    [
        ("weight", ["heavy"] * 20, "numbers"),
        ("weight", [["nested"]] * 20, "numbers"),
        ("weight", np.full(20, "2026-03-01", "datetime64[us]"), "numbers"),
        ("weight", np.full(20, 1j), "numbers"),
        ("at", ["noon"] * 20, "times"),
        ("lost", ["a", "b", "c", "d"] * 5, "two values"),
        ("lost", [5, 6, 7, 8] * 5, "two values"),
    ],
)
def test_a_column_of_another_type_is_an_error_not_twenty_rows(
    column: str, values: object, wanted: str
) -> None:
    with pytest.raises(SchemaError, match=f"'{column}'.*{wanted}"):
        checked(raw().assign(**{column: values}))


def test_numbers_where_iso_times_are_declared_are_an_error() -> None:
    case = use_case(event_time={"name": "at"})
    with pytest.raises(SchemaError, match="'at' holds float64, not times in ISO 8601"):
        check(raw(), case, source_hash=HASH)


def test_a_use_case_whose_columns_are_still_auto_is_refused() -> None:
    case = use_case(source={"path": "auto"}, features="auto", target="last")
    with pytest.raises(TypeError, match="call `resolve` first"):
        check(raw(), case, source_hash=HASH)


# Whatever comes, no row is lost and none is made.

_SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.text(max_size=8),
    st.decimals(allow_nan=False),
    st.datetimes(),
    st.dates(),
)


@st.composite
def frames(draw: st.DrawFn) -> pd.DataFrame:
    """Few enough rows that no column is refused; mostly right, with anything at all in places."""
    frame = raw(draw(st.integers(1, 10))).astype(object)
    places = st.tuples(
        st.integers(0, len(frame) - 1), st.sampled_from(list(frame.columns)), _SCALARS
    )
    targets = 0
    for row, column, value in draw(st.lists(places, max_size=12)):
        targets += column == "lost"
        if column == "lost" and targets > 1:  # more than a tenth of a third value
            continue
        frame.loc[row, column] = pd.Series([value], dtype=object).iloc[0]
    return frame


@settings(max_examples=100, deadline=None)
@given(
    frame=frames(),
    case=st.sampled_from(
        [CASE, WITHOUT_ID, IN_FILE_ORDER, use_case(event_time={"name": "at"}, amount=None)]
    ),
    malformed=st.sets(st.integers(0, 5)),
)
def test_every_row_is_accepted_or_set_aside_once(
    frame: pd.DataFrame, case: object, malformed: set[int]
) -> None:
    numbers = enumerate(sorted(malformed))
    broken = [MalformedRow(n, "?", "too short") for i, n in numbers if n <= len(frame) + i]
    result = check(frame, case, source_hash=HASH, malformed=broken)
    rows = result.rows
    assert len(rows) + len(result.quarantined) == len(frame) + len(broken)
    assert len({row.row_number for row in result.quarantined}) == len(result.quarantined)
    assert len(set(rows.row_id)) == len(rows)
    assert (np.diff(rows.event_time) >= np.timedelta64(0, "us")).all()
    assert not np.isnat(rows.event_time).any()
    assert not np.isinf(rows.features[["weight", "worth"]].to_numpy()).any()
    assert rows.amount is None or not (rows.amount < 0).any()
    assert set(rows.label) <= {POSITIVE, NEGATIVE, UNLABELLED}
    for row in result.quarantined:
        assert row.payload == "?" or isinstance(json.loads(row.payload), dict)
