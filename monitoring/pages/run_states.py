"""How the newest retrain of a use case went: asked of Airflow, and kept for when it is down.

Pages ask when they are opened, and the DAG `status_<use case>` when a retrain has ended.
"""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict

from monitoring.airflow_api import ENDED, AirflowApi, AirflowError, DagRun
from monitoring.atomic_write import atomic_write
from monitoring.saved_record import read_record
from monitoring.signals.pipelines import Pipeline
from monitoring.steps.dag_ids import retrain_dag
from monitoring.steps.order import WATCH
from monitoring.steps.run import failures_of
from monitoring.use_case import UseCase

NO_AIRFLOW = "no Airflow is set: TOCSIN_AIRFLOW_URL and TOCSIN_AIRFLOW_VIEWER_PASSWORD name it"

_CURE = "remove it: it is written anew when Airflow is asked the next time"


class RunState(BaseModel):
    """How a run went, as it was known at a moment.

    Attributes
    ----------
    state
        ``queued``, ``running``, ``success`` or ``failed``.
    logical_date
        None where a run was triggered without one.
    failing_task, error
        The first task that failed for good, and what it said in one line; None where none did.
    seen_at
        When Airflow was asked.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    format: Literal[1] = 1
    use_case: str
    run_id: str
    state: str
    logical_date: AwareDatetime | None
    started: AwareDatetime | None
    ended: AwareDatetime | None
    failing_task: str | None
    error: str | None
    seen_at: AwareDatetime

    @property
    def dag_id(self) -> str:
        """The DAG of the run."""
        return retrain_dag(self.use_case)

    def is_newer_than(self, other: RunState) -> bool:
        """Whether it is of a run that began after another one, or is still to begin."""
        if self.run_id == other.run_id or other.started is None:
            return False
        return self.started is None or self.started > other.started


class RunStates:
    """Asks Airflow for the newest retrains, and keeps what it said.

    Parameters
    ----------
    airflow
        None where no Airflow is set.
    folder
        Where the last known state of each use case is kept.
    runs
        Folder of the runs, in which steps leave their errors.
    """

    def __init__(self, airflow: AirflowApi | None, folder: Path, runs: Path) -> None:
        self._airflow = airflow
        self._folder = folder
        self._runs = runs

    @property
    def asked(self) -> bool:
        """Whether there is an Airflow to ask."""
        return self._airflow is not None

    def newest(self, case: UseCase, moment: datetime) -> RunState | None:
        """Return how the newest retrain went; None before there is one.

        Raises
        ------
        AirflowError
            Airflow does not answer.
        """
        if self._airflow is None:
            return None
        run = self._airflow.newest_run(retrain_dag(case.name))
        if run is None:
            return None
        state = self._state(self._airflow, case, run, moment)
        self._store(case, state)
        return state

    def end_of(self, case: UseCase, run_id: str, moment: datetime) -> RunState | None:
        """Return how a retrain ended, and store it unless a newer one is known; None before.

        Raises
        ------
        AirflowError
            No Airflow is set, it does not answer, or it has no such run.
        """
        if self._airflow is None:
            raise AirflowError(NO_AIRFLOW)
        run = self._airflow.run(retrain_dag(case.name), run_id)
        if run.state not in ENDED:
            return None
        state = self._state(self._airflow, case, run, moment)
        known = self.last_known(case)
        if known is None or not known.is_newer_than(state):
            self._store(case, state)
        return state

    def last_known(self, case: UseCase) -> RunState | None:
        """Return what Airflow said when it answered last; None if it never did.

        Raises
        ------
        DamagedRecordError
            The file in which it is kept holds something else.
        """
        place = self._place(case)
        return read_record(place, RunState, _CURE) if place.is_file() else None

    def _store(self, case: UseCase, state: RunState) -> None:
        atomic_write(self._place(case), state.model_dump_json(indent=2))

    def _place(self, case: UseCase) -> Path:
        return self._folder / f"{case.name}.json"

    def _state(self, airflow: AirflowApi, case: UseCase, run: DagRun, moment: datetime) -> RunState:
        failing, error = None, None
        if run.state == "failed":
            tasks = airflow.failed_tasks(run.dag_id, run.run_id)
            failing = next((task for task in tasks if task != WATCH), None)
            failed_steps = failures_of(self._runs, Pipeline.RETRAIN, case.name, run.run_id)
            said = {one.step: one.error for one in failed_steps}
            error = said.get(failing or "")
        return RunState(
            use_case=case.name,
            run_id=run.run_id,
            state=run.state,
            logical_date=run.logical_date,
            started=run.started,
            ended=run.ended if run.state in ENDED else None,
            failing_task=failing,
            error=error,
            seen_at=moment,
        )
