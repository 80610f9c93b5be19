"""The card data in order of time, cut in two; synthetic cards where it is missing."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from benchmarks.real_data import file_named, folder_with
from monitoring.sources.synthetic.frames import synthetic_frame
from monitoring.use_case_file import find_use_case

CARDS = "creditcard.csv.gz"
"""The source of the fraud use case."""

ROWS = 284_807
"""Of the real file; as many are generated in its place."""


@dataclass(frozen=True)
class CardFiles:
    """The same rows as Parquet files, every column but the label.

    Attributes
    ----------
    words
        What the rows are.
    """

    whole: str
    first: str
    second: str
    names: tuple[str, ...]
    words: str


def card_data() -> Path | None:
    """Return the folder with the card data; None where it is nowhere."""
    return folder_with(CARDS)


def card_files(folder: Path) -> CardFiles:
    """Write the halves into `folder`."""
    frame, words = _cards()
    frame = frame.drop(columns="Class")
    half = len(frame) // 2
    parts = {"whole": frame, "first": frame.iloc[:half], "second": frame.iloc[half:]}
    for name, part in parts.items():
        part.reset_index(drop=True).to_parquet(folder / f"{name}.parquet")
    return CardFiles(
        **{name: str(folder / f"{name}.parquet") for name in parts},
        names=tuple(frame.columns),
        words=f"{words}: {half:,} rows against {len(frame) - half:,}, {frame.shape[1]} columns",
    )


def _cards() -> tuple[pd.DataFrame, str]:
    case = find_use_case("fraud")
    path = file_named(CARDS)
    if path is None:
        made_up = synthetic_frame(case, ROWS, seed=0).sort_values("Time", kind="stable")
        return made_up, "SYNTHETIC cards (no creditcard.csv in data/)"
    return pd.read_csv(path), "creditcard.csv"
