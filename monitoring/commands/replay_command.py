"""The command `tocsin replay`: past rows as if they came today, at once or as traffic."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Annotated

import typer

from monitoring.commands.command import (
    AsJson,
    AsOf,
    UseCaseName,
    duration_option,
    print_json,
    readable_errors,
    show_steps,
)
from monitoring.wording import several

if TYPE_CHECKING:
    from monitoring.steps.replay import Wanted
    from monitoring.steps.replay_record import Replayed
    from monitoring.use_case import UseCase


def _planted(text: str) -> str:
    """Check the name of a drift scenario, and the day with which it begins."""
    from monitoring.sources.synthetic.scenarios import Scenario

    name, at, day = text.partition("@")
    if name not in list(Scenario):
        msg = f"{name!r} is not one of {', '.join(Scenario)}"
        raise typer.BadParameter(msg)
    if at and re.fullmatch(r"day[1-9][0-9]{0,3}", day) is None:
        msg = f"{day!r} is no day of the replay: write {name}@day6"
        raise typer.BadParameter(msg)
    return text


def replay(
    use_case: UseCaseName,
    scenario: Annotated[
        str | None,
        typer.Option(
            parser=_planted,
            metavar="SCENARIO",
            help="Drift to plant: covariate, prior, ...; in the second half, or `covariate@day6`.",
        ),
    ] = None,
    speed: Annotated[
        float | None,
        typer.Option(
            min=0.001,
            max=1e9,
            help="Send it through the API, so many times as fast: 3600 is an hour in a second.",
        ),
    ] = None,
    label_delay: Annotated[
        timedelta | None,
        duration_option("--label-delay", help="When labels come: 1d after their event, 2h, ..."),
    ] = None,
    days: Annotated[
        int | None, typer.Option(min=1, max=3650, help="Days that the rows are spread over.")
    ] = None,
    seed: Annotated[
        int, typer.Option(min=0, help="Of what is drawn: the same gives the same traffic.")
    ] = 0,
    until: AsOf = None,
    as_json: AsJson = False,
) -> None:
    """Replay past rows as if they came today: `tocsin replay fraud --scenario covariate@day6`.

    The champion scores them at once, or with `--speed` one after the other: rows go through
    /predict, and labels through /feedback once they are due, of the API of the local stack or the
    one at TOCSIN_SERVE_URL. A replay that was stopped goes on where it was when it is run again.
    """
    from monitoring.settings import settings
    from monitoring.sources.synthetic.scenarios import Scenario
    from monitoring.stack.attach import attach
    from monitoring.steps.replay import DAY, Wanted
    from monitoring.use_case_file import find_use_case

    show_steps()
    name, _, day = (scenario or "").partition("@day")
    wanted = Wanted(
        until=until or datetime.now(UTC).replace(microsecond=0),
        length=None if days is None else days * DAY,
        scenario=Scenario(name) if name else None,
        from_day=int(day) if day else None,
        label_delay=label_delay,
        seed=seed,
    )
    with readable_errors():
        attach()
        case = find_use_case(use_case, settings().use_cases)
        replayed, more = _at_once(case, wanted) if speed is None else _sent(case, wanted, speed)
    if as_json:
        print_json(replayed)
    else:
        typer.echo("\n".join([replayed.words, *more]))


def _at_once(case: UseCase, wanted: Wanted) -> tuple[Replayed, list[str]]:
    from monitoring.steps import replay as replaying

    return replaying.replay(case, wanted), []


def _sent(case: UseCase, wanted: Wanted, speed: float) -> tuple[Replayed, list[str]]:
    """Send a replay to the API, with progress; return what more is to be said of it."""
    from monitoring.stack.status_table import counted
    from monitoring.steps.traffic import traffic

    with counted("rows and labels") as progress:
        sending = traffic(case, wanted, speed=speed, progress=progress)
        replayed = sending.send()
    if sending.is_done:
        return replayed, []
    left = f"{several(sending.left, 'label')} due until {sending.last_due:%Y-%m-%d %H:%M} UTC"
    return replayed, [f"{left}: run the same command again then, and it sends them"]
