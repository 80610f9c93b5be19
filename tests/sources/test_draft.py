"""A use-case file drafted from a data file is valid, and marks each of its guesses."""

from datetime import timedelta
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from typer.testing import CliRunner

from monitoring.cli import app
from monitoring.settings import settings
from monitoring.sources.draft import Guess, guesses
from monitoring.use_case_columns import Target
from monitoring.use_case_file import load_named

ROWS = 400


def shop() -> pd.DataFrame:
    rng = np.random.default_rng(0)
    return pd.DataFrame(
        {
            "order id": np.arange(ROWS) + 10_000,
            "ordered": pd.date_range("2026-01-01", periods=ROWS, freq="h"),
            "Total amount": rng.lognormal(3, 1, ROWS).round(2),
            "items": rng.integers(1, 9, ROWS),
            "country: of": rng.choice(["de", "fr", "no"], ROWS),
            "refunded": np.where(np.arange(ROWS) % 10 == 0, 1.0, 0.0),
            "note": [f"note {number}" for number in range(ROWS)],
            "returned": np.where(np.arange(ROWS) % 10 == 0, "yes", "no"),
        }
    )


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "data").mkdir()
    monkeypatch.setenv("TOCSIN_DATA", str(tmp_path / "data"))
    monkeypatch.chdir(tmp_path)
    settings.cache_clear()
    return tmp_path


def called(*arguments: str, code: int = 0) -> str:
    result = CliRunner().invoke(app, list(arguments))
    assert result.exit_code == code, result.output
    return result.output


@pytest.mark.parametrize("ending", ["csv", "csv.gz", "parquet"])
def test_a_draft_is_valid_and_each_guess_is_marked(folder: Path, ending: str) -> None:
    data = folder / "data" / f"shop.{ending}"
    shop().to_parquet(data) if ending == "parquet" else shop().to_csv(data, index=False)
    said = called("use-case", "new", "returns", "--data", str(data))
    assert "returns.yml" in said
    assert "11 guesses" in said
    case = load_named(folder / "returns.yml")
    columns = case.columns
    assert case.source.path == f"shop.{ending}"
    assert (columns.id, columns.amount) == ("order id", "Total amount")
    assert isinstance(columns.target, Target)
    assert (columns.target.name, columns.target.positive) == ("returned", "yes")
    assert getattr(columns.event_time, "name", None) == "ordered"
    assert columns.features != "auto"
    assert columns.features.numeric == ("Total amount", "items")
    assert columns.features.categorical == ("country: of",)
    assert case.words.positives == "returned cases"
    assert case.costs.missed.of_amount == 1
    text = (folder / "returns.yml").read_text(encoding="utf-8")
    assert [guess.field for guess in guesses(text)] == [
        "words", "event_time", "id", "amount", "target", "numeric", "categorical", "labels",
        "costs", "drift", "recall",
    ]  # fmt: skip
    assert "Left out (most values differ):\n    #   note\n" in text
    assert (
        "goes with one value of the target, so it may be known too late):\n    #   refunded\n"
        in text
    )
    said = called("use-case", "check", "returns.yml", "--data")
    assert "400 rows kept, 0 set aside" in said
    assert "40 of 400 rows (10.00%)" in said
    assert "train: 240 rows, 24 of them positive" in said


@pytest.mark.parametrize(
    ("target", "values", "words"),
    [
        ("is_fraud", [1, 0], "fraud cases"),
        ("Class", [1, 0], "class 1 cases"),
        ("class", ["UP", "DOWN"], "UP cases"),
        ("paid_back", ["No", "Yes"], "not paid back cases"),
        ("severity", [1, 2, 3], "severity 1 cases"),
    ],
)
def test_what_is_watched_for_is_named_as_people_say_it(
    folder: Path, target: str, values: list[str | int], words: str
) -> None:
    others = values[1:] * ROWS
    frame = shop()[["items"]].assign(**{target: [values[0], *others][:ROWS]})
    frame.to_csv(folder / "data" / "shop.csv", index=False)
    called("use-case", "new", "named", "--data", "data/shop.csv")
    assert load_named(folder / "named.yml").words.positives == words


def test_what_is_checked_is_no_guess_any_more(folder: Path) -> None:
    text = "name: a\n# guess: it looks so\n# and this is a comment\ntarget: {name: y}\n"
    assert guesses(text) == (Guess(2, "target", "it looks so"),)
    assert guesses(text.replace("# guess: it looks so\n", "")) == ()


def test_rows_that_would_be_set_aside_are_named(folder: Path) -> None:
    frame = shop().astype({"Total amount": object})
    frame.loc[[3, 7], "Total amount"] = ["a lot", -1]
    frame.loc[11, "items"] = None
    frame.loc[13] = frame.loc[12].replace(frame.loc[12, "order id"], 9)
    frame.to_csv(folder / "data" / "shop.csv", index=False)
    called("use-case", "new", "returns", "--data", "data/shop.csv")
    said = called("use-case", "check", "returns.yml", "--data")
    assert "398 rows kept, 2 set aside" in said
    assert "1 unparsable number" in said
    assert "row 3: " in said
    assert "1 negative amount" in said
    assert "items: 0.25% missing" in said
    assert "1 row equals an earlier one in all but the id" in said


def test_classes_and_rows_without_a_time_are_drafted_too(folder: Path) -> None:
    frame = shop()[["items", "country: of"]].assign(
        kind=["rare", *["some", "some", "other"] * 133], row=range(ROWS)
    )
    frame.to_csv(folder / "data" / "kinds.csv", index=False)
    called("use-case", "new", "kinds", "--data", "data/kinds.csv", "--target", "kind")
    case = load_named(folder / "kinds.yml")
    assert case.columns.classes is not None
    assert case.columns.classes.watched == ("rare",)
    assert (case.split.by, case.costs.missed.fixed) == ("random", 100)
    frame["row"] += 100 * (frame["row"] > 9)
    frame.to_csv(folder / "data" / "kinds.csv", index=False)
    called("use-case", "new", "clock", "--data", "data/kinds.csv", "--target", "kind")
    case = load_named(folder / "clock.yml")
    assert (case.split.by, case.drift.window) == ("time", timedelta(days=1))
    text = (folder / "clock.yml").read_text(encoding="utf-8")
    assert "row rises through the file, so rows stand in the order of time" in text


@pytest.mark.parametrize(("every", "unit", "days"), [("h", "s", 7), ("8h", "ms", 30)])
def test_the_window_of_drift_holds_the_rows_that_a_verdict_needs(
    folder: Path, every: str, unit: str, days: int
) -> None:
    when = pd.date_range("2024-01-01", periods=ROWS, freq=every).astype(f"datetime64[{unit}]")
    frame = shop()[["items", "returned"]].assign(timestamp=when.astype("int64"))
    frame[["timestamp", "items", "returned"]].to_parquet(folder / "data" / "shop.parquet")
    called("use-case", "new", "sparse", "--data", "data/shop.parquet")
    case = load_named(folder / "sparse.yml")
    assert (case.drift.window, case.report.every) == (timedelta(days=days), "0 6 * * *")
    assert getattr(case.columns.event_time, "unit", None) == unit
    assert case.costs.missed.fixed == 9  # a tenth of the rows are positive
    said = called("use-case", "check", "sparse.yml", "--data")
    assert f"`drift` is a guess: a day has {24 if days == 7 else 3} rows" in said
    assert "event times from 2024-01-01 00:00" in said
    assert "on average" not in said
    draft = (folder / "sparse.yml").read_text(encoding="utf-8")
    short = draft.replace(f"window: {days}d", "window: 1d")
    (folder / "sparse.yml").write_text(short, encoding="utf-8")
    said = called("use-case", "check", "sparse.yml", "--data")
    rows = 24 if days == 7 else 3
    assert f"`drift.window` holds {rows} of these rows on average, and a verdict needs 50" in said


def test_the_file_is_written_where_the_commands_find_it(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shop().to_csv(folder / "data" / "shop.csv", index=False)
    said = called("use-case", "new", "returns", "--data", "data/shop.csv")
    assert f"export TOCSIN_USE_CASES={folder}" in said
    assert "set TOCSIN_USE_CASES to the folder" in called("retrain", "returns", code=2)
    monkeypatch.setenv("TOCSIN_USE_CASES", str(folder / "cases"))
    settings.cache_clear()
    said = called("use-case", "new", "returns", "--data", "data/shop.csv")
    assert "TOCSIN_USE_CASES" not in said
    assert "returns" in called("use-case", "list")
    said = called("use-case", "new", "returns", "--data", "data/shop.csv", "--out", "a/returns.yml")
    assert f"export TOCSIN_USE_CASES={folder / 'a'}" in said


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--data", "nowhere.csv"), "nowhere.csv"),
        (("--data", "data/shop.csv", "--target", "retuned"), "did you mean `returned`"),
        (("--data", "data/shop.csv", "--target", "note"), "two to 20 values"),
        (("--data", "data/shop.csv", "--out", "data/shop.csv"), "is there: remove it"),
    ],
)
def test_what_cannot_be_drafted_says_why_and_writes_nothing(
    folder: Path, arguments: tuple[str, ...], said: str
) -> None:
    shop().to_csv(folder / "data" / "shop.csv", index=False)
    assert said in called("use-case", "new", "returns", *arguments, code=2)
    assert not (folder / "returns.yml").exists()


def test_a_name_that_no_use_case_may_have_leaves_no_file(folder: Path) -> None:
    shop().to_csv(folder / "data" / "shop.csv", index=False)
    called("use-case", "new", "No_Name", "--data", "data/shop.csv", code=2)
    assert not list(folder.glob("*.yml"))
