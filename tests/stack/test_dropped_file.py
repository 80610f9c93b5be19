"""A CSV file dropped into the data folder gets a use case that trains, and says what it took."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from monitoring.settings import Settings
from monitoring.signals.use_case_fit import check_fit
from monitoring.sources.location import SourceError
from monitoring.sources.source import read_source
from monitoring.stack.demo import use_cases_to_show
from monitoring.stack.dropped_file import DroppedFile, use_case_of_dropped_file
from monitoring.training.pipeline import check_candidates
from monitoring.use_case_file import load_named


def shop(rows: int = 200, **columns: object) -> pd.DataFrame:
    rng = np.random.default_rng(0)
    frame = pd.DataFrame({"spent": rng.normal(size=rows), "kind": ["a", "b"] * (rows // 2)})
    return frame.assign(**{"bought": ["no", "no", "no", "yes"] * (rows // 4), **columns})


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    (tmp_path / "data").mkdir()
    return Settings(data=tmp_path / "data", state=tmp_path / "state")


def dropped(settings: Settings, **files: pd.DataFrame) -> DroppedFile | None:
    for name, frame in files.items():
        frame.to_csv(settings.data / f"{name}.csv", index=False)
    return use_case_of_dropped_file(settings)


def test_a_dropped_file_is_watched_and_what_was_taken_for_what_is_said(settings: Settings) -> None:
    said: list[str] = []
    shop().to_csv(settings.data / "Web shop (2).csv", index=False)
    assert use_cases_to_show((), settings, say=said.append) == ["web_shop_2"]
    text = "\n".join(said)
    assert f"{settings.data}/Web shop (2).csv is watched by the use case web_shop_2" in text
    assert "its last column, 'bought', is the target; 'yes', the rarest of its two values" in text
    assert "no column looks like a time: the order of the rows stands in" in text
    path = settings.state / "use_cases" / "web_shop_2.yml"
    assert str(path) in text
    case = load_named(path)
    check_fit(case)
    check_candidates(case)
    assert (case.split.by, case.source.path) == ("random", "Web shop (2).csv")
    rows = read_source(case, settings.data).rows
    assert (len(rows), int((rows.label == 1).sum())) == (200, 50)


def test_times_order_the_rows_where_there_are_some(settings: Settings) -> None:
    when = pd.date_range("2026-01-01", periods=200, freq="h").strftime("%Y-%m-%d %H:%M")
    found = dropped(settings, a=shop(when=when)[["when", "spent", "kind", "bought"]])
    assert found is not None
    case = load_named(found.path)
    assert (case.split.by, getattr(case.columns.event_time, "name", None)) == ("time", "when")
    assert any("'when' is the event time" in sentence for sentence in found.said)


@pytest.mark.parametrize(
    "values", [[0, 1], [-1, 1], [True, False], ["t", "f"], ["yes", "no"], [1.0, 2.0], ["NA", "b"]]
)
def test_any_two_values_are_a_target(settings: Settings, values: list[object]) -> None:
    found = dropped(settings, a=shop(bought=[values[0]] * 40 + [values[1]] * 160))
    assert found is not None
    case = load_named(found.path)
    check_candidates(case)
    rows = read_source(case, settings.data).rows
    assert ((rows.label == 1).sum(), (rows.label == 0).sum()) == (40, 160)


@pytest.mark.parametrize("values", [[3, 1, 2], ["ok", "dead", "yes"], ["1.5", "2.5", "3.5"]])
def test_of_more_values_the_rarest_is_watched(settings: Settings, values: list[object]) -> None:
    found = dropped(
        settings, a=shop(bought=[values[0]] * 30 + [values[1]] * 70 + [values[2]] * 100)
    )
    assert found is not None
    case = load_named(found.path)
    check_candidates(case)
    rows = read_source(case, settings.data).rows
    assert ((rows.label == 1).sum(), (rows.label == 0).sum()) == (30, 170)
    assert any(f"{values[0]}" in line and "rarest of its 3 values" in line for line in found.said)


def test_which_file_is_watched(settings: Settings) -> None:
    assert dropped(settings) is None
    assert dropped(settings, creditcard=shop()) is None
    assert dropped(settings, student_depression=shop(), advertising=shop()) is None
    other = dropped(settings, shop=shop(), zoo=shop())
    assert other is not None
    assert other.use_case == "shop"
    (settings.data / "creditcard.csv").unlink()
    (settings.data / "advertising.csv").unlink()
    (settings.data / "shop.csv").unlink()
    (settings.data / "zoo.csv").unlink()
    alone = use_case_of_dropped_file(settings)
    assert alone is not None
    assert alone.use_case == "student_depression_csv"


@pytest.mark.parametrize(
    ("file", "name"),
    [
        ("fraud", "fraud_csv"),
        ("tocsin", "tocsin_csv"),
        ("2026-01", "csv_2026_01"),
        ("Été", "t"),
        ("x" * 60, "x" * 25),
        ("...", "csv"),
    ],
)
def test_a_name_is_made_that_is_no_shipped_use_case_s(
    settings: Settings, file: str, name: str
) -> None:
    found = dropped(settings, **{file: shop()})
    assert found is not None
    assert found.use_case == name


def test_a_file_that_was_edited_stays_and_one_that_was_not_is_written_anew(
    settings: Settings,
) -> None:
    found = dropped(settings, shop=shop())
    assert found is not None
    assert found.is_new
    again = dropped(settings, shop=shop().rename(columns={"spent": "paid"}))
    assert again is not None
    assert not again.is_new
    assert "paid" in found.path.read_text()
    edited = found.path.read_text().split("\n", 1)[1].replace("title: Shop", "title: My shop")
    found.path.write_text(edited)
    assert use_case_of_dropped_file(settings) is not None
    assert found.path.read_text() == edited


def test_a_file_that_can_t_be_watched_is_an_error_that_says_why(settings: Settings) -> None:
    with pytest.raises(SourceError, match=r"column 'bought' is taken .*values, not 200"):
        dropped(settings, shop=shop(bought=range(200)))
