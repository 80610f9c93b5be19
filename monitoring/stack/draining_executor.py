"""Airflow's executor in containers: when it is stopped, no task is lost in silence.

It waits for the tasks that run. What has not ended a while before the container would be killed is
ended: such a task says so to Airflow, which tries it again after the next start. A task that is
killed says nothing, and Airflow finds out minutes later.
"""

from __future__ import annotations

from threading import Timer

from airflow.executors.local_executor import LocalExecutor

DRAIN_SECONDS = 90
"""How long tasks may go on; `stop_grace_period` in docker-compose.yml is longer."""


class DrainingExecutor(LocalExecutor):
    """A LocalExecutor that ends its tasks where they take too long for a stop."""

    def end(self) -> None:
        """Wait for the tasks, end those that still run after a while, and stop."""
        late = Timer(DRAIN_SECONDS, self._end_tasks)
        late.daemon = True
        late.start()
        try:
            super().end()
        finally:
            late.cancel()

    def _end_tasks(self) -> None:
        self.log.warning("ending the tasks that still run: they are tried again after the start")
        for worker in self.workers.values():
            # One that has ended is closed already. A worker passes the signal on to its task.
            try:
                worker.terminate()
            except ValueError:
                continue
