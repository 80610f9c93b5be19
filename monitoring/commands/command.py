"""What all commands share: options, errors that say what to do, and JSON."""

from __future__ import annotations

import csv
import logging
import socket
import sys
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from typer.core import TyperGroup

from monitoring.errors import InputError, TocsinError, missing_part
from monitoring.wording import printable

if TYPE_CHECKING:
    from pydantic import BaseModel


class Commands(TyperGroup):
    """Commands that say what to install where the library of one is missing."""

    def invoke(self, ctx: Any) -> Any:
        """Call the command."""
        try:
            return super().invoke(ctx)
        except ModuleNotFoundError as error:
            typer.echo(f"MissingPartError: {missing_part(error)}", err=True)
            raise typer.Exit(2) from error


def _moment(text: str) -> datetime:
    from monitoring.moments import parse_moment

    try:
        return parse_moment(text)
    except InputError as error:
        raise typer.BadParameter(str(error)) from error


def moment_option(*names: str, help: str) -> Any:  # noqa: A002 - typer's word for it
    """Return an option that takes a moment."""
    return typer.Option(*names, parser=_moment, metavar="MOMENT", help=help)


def _length(text: str) -> timedelta:
    from pydantic import TypeAdapter, ValidationError

    from monitoring.field_types import Duration

    try:
        return TypeAdapter(Duration).validate_python(text)
    except ValidationError as error:
        said = error.errors()[0]["msg"].removeprefix("Value error, ")
        raise typer.BadParameter(said) from error


def duration_option(*names: str, help: str) -> Any:  # noqa: A002 - typer's word for it
    """Return an option that takes a length of time."""
    return typer.Option(*names, parser=_length, metavar="DURATION", help=help)


UseCaseName = Annotated[str, typer.Argument(metavar="USE_CASE", help="Name of a use case.")]
AsOf = Annotated[
    datetime | None, moment_option(help="Evaluate as of this moment, ISO 8601; now by default.")
]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON for a program.")]


Decimal = Annotated[
    str | None,
    typer.Option(
        metavar="MARK", help="Decimal mark, `.` or `,`, where nothing in a CSV decides: 1,234."
    ),
]


def _columns(help: str) -> Any:  # noqa: A002 - typer's word for it
    """Return an option that takes names of columns."""
    return typer.Option(metavar="NAMES", help=help)


Compared = Annotated[list[str] | None, _columns("Columns to compare, `a,b`; all by default.")]
Ignored = Annotated[list[str] | None, _columns("Columns to leave out.")]
Codes = Annotated[list[str] | None, _columns("Columns whose numbers are codes: words.")]
MinEffects = Annotated[
    list[str] | None,
    typer.Option(
        metavar="LIMIT", help="Smallest effect that matters; of one column: `Amount=0.2`."
    ),
]


def names_given(texts: list[str] | None) -> list[str] | None:
    """Return the names of columns; one that holds a comma stands in double quotes, as in CSV."""
    return None if not texts else [name for row in csv.reader(texts) for name in row]


def min_effects(texts: list[str] | None) -> float | dict[str, float]:
    """Return the smallest effects that matter: `0.05` of every column, `Amount=0.2` of one."""
    from monitoring.drift.decision import MIN_EFFECT, OTHERS

    found = {OTHERS: MIN_EFFECT}
    for text in texts or ():
        name, _, least = text.rpartition("=")
        try:
            found[name or OTHERS] = float(least)
        except ValueError as error:
            msg = f"{text!r} is neither a number, such as 0.1, nor one of a column: Amount=0.2"
            raise typer.BadParameter(msg, param_hint="--min-effect") from error
    return found


@contextmanager
def readable_errors() -> Iterator[None]:
    """Print what is wrong and what to do, and exit with 2.

    A traceback is logged only for what is a mistake of the code: neither an error of Tocsin's nor
    one of the system or of a server.
    """
    try:
        yield
    except (typer.Exit, ModuleNotFoundError):
        raise
    except Exception as error:
        # 1 is an answer ("a retrain is asked for"): nothing that failed may end with it.
        text = _redacted("\n".join([_message(error), *getattr(error, "__notes__", [])]))
        # It may quote names and values of data.
        typer.echo("\n".join(map(printable, text.split("\n"))), err=True)
        if not isinstance(error, (TocsinError, OSError, ValueError, RuntimeError, *_foreign())):
            logging.getLogger(__name__).error("unexpected\n%s", _redacted(traceback.format_exc()))
        raise typer.Exit(2) from error


_S3 = "S3 failed: check that it runs, the keys, and AWS_ENDPOINT_URL_S3 where it is not Amazon's"

_SERVERS = {
    ("sqlalchemy.exc", "SQLAlchemyError"): (
        "a database failed: check that it runs, and TOCSIN_DATABASE_URL (rows) or "
        "TOCSIN_MLFLOW_URL (models)"
    ),
    ("mlflow.exceptions", "MlflowException"): (
        "MLflow failed: check that it runs, and TOCSIN_MLFLOW_URL"
    ),
    ("botocore.exceptions", "BotoCoreError"): _S3,
    ("boto3.exceptions", "Boto3Error"): _S3,
}
"""Advice on errors of libraries, looked up only where the library was imported."""


def _foreign() -> dict[type[BaseException], str]:
    return {
        getattr(sys.modules[module], name): advice
        for (module, name), advice in _SERVERS.items()
        if module in sys.modules
    }


def _message(error: Exception) -> str:
    # Of a database's error, what it says itself: not the statement and a link.
    text = f"{type(error).__name__}: {getattr(error, 'orig', None) or error}"
    if isinstance(error, OSError) and not isinstance(error, TocsinError):
        return f"{text}{_folder_advice(error)}"
    advice = next((text for kind, text in _foreign().items() if isinstance(error, kind)), None)
    return text if advice is None else f"{text}\n{advice}"


def _folder_advice(error: OSError) -> str:
    """Return which setting names the folder in which a file could not be read or written."""
    if error.filename is None:
        return ""
    try:
        from monitoring.settings import SettingsError, settings
    except ModuleNotFoundError:  # the light installation has no folders of its own
        return ""
    try:
        where = settings()
    except SettingsError:
        return ""
    path = Path(str(error.filename)).absolute()
    for name in ("state", "reports", "data"):
        folder: Path = getattr(where, name)
        if path.is_relative_to(folder) or folder.is_relative_to(path):
            return f"\nname a folder that can be written with TOCSIN_{name.upper()} (now {folder})"
    return f"\nchoose another place, or have {path.parent} readable and writable"


def listening(host: str, port: int) -> socket.socket:
    """Return a socket that listens.

    Raises
    ------
    InputError
        The port is taken, or the address is none of this machine's.
    """
    try:
        return socket.create_server((host, port))
    except OSError as error:
        msg = (
            f"{host}:{port} can't be listened on: {error.strerror or error}; choose another port "
            "with --port or TOCSIN_PORT_SERVE, or an address of this machine with --host"
        )
        raise InputError(msg) from error


def _redacted(text: str) -> str:
    # Not before: to import settings takes longer than to compare two small files.
    try:
        from monitoring.settings import redacted
    except ModuleNotFoundError:  # the light installation is given no secrets
        return text
    return redacted(text)


class _Redacting(logging.Formatter):
    """Writes records without the secrets that libraries' messages and tracebacks may hold."""

    def format(self, record: logging.LogRecord) -> str:
        return _redacted(super().format(record))


def show_steps() -> None:
    """Show our own steps as they go; of libraries, only what they warn of."""
    shown = logging.StreamHandler()
    shown.setFormatter(_Redacting("%(asctime)s %(message)s", datefmt="%H:%M:%S"))
    logging.basicConfig(level=logging.WARNING, handlers=[shown])
    logging.getLogger("monitoring").setLevel(logging.INFO)


def print_json(result: BaseModel) -> None:
    """Print a step's result for a program."""
    typer.echo(result.model_dump_json(indent=2))
