"""The command that writes dashboards and rules."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from monitoring.commands.command import readable_errors
from monitoring.commands.use_case_commands import show_broken
from monitoring.errors import InputError

if TYPE_CHECKING:
    from monitoring.signals.own_place import OwnPlace


def generate(
    context: typer.Context,
    out: Annotated[
        Path | None,
        typer.Option(help="Folder for this deployment's files; the checkout's own by default."),
    ] = None,
    check: Annotated[bool, typer.Option("--check", help="Write nothing; fail if stale.")] = False,
    only: Annotated[
        list[str] | None, typer.Option(help="Boards and rules of this use case; can be repeated.")
    ] = None,
    datasource_uid: Annotated[
        str | None, typer.Option(help="Uid of your Grafana's data source with the metrics.")
    ] = None,
    folder: Annotated[str | None, typer.Option(help="Your Grafana's folder of the rules.")] = None,
    label: Annotated[
        list[str] | None, typer.Option(help="NAME=VALUE that every alert gets; can be repeated.")
    ] = None,
    match: Annotated[
        list[str] | None,
        typer.Option(help="NAME=VALUE that every queried series must have; can be repeated."),
    ] = None,
) -> None:
    """Write dashboards and rules from the use cases: `tocsin generate --out deployed`.

    Without `--out` the checkout's own files are written: those of the shipped use cases, whatever
    the environment says, and the generated parts of README.md and docs/reference.

    With `--only`, `--datasource-uid`, `--folder`, `--label` or `--match`: dashboards and rules
    alone, for a Grafana and a Prometheus of your own (docs/how-to/own-grafana.md), as in
    `tocsin generate --out mine --only fraud --datasource-uid mimir --label team=payments`.

    Exit code 0; 1 when a use case was left out, because its file can't be read: what was generated
    of it before stays as it is; with `--check`, also when a file is stale; 2 when it failed.
    """
    from monitoring.atomic_write import atomic_write
    from monitoring.manual.generated_pages import changed_pages
    from monitoring.manual.parts import parts
    from monitoring.settings import Settings, settings
    from monitoring.signals import generate as generating
    from monitoring.signals.library import write_library
    from monitoring.signals.use_case_fit import fitting
    from monitoring.use_case_file import all_use_cases

    with readable_errors():
        where = Settings.model_construct() if out is None else settings()
        cases = fitting(all_use_cases(where.use_cases, where.active_use_cases))
        if only or label or match or datasource_uid is not None or folder is not None:
            place = _own_place(datasource_uid, folder, label or [], match or [])
            if out is None or check:
                msg = "for a Grafana of your own give --out, and no --check"
                raise InputError(msg)
            paths = write_library(out, cases.valid, where, place, only or ())
        else:
            folder_out = out or Path()
            pages = changed_pages(folder_out, parts(cases.valid, context.find_root().command))
            do = generating.stale if check else generating.generate
            paths = (*do(folder_out, cases.valid, where, kept=tuple(cases.broken)), *pages)
            for path, text in pages.items() if not check else ():
                atomic_write(path, text)
    for path in paths:
        typer.echo(path)
    show_broken(cases)
    if check and paths:
        typer.echo("these are stale: run `make generate` and commit", err=True)
    if cases.broken or (check and paths):
        raise typer.Exit(1)


def _own_place(
    datasource: str | None, folder: str | None, labels: list[str], matchers: list[str]
) -> OwnPlace:
    from monitoring.signals.own_place import OwnPlace, pairs_of

    usual = OwnPlace()
    return OwnPlace(
        datasource or usual.datasource, folder or usual.folder, pairs_of(labels), pairs_of(matchers)
    )
