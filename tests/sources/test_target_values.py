"""The target of a use case may have any two values; what is neither is counted, never guessed."""

from collections import Counter
from datetime import timedelta
from pathlib import Path

import pandas as pd
import pytest
from pydantic import ValidationError

from monitoring.rows.quarantine import QuarantineReason
from monitoring.rows.rows import NEGATIVE, POSITIVE, UNLABELLED
from monitoring.sources.schema_check import CheckedRows, check
from monitoring.sources.source import read_source
from monitoring.sources.typed_columns import SchemaError
from monitoring.use_case import UseCase
from tests.rows.made import HASH, START, raw, use_case

LATER = START + timedelta(days=1)


def case_of(positive: object, **target: object) -> UseCase:
    return use_case(target={"name": "lost", "positive": positive, **target})


def checked(case: UseCase, values: list[object], *, batch: bool = False) -> CheckedRows:
    frame = raw(len(values)).assign(lost=values)
    return check(frame, case, source_hash=HASH, arrival=LATER if batch else None)


P, N, U = POSITIVE, NEGATIVE, UNLABELLED


@pytest.mark.parametrize(
    ("positive", "values", "expected"),
    [
        # All negatives of these were silently unknown.
        (1, [-1, 1, -1, -1], [N, P, N, N]),
        (1, [1, 2, 2, 2], [P, N, N, N]),
        (1, ["-1", "1", "-1.0", "1"], [N, P, N, P]),
        # All rows of these were an error, or unknown.
        (True, [1, 0, 0, 1], [P, N, N, P]),
        (True, ["true", "False", "TRUE", "false"], [P, N, P, N]),
        (True, ["t", "f", "f", "t"], [P, N, N, P]),
        (True, ["yes", "no", "No", "YES"], [P, N, N, P]),
        (False, ["Y", "n", "N", "y"], [N, P, P, N]),
        (1, ["Y", "n", "N", "y"], [P, N, N, P]),
        (1, ["1.0", "0.0", "1.0", "0"], [P, N, P, N]),
        ("1", ["1.0", "0.0", "1.0", ""], [P, N, P, U]),
        ("true", [True, False, True, None], [P, N, P, U]),
        # The letter case of a word made a third value of it.
        ("yes", ["Yes", "NO", "no ", " yes"], [P, N, N, P]),
        ("fraud", ["Fraud", "legit", "LEGIT", ""], [P, N, N, U]),
        # And others of the kind.
        (2, [1, 2, 2, 1], [N, P, P, N]),
        (-1, [1, -1, 1, None], [N, P, N, U]),
        (0, [True, False, False, True], [N, P, P, N]),
        (1, pd.Categorical([1, 2, 2, 1]), [P, N, N, P]),
        (1, pd.array([1, None, 0, 1], "Int8"), [P, U, N, P]),
        ("001", ["001", "1", "1", "001"], [P, N, N, P]),
        (2**60 + 1, [2**60 + 1, 2**60, 2**60], [P, N, N]),
        (1, ["on", "off", "NA", "null"], [P, N, U, U]),
    ],
)
def test_any_two_values_are_a_positive_and_a_negative_one(
    positive: object, values: list[object], expected: list[int]
) -> None:
    result = checked(case_of(positive), values)
    assert result.rows.label.tolist() == expected
    assert result.quarantined == ()


@pytest.mark.parametrize("ending", ["csv", "parquet"])
@pytest.mark.parametrize(
    ("positive", "pair"),
    [
        (1, (1, -1)),
        (1, (1, 2)),
        (True, ("t", "f")),
        (True, (True, False)),
        (True, (1, 0)),
        ("yes", ("yes", "no")),
    ],
)
def test_a_file_of_any_two_values_is_read_whole(
    tmp_path: Path, ending: str, positive: object, pair: tuple[object, object]
) -> None:
    frame = raw().assign(lost=[pair[i % 5 > 0] for i in range(20)])
    path = tmp_path / f"parcels.{ending}"
    if ending == "csv":
        frame.to_csv(path, index=False)
    else:
        frame.to_parquet(path)
    source = {"path": path.name}
    case = use_case(source=source, target={"name": "lost", "positive": positive})
    result = read_source(case, tmp_path)
    assert Counter(result.rows.label.tolist()) == {POSITIVE: 4, NEGATIVE: 16}
    assert result.quarantined == ()


@pytest.mark.parametrize(
    ("positive", "two", "third"), [(1, [1, -1], 7), ("yes", ["yes", "no"], "maybe"), (2, [2, 1], 0)]
)
def test_up_to_a_tenth_of_a_third_value_is_set_aside_and_counted(
    positive: object, two: list[object], third: object
) -> None:
    result = checked(case_of(positive), two * 9 + [third] * 2)
    assert [row.reason for row in result.quarantined] == [QuarantineReason.UNKNOWN_TARGET] * 2
    assert {row.detail for row in result.quarantined} == {f"lost: {third!r}"}
    assert len(result.rows) == 18


def test_more_than_a_tenth_of_a_third_value_is_an_error_that_lists_what_was_found() -> None:
    with pytest.raises(SchemaError) as error:
        checked(case_of(1), [1, -1, -1] * 5 + [7, 8, 7])
    assert str(error.value) == (
        "column 'lost' should hold two values, the positive 1 and one other, but 3 of its 18 rows "
        "hold a third: it holds '-1' (10), '1' (5), '7' (2), '8' (1); correct `columns.target`, or "
        "leave out the target of such rows"
    )


def test_of_many_values_an_error_lists_the_most_frequent() -> None:
    with pytest.raises(SchemaError, match=r"'0' \(1\), .*, and 10 more; correct"):
        checked(case_of(1), list(range(20)))


# A batch, and labels that come later, are read by the values of the history.


@pytest.mark.parametrize("values", [[7, 7], [2, 1, 7] * 4])
def test_a_batch_is_read_by_the_negative_value_of_the_history(values: list[object]) -> None:
    case = case_of(1)
    history = checked(case, [1, 2, 2])
    assert history.target.negative == "2"
    columns = case.columns.model_copy(update={"target": history.target})
    of_history = case.model_copy(update={"columns": columns})
    assert checked(of_history, [1, 1], batch=True).rows.label.tolist() == [P, P]
    assert checked(of_history, [2, 2], batch=True).rows.label.tolist() == [N, N]
    with pytest.raises(SchemaError, match=r"hold a third: it holds .*'7'"):
        checked(of_history, values, batch=True)
    one = checked(of_history, [1, 2] * 10 + [7], batch=True)
    assert [row.detail for row in one.quarantined] == ["lost: 7"]


def test_a_batch_of_a_third_value_alone_is_read_by_the_declared_negative_one() -> None:
    case = case_of("fraud", negative="legit")
    assert checked(case, ["LEGIT", "fraud"], batch=True).rows.label.tolist() == [N, P]
    with pytest.raises(SchemaError, match=r"2 of its 2 rows hold a third: it holds 'other' \(2\)"):
        checked(case, ["other", "other"], batch=True)


def test_a_batch_whose_negative_value_nobody_knows_is_an_error_that_asks_for_it() -> None:
    with pytest.raises(
        SchemaError,
        match=r"'lost' holds legit beside the positive 'fraud', .*: declare `columns.target.negat",
    ):
        checked(case_of("fraud"), ["legit", "fraud"], batch=True)
    assert checked(case_of("fraud"), ["fraud", None], batch=True).rows.label.tolist() == [P, U]


@pytest.mark.parametrize(
    ("positive", "values"), [(1, [0, 1]), (True, ["f", "t"]), ("y", ["N", "Y"]), (0, [1, 0])]
)
def test_of_a_pair_the_other_value_is_negative_in_a_batch_too(
    positive: object, values: list[object]
) -> None:
    assert checked(case_of(positive), values, batch=True).rows.label.tolist() == [N, P]


def test_the_negative_value_differs_from_the_positive_one() -> None:
    with pytest.raises(ValidationError, match="`negative` must be another value than `positive`"):
        case_of(1, negative=1)


# Targets of classes.


@pytest.mark.parametrize(
    ("classes", "watch", "values", "places"),
    [
        (["a", "b", "c"], "c", ["a", "C", " b", ""], [0, 2, 1, -1]),
        ([0, 1, 2], 2, [2, 0.0, 1, None], [2, 0, 1, -1]),
        ([0, 1, 2], [1, 2], ["2.0", "0", "1", "NA"], [2, 0, 1, -1]),
        ([1, 2, 3, 4], [2], [4, 3, 2, 1], [3, 2, 1, 0]),
        ([False, True, "maybe"], "maybe", ["no", "YES", "maybe", "f"], [0, 1, 2, 0]),
    ],
)
def test_classes_have_their_places_and_the_watched_ones_are_positive(
    classes: list[object], watch: object, values: list[object], places: list[int]
) -> None:
    case = use_case(target={"name": "lost", "classes": classes, "watch": watch})
    result = checked(case, values)
    assert result.rows.true_class is not None
    assert result.rows.true_class.tolist() == places
    watched = watch if isinstance(watch, list) else [watch]
    expected = [U if place < 0 else int(classes[place] in watched) for place in places]
    assert result.rows.label.tolist() == expected
    assert result.quarantined == ()


def test_a_value_that_is_no_class_is_set_aside_or_an_error_that_lists_the_values() -> None:
    case = use_case(target={"name": "lost", "classes": ["a", "b", "c"], "watch": "c"})
    (row,) = checked(case, ["a", "b", "c"] * 5 + ["d"]).quarantined
    assert row.reason is QuarantineReason.UNKNOWN_TARGET
    with pytest.raises(SchemaError, match=r"the classes 'a', 'b', 'c', but 3 of its 9 rows hold"):
        checked(case, ["a", "b", "c"] * 2 + ["d"] * 3)


@pytest.mark.parametrize(
    ("target", "said"),
    [
        ({}, "give either `positive`, of two values, or `classes`"),
        ({"positive": 1, "classes": [1, 2, 3]}, "give either `positive`"),
        ({"positive": 1, "watch": [1]}, "`watch` is of `classes`"),
        ({"classes": ["a", "b"], "watch": "a"}, "three or more different values"),
        ({"classes": ["a", "b", "A "], "watch": "a"}, "three or more different values"),
        ({"classes": ["a", "b", "c"]}, "`watch` names some of the `classes`, not all: a, b, c"),
        ({"classes": ["a", "b", "c"], "watch": ["d"]}, "`watch` names some of the `classes`"),
        ({"classes": ["a", "b", "c"], "watch": ["a", "b", "c"]}, "`watch` names some"),
        ({"classes": ["a", "b", "c"], "watch": "a", "negative": "b"}, "`negative` is of two"),
        ({"classes": list(range(21)), "watch": [1]}, "at most 20"),
    ],
)
def test_a_target_that_cannot_be_says_why(target: dict[str, object], said: str) -> None:
    with pytest.raises(ValidationError, match=said):
        use_case(target={"name": "lost", **target})
