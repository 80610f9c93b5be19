"""A run: one retrain or report of one use case, and the folder its steps hand things over in."""

from __future__ import annotations

import hashlib
import re
import secrets
import shutil
from datetime import datetime
from pathlib import Path
from typing import Annotated, Self, TypeVar

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from monitoring.atomic_write import atomic_write
from monitoring.errors import TocsinError
from monitoring.rows.window import Window, ending
from monitoring.settings import settings
from monitoring.signals.pipelines import Pipeline
from monitoring.sources.source import resolve
from monitoring.use_case import UseCase
from monitoring.use_case_file import find_use_case

Record = TypeVar("Record", bound="Result")


class StepError(TocsinError, RuntimeError):
    """A step cannot do its work; the message says what is wrong and what to do."""


class Result(BaseModel):
    """What a step found or did: small, and safe to hand on as JSON."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Run(Result):
    """One run. It looks from `as_of`, the end of its window, never from the clock.

    The same key gives the same folder, so that a step that is tried again finds what the steps
    before it left, and overwrites its own. `opened` tells a run that was begun anew from the
    same one tried again.
    """

    pipeline: Pipeline
    use_case: str
    key: Annotated[str, Field(pattern=r"^[A-Za-z0-9_.-]{1,120}$")]
    window_start: AwareDatetime
    window_end: AwareDatetime
    opened: str
    force: bool = False
    verdict_id: str | None = None

    @classmethod
    def open(
        cls,
        pipeline: Pipeline,
        use_case: str,
        window: Window,
        *,
        run_id: str | None = None,
        force: bool = False,
        verdict_id: str | None = None,
    ) -> Self:
        """Return the run of `use_case` over `window`, called after `run_id` or its window."""
        return cls(
            pipeline=pipeline,
            use_case=use_case,
            key=_key(f"{pipeline}_{run_id or f'{window.end:%Y%m%dT%H%M%SZ}'}"),
            opened=secrets.token_hex(4),
            window_start=window.start,
            window_end=window.end,
            force=force,
            verdict_id=verdict_id,
        )

    @property
    def case(self) -> UseCase:
        """The use case that the run is of, its columns known."""
        where = settings()
        return resolve(find_use_case(self.use_case, where.use_cases), where.data)

    @property
    def as_of(self) -> datetime:
        """The moment from which every step looks."""
        return self.window_end

    @property
    def window(self) -> Window:
        """The run's own window."""
        return Window(self.window_start, self.window_end)

    @property
    def folder(self) -> Path:
        """Where the run's steps leave things for each other."""
        return settings().runs / self.use_case / self.key

    def clear(self) -> None:
        """Forget what an earlier time of the same run left: its success is not this one's."""
        shutil.rmtree(self.folder, ignore_errors=True)

    def write(self, name: str, result: Result) -> None:
        """Keep `result` as `name`; what stood there before is replaced in one move."""
        atomic_write(self.folder / f"{name}.json", result.model_dump_json(indent=2))

    def read(self, name: str, kind: type[Record]) -> Record | None:
        """Return what `write` kept as `name`; None if that step did not get so far."""
        path = self.folder / f"{name}.json"
        if not path.is_file():
            return None
        return kind.model_validate_json(path.read_text(encoding="utf-8"))

    def need(self, name: str, kind: type[Record]) -> Record:
        """Return what `write` kept as `name`.

        Raises
        ------
        StepError
            The step that writes it has not run.
        """
        result = self.read(name, kind)
        if result is None:
            msg = f"{self.folder}: no {name}.json: the step that writes it has not run in this run"
            raise StepError(msg)
        return result


def verdict_window(case: UseCase, run_window: Window) -> Window:
    """Return the window a verdict is made on: it ends with the run's and is `drift.window` long.

    However often reports and retrains run, so that both speak of the same verdict.
    """
    return ending(run_window.end, case.drift.window)


def _key(name: str) -> str:
    """Return `name` as the name of a folder: other names never give the same."""
    safe = re.sub(r"[^A-Za-z0-9_.-]+", "_", name)[:110]
    return safe if safe == name else f"{safe}_{hashlib.sha256(name.encode()).hexdigest()[:8]}"
