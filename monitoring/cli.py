"""The command `tocsin`: the same steps as the DAGs, and the local stack."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from monitoring import __version__
from monitoring.commands import (
    api_key_commands,
    generate_command,
    init_command,
    model_commands,
    replay_command,
    row_commands,
    use_case_commands,
    watch_commands,
)
from monitoring.commands.command import (
    AsJson,
    AsOf,
    Codes,
    Commands,
    Compared,
    Decimal,
    Ignored,
    MinEffects,
    UseCaseName,
    listening,
    min_effects,
    moment_option,
    names_given,
    print_json,
    readable_errors,
    show_steps,
)
from monitoring.private import private_umask
from monitoring.wording import number, shown

if TYPE_CHECKING:
    from monitoring.settings import Settings
    from monitoring.stack.up import Running

app = typer.Typer(
    name="tocsin",
    cls=Commands,
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode="markdown",
    pretty_exceptions_enable=False,
    help="Watch deployed classifiers: drift, money, late labels, alerts.",
)


def _show_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"tocsin {__version__}")
        raise typer.Exit


@app.callback()
def _private(
    context: typer.Context,
    version: Annotated[  # noqa: ARG001 - its callback has answered
        bool,
        typer.Option("--version", help="Print the version.", is_eager=True, callback=_show_version),
    ] = False,
) -> None:
    """Let nobody but its owner read what a command writes: rows and models are in it."""
    context.with_resource(private_umask())


app.add_typer(use_case_commands.app, name="use-case")
app.command()(row_commands.ingest)
app.command()(row_commands.score)
app.command()(replay_command.replay)
app.command()(watch_commands.adopt)
app.command()(watch_commands.retire)
app.command()(model_commands.rollback)
app.command()(model_commands.release)
app.command()(generate_command.generate)
app.command()(init_command.init)
app.add_typer(api_key_commands.app, name="api-key")


@app.command()
def retrain(
    use_case: UseCaseName,
    as_of: AsOf = None,
    force: Annotated[
        bool, typer.Option(help="Retrain whether or not data or drift ask for it.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Search for a better champion if data or drift ask for it: `tocsin retrain fraud --force`.

    Exit code 0 whether it retrained or not, 2 when it failed.
    """
    from monitoring.signals.pipelines import Pipeline
    from monitoring.stack.attach import attach
    from monitoring.steps import begin, in_process

    show_steps()
    with readable_errors():
        attach()
        run = begin.by_hand(Pipeline.RETRAIN, use_case, as_of=as_of, force=force)
        notification = in_process.retrain(run)
    if as_json:
        print_json(notification)


@app.command()
def report(use_case: UseCaseName, as_of: AsOf = None, as_json: AsJson = False) -> None:
    """Measure the newest window, write its reports, publish: `tocsin report fraud`.

    Exit code 0 when drift is within its limit, 1 when a retrain is asked for, 2 when it failed.
    """
    from monitoring.signals.pipelines import Pipeline
    from monitoring.stack.attach import attach
    from monitoring.steps import begin, in_process

    show_steps()
    with readable_errors():
        attach()
        run = begin.by_hand(Pipeline.REPORT, use_case, as_of=as_of)
        notification, drifted = in_process.report(run)
    if as_json:
        print_json(notification)
    if drifted:
        typer.echo(f"drift is above its limit: {run.drift_cure}", err=True)
        raise typer.Exit(1)


@app.command()
def drift(  # noqa: PLR0913, PLR0917 - each is an option that people name
    reference: Annotated[
        Path, typer.Argument(help="CSV, CSV.gz, Parquet, a folder of them, or a saved reference.")
    ],
    current: Annotated[Path, typer.Argument(help="A later table with the same columns.")],
    fail_above: Annotated[
        float | None,
        typer.Option(min=0, max=1, help="Share of drifted columns above which to exit 1."),
    ] = None,
    columns: Compared = None,
    ignore: Ignored = None,
    categorical: Codes = None,
    min_effect: MinEffects = None,
    decimal: Decimal = None,
    engine: Annotated[
        str, typer.Option(help="Engine that reads the files: memory, duckdb, or auto (by size).")
    ] = "auto",
    as_json: AsJson = False,
) -> None:
    """Compare two files for data drift: `tocsin drift reference.csv current.csv`.

    It needs no use case and no server. Options of columns may be repeated.

    Exit code 0; 1 when the share of drifted columns is above the given limit
    (`--fail-above 0.3`), or where a limit was given and a column of the reference is missing or
    of another type; 2 on an error, or where a limit was given and nothing could be tested.
    """
    import json

    from monitoring.comparison.compare import compare
    from monitoring.drift.verdict import SHARE_LIMIT

    limit = SHARE_LIMIT if fail_above is None else fail_above
    with readable_errors():
        verdict = compare(
            reference,
            current,
            columns=names_given(columns),
            ignore=names_given(ignore) or (),
            categorical=names_given(categorical) or (),
            min_effect=min_effects(min_effect),
            share_limit=limit,
            decimal=decimal,
            engine=engine,
        )
    if as_json:
        typer.echo(json.dumps(verdict.to_dict(), indent=2))
    else:
        from rich.console import Console

        from monitoring.drift.verdict import verdict_table

        # Names are printed as they are: `:heart:` is no picture, `100` no number to be coloured.
        Console(emoji=False, highlight=False).print(verdict_table(verdict))
    if fail_above is None:
        return
    for part in verdict.broken_features:
        typer.echo(f"column {shown(part.name)}: {part.reason}", err=True)
    if verdict.drifted or verdict.broken_features:
        raise typer.Exit(1)
    if verdict.share is None:
        typer.echo(
            f"no column could be tested, so the limit of {number(limit)} was not checked", err=True
        )
        raise typer.Exit(2)


@app.command()
def backfill(
    use_case: UseCaseName,
    since: Annotated[
        datetime | None, moment_option("--from", help="ISO 8601; else the first.")
    ] = None,
    until: Annotated[datetime | None, moment_option("--to", help="ISO 8601; else now.")] = None,
    wait: Annotated[bool, typer.Option(help="Wait until Prometheus shows the figures.")] = True,
    as_json: AsJson = False,
) -> None:
    """Measure past windows and write them into Prometheus: `tocsin backfill fraud`.

    Existing samples stay: run again, it writes only what is missing.
    """
    from monitoring.settings import settings
    from monitoring.stack.attach import attach
    from monitoring.stack.status_table import counted
    from monitoring.steps.backfill import backfill as fill
    from monitoring.use_case_file import find_use_case

    show_steps()
    now = datetime.now(UTC).replace(microsecond=0)
    if since is not None and since >= (until or now):
        msg = f"{since.isoformat()} is not before the end, {(until or now).isoformat()}"
        raise typer.BadParameter(msg, param_hint="--from")
    with readable_errors(), counted("windows") as progress:
        attach()
        done = fill(
            find_use_case(use_case, settings().use_cases),
            since=since,
            until=until or now,
            now=now,
            wait=wait,
            progress=progress,
        )
    if as_json:
        print_json(done)
    else:
        typer.echo(done.words)


@app.command()
def serve(
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[
        int | None, typer.Option(min=1, max=65535, help="TOCSIN_PORT_SERVE by default.")
    ] = None,
    name: Annotated[
        list[str] | None, typer.Option(help="A further host name that it is asked under.")
    ] = None,
) -> None:
    """Serve predictions, reports and the front page: `tocsin serve --port 8000`.

    Pages are opened under TOCSIN_PUBLIC_URL; requests for other host names are refused. Who asks
    for predictions needs an API key, unless the server is bound to loopback.
    """
    from monitoring.pages.servers import servers_of
    from monitoring.pages.site import LOOPBACK_NAMES, site_of
    from monitoring.serving.api import api_of
    from monitoring.serving.app import server_of
    from monitoring.settings import Ports, settings
    from monitoring.stack.attach import attach

    with readable_errors():
        attach()
        chosen, where = port or Ports().serve, settings()
        parts = (site_of(where), api_of(where, keys=host not in LOOPBACK_NAMES), servers_of(where))
        server = server_of(*parts, host=host, port=chosen, also_called=name or ())
        opened = listening(host, chosen)
    server.run(sockets=[opened])


@app.command()
def up() -> None:
    """Start the local stack and wait until it is healthy: `tocsin up`."""
    _up()


@app.command()
def down() -> None:
    """Stop the local stack; its data stays: `tocsin down`."""
    from monitoring.settings import settings
    from monitoring.stack.down import down as stop

    with readable_errors():
        was_running = stop(settings())
    typer.echo("the local stack is down" if was_running else "the local stack was not up")


@app.command()
def status(as_json: AsJson = False) -> None:
    """Show the health of the local stack: `tocsin status`.

    Where none was started and the settings name servers, as in the containers of compose
    (`docker compose exec airflow-scheduler tocsin status`), it is theirs.

    Channels that use cases notify through and that are not set up are named.

    Exit code 0; 1 if a part is unhealthy; 2 when it failed.
    """
    import json
    from dataclasses import asdict

    from rich.console import Console

    from monitoring.settings import settings
    from monitoring.stack.environment import use_case_folder
    from monitoring.stack.folders import Folders
    from monitoring.stack.named_servers import names_servers, servers
    from monitoring.stack.status import started_ports
    from monitoring.stack.status import status as statuses
    from monitoring.stack.status_table import table_of
    from monitoring.use_case_file import all_use_cases

    with readable_errors():
        mine = settings()
        started = started_ports(Folders(mine.state)) is not None
        parts = statuses(mine) if started or not names_servers(mine) else servers(mine)
    if as_json:
        typer.echo(json.dumps([asdict(part) for part in parts], indent=2))
    else:
        Console().print(table_of(parts))
    with readable_errors():
        cases = all_use_cases(use_case_folder(mine), mine.active_use_cases).valid
        use_case_commands.show_lacking_channels(*cases)
    if not all(part.healthy for part in parts):
        raise typer.Exit(1)


@app.command()
def demo(
    use_cases: Annotated[
        list[str] | None,
        typer.Argument(metavar="[USE_CASE]...", help="A dropped file's or card fraud by default."),
    ] = None,
    in_order: Annotated[
        bool,
        typer.Option(
            "--in-order", help="Show real rows as they happened, not dealt out over their days."
        ),
    ] = False,
) -> None:
    """Run a tour of the local stack: `tocsin demo`. Uses real data in data/ where there is some.

    A CSV file there that is no shipped use case's is watched: its last column is the target. Real
    rows are dealt out at random over their days, so that nothing drifts but what is planted. Of
    card fraud ten days pass in minutes, through the API: quiet ones, drift, its alert, a retrain,
    and the alert's end.
    """
    from monitoring.settings import Ports, settings
    from monitoring.stack.demo import (
        check_same_rows,
        for_demo,
        lives,
        use_cases_to_show,
        write_quick_fraud,
    )
    from monitoring.stack.demo import demo as show

    with readable_errors():
        names = use_cases_to_show(use_cases or (), settings(), say=typer.echo)
        wanted = for_demo(settings(), Ports(), names, in_order=in_order)
        check_same_rows(wanted)
        said = write_quick_fraud(settings()) if lives(names) else None
    if said is not None:
        typer.echo(said)
    running = _up(wanted)
    with readable_errors():
        looks = show(running, Ports(), names, clock=lambda: datetime.now(UTC), say=typer.echo)
    typer.echo("\nWhere to look")
    for look in looks:
        typer.echo(f"  {look.what:<40}{look.where}")
    typer.echo("The stack stays up: `make down` stops it.")


@app.command()
def programs(
    install: Annotated[bool, typer.Option("--install", help="Install what is missing.")] = False,
) -> None:
    """List the non-Python programs that are missing, or install them: `tocsin programs`."""
    from monitoring.stack.programs import install_missing, missing

    with readable_errors():
        lacking = install_missing() if install else missing()
    for program in lacking:
        typer.echo(f"{'installed' if install else 'missing'}: {program.name}")


@app.command()
def env(
    path: Annotated[Path, typer.Argument(help="The file to write.")] = Path(".env"),
) -> None:
    """Write .env with generated secrets for docker compose: `tocsin env`."""
    from monitoring.stack.env_file import said_of, write_env

    with readable_errors():
        written = write_env(path)
    typer.echo(said_of(path, written=written))


def _up(where: Settings | None = None) -> Running:
    from rich.console import Console

    from monitoring.settings import Ports, settings
    from monitoring.stack.status_table import shown
    from monitoring.stack.up import up as start

    with readable_errors(), shown(Console()) as progress:
        return start(where or settings(), Ports(), progress=progress)


if __name__ == "__main__":
    app()
