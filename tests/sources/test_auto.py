"""Unknown data: the first CSV, its last column the target."""

from pathlib import Path

import pandas as pd
import pytest

from monitoring.sources.auto import resolve
from monitoring.sources.first_look import first_look
from monitoring.sources.location import SourceError
from monitoring.sources.source import read_source
from monitoring.use_case_columns import Features, Target
from tests.rows.made import AUTO, raw, use_case


def write(folder: Path, frame: pd.DataFrame, name: str = "a.csv") -> None:
    frame.to_csv(folder / name, index=False)


def told(folder: Path) -> tuple[Target, Features]:
    columns = resolve(AUTO, folder).columns
    assert isinstance(columns.target, Target)
    assert isinstance(columns.features, Features)
    return columns.target, columns.features


def test_a_use_case_with_named_columns_stays_as_it_is(tmp_path: Path) -> None:
    assert resolve(use_case(), tmp_path) == use_case()


def test_the_first_csv_by_name_is_read_and_its_last_column_is_the_target(tmp_path: Path) -> None:
    write(tmp_path, raw().assign(other=1, lost=3), "b.csv")
    write(tmp_path, raw(), "a.csv.gz")
    (tmp_path / "0.txt").write_text("no CSV", encoding="utf-8")
    case = resolve(AUTO, tmp_path)
    assert case.source.path == "a.csv.gz"
    target, features = told(tmp_path)
    assert target == Target(name="lost", positive=1)
    assert features.numeric == ("at", "weight", "worth")
    assert features.categorical == ("kind",)
    assert len(read_source(AUTO, tmp_path).rows) == 20


def test_event_time_and_id_are_no_features(tmp_path: Path) -> None:
    write(tmp_path, raw())
    columns = {"event_time": use_case().columns.event_time, "id": "parcel"}
    case = AUTO.model_copy(update={"columns": AUTO.columns.model_copy(update=columns)})
    features = resolve(case, tmp_path).columns.features
    assert isinstance(features, Features)
    assert features.names == ("weight", "worth", "kind")


def test_texts_that_differ_from_row_to_row_are_no_feature_and_that_is_said(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    write(tmp_path, raw())
    assert "parcel" not in told(tmp_path)[1].names
    assert "most values of parcel are distinct" in caplog.text


def test_a_few_words_among_numbers_leave_it_a_column_of_numbers(tmp_path: Path) -> None:
    weights = [*map(str, range(19)), "?"]
    write(tmp_path, raw().assign(weight=weights))
    assert "weight" in told(tmp_path)[1].numeric
    write(tmp_path, raw().assign(weight=[*weights[:10], *["a", "b"] * 5]))
    assert "weight" not in told(tmp_path)[1].numeric


@pytest.mark.parametrize(
    ("values", "positive"),
    [
        ([0, 1, 0, 0], 1),
        ([1, 1, 1, 0], 0),
        ([0, 1, 0, 1], 1),
        ([0.0, 1.0, None, 0.0], 1),
        (["no", "yes", "no", ""], "yes"),
        ([True, False, False, False], True),
        ([2, 5, 2, 2], 5),
    ],
)
def test_the_rarer_of_two_values_is_the_positive_one(
    tmp_path: Path, values: list[object], positive: object
) -> None:
    write(tmp_path, raw(4).assign(lost=values))
    target, _ = told(tmp_path)
    assert (target.positive, type(target.positive)) == (positive, type(positive))
    assert len(read_source(AUTO, tmp_path).rows) == 4


@pytest.mark.parametrize("values", [list(range(21)), [1] * 21, [None] * 21])
def test_a_last_column_of_one_value_or_too_many_is_an_error(
    tmp_path: Path, values: list[object]
) -> None:
    write(tmp_path, raw(21).assign(lost=values))
    for look in (lambda: resolve(AUTO, tmp_path), lambda: first_look(tmp_path / "a.csv")):
        with pytest.raises(SourceError, match=r"a\.csv: column 'lost' is taken .*20 values, not"):
            look()


@pytest.mark.parametrize(
    ("values", "classes", "watch"),
    [
        ([1, 2, 3, 3], (1, 2, 3), 2),
        (["ok", "hurt", "ok", "dead"], ("dead", "hurt", "ok"), "hurt"),
        (["No", "yes ", "no", "maybe", "NO", "maybe"], ("maybe", "NO", "yes"), "yes"),
    ],
)
def test_of_more_values_the_rarest_is_watched(
    tmp_path: Path, values: list[object], classes: tuple[object, ...], watch: object
) -> None:
    write(tmp_path, raw(len(values)).assign(lost=values))
    target, _ = told(tmp_path)
    assert (target.classes, target.watch) == (classes, (watch,))
    checked = read_source(AUTO, tmp_path)
    assert (len(checked.rows), checked.quarantined) == (len(values), ())


def test_letter_case_makes_no_value_of_its_own(tmp_path: Path) -> None:
    write(tmp_path, raw(6).assign(lost=["Yes", "no", "NO", "No", "yes", "no"]))
    assert told(tmp_path)[0].positive == "Yes"
    assert (read_source(AUTO, tmp_path).rows.label == 1).sum() == 2


def test_a_file_that_changed_is_told_anew(tmp_path: Path) -> None:
    write(tmp_path, raw())
    assert told(tmp_path)[0].positive == 1
    write(tmp_path, raw(25).assign(lost=["yes"] + ["no"] * 24))
    assert told(tmp_path)[0].positive == "yes"


def test_no_csv_is_an_error_that_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match=f"no CSV in {tmp_path}: put one there"):
        resolve(AUTO, tmp_path)


def test_without_a_csv_rows_are_made_up_where_that_is_allowed(tmp_path: Path) -> None:
    source = AUTO.source.model_copy(update={"synthetic": "survey"})
    case = AUTO.model_copy(update={"source": source})
    checked = read_source(case, tmp_path)
    assert checked.synthetic
    assert "Sleep Duration" in checked.rows.features
