"""References and summaries are kept instead of rows, and compared in their stead."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from monitoring import compare, fit, merge, save, summarise
from monitoring.drift.detection import VerdictError
from monitoring.summary.as_json import FormatError
from monitoring.summary.table import TableError
from monitoring.summary.types import Reference


def frame(seed: int, *, moved: float = 0.0) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    return pd.DataFrame(
        {
            "amount": rng.normal(moved, 1, 1000),
            "count": rng.poisson(3, 1000),
            "town": rng.choice(["Ghent", "Namur"], 1000),
        }
    )


BEFORE, NOW = frame(0), frame(1, moved=1)


@pytest.fixture(scope="module")
def reference() -> Reference:
    return fit(BEFORE, window=len(NOW))


def test_what_was_kept_gives_the_verdict_that_the_rows_give(
    reference: Reference, tmp_path: Path
) -> None:
    summary = summarise(NOW, reference)
    save(reference, tmp_path / "reference.json.gz")
    save(summary, tmp_path / "now.json.gz")
    NOW.to_parquet(tmp_path / "now.parquet")
    rows = compare(BEFORE, NOW).to_dict()
    assert rows["features"][0]["drifted"] is True
    for one in (reference, tmp_path / "reference.json.gz", str(tmp_path / "reference.json.gz")):
        for other in (NOW, tmp_path / "now.parquet", summary, tmp_path / "now.json.gz"):
            assert compare(one, other).to_dict() == rows


def test_a_table_is_summarised_on_a_reference_that_was_kept(
    reference: Reference, tmp_path: Path
) -> None:
    path = tmp_path / "reference.json.gz"
    save(reference, str(path))
    kept = summarise(NOW, path)
    assert compare(path, kept).to_dict() == compare(BEFORE, NOW).to_dict()
    with pytest.raises(TableError, match="a DataFrame, which holds no bins"):
        summarise(NOW, BEFORE)  # type: ignore[arg-type]


@pytest.mark.parametrize("window", [0, -1])
def test_a_window_has_rows(window: int) -> None:
    with pytest.raises(TableError, match=f"window is {window}: "):
        fit(BEFORE, window=window)


def test_hours_that_were_kept_make_a_day(reference: Reference) -> None:
    hours = [summarise(NOW[start : start + 100], reference) for start in range(0, 1000, 100)]
    assert compare(reference, merge(*hours)).to_dict() == compare(BEFORE, NOW).to_dict()


def test_the_window_says_how_long_the_chunks_are() -> None:
    assert len(fit(BEFORE, window=100).chunks) == 10
    assert compare(fit(BEFORE, window=100), NOW).variation_known
    assert not compare(fit(BEFORE, window=500), NOW).variation_known


def test_some_columns_of_a_kept_reference_are_compared(reference: Reference) -> None:
    verdict = compare(reference, NOW, columns=["count", "town"])
    assert {part.name for part in verdict.features} == {"count", "town"}
    assert fit(BEFORE, window=100, columns=["town"]).bins[0].name == "town"
    for ask in (
        lambda: compare(reference, NOW, columns=["age"]),
        lambda: fit(NOW, window=9, columns=["age"]),
    ):
        with pytest.raises(TableError, match="no column age"):
            ask()


def test_what_does_not_belong_together_is_an_error(reference: Reference, tmp_path: Path) -> None:
    summary = summarise(NOW, reference)
    save(summary, tmp_path / "summary.json.gz")
    (tmp_path / "damaged.json.gz").write_bytes(b"hello")
    other = fit(frame(5), window=100)
    with pytest.raises(TableError, match="has no bins"):
        compare(summary, NOW)
    with pytest.raises(TableError, match="give that reference, saved"):
        compare(BEFORE, summary)
    with pytest.raises(FormatError, match="not a tocsin reference"):
        compare(tmp_path / "summary.json.gz", NOW)
    with pytest.raises(FormatError, match=r"damaged\.json\.gz"):
        compare(reference, tmp_path / "damaged.json.gz")
    with pytest.raises(VerdictError, match="summarise the window on this reference"):
        compare(other, summary)
    with pytest.raises(VerdictError, match=r"lacks features of the reference \("):
        compare(reference, replace(summary, features={}))
    with pytest.raises(VerdictError) as raised:
        compare(other, tmp_path / "summary.json.gz")
    assert raised.value.__notes__ == [f"in {tmp_path / 'summary.json.gz'}"]
    with pytest.raises(TableError, match="no rows"):
        fit(BEFORE.head(0), window=100)
