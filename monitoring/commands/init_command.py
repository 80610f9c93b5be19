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

    from monitoring.stack.new_deployment import Deployed


def init(
    folder: Annotated[
        Path, typer.Argument(metavar="DIR", help="Folder to write to; made where it is missing.")
    ] = Path(),
    upgrade: Annotated[
        bool,
        typer.Option(
            "--upgrade",
            help="Renew what an earlier version wrote and nobody changed since.",
        ),
    ] = False,
) -> None:
    """Write all that docker compose needs into a folder: `tocsin init deployment`.

    The compose file, `.env` with generated secrets, what the image is built from,
    `prometheus.yml`, `init-db.sql`, the DAGs, boards and rules, and a use case to start from. Only
    what is missing is written, so that it may be run again.

    After an upgrade of Tocsin, `--upgrade` makes the files this version's that are as an earlier
    one wrote them, removes those that there are no more, and adds the secrets that `.env` lacks.
    A file that you changed stays; where this version's is new too, it is put beside yours, under
    its name with `.new`. What was written is remembered in `.tocsin-init.json`.

    Exit code 0; 1 when files are left that are not this version's; 2 when it failed.
    """
    from monitoring.stack.new_deployment import OFFERED, START, write_deployment

    with readable_errors():
        done = write_deployment(folder, upgrade=upgrade)
    _say(folder, done)
    typer.echo("\nNext")
    if folder != Path():
        typer.echo(f"  cd {folder}")
    typer.echo("  docker compose up --build --detach")
    typer.echo("  docker compose exec airflow-scheduler tocsin status")
    typer.echo(f"Card fraud is watched by {START}: edit it, or put your own file beside it.")
    if done.older:
        typer.echo("`tocsin init --upgrade` renews what is older", err=True)
    if done.kept:
        said = "move a file that was kept away, and run this again, to have it written anew"
        if upgrade:
            said += f"; or take over what {OFFERED} beside it has, and remove that"
        typer.echo(said, err=True)
    if done.older or done.kept:
        raise typer.Exit(1)


def _say(folder: Path, done: Deployed) -> None:
    """Say what was done to each file, and what was left."""
    for word, names in (
        ("written", done.written),
        ("renewed", done.renewed),
        ("removed", done.removed),
    ):
        for line in _listed(names):
            typer.echo(f"{word}  {line}")
    for secret in done.secrets:
        typer.echo(f"added    {secret} to .env")
    if not (done.written or done.renewed or done.removed or done.secrets):
        typer.echo(f"nothing was missing in {folder}")
    for line in _listed(done.older):
        typer.echo(f"older    {line}: as an earlier version wrote it", err=True)
    for name in done.kept:
        typer.echo(f"kept     {name}: it differs from what this version writes", err=True)


def _listed(names: Sequence[PurePosixPath]) -> Iterator[str]:
    """Yield the files; those of a folder with many in one line."""
    for top, group in groupby(sorted(names), key=lambda name: name.parts[0]):
        below = list(group)
        if len(below) > 4:
            yield f"{top}/ ({several(len(below), 'file')})"
        else:
            yield from map(str, below)
