"""The commands `tocsin use-case`: check a file, list what there is."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from monitoring.command import readable_errors
from monitoring.errors import TocsinError

if TYPE_CHECKING:
    from monitoring.use_case_file import UseCases

app = typer.Typer(no_args_is_help=True, help="Use-case files: check, list.")


@app.command("check")
def check_use_case(path: Annotated[Path, typer.Argument(help="The file to check.")]) -> None:
    """Check a use-case file and build its candidates: `tocsin use-case check my_model.yml`."""
    from monitoring.signals.use_case_fit import check_fit
    from monitoring.sources.source import check_source
    from monitoring.training.pipeline import check_candidates
    from monitoring.use_case_file import load_named

    with readable_errors():
        case = load_named(path)
        try:
            check_fit(case)
            check_source(case)
            check_candidates(case)
        except TocsinError as error:
            error.add_note(f"in {path}")
            raise
    typer.echo(f"{path}: {case.name} ({case.title}) is valid")


@app.command("list")
def list_use_cases() -> None:
    """List the use cases: `tocsin use-case list`. Exit code 1 if some can't be read."""
    from monitoring.settings import settings
    from monitoring.signals.use_case_fit import fitting
    from monitoring.use_case_file import (
        ENDINGS,
        all_use_cases,
        other_files,
        use_case_files,
    )

    with readable_errors():
        folder = settings().use_cases
        cases, files, others = (
            fitting(all_use_cases(folder)),
            use_case_files(folder),
            other_files(folder),
        )
    for case in cases.valid:
        typer.echo(f"{case.name:<24}{case.title}  ({files[case.name]})")
    for name in others:
        typer.echo(f"not read: {name}: a use-case file ends in {' or '.join(ENDINGS)}", err=True)
    show_broken(cases)
    if cases.broken:
        raise typer.Exit(1)


def show_broken(cases: UseCases) -> None:
    """Print each use case that can't be read, with its error."""
    for name, error in cases.broken.items():
        typer.echo(f"broken: {name}: {error}", err=True)
