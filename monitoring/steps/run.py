"""A run: one retrain or report of one use case, and the folder its steps hand over results in."""

from __future__ import annotations

import fcntl
import hashlib
import os
import re
import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Self, TypeVar

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from monitoring.atomic_write import atomic_write
from monitoring.errors import TocsinError
from monitoring.rows.window import Window, ending
from monitoring.saved_record import read_record
from monitoring.settings import redacted, settings
from monitoring.signals.pipelines import Pipeline
from monitoring.sources.auto import resolve
from monitoring.use_case import UseCase
from monitoring.use_case_file import find_use_case

Record = TypeVar("Record", bound="Result")

_FAILURES, _ERROR_LENGTH = "failures", 500

_RUN_AGAIN = "run the report or the retrain again, which writes it anew"


NAME_LIMIT = 120
"""Most characters of a name that is made from a run's: folders and the registry take as many."""


class StepError(TocsinError, RuntimeError):
    """A step cannot do its work; the message says what is wrong and what to do."""


class Result(BaseModel):
    """What a step returns: small, and safe to hand over as JSON."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Failure(Result):
    """A step that failed, and its error in one line.

    Attributes
    ----------
    at
        When, by the wall clock.
    attempt
        Which try of Airflow's it was, `2 of 3`; None where a command called the step.
    """

    step: str
    error: str
    at: AwareDatetime | None = None
    attempt: str | None = None


class Run(Result):
    """One run. It looks from `as_of`, the end of its window, never from the wall clock.

    The same key gives the same folder, so that a step that is retried finds the results of the
    steps before it, and overwrites its own. `opened` distinguishes a run that is started again
    under its key from one whose steps are retried. `airflow_run` is the id of the run of a DAG;
    a command has none.
    """

    pipeline: Pipeline
    use_case: str
    key: Annotated[str, Field(pattern=rf"^[A-Za-z0-9_.-]{{1,{NAME_LIMIT}}}$")]
    window_start: AwareDatetime
    window_end: AwareDatetime
    opened: str
    force: bool = False
    verdict_id: str | None = None
    airflow_run: str | None = None

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
        """Return the run of `use_case` over `window`, named after `run_id` or else its window."""
        return cls(
            pipeline=pipeline,
            use_case=use_case,
            key=_key(pipeline, run_id or f"{window.end:%Y%m%dT%H%M%SZ}"),
            opened=secrets.token_hex(4),
            window_start=window.start,
            window_end=window.end,
            force=force,
            verdict_id=verdict_id,
            airflow_run=run_id,
        )

    @property
    def declared(self) -> UseCase:
        """The use case as its file declares it; its source is not looked at."""
        return find_use_case(self.use_case, settings().use_cases)

    @property
    def case(self) -> UseCase:
        """The use case, its columns resolved from its source where the file leaves them out."""
        return resolve(self.declared, settings().data)

    @property
    def drift_cure(self) -> str:
        """What to do where drift lies above its limit, for who runs a report by hand."""
        if self.declared.is_watched:
            return "the model needs a retrain where it is trained"
        return f"run `tocsin retrain {self.use_case}`"

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
        """Where the run's steps hand over their results."""
        return settings().runs / self.use_case / self.key

    @property
    def registry_key(self) -> str:
        """What the registry knows the run by: another one each time that the run is opened."""
        return bounded_name(f"{self.key}_{self.opened}")

    def clear(self) -> None:
        """Remove the results of an earlier run of the same key: its success is not this one's."""
        shutil.rmtree(self.folder, ignore_errors=True)

    @contextmanager
    def alone(self) -> Iterator[None]:
        """Have the run's folder, cleared, for this process alone until the block ends.

        Raises
        ------
        StepError
            Another process runs the same: two commands of one moment would share the folder.
        """
        self.folder.mkdir(parents=True, exist_ok=True)
        folder = os.open(self.folder, os.O_RDONLY)
        try:
            _lock(folder, self)
            for inside in self.folder.iterdir():
                shutil.rmtree(inside) if inside.is_dir() else inside.unlink()
            yield
        finally:
            os.close(folder)

    def write(self, name: str, result: Result) -> None:
        """Save `result` as `name`, in the place of an earlier one, in one move."""
        atomic_write(self.folder / f"{name}.json", result.model_dump_json(indent=2))

    def read(self, name: str, kind: type[Record]) -> Record | None:
        """Return the result saved as `name`; None if that step did not get so far."""
        path = self.folder / f"{name}.json"
        if not path.is_file():
            return None
        return read_record(path, kind, _RUN_AGAIN)

    def note_failure(self, step: str, error: BaseException, attempt: str | None = None) -> None:
        """Save that a step failed, for the notification."""
        failure = Failure(step=step, error=error_line(error), at=datetime.now(UTC), attempt=attempt)
        self.write(f"{_FAILURES}/{step}", failure)

    def forget_failure(self, step: str) -> None:
        """Remove the failure of an earlier try of a step."""
        (self.folder / _FAILURES / f"{step}.json").unlink(missing_ok=True)

    def failures(self) -> tuple[Failure, ...]:
        """Return the steps that failed, the first to fail first."""
        return _failures_in(self.folder)

    def need(self, name: str, kind: type[Record]) -> Record:
        """Return the result saved as `name`.

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


def failures_of(runs: Path, pipeline: Pipeline, use_case: str, run_id: str) -> tuple[Failure, ...]:
    """Return the steps that failed in a run of Airflow's, the first to fail first.

    Parameters
    ----------
    runs
        The folder of all runs.
    """
    return _failures_in(runs / use_case / _key(pipeline, run_id))


def _lock(folder: int, run: Run) -> None:
    """Lock an open folder, for as long as it is open."""
    try:
        fcntl.flock(folder, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        msg = (
            f"use case {run.use_case}: a {run.pipeline} as of {run.as_of:%Y-%m-%d %H:%M:%S} UTC "
            f"is running in another process, in {run.folder}: wait for its end"
        )
        raise StepError(msg) from error


def _failures_in(folder: Path) -> tuple[Failure, ...]:
    paths = sorted((folder / _FAILURES).glob("*.json"), key=lambda path: path.stat().st_mtime_ns)
    return tuple(read_record(path, Failure, _RUN_AGAIN) for path in paths)


def _key(pipeline: Pipeline, run_id: str) -> str:
    return bounded_name(f"{pipeline}_{run_id}")


def verdict_window(case: UseCase, run_window: Window) -> Window:
    """Return the window a verdict is made on: it ends with the run's and is `drift.window` long.

    Reports and retrains, however often they run, thus share one verdict.
    """
    return ending(run_window.end, case.drift.window)


def error_line(error: BaseException) -> str:
    """Return an error in one line for a notification, without secrets."""
    line = next(iter(str(error).splitlines()), "")
    return redacted(f"{type(error).__name__}: {line}")[:_ERROR_LENGTH]


def bounded_name(name: str) -> str:
    """Return `name` as the name of a folder, of at most `NAME_LIMIT` characters.

    Two names never give the same one: what is changed or cut carries a hash of the whole.
    """
    safe = re.sub(r"[^A-Za-z0-9_.-]+", "_", name)[: NAME_LIMIT - 10]
    return safe if safe == name else f"{safe}_{hashlib.sha256(name.encode()).hexdigest()[:8]}"
