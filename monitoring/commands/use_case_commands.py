"""The commands `tocsin use-case`: draft a file, check it, list what there is."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from monitoring.commands.command import readable_errors
from monitoring.errors import TocsinError
from monitoring.wording import several

if TYPE_CHECKING:
    from monitoring.use_case import UseCase
    from monitoring.use_case_file import UseCases

app = typer.Typer(no_args_is_help=True, help="Use-case files: new, check, list.")


@app.command("new")
def new_use_case(
    name: Annotated[str, typer.Argument(help="Short name: small letters, digits and _.")],
    data: Annotated[Path, typer.Option(help="A CSV or Parquet file of labelled rows.")],
    target: Annotated[
        str | None, typer.Option(help="Column of labels; the last one if not given.")
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option(help="File to write; NAME.yml in TOCSIN_USE_CASES, or here, if not given."),
    ] = None,
) -> None:
    """Draft a use-case file from a data file: `tocsin use-case new churn --data churn.csv`.

    Types, target, time, id and money are guessed, and each guess is marked.
    """
    from monitoring.settings import settings
    from monitoring.sources.draft import draft, guesses
    from monitoring.sources.first_look import first_look
    from monitoring.use_case_file import UseCaseError, load_named

    with readable_errors():
        folder = settings().use_cases
        file = (folder or Path()) / f"{name}.yml" if out is None else out
        if file.exists():
            msg = f"{file} is there: remove it, or name another with --out"
            raise UseCaseError(msg)
        look = first_look(data, target)
        inside = str(data.resolve()).removeprefix(f"{settings().data}/")
        heading = (
            f"Drafted from {data.name} by `tocsin use-case new`. Each line `# guess: ...` says",
            "what the field below it rests on: check it, correct it, and remove the mark.",
        )
        text = draft(name, inside, look, heading=heading, delays=("1d", "3d"))
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")
        try:
            load_named(file)
        except UseCaseError:
            file.unlink()
            raise
    typer.echo(f"{file}: drafted from {data}; {several(len(guesses(text)), 'guess', 'guesses')}")
    typer.echo(f"next: edit it, then `tocsin use-case check {file} --data`")
    own = file.resolve().parent
    if own != folder:
        typer.echo(f"so that other commands find it: export TOCSIN_USE_CASES={own}")


@app.command("check")
def check_use_case(
    path: Annotated[Path, typer.Argument(help="The file to check.")],
    data: Annotated[
        bool, typer.Option("--data", help="Read the source, too: what is kept, and set aside.")
    ] = False,
) -> None:
    """Check a use-case file and build its candidates: `tocsin use-case check my_model.yml`."""
    from monitoring.signals.use_case_fit import check_fit
    from monitoring.sources.draft import guesses
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
    with readable_errors():
        show_lacking_channels(case)
    for guess in guesses(path.read_text(encoding="utf-8")):
        typer.echo(f"  line {guess.line}, `{guess.field}` is a guess: {guess.reason}")
    if data and case.is_watched:
        _show_logs(case)
    elif data:
        _show_source(case)


def _show_source(case: UseCase) -> None:
    """Print what of a use case's source is kept, and how it is split."""
    from monitoring.settings import settings
    from monitoring.sources.source import read_source
    from monitoring.sources.source_account import part_account, source_account
    from monitoring.training.split import split_rows

    with readable_errors():
        checked = read_source(case, settings().data)
        for line in source_account(checked, case):
            typer.echo(line)
        for name, part in split_rows(checked.rows.labelled, case.split).parts.items():
            typer.echo(part_account(name, part))


def _show_logs(case: UseCase) -> None:
    """Print where the logs of a watched model reach, and what their newest part holds."""
    from monitoring.settings import settings
    from monitoring.sources.logs.logs import account_of

    with readable_errors():
        for line in account_of(case, settings().data):
            typer.echo(line)


def show_lacking_channels(*cases: UseCase) -> None:
    """Print the channels that use cases ask for and nobody has set up."""
    from monitoring.notifications.channels import lacking
    from monitoring.settings import settings
    from monitoring.signals.alerts.delivery import delivery_of

    delivery = delivery_of(settings())
    for case in cases:
        for said in lacking(case.notify, delivery).values():
            typer.echo(f"{case.name}: {said}", err=True)


@app.command("list")
def list_use_cases() -> None:
    """List the use cases: `tocsin use-case list`.

    Exit code 0; 1 if some can't be read; 2 when it failed.
    """
    from monitoring.settings import settings
    from monitoring.signals.use_case_fit import fitting
    from monitoring.stack.environment import use_case_folder
    from monitoring.use_case_file import (
        ENDINGS,
        all_use_cases,
        other_files,
        use_case_files,
    )

    with readable_errors():
        folder = use_case_folder(settings())  # the demo has its own
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
