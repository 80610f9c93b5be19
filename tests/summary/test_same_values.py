"""Values that are the same are counted as the same: whole numbers of any size, and rounded ones."""

from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from monitoring import compare, fit
from monitoring.summary.count import count_numbers
from monitoring.summary.types import FeatureBins, FeatureKind

N = 2000
RNG = np.random.default_rng(4)


def tables(values: Any, folder: Path) -> list[tuple[Any, str]]:
    """Return values as Arrow, pandas, CSV and Parquet, with the engines that read each."""
    table = pa.table({"x": values})
    pq.write_table(table, folder / "x.parquet")
    words = "\n".join(str(value) for value in table["x"].to_pylist())
    (folder / "x.csv").write_text(f"x\n{words}\n")
    files = [(folder / f"x.{end}", engine) for end in ("parquet", "csv") for engine in ENGINES]
    return [(table, "auto"), (pd.DataFrame({"x": table["x"].to_pylist()}), "auto"), *files]


ENGINES = ("memory", "duckdb")
PICKED = RNG.integers(0, 3, N).tolist()


@pytest.mark.parametrize(
    ("start", "kind"),
    [
        (10**18 + 1, pa.int64()),
        (-(10**18) - 3, pa.int64()),
        (2**63 + 1, pa.uint64()),
        (2**53, pa.int64()),
        (10**18 + 1, pa.decimal128(38, 0)),
    ],
)
def test_whole_numbers_beyond_2_53_keep_their_last_digits(
    tmp_path: Path, start: int, kind: pa.DataType
) -> None:
    """Said before: one value, a constant."""
    values = pa.array([start + place for place in PICKED], kind)
    moved = pa.table({"x": pa.array([start + min(place, 1) for place in PICKED], kind)})
    counted = [PICKED.count(place) for place in range(3)]
    bins = fit(pa.table({"x": values}), window=N).bins
    for table, engine in tables(values, tmp_path):
        reference = fit(table, window=N, engine=engine)
        assert reference.bins == bins
        assert reference.training.features["x"].counts[1:4].tolist() == counted
        (part,) = compare(table, moved, engine=engine).features
        assert part.drifted
        assert f"{start + 2:,}" in part.reason or f"{start + 1:,}" in part.reason


def choose(values: Any) -> np.ndarray:
    return RNG.choice(np.asarray(values), N)


THIRDS, PRICES = [1 / 3, 2 / 3], [9.994, 1.234, 5.555, 0.125]
MANY = np.round(RNG.lognormal(2, 1, 100), 3)


@pytest.mark.parametrize(
    ("before", "now"),
    [
        (choose(THIRDS), choose([0.333333, 0.666667])),
        (choose([0.3333, 0.6667]), choose(THIRDS)),
        (choose(THIRDS), choose(THIRDS).astype(np.float32).astype(np.float64)),
        (choose(THIRDS).astype(np.float32).astype(np.float64), choose(THIRDS)),
        (choose(THIRDS).astype(np.float32), choose(THIRDS)),
        (choose(PRICES), choose([9.99, 1.23, 5.56, 0.13])),
        (choose(PRICES), choose([9.99, 1.23, 5.55, 0.12])),
        (choose([9.99, 1.23, 5.56, 0.13]), choose(PRICES)),
        (choose(MANY), np.round(choose(MANY), 2)),
        (np.round(choose(MANY), 2), choose(MANY)),
    ],
)
def test_what_differs_by_rounding_alone_has_not_drifted(
    tmp_path: Path, before: np.ndarray, now: np.ndarray
) -> None:
    """Said before: drift of up to 0.99; of thirds to six digits 0.38 and more."""
    assert effect(before, now) == 0
    for name, values in (("a", before), ("b", now)):
        pd.DataFrame({"x": values}).to_csv(tmp_path / f"{name}.csv", index=False)
    for engine in ENGINES:
        verdict = compare(tmp_path / "a.csv", tmp_path / "b.csv", engine=engine)
        assert verdict.features[0].effect == 0


@pytest.mark.parametrize(
    ("before", "now"),
    [
        (choose([9.99, 1.23, 5.56]), choose([9.97, 1.21, 5.54])),
        (choose([0.0, 1.0]), choose([0.01, 0.99])),
        (choose([1.0, 2.0]), choose([1.4, 2.4])),
        (choose([0.001, 0.002, 0.003]), choose([0.0])),
        (choose([1, 2]), choose([1.5, 2.5])),
        (choose([0.125, 0.25]), choose([0.128, 0.254])),
    ],
)
def test_what_differs_by_more_than_rounding_has(before: np.ndarray, now: np.ndarray) -> None:
    assert effect(before, now) > 0.5


def effect(before: np.ndarray, now: np.ndarray) -> float:
    (part,) = compare(pd.DataFrame({"x": before}), pd.DataFrame({"x": now})).features
    assert part.effect is not None
    return part.effect


def test_bins_of_many_values_and_of_whole_numbers_are_those_they_were() -> None:
    """Edges are values of the reference, as ever."""
    for values in (RNG.normal(size=N), RNG.poisson(30, N), RNG.lognormal(3, 1, N).round(2)):
        (bins,) = fit(pd.DataFrame({"x": values}), window=N).bins
        assert set(bins.edges) <= set(values.tolist())
        assert bins == FeatureBins(
            "x", bins.kind, bins.edges, bins.heavy, low=bins.low, high=bins.high
        )


def test_decimals_of_money_are_numbers() -> None:
    frame = pd.DataFrame({"x": [Decimal("10.25"), Decimal("3.5")] * 20})
    assert fit(frame, window=10).bins[0].heavy == (3.5, 10.25)


@pytest.mark.parametrize(
    ("heavy", "between"),
    [
        # Midway, as far from one as from the other.
        ([1.0, 1.01], [1.005]),
        ([1.0, 1.01, 1.02], [1.005, 1.015, 1.0051]),
        # Next to each other in floating point: half the gap rounds up to the whole.
        ([2.0**55, 2.0**55 + 8], [2.0**55, 2.0**55 + 8]),
        ([2.0**55, 2.0**55 + 8, 2.0**55 + 16], [2.0**55 - 4, 2.0**55 + 16]),
        ([0.1, float(np.nextafter(0.1, 1))], [0.1000001, 0.0999999]),
    ],
)
@pytest.mark.parametrize("kind", [np.float64, np.float32])
def test_what_lies_near_two_values_is_counted_once(
    heavy: list[float], between: list[float], kind: type[np.floating[Any]]
) -> None:
    """Said before: a bin of -1 rows."""
    bins = FeatureBins(
        "x", FeatureKind.NUMERIC, edges=tuple(heavy), heavy=tuple(heavy), low=-np.inf, high=np.inf
    )
    numbers = np.array([*heavy * 3, *between], kind)
    counts, _, _ = count_numbers(bins, numbers)
    assert (counts >= 0).all()
    assert counts.sum() == len(numbers)
    parts = [count_numbers(bins, part)[0] for part in np.array_split(numbers, 4)]
    assert np.array_equal(np.sum(parts, axis=0), counts)
