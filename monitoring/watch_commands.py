"""The command `tocsin adopt`: a model that was trained elsewhere is watched from its logs."""

from __future__ import annotations

from datetime import UTC, datetime

import typer

from monitoring.command import AsJson, UseCaseName, print_json, readable_errors, show_steps


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
