"""A trained candidate: its model, and what selecting, logging and drawing it need."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Self

from pydantic import BaseModel, ConfigDict, ValidationError

from monitoring.atomic_write import atomic_folder
from monitoring.bounded_file import FileRefusedError, read_bounded
from monitoring.performance.scorecard import Scorecard
from monitoring.rows.rows import POSITIVE, moment_of
from monitoring.summary.files import load_summary, save
from monitoring.training import TrainingError
from monitoring.training.bundle import LARGEST_FACTS, load_model, save_model
from monitoring.training.search import Tried

if TYPE_CHECKING:
    from monitoring.rows.rows import Rows
    from monitoring.summary.types import Summary
    from monitoring.training.model import Model

_BUNDLE, _TESTED, _FACTS = "bundle", "tested.json.gz", "trained.json"


@dataclass(frozen=True)
class SplitPart:
    """One part of the split: its rows, and the event times of its first and last row.

    Attributes
    ----------
    days
        Days of traffic that it stands for; None where it is the time from `start` to `end`.
    """

    name: str
    rows: int
    positives: int
    start: datetime
    end: datetime
    days: float | None = None

    @classmethod
    def of(cls, name: str, rows: Rows, days: float | None = None) -> Self:
        """Describe `rows`, which are in order of event time."""
        return cls(
            name=name,
            rows=len(rows),
            positives=int((rows.label == POSITIVE).sum()),
            start=moment_of(rows.event_time[0]),
            end=moment_of(rows.event_time[-1]),
            days=days,
        )

    @property
    def days_of_traffic(self) -> float:
        """Days of traffic that the part stands for."""
        return (self.end - self.start) / timedelta(days=1) if self.days is None else self.days


@dataclass(frozen=True, eq=False)
class Trained:
    """A candidate as this retrain trained it.

    Attributes
    ----------
    validation
        Scorecard of the rows that the threshold of the test part was chosen on.
    tested
        The scores of the test part, counted: its curves are drawn from it.
    average_precision
        Of the positive class, out of fold, of the parameters that were chosen.
    tried
        Every point of the search.
    parts
        Train, validation and test, as far as there are such.
    global_test
        Scorecard of the part that nothing was ever chosen by; None where none is declared.
    cross_validated
        Figures of cross-validation that the use case names, by name.
    """

    model: Model
    validation: Scorecard
    tested: Summary
    average_precision: float
    tried: tuple[Tried, ...]
    parts: tuple[SplitPart, ...]
    global_test: Scorecard | None = None
    cross_validated: Mapping[str, float] = field(default_factory=dict)

    def save(self, folder: Path) -> None:
        """Write as `folder`, whole or not at all.

        Raises
        ------
        TrainingError
            The model holds a type that is not trusted.
        """
        facts = _Facts(
            validation=self.validation,
            average_precision=self.average_precision,
            tried=self.tried,
            parts=self.parts,
            global_test=self.global_test,
            cross_validated=dict(self.cross_validated),
        )
        with atomic_folder(folder) as part:
            save_model(self.model, part / _BUNDLE)
            save(self.tested, part / _TESTED)
            (part / _FACTS).write_text(facts.model_dump_json(indent=2), encoding="utf-8")

    @classmethod
    def load(cls, folder: Path) -> Self:
        """Read what `save` wrote.

        Raises
        ------
        TrainingError, FormatError
            A file of it is missing or damaged.
        """
        path = folder / _FACTS
        try:
            facts = _Facts.model_validate_json(read_bounded(path, LARGEST_FACTS))
        except (OSError, FileRefusedError, ValidationError) as error:
            msg = f"{path} can't be read: {error}; run the retrain again"
            raise TrainingError(msg) from error
        return cls(
            model=load_model(folder / _BUNDLE),
            validation=facts.validation,
            tested=load_summary(folder / _TESTED),
            average_precision=facts.average_precision,
            tried=facts.tried,
            parts=facts.parts,
            global_test=facts.global_test,
            cross_validated=facts.cross_validated,
        )


class _Facts(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", ser_json_inf_nan="constants")

    validation: Scorecard
    average_precision: float
    tried: tuple[Tried, ...]
    parts: tuple[SplitPart, ...]
    global_test: Scorecard | None = None
    cross_validated: dict[str, float] = {}
