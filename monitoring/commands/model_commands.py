"""The commands `tocsin rollback` and `tocsin release`: a person decides which version serves."""

from __future__ import annotations

from typing import Annotated

import typer

from monitoring.commands.command import AsJson, UseCaseName, print_json, readable_errors, show_steps


def rollback(
    use_case: UseCaseName,
    to: Annotated[
        str | None,
        typer.Option(
            metavar="VERSION", help="A version's number, or an alias; the previous one by default."
        ),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Switch back to an earlier version at once: `tocsin rollback fraud --to 7`.

    It skips the gate.

    Exit code 0; 2 when nothing was changed, or not everybody could be notified.
    """
    from monitoring.settings import settings
    from monitoring.stack.attach import attach
    from monitoring.steps.rollback import roll_back
    from monitoring.use_case_file import find_use_case

    show_steps()
    with readable_errors():
        attach()
        done = roll_back(find_use_case(use_case, settings().use_cases), to=to)
    if as_json:
        print_json(done)
    else:
        typer.echo(done.words)


def release(use_case: UseCaseName, as_json: AsJson = False) -> None:
    """Let challengers be promoted again after one was taken back: `tocsin release fraud`.

    Look first at what took it back: the report's notification, and the alert, say it.
    """
    from monitoring.settings import settings
    from monitoring.stack.attach import attach
    from monitoring.steps.rollback import release_promotions
    from monitoring.use_case_file import find_use_case

    show_steps()
    with readable_errors():
        attach()
        done = release_promotions(find_use_case(use_case, settings().use_cases))
    if as_json:
        print_json(done)
    else:
        typer.echo(done.words)
