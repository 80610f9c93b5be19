"""The commands `tocsin ingest` and `tocsin score`: files of rows in, and scores out."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from monitoring.commands.command import AsJson, UseCaseName, print_json, readable_errors, show_steps

Place = Annotated[
    str,
    typer.Argument(
        metavar="FILE",
        help="CSV, CSV.gz or Parquet: a file, a folder, a URL; - reads CSV on stdin.",
    ),
]


def ingest(use_case: UseCaseName, file: Place, as_json: AsJson = False) -> None:
    """Store rows, scores and labels of a file: `tocsin ingest fraud today.parquet`.

    They may come in one file or apart; which column is what the use case declares. Each is stored
    once: run again, nothing changes.

    Exit code 0; 1 when rows were set aside; 2 when it failed.
    """
    from monitoring.settings import settings
    from monitoring.stack.attach import attach
    from monitoring.stack.status_table import counted
    from monitoring.steps.ingest import ingest as bring_in
    from monitoring.use_case_file import find_use_case

    show_steps()
    with readable_errors(), counted("‰ of the file") as progress:
        attach()
        case = find_use_case(use_case, settings().use_cases)
        done = bring_in(case, file, now=datetime.now(UTC), progress=progress)
    if as_json:
        print_json(done)
    else:
        typer.echo(done.words)
    if done.set_aside:
        raise typer.Exit(1)


def score(
    use_case: UseCaseName,
    file: Place,
    out: Annotated[Path, typer.Option(help="File to write, .csv or .parquet.")],
    as_json: AsJson = False,
) -> None:
    """Score the rows of a file with the champion: `tocsin score fraud today.csv --out scores.csv`.

    Nothing is stored. A row that can't be scored has a line too, which says why.

    Exit code 0; 1 when rows could not be scored; 2 when it failed.
    """
    from monitoring.settings import settings
    from monitoring.stack.attach import attach
    from monitoring.stack.status_table import counted
    from monitoring.steps.score_file import score_file
    from monitoring.use_case_file import find_use_case

    show_steps()
    with readable_errors(), counted("‰ of the file") as progress:
        attach()
        case = find_use_case(use_case, settings().use_cases)
        done = score_file(case, file, out, now=datetime.now(UTC), progress=progress)
    if as_json:
        print_json(done)
    else:
        typer.echo(done.words)
    if done.unscored:
        raise typer.Exit(1)
