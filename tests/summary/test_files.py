"""References and summaries come back from their files as they were."""

import gzip
import json
import resource
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from monitoring.summary.as_json import FormatError
from monitoring.summary.build import summarise
from monitoring.summary.files import from_json, load_reference, load_summary, save, to_json
from monitoring.summary.reference import fit_reference
from monitoring.summary.types import Reference
from monitoring.use_case_columns import Features
from tests.summary.made import rows_of


@pytest.fixture(scope="module")
def reference() -> Reference:
    """Return one of 30 columns with 100 chunks and every hour of the day."""
    rng = np.random.default_rng(0)
    numeric = tuple(f"n{i}" for i in range(25))
    words = tuple(f"w{i}" for i in range(5))

    def make(count: int) -> pd.DataFrame:
        columns: dict[str, object] = {name: rng.normal(size=count) for name in numeric}
        towns = rng.choice([f"town {i}" for i in range(40)], count)
        columns |= {name: pd.Series(towns, dtype="str") for name in words}
        return pd.DataFrame(columns)

    features = make(30_000)
    features["n3"] = 4.0
    features["n4"] = np.nan
    features["n5"] = np.where(rng.random(30_000) < 0.3, np.inf, features["n5"])
    return fit_reference(
        rows_of(features, spacing=timedelta(minutes=5)),
        rows_of(make(5000), seed=1, spacing=timedelta(minutes=5)),
        features=Features(numeric=numeric, categorical=words),
        threshold=0.3,
        chunk=timedelta(days=1),
        importance={},
        model_version="4",
    )


def test_a_reference_comes_back_the_same_and_is_small(reference: Reference, tmp_path: Path) -> None:
    first, again = tmp_path / "reference.json.gz", tmp_path / "again.json.gz"
    save(reference, first)
    back = load_reference(first)
    save(back, again)
    assert first.read_bytes() == again.read_bytes()
    assert back.bins == reference.bins
    assert np.array_equal(back.score_edges, reference.score_edges)
    assert len(reference.chunks) == 100
    assert len(reference.by_hour) == 24
    assert first.stat().st_size < 300_000


def test_a_window_is_summarised_alike_on_a_reference_from_a_file(
    reference: Reference, tmp_path: Path
) -> None:
    save(reference, tmp_path / "r.json.gz")
    window = rows_of(pd.DataFrame({"n0": [0.1, np.nan], "w0": ["town 1", "town x"]}), seed=2)
    back = load_reference(tmp_path / "r.json.gz")
    assert to_json(summarise(window, back)) == to_json(summarise(window, reference))


def test_a_summary_comes_back_from_text_and_from_file(reference: Reference, tmp_path: Path) -> None:
    window = rows_of(pd.DataFrame({"n0": [0.1, np.nan], "w0": ["town 1", "town x"]}), seed=2)
    summary = summarise(window, reference)
    save(summary, tmp_path / "s.json.gz")
    assert to_json(from_json(to_json(summary))) == to_json(summary)
    assert to_json(load_summary(tmp_path / "s.json.gz")) == to_json(summary)


def test_an_unknown_version_is_a_clear_error(reference: Reference, tmp_path: Path) -> None:
    path = tmp_path / "r.json.gz"
    save(reference, path)
    record = json.loads(gzip.decompress(path.read_bytes()))
    path.write_bytes(gzip.compress(json.dumps(record | {"version": 99}).encode()))
    with pytest.raises(FormatError, match="version 99"):
        load_reference(path)


def test_a_summary_is_not_taken_for_a_reference(reference: Reference, tmp_path: Path) -> None:
    save(reference.training, tmp_path / "s.json.gz")
    with pytest.raises(FormatError, match="not a tocsin reference"):
        load_reference(tmp_path / "s.json.gz")


@pytest.mark.parametrize(
    "damage",
    [b"", b"hello", gzip.compress(b"{]"), gzip.compress(b"[1]")],
    ids=["empty", "not gzip", "not JSON", "no record"],
)
def test_a_damaged_file_is_a_clear_error(damage: bytes, tmp_path: Path) -> None:
    path = tmp_path / "r.json.gz"
    path.write_bytes(damage)
    with pytest.raises(FormatError, match=r"r\.json\.gz"):
        load_reference(path)


@pytest.mark.parametrize(
    ("place", "value"),
    [
        ((), None),
        (("bins",), []),
        (("bins", 0, "edges"), ["a"]),
        (("bins", 0, "kind"), "colour"),
        (("training", "features", "n0", "counts"), [1, 2]),
        (("chunks", 3), {}),
    ],
)
def test_a_file_of_the_right_kind_that_holds_nonsense_is_a_clear_error(
    reference: Reference, place: tuple[str | int, ...], value: object, tmp_path: Path
) -> None:
    path = tmp_path / "r.json.gz"
    save(reference, path)
    record = json.loads(gzip.decompress(path.read_bytes()))
    *way, last = ("content", *place)
    part = record
    for key in way:
        part = part[key]
    part[last] = value
    path.write_bytes(gzip.compress(json.dumps(record).encode()))
    with pytest.raises(FormatError, match=r"r\.json\.gz is damaged: .*save the reference again"):
        load_reference(path)


def test_a_name_by_which_it_would_not_be_known_again_is_an_error(
    reference: Reference, tmp_path: Path
) -> None:
    with pytest.raises(ValueError, match=r"odd\.gz: the name of a saved reference ends in \.json"):
        save(reference, tmp_path / "odd.gz")


def test_a_full_disk_leaves_the_reference_that_was_saved_before(
    reference: Reference, tmp_path: Path
) -> None:
    path = tmp_path / "r.json.gz"
    save(reference.training, path)
    before = path.read_bytes()
    save(reference, tmp_path / "large.json.gz")
    full = subprocess.run(
        [sys.executable, "-c", _FILLS_THE_DISK, str(tmp_path / "large.json.gz"), str(path)],
        cwd=Path(__file__).parents[2],
        capture_output=True,
        text=True,
        check=False,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (1 << 14, 1 << 14)),
    )
    assert f"InputError: {path} can't be written: File too large" in full.stderr
    assert path.read_bytes() == before
    assert {file.name for file in tmp_path.iterdir()} == {"large.json.gz", "r.json.gz"}


_FILLS_THE_DISK = """
import sys
from monitoring import load, save
save(load(sys.argv[1]), sys.argv[2])
"""


def test_a_truncated_file_is_a_clear_error(reference: Reference, tmp_path: Path) -> None:
    path = tmp_path / "r.json.gz"
    save(reference, path)
    path.write_bytes(path.read_bytes()[:1000])
    with pytest.raises(FormatError, match="damaged"):
        load_reference(path)
