"""The commands `tocsin api-key`: make, list and revoke the keys of the API."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from monitoring.commands.command import readable_errors

if TYPE_CHECKING:
    from monitoring.serving.api_keys import KeyRing

app = typer.Typer(no_args_is_help=True, help="Keys of the API: new, list, revoke.")

Name = Annotated[str, typer.Argument(help="Who uses the key: checkout, label-service.")]


@app.command("new")
def new_key(
    name: Name,
    scope: Annotated[
        list[str] | None, typer.Option(help="predict, feedback or admin; may be repeated.")
    ] = None,
) -> None:
    """Make a key and print it, this once: `tocsin api-key new checkout --scope predict`."""
    from monitoring.serving.api_keys import Scope

    with readable_errors():
        known = {each.value: each for each in Scope}
        asked = scope or [Scope.PREDICT]
        unknown = [each for each in asked if each not in known]
        if unknown:
            msg = f"no scope {', '.join(unknown)}: there are {', '.join(known)}"
            raise typer.BadParameter(msg, param_hint="--scope")
        key = _keys().new(name, [known[each] for each in asked])
    typer.echo(key)
    typer.echo(
        "Only its hash is kept: save it now. Send it as `Authorization: Bearer KEY`.", err=True
    )


@app.command("list")
def list_keys() -> None:
    """List the keys: name, scopes, and when each was made."""
    with readable_errors():
        keys = _keys().keys()
    for key in keys:
        typer.echo(f"{key.name}\t{','.join(sorted(key.scopes))}\t{key.made_at:%Y-%m-%d %H:%M} UTC")


@app.command("revoke")
def revoke_key(name: Name) -> None:
    """Revoke a key: it is refused from the next request on."""
    with readable_errors():
        _keys().revoke(name)
    typer.echo(f"{name}: revoked")


def _keys() -> KeyRing:
    from monitoring.serving.api_keys import KeyRing
    from monitoring.settings import settings

    return KeyRing(settings().state)
