"""The commands `tocsin adopt` and `tocsin retire`: a model is watched, and no longer."""

from __future__ import annotations

from datetime import UTC, datetime

import typer
from rich.console import Console

from monitoring.commands.command import AsJson, UseCaseName, print_json, readable_errors, show_steps


def adopt(use_case: UseCaseName, as_json: AsJson = False) -> None:
    """Fit the reference of a model that Tocsin did not train: `tocsin adopt cards`.

    From then on windows of its prediction logs are compared with it, as its champion's. Run it
    again when a new version of the model serves, or its reference is another.
    """
    from monitoring.settings import settings
    from monitoring.stack.attach import attach
    from monitoring.steps.adopt import adopt as take
    from monitoring.use_case_file import find_use_case

    show_steps()
    with readable_errors():
        attach()
        done = take(find_use_case(use_case, settings().use_cases), now=datetime.now(UTC))
    if as_json:
        print_json(done)
    else:
        typer.echo(done.words)


def retire(use_case: UseCaseName, as_json: AsJson = False) -> None:
    """Watch a use case of your own no longer: `tocsin retire cards`.

    Its file moves to `.retired` beside the others, and its groups leave the Pushgateway. Where the
    local stack is up, its board and its rules go too; elsewhere the next `tocsin generate --out`
    removes them, as compose's watcher does by itself. Store, reports, models and what Prometheus
    holds stay: moved back, the file is watched again.
    """
    from monitoring.settings import settings
    from monitoring.stack.attach import attach
    from monitoring.stack.folders import Folders
    from monitoring.stack.status import started_ports
    from monitoring.stack.status_table import shown
    from monitoring.stack.up import up
    from monitoring.steps.retire import retire as end

    show_steps()
    with readable_errors():
        mine = settings()
        attach()
        done = end(use_case)
        ports = started_ports(Folders(mine.state))
        if ports is not None:
            with shown(Console(stderr=True)) as progress:
                up(mine, ports, progress=progress)
    if as_json:
        print_json(done)
    else:
        typer.echo(done.words)
