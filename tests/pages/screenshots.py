"""Pictures of every page, wide and narrow, light and dark, with figures and without; of messages.

Run it with `make screenshots`; they are written to reports/screenshots, which is not committed.
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from monitoring.airflow_api import AirflowApi, DagRun
from monitoring.atomic_write import atomic_write
from monitoring.pages.run_states import RunStates
from monitoring.pages.servers import Servers
from monitoring.pages.site import Site
from monitoring.rows.window import ending
from monitoring.serving.api import Api, api_of
from monitoring.settings import Settings
from monitoring.signals.links import Addresses
from monitoring.signals.pipelines import Pipeline
from monitoring.steps.run import Failure, Run
from monitoring.use_case_file import find_use_case
from tests.fixtures.cards import made_up_rows
from tests.fixtures.loopback import free_port
from tests.fixtures.serving import AWAY, NOBODY, asking, running_site
from tests.fixtures.steered_browser import Browser, running_browser
from tests.pages.measured import day, measured
from tests.pages.messages import messages
from tests.training.conftest import job

PAGES = {"front": "/", "case": "/watch/fraud", "fleet": "/watch", "latest": "/latest"}

SIZES = {"wide": (1440, 2400), "narrow": (390, 2400)}

SCHEMES = ("light", "dark")

SEND = "document.querySelector('#row').requestSubmit()"
"""What asks for a prediction on the page that has a form for one."""

NOW = datetime.now(UTC).replace(microsecond=0)


class FailedRuns(AirflowApi):
    """Stands for an Airflow in which the newest retrain of card fraud failed, and no other did."""

    def __init__(self) -> None:
        super().__init__(AWAY, "viewer", "")

    def newest_run(self, dag_id: str) -> DagRun:
        """Return a run of this night."""
        state = "failed" if dag_id == "retrain_fraud" else "success"
        began = NOW - timedelta(hours=3)
        run_id = f"scheduled__{began.isoformat()}"
        return DagRun(dag_id, run_id, state, began, began, began + timedelta(minutes=7))

    def failed_tasks(self, dag_id: str, run_id: str) -> tuple[str, ...]:  # noqa: ARG002
        """Return the one task that failed."""
        return ("promote", "watch")


def failed_runs(folder: Path) -> Servers:
    """Return the servers of pages whose newest retrain failed, with what its step left."""
    airflow, runs = FailedRuns(), folder / "failed_runs"
    run_id = airflow.newest_run("retrain_fraud").run_id
    run = Run.open(Pipeline.RETRAIN, "fraud", ending(NOW, timedelta(days=1)), run_id=run_id)
    failure = Failure(step="promote", error="TrainingError: MLflow does not answer", at=NOW)
    left = runs / run.use_case / run.key / "failures" / "promote.json"
    atomic_write(left, failure.model_dump_json())
    return replace(NOBODY, run_states=RunStates(airflow, folder / "failed_states", runs))


def with_champion(folder: Path) -> Api:
    """Return an API that has a model of card fraud."""
    api = api_of(Settings(state=folder / "state"), keys=False)
    made = job(
        find_use_case("fraud"), made_up_rows(find_use_case("fraud"), 4000, positive_rate=0.03)
    )
    registry = api.models.registry
    run = registry.log(made.case, made.trained, "screenshots", NOW)
    registry.promote(made.case, registry.register(made.case, run))
    return api


def pictures(folder: Path, seen: Browser, stack: ExitStack) -> Iterator[tuple[str, str, str]]:
    """Yield what a picture is called, what is opened for it, and what is done there."""
    prometheus = stack.enter_context(measured(folder, "fraud", day()))
    known = {"figures": asking(prometheus), "away": NOBODY, "failed": failed_runs(folder)}
    api = with_champion(folder)
    for kind, servers in known.items():
        port = free_port()
        addresses = Addresses(f"http://127.0.0.1:{port}", airflow="https://airflow.example.org")
        site = Site(folder / "reports", None, addresses)
        url = stack.enter_context(running_site(site, api, port=port, servers=servers))
        for page, path in PAGES.items():
            if kind != "failed" or page == "latest":
                yield f"{page}-{kind}", url + path, ""
    yield "try-asked", f"{url}/try/fraud", ""
    yield "try-answered", f"{url}/try/fraud", SEND
    for name, html in messages(folder / "messages"):
        file = folder / f"{name}.html"
        file.write_text(html, encoding="utf-8")
        yield name, file.as_uri(), ""


def main(into: Path) -> None:
    """Take all pictures."""
    into.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as name, ExitStack() as stack:
        folder = Path(name)
        seen = stack.enter_context(running_browser(folder))
        for picture, url, done in pictures(folder, seen, stack):
            for size, pixels in SIZES.items():
                for scheme in SCHEMES:
                    out = into / f"{picture}-{size}-{scheme}.png"
                    out.write_bytes(seen.picture(url, pixels, scheme, done))
                    sys.stdout.write(f"{out}\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
