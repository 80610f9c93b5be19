"""The command that compares two files."""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from typer.testing import CliRunner

from monitoring.cli import app

runner = CliRunner()

VERDICT = {
    "status",
    "rows_reference",
    "rows_current",
    "share",
    "score",
    "drifted",
    "features",
}
FEATURE = {
    "name",
    "status",
    "effect",
    "p_value",
    "q_value",
    "changed",
    "drifted",
    "reason",
}


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder of reference, same and moved, as CSV and as Parquet."""
    folder = tmp_path_factory.mktemp("drift")
    rng = np.random.default_rng(0)
    for name, by in (("reference", 0.0), ("same", 0.0), ("moved", 2.0)):
        frame = pd.DataFrame(
            {
                "a": rng.normal(by, 1, 1000),
                "b": rng.normal(0, 1, 1000),
                "town": rng.choice(["Ghent", "Namur"], 1000),
            }
        )
        frame.to_csv(folder / f"{name}.csv", index=False)
        frame.to_parquet(folder / f"{name}.parquet", index=False)
    return folder


def drift(folder: Path, current: str, *options: str) -> tuple[int, str]:
    result = runner.invoke(
        app, ["drift", str(folder / "reference.csv"), str(folder / current), *options]
    )
    return result.exit_code, result.output


@pytest.mark.parametrize(
    ("current", "limit", "code"),
    [
        ("same.csv", ["--fail-above", "0.3"], 0),
        ("moved.csv", ["--fail-above", "0.3"], 1),
        ("moved.csv", ["--fail-above", "0.5"], 0),
        ("moved.csv", [], 0),
    ],
)
def test_drift_exits_1_only_above_a_limit_that_was_asked_for(
    files: Path, current: str, limit: list[str], code: int
) -> None:
    assert drift(files, current, *limit)[0] == code
    assert drift(files, current, *limit, "--json")[0] == code


def test_a_limit_is_not_kept_by_a_window_that_could_not_be_judged(files: Path) -> None:
    (files / "empty.csv").write_text("a,b,town\n")
    code, said = drift(files, "empty.csv")
    assert code == 0
    assert "not judged: too few rows" in said
    code, said = drift(files, "empty.csv", "--fail-above", "0.3")
    assert code == 2
    assert "no column could be tested" in said


@pytest.mark.parametrize(
    ("town", "said"),
    [
        (None, "column 'town': the window has no such column"),
        (range(1000), "column 'town': the column holds another kind of values"),
    ],
)
def test_a_limit_is_not_kept_by_a_window_that_lacks_a_column_of_the_reference(
    files: Path, town: object, said: str
) -> None:
    broken = pd.read_csv(files / "same.csv").drop(columns="town")
    if town is not None:
        broken["town"] = town
    broken.to_csv(files / "broken.csv", index=False)
    assert drift(files, "broken.csv")[0] == 0
    code, output = drift(files, "broken.csv", "--fail-above", "0.3")
    assert code == 1
    assert said in output


def test_names_are_printed_as_they_are_and_can_not_paint_the_terminal(tmp_path: Path) -> None:
    names = [":heart:", "[bold]x", "\x1b[31mred", "two\nlines"]
    for seed, file in enumerate(("reference.csv", "current.csv")):
        rng = np.random.default_rng(seed)
        frame = pd.DataFrame({name: rng.normal(seed, 1, 200) for name in names})
        frame.to_csv(tmp_path / file, index=False)
    code, said = drift(tmp_path, "current.csv")
    assert code == 0
    for name in (":heart:", "[bold]x", "\\x1b[31mred", "two\\nlines"):
        assert name in said
    assert "\x1b[31m" not in said


def test_the_json_has_what_a_program_needs(files: Path) -> None:
    code, said = drift(files, "moved.csv", "--json")
    assert code == 0
    record = json.loads(said)
    assert record.keys() >= VERDICT
    assert (record["rows_reference"], record["rows_current"]) == (1000, 1000)
    assert record["status"] == "tested"
    assert record["share"] == record["score"] == pytest.approx(1 / 3)
    assert record["drifted"] is True
    assert [part["name"] for part in record["features"]] == ["a", "b", "town"]
    for part in record["features"]:
        assert part.keys() >= FEATURE
    assert [part["drifted"] for part in record["features"]] == [True, False, False]


@pytest.mark.parametrize("engine", ["memory", "duckdb"])
def test_every_engine_and_format_finds_the_same(files: Path, engine: str) -> None:
    _, first = drift(files, "moved.csv", "--json")
    _, other = drift(files, "moved.parquet", "--json", "--engine", engine)
    assert json.loads(other) == json.loads(first)


@pytest.mark.parametrize(
    ("current", "options", "said"),
    [
        ("nowhere.csv", [], "nowhere.csv can't be read"),
        ("\x1b[2Jnowhere.csv", [], "\\x1b[2Jnowhere.csv"),
        ("\udcff.csv", [], "\\udcff.csv"),
        ("same.csv", ["--engine", "abacus"], "no engine 'abacus'"),
        ("same.csv", ["--engine", "spark"], "give engine spark the DataFrame"),
    ],
)
def test_an_error_exits_2_and_says_what_is_wrong(
    files: Path, current: str, options: list[str], said: str
) -> None:
    code, output = drift(files, current, *options)
    assert code == 2
    assert said in output
    assert "\x1b" not in output


@pytest.mark.parametrize(("ending", "without"), [("csv", ()), ("parquet", ("duckdb",))])
def test_small_files_are_compared_without_heavy_imports(
    files: Path, ending: str, without: tuple[str, ...]
) -> None:
    """Each of these takes a good part of the second that the command may take."""
    heavy = {
        "pandas",
        "pydantic_settings",
        "yaml",
        "scipy",
        "sklearn",
        "sqlalchemy",
        "mlflow",
    }
    paths = [str(files / f"{name}.{ending}") for name in ("reference", "moved")]
    code = (
        "import sys; from monitoring.cli import app; "
        f"app(['drift', *{paths!r}, '--json'], standalone_mode=False); "
        f"print(sorted({heavy | set(without)!r} & set(sys.modules)), file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert json.loads(done.stdout)["drifted"] is True
    assert done.stderr.strip() == "[]"
