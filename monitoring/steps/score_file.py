"""Scoring a file: the champion's score and decision for each of its rows, in a file of its own."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from contextlib import nullcontext
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Protocol, Self

import numpy as np
import pandas as pd

from monitoring.atomic_write import atomic_file
from monitoring.rows.key_history import KeyRows, aggregated, key_rows, together
from monitoring.rows.rows import Rows
from monitoring.settings import settings
from monitoring.sources.auto import declared_csv, resolve
from monitoring.sources.portions import Portion, read_portions
from monitoring.sources.source import text_columns
from monitoring.sources.typed_columns import SchemaError, declared_columns
from monitoring.steps.ingest import ID
from monitoring.steps.places import champion_model, model_registry, production_store
from monitoring.steps.run import Result, StepError
from monitoring.training.model import Model
from monitoring.training.versions import no_champion
from monitoring.use_case import UseCase
from monitoring.wording import count, several

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from pyarrow import parquet

    from monitoring.store.key_history import KeyHistory


class ScoredFile(Result):
    """What came of the rows of a file.

    Attributes
    ----------
    rows
        Rows with a score; all rows of the file are these and `unscored`.
    flagged
        Of them, those at or above the threshold.
    unscored
        Rows without a score, by reason; the file names each.
    """

    out: str
    model_version: str
    threshold: float
    rows: int
    flagged: int
    unscored: Mapping[str, int]

    @property
    def words(self) -> str:
        """Return it as lines for people."""
        first = (
            f"{several(self.rows, 'row')} scored by version {self.model_version}, "
            f"{count(self.flagged)} of them at or above its threshold; written to {self.out}"
        )
        aside = [f"  not scored: {count(rows)} {why}" for why, rows in self.unscored.items()]
        return "\n".join([first, *aside])


def score_file(
    case: UseCase,
    place: str,
    out: Path,
    *,
    now: datetime,
    progress: Callable[[int, int], None],
) -> ScoredFile:
    """Score the rows of a file, a folder, a URL or standard input; nothing is stored.

    The file that is written has a line for each row, in their order: id, score, decision, threshold
    and model version, the probability of each class where there are more than two, and of a row
    that can't be scored the reason in the place of the score.

    Raises
    ------
    StepError
        There is no champion, or `out` ends in neither .csv nor .parquet.
    SourceError, SchemaError
        The file can't be read, or is not what the use case declares.
    """
    writer = _WRITERS.get(out.suffix.casefold())
    if writer is None:
        msg = f"{out}: scores are written to a file that ends in {' or '.join(_WRITERS)}"
        raise StepError(msg)
    model = champion_model(case)
    if model is None or model.version is None:
        msg = f"use case {case.name}: {no_champion(case, model_registry().challenger(case))}"
        raise StepError(msg)
    case = resolve(case, settings().data)
    found: Counter[str] = Counter()
    unscored: Counter[str] = Counter()
    portions = read_portions(place, declared_csv(case), text_columns(case), declared_columns(case))
    with (
        production_store() if case.history else nullcontext() as store,
        atomic_file(out) as partial,
        writer(partial) as written,
    ):
        stored = None if store is None else _WithFile(case, store.history(case))
        for portion in portions:
            scored = _scored(case, model, portion, now, stored)
            written.write(scored)
            found.update(rows=int(scored["score"].notna().sum()))
            found.update(flagged=int(scored["decision"].sum()))
            unscored.update(scored["not_scored"].dropna().str.split(": ").str[0])
            progress(int(1000 * portion.share), 1000)
    return ScoredFile(
        out=str(out),
        model_version=model.version,
        threshold=model.threshold,
        rows=found["rows"],
        flagged=found["flagged"],
        unscored=dict(unscored.most_common()),
    )


def _scored(
    case: UseCase, model: Model, portion: Portion, now: datetime, stored: _WithFile | None
) -> pd.DataFrame:
    """Return a line for each row of a portion, in its order."""
    try:
        checked = portion.checked(case, now, stored)
    except SchemaError as error:
        msg = f"{portion.place}: {error}"
        raise SchemaError(msg) from error
    if not len(checked.rows) and not portion.first_row:
        msg = f"{portion.place}: no row can be scored; the first: {checked.quarantined[0].detail}"
        raise SchemaError(msg)
    if stored is not None:
        stored.add(checked.rows)
    scores, probabilities = model.scores(checked.rows.features)
    # As `tocsin ingest` will ask for it.
    name_of_id = case.columns.id or ID
    lines = pd.DataFrame(
        {
            name_of_id: pd.array(checked.rows.row_id.tolist(), dtype="str"),
            "score": scores,
            "decision": pd.array((scores >= model.threshold).astype(np.int8), dtype="Int8"),
            "threshold": model.threshold,
            "model_version": model.version,
        }
    )
    classes = case.columns.classes
    if probabilities is not None and classes is not None:
        for name, column in zip(classes.names, probabilities.T, strict=True):
            lines[f"probability of {name}"] = column
    lines["not_scored"] = pd.array([None] * len(lines), dtype="str")
    aside = pd.DataFrame(
        {
            name_of_id: [row.row_id for row in checked.quarantined],
            "threshold": model.threshold,
            "model_version": model.version,
            "not_scored": [f"{row.reason}: {row.detail}" for row in checked.quarantined],
        }
    )
    aside = aside.astype({name_of_id: "str", "not_scored": "str"})
    whole = pd.concat([lines, aside])[lines.columns]
    numbers = [*checked.row_number.tolist(), *(row.row_number for row in checked.quarantined)]
    return whole.iloc[np.argsort(numbers)].reset_index(drop=True)


class _WithFile:
    """What history features see: the rows in the store, and those of the file so far."""

    def __init__(self, case: UseCase, stored: KeyHistory) -> None:
        self._case = case
        self._stored = stored
        self._seen: dict[str, list[tuple[NDArray[np.str_], KeyRows]]]
        self._seen = {by: [] for by in aggregated(case)}

    def earlier(
        self,
        by: str,
        keys: Sequence[str],
        since: np.datetime64,
        until: np.datetime64,
        but: NDArray[np.str_],
    ) -> KeyRows:
        """Return the rows of some keys in [since, until), but those of some ids."""
        stored = self._stored.earlier(by, keys, since, until, but)
        return together([stored, *(rows.take(~np.isin(ids, but)) for ids, rows in self._seen[by])])

    def kept(self, row_id: NDArray[np.str_]) -> tuple[NDArray[np.bool_], pd.DataFrame | None]:
        """Return which rows are stored, and what those hold in features made of earlier rows.

        None where none is stored.
        """
        return self._stored.kept(row_id)

    def add(self, rows: Rows) -> None:
        """Add the rows of a portion; those that the store has count as they are there."""
        for by, seen in self._seen.items():
            known = self._stored.knows(by, rows.row_id)
            for ids, _ in seen:
                known |= np.isin(rows.row_id, ids)
            seen.append((rows.row_id[~known], key_rows(rows, self._case, by).take(~known)))


class _Writer(Protocol):
    """A file that lines are written to, some at a time."""

    def __enter__(self) -> Self: ...

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None: ...

    def write(self, lines: pd.DataFrame) -> None:
        """Write lines after those that are there."""


class _Csv:
    """Lines of CSV."""

    def __init__(self, path: Path) -> None:
        self._file = path.open("w", encoding="utf-8", newline="")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()

    def write(self, lines: pd.DataFrame) -> None:
        lines.to_csv(self._file, index=False, header=self._file.tell() == 0)


class _Parquet:
    """Row groups of Parquet."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._file: parquet.ParquetWriter | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self._file is not None:
            self._file.close()

    def write(self, lines: pd.DataFrame) -> None:
        import pyarrow as pa
        from pyarrow import parquet

        table = pa.Table.from_pandas(lines, preserve_index=False)
        if self._file is None:
            self._file = parquet.ParquetWriter(self._path, table.schema, compression="zstd")
        self._file.write_table(table.cast(self._file.schema))


_WRITERS: Mapping[str, Callable[[Path], Any]] = {".csv": _Csv, ".parquet": _Parquet}
