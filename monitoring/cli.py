"""The command `tocsin`: the same steps as the DAGs, and the local stack."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from monitoring.settings import settings
from monitoring.use_case_file import UseCaseError, find_use_case, load_use_case, use_case_files

app = typer.Typer(
    name="tocsin",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode="markdown",
    pretty_exceptions_enable=False,
    help="Watch deployed classifiers: drift, money, late labels, alerts.",
)
use_case_app = typer.Typer(no_args_is_help=True, help="Use-case files: check, list.")
app.add_typer(use_case_app, name="use-case")


@use_case_app.command("check")
def check_use_case(
    path: Annotated[Path, typer.Argument(help="The file to check.")],
) -> None:
    """Check a use-case file: `tocsin use-case check my_model.yml`."""
    try:
        case = load_use_case(path)
    except UseCaseError as error:
        typer.echo(error, err=True)
        raise typer.Exit(2) from error
    typer.echo(f"{path}: {case.name} ({case.title}) is right")


@use_case_app.command("list")
def list_use_cases() -> None:
    """List the use cases there are: `tocsin use-case list`."""
    for name, path in use_case_files(settings().use_cases).items():
        typer.echo(f"{name:<24}{find_use_case(name, settings().use_cases).title}  ({path})")


if __name__ == "__main__":
    app()
