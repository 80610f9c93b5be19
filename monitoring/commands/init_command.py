"""The command `tocsin init`: a folder to deploy from, without a checkout."""

from __future__ import annotations

from itertools import groupby
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Annotated

import typer

from monitoring.commands.command import readable_errors
from monitoring.wording import several

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence


def init(
    folder: Annotated[
        Path, typer.Argument(metavar="DIR", help="Folder to write to; made where it is missing.")
    ] = Path(),
) -> None:
    """Write all that docker compose needs into a folder: `tocsin init deployment`.

    The compose file, `.env` with generated secrets, what the image is built from,
    `prometheus.yml`, `init-db.sql`, the DAGs, boards and rules, and a use case to start from. Only
    what is missing is written, so that it may be run again.

    Exit code 0; 1 when a file that was there differs from what this version would write, and was
    left as it is; 2 when it failed.
    """
    from monitoring.stack.new_deployment import START, write_deployment

    with readable_errors():
        done = write_deployment(folder)
    for line in _listed(done.written):
        typer.echo(f"written  {line}")
    if not done.written:
        typer.echo(f"nothing was missing in {folder}")
    for name in done.kept:
        typer.echo(f"kept     {name}: it differs from what this version writes", err=True)
    typer.echo("\nNext")
    if folder != Path():
        typer.echo(f"  cd {folder}")
    typer.echo("  docker compose up --build --detach")
    typer.echo("  docker compose exec airflow-scheduler tocsin status")
    typer.echo(f"Card fraud is watched by {START}: edit it, or put your own file beside it.")
    if done.kept:
        said = "move a file that was kept away, and run this again, to have it written anew"
        typer.echo(said, err=True)
        raise typer.Exit(1)


def _listed(names: Sequence[PurePosixPath]) -> Iterator[str]:
    """Yield the files; those of a folder with many in one line."""
    for top, group in groupby(sorted(names), key=lambda name: name.parts[0]):
        below = list(group)
        if len(below) > 4:
            yield f"{top}/ ({several(len(below), 'file')})"
        else:
            yield from map(str, below)
