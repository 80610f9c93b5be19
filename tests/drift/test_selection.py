"""Which columns are compared, how, and by what limits: what can be asked for, and mistakes."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from typer.testing import CliRunner

from monitoring import InputError, compare, fit
from monitoring.cli import app
from monitoring.drift.detection import drift_verdict
from monitoring.drift.verdict import Verdict
from monitoring.summary.build import summarise
from monitoring.summary.table import TableError
from monitoring.use_case_columns import Features
from tests.drift.made import LIMITS, reference_of, rows_of

RNG = np.random.default_rng(5)


def table(*, moved: float = 0.0, rows: int = 3000) -> pd.DataFrame:
    """Return amounts, others, and codes that are numbers; those of a window may have moved."""
    codes = np.array([5411, 5812, 5999])
    return pd.DataFrame(
        {
            "Amount": RNG.normal(moved / 2, 1, rows),
            "other": RNG.normal(moved / 2, 1, rows),
            "mcc": RNG.choice(codes if not moved else codes + 1, rows),
        }
    )


BEFORE, NOW = table(), table(moved=1.0)


def drifted(verdict: Verdict) -> list[str]:
    return [part.name for part in verdict.drifted_features]


def test_columns_to_leave_out_are_not_in_the_verdict() -> None:
    verdict = compare(BEFORE, NOW, ignore=["mcc"])
    assert [part.name for part in verdict.features] == ["Amount", "other"]
    saved = fit(BEFORE, window=1000)
    assert [part.name for part in compare(saved, NOW, ignore=["mcc"]).features] == [
        "Amount",
        "other",
    ]


def test_numbers_that_are_codes_are_compared_as_words_where_they_are_named_so() -> None:
    """Said before: mcc moved as a number does, `<= 5,411: 33% -> 0%`, with no way to change it."""
    verdict = compare(BEFORE, NOW, categorical=["mcc"])
    (mcc,) = (part for part in verdict.features if part.name == "mcc")
    assert "new categories" in mcc.reason
    assert compare(fit(BEFORE, window=3000, categorical=["mcc"]), NOW).to_dict() == (
        verdict.to_dict()
    )


def test_a_saved_reference_of_numbers_can_not_be_compared_as_words() -> None:
    with pytest.raises(TableError, match=r"mcc: the saved reference holds numbers.*fit it with"):
        compare(fit(BEFORE, window=1000), NOW, categorical=["mcc"])


@pytest.mark.parametrize(
    ("least", "expected", "limits"),
    [
        (0.05, ["Amount", "other"], [0.05, 0.05]),
        ({"Amount": 0.9}, ["other"], [0.9, 0.1]),
        ({"Amount": 0.05, "*": 0.9}, ["Amount"], [0.05, 0.9]),
    ],
)
def test_a_column_may_have_a_limit_of_its_own_and_the_verdict_shows_it(
    least: Any, expected: list[str], limits: list[float]
) -> None:
    verdict = compare(BEFORE, NOW, ignore=["mcc"], min_effect=least)
    assert drifted(verdict) == expected
    assert [part["min_effect"] for part in verdict.to_dict()["features"]] == limits
    for limit in limits:
        assert f"<td style='text-align:left'>{limit:.2f}</td>" in verdict._repr_html_()


def test_a_use_case_has_limits_by_feature_too() -> None:
    before, now = BEFORE.drop(columns="mcc"), NOW.drop(columns="mcc")
    features = Features(numeric=("Amount", "other"))
    reference = reference_of(rows_of(before), features=features, chunk=100_000)
    window = summarise(rows_of(now), reference)
    limits = LIMITS.model_copy(update={"min_effect": {"Amount": 0.9}})
    assert drifted(drift_verdict(reference, window, limits, id="v")) == ["other"]
    assert drifted(drift_verdict(reference, window, LIMITS, id="v")) == ["Amount", "other"]


@pytest.mark.parametrize(
    ("options", "error", "said"),
    [
        ({"ignore": ["gone"]}, TableError, "no column gone: it has Amount, other, mcc"),
        ({"categorical": ["gone"]}, TableError, "no column gone"),
        ({"ignore": "mcc"}, TableError, r"ignore is the text 'mcc': give a list"),
        ({"categorical": "mcc"}, TableError, "categorical is the text"),
        ({"columns": ["mcc"], "ignore": ["mcc"]}, TableError, "mcc: named to be compared, and in"),
        ({"ignore": ["Amount", "other", "mcc"]}, TableError, "no columns to compare"),
        ({"min_effect": {"gone": 0.1}}, InputError, "min_effect of gone: compared are Amount"),
        ({"min_effect": {"Amount": 1.5}}, InputError, "min_effect of Amount is 1.5"),
    ],
)
def test_what_can_not_be_selected_is_an_error(
    options: dict[str, Any], error: type[Exception], said: str
) -> None:
    with pytest.raises(error, match=said):
        compare(BEFORE, NOW, **options)


def run(folder: Path, *options: str) -> tuple[int, str]:
    for name, rows in (("a.csv", BEFORE), ("b.csv", NOW)):
        rows.rename(columns={"other": "o,ther"}).to_csv(folder / name, index=False)
    result = CliRunner().invoke(
        app, ["drift", str(folder / "a.csv"), str(folder / "b.csv"), *options]
    )
    return result.exit_code, result.output


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        (["--ignore", "mcc"], {"Amount", "o,ther"}),
        (["--columns", "Amount,mcc"], {"Amount", "mcc"}),
        (["--columns", "Amount", "--columns", '"o,ther"'], {"Amount", "o,ther"}),
        (["--ignore", 'mcc,"o,ther"'], {"Amount"}),
    ],
)
def test_the_command_selects_columns(
    tmp_path: Path, options: list[str], expected: set[str]
) -> None:
    code, said = run(tmp_path, *options, "--json")
    assert code == 0
    assert {part["name"] for part in json.loads(said)["features"]} == expected


def test_the_command_takes_limits_and_codes(tmp_path: Path) -> None:
    options = ["--categorical", "mcc", "--min-effect", "0.3", "--min-effect", "Amount=0.05"]
    code, said = run(tmp_path, *options, "--json")
    assert code == 0
    features = {part["name"]: part for part in json.loads(said)["features"]}
    limits = {name: part["min_effect"] for name, part in features.items()}
    assert limits == {"Amount": 0.05, "o,ther": 0.3, "mcc": 0.3}
    assert "new categories" in features["mcc"]["reason"]
    code, said = run(tmp_path, "--min-effect", "Amount=high")
    assert code == 2
    assert "'Amount=high' is neither a number" in " ".join(said.split())


def test_a_verdict_that_was_stored_without_limits_is_shown_without() -> None:
    verdict = compare(BEFORE, NOW)
    old = replace(verdict, features=tuple(replace(f, min_effect=None) for f in verdict.features))
    assert all(part.limit is None for part in old.features)
    assert "Amount" in old._repr_html_()
