"""A use-case file drafted from a data file is valid, and marks each of its guesses."""

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
    assert "10 guesses" in said
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
    assert case.words.positives == "rows of returned yes"
    assert case.costs.missed.of_amount == 1
    text = (folder / "returns.yml").read_text(encoding="utf-8")
    assert [guess.field for guess in guesses(text)] == [
        "words", "event_time", "id", "amount", "target", "numeric", "categorical", "labels",
        "costs", "recall",
    ]  # fmt: skip
    assert "most of their values differ: note" in text
    assert "goes with one of the target: known too late?\n    #   refunded\n" in text
    said = called("use-case", "check", "returns.yml", "--data")
    assert "400 rows are kept, 0 are set aside" in said
    assert "40 of 400 rows (10.00%)" in said
    assert "train: 240 rows, 24 of them positive" in said


def test_what_is_checked_is_no_guess_any_more(folder: Path) -> None:
    text = "name: a\n# guess: it looks so\n# and this is a comment\ntarget: {name: y}\n"
    assert guesses(text) == (Guess(2, "target", "it looks so"),)
    assert guesses(text.replace("# guess: it looks so\n", "")) == ()


def test_rows_that_would_be_set_aside_are_named(folder: Path) -> None:
    frame = shop().astype({"Total amount": object})
    frame.loc[[3, 7], "Total amount"] = ["a lot", -1]
    frame.loc[11, "items"] = None
    frame.to_csv(folder / "data" / "shop.csv", index=False)
    called("use-case", "new", "returns", "--data", "data/shop.csv")
    said = called("use-case", "check", "returns.yml", "--data")
    assert "398 rows are kept, 2 are set aside" in said
    assert "1 unparsable number" in said
    assert "row 3: " in said
    assert "1 negative amount" in said
    assert "items: 0.25% missing" in said


def test_classes_and_rows_without_a_time_are_drafted_too(folder: Path) -> None:
    frame = shop()[["items", "country: of"]].assign(
        kind=["rare", *["some", "some", "other"] * 133], row=range(ROWS)
    )
    frame.to_csv(folder / "data" / "kinds.csv", index=False)
    called("use-case", "new", "kinds", "--data", "data/kinds.csv", "--target", "kind")
    case = load_named(folder / "kinds.yml")
    assert case.columns.classes is not None
    assert case.columns.classes.watched == ("rare",)
    assert case.split.by == "random"


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
