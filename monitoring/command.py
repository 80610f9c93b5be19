"""Command: what all commands share: their options, errors that say what to do, and JSON."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from pydantic import BaseModel

UseCaseName = Annotated[str, typer.Argument(metavar="USE_CASE", help="Name of a use case.")]
AsOf = Annotated[str | None, typer.Option(help="Moment to look from, ISO 8601; else now.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON for a program.")]


@contextmanager
def readable_errors() -> Iterator[None]:
    """Print what is wrong and what to do, and exit with 2, where an error says both."""
    try:
        yield
    except typer.Exit:
        raise
    except (RuntimeError, ValueError, OSError) as error:
        typer.echo("\n".join([f"{type(error).__name__}: {error}", *_notes(error)]), err=True)
        raise typer.Exit(2) from error
    except Exception as error:
        # 1 is an answer ("a retrain is asked for"): nothing that failed may end with it.
        logging.getLogger(__name__).exception("unexpected")
        raise typer.Exit(2) from error


def _notes(error: BaseException) -> list[str]:
    return list(getattr(error, "__notes__", []))


def moment_of(text: str | None) -> datetime | None:
    """Return the moment that an option gives; None where it was left out."""
    from monitoring.rows.window import parse_moment

    return None if text is None else parse_moment(text)


def show_steps() -> None:
    """Show our own steps as they go; of libraries, only what they warn of."""
    logging.basicConfig(level=logging.WARNING, format="%(asctime)s %(message)s", datefmt="%H:%M:%S")
    logging.getLogger("monitoring").setLevel(logging.INFO)


def print_json(result: BaseModel) -> None:
    """Print a step's result for a program."""
    typer.echo(result.model_dump_json(indent=2))
