"""Field types of use-case files and settings: the values they accept, and their error messages."""

from __future__ import annotations

import re
from collections.abc import Collection
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from difflib import get_close_matches
from itertools import islice
from typing import Annotated
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ValidationError,
    WithJsonSchema,
    model_validator,
)

from monitoring.moments import FIRST_YEAR, LAST_YEAR, in_utc, is_of_rows
from monitoring.secrecy import masked, shown_url
from monitoring.wording import shortened

_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86400}
_SHORTEST, _LONGEST = 0.001, 100 * 365 * 86400
_LONGEST_CRON = 100
_SOME_DAY = datetime(2026, 1, 1, tzinfo=UTC)


def _duration(value: object) -> timedelta:
    if isinstance(value, timedelta):
        return value
    match = re.fullmatch(r"(\d+(?:\.\d+)?)([smhd])", str(value).strip())
    seconds = float(match[1]) * _SECONDS[match[2]] if match else 0
    if not _SHORTEST <= seconds <= _LONGEST:
        msg = "a duration is a positive number and a unit (s, m, h or d), such as 15m, 6h or 1d"
        raise ValueError(msg)
    return timedelta(seconds=seconds)


def _moment(value: object) -> datetime:
    moment = value
    if isinstance(value, str):
        try:
            moment = datetime.fromisoformat(value.strip())
        except ValueError as error:
            msg = f"a moment is a datetime such as 2026-01-31T06:00:00Z: {error}"
            raise ValueError(msg) from error
    if not isinstance(moment, datetime) or not is_of_rows(moment):
        msg = (
            f"a moment is a datetime of the years {FIRST_YEAR} to {LAST_YEAR}, such as "
            "2026-01-31T06:00:00Z"
        )
        raise ValueError(msg)
    return in_utc(moment)


def _cron(value: str) -> str:
    from croniter import CroniterBadDateError, croniter

    if len(value) > _LONGEST_CRON or len(value.split()) != 5 or not croniter.is_valid(value):
        msg = "a schedule is a cron expression of five fields, such as 0 */6 * * *"
        raise ValueError(msg)
    try:
        # The longest wait there is: from one 29 February to the next over a year like 2100.
        croniter(value, _SOME_DAY, max_years_between_matches=9).get_next(datetime)
    except CroniterBadDateError as error:
        msg = "a schedule has to come: no year has such a day"
        raise ValueError(msg) from error
    return value


def _no_flag(value: object) -> object:
    if isinstance(value, bool):
        msg = "a number, not true or false"
        raise ValueError(msg)
    return value


_LARGEST = 1e300


def _as_written(value: object) -> object:
    """Return a number as it is written: whole or not."""
    if isinstance(value, str):
        with suppress(ValueError):  # what is no number is said below
            value = float(value)
    if isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < _LARGEST:
        return value
    msg = "a number, such as 2 or 0.5"
    raise ValueError(msg)


_LONGEST_TEXT = 120
_NOT_IN_TEXT = ("$", "{{", "<")
"""What begins an expansion, a template or a tag where people read."""


def _time_zone(value: str) -> str:
    try:
        ZoneInfo(value)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        named = did_you_mean(value, available_timezones())
        msg = f"no time zone {named}: give a name of the IANA database, such as Europe/Berlin"
        raise ValueError(msg) from error
    return value


def _text(value: str) -> str:
    text = value.strip()
    unprintable = (f"U+{ord(sign):04X}" for sign in text if not sign.isprintable())
    refused = [*(f"`{sign}`" for sign in _NOT_IN_TEXT if sign in text), *islice(unprintable, 3)]
    if refused or not 0 < len(text) <= _LONGEST_TEXT:
        msg = f"a text is 1 to {_LONGEST_TEXT} printable characters, without `$`, `{{{{` and `<`"
        msg += f": remove {', '.join(refused)}" if refused else ""
        raise ValueError(msg)
    return text


def _owner_name(value: str) -> str:
    if "," in value:
        msg = "an owner's name has no comma: Airflow's list sets one between two owners"
        raise ValueError(msg)
    return value


def _owner_link(value: str) -> str:
    msg = "a link is http://..., https://... or mailto:NAME@HOST, without a user or password"
    try:
        parts = urlsplit(value)
        leads = "@" not in parts.netloc and parts.hostname is not None
    except ValueError as error:
        raise ValueError(msg) from error
    is_web = parts.scheme in {"http", "https"} and leads
    is_mail = parts.scheme == "mailto" and parts.netloc == "" and "@" in parts.path
    if not (is_web or is_mail) or not value.isprintable() or " " in value:
        raise ValueError(msg)
    return value


def _class_value(value: object) -> object:
    if isinstance(value, float) and value.is_integer():
        return int(value)
    if not isinstance(value, int | str) or (isinstance(value, int) and abs(value) >= 2**63):
        msg = "a class is an integer of 64 bits, a string, true or false"
        raise ValueError(msg)
    return value


def _written_as(kind: str) -> WithJsonSchema:
    """Return how a kind of text is called in the schema, from which the reference is written."""
    return WithJsonSchema({"type": "string", "format": kind})


Duration = Annotated[timedelta, BeforeValidator(_duration)]
Moment = Annotated[datetime, BeforeValidator(_moment)]
Number = Annotated[float, BeforeValidator(_no_flag)]
IntOrFloat = Annotated[int | float, BeforeValidator(_as_written)]
Share = Annotated[Number, Field(ge=0, le=1)]
StrictShare = Annotated[Number, Field(gt=0, lt=1)]
Money = Annotated[Number, Field(ge=0, le=1e12)]
Limit = Annotated[Number, Field(ge=0, le=1e12)]
Count = Annotated[int, BeforeValidator(_no_flag), Field(gt=0, le=1_000_000_000)]
RandomState = Annotated[int, BeforeValidator(_no_flag), Field(ge=0, lt=2**32)]
Cron = Annotated[str, AfterValidator(_cron), _written_as("cron")]
TimeZone = Annotated[
    str, Field(min_length=1, max_length=60), AfterValidator(_time_zone), _written_as("time-zone")
]
Text = Annotated[str, AfterValidator(_text), _written_as("text")]
"""What people read: it reaches pages, alerts, dashboards and messages."""
OwnerName = Annotated[Text, AfterValidator(_owner_name)]
OwnerLink = Annotated[str, Field(max_length=500), AfterValidator(_owner_link), _written_as("link")]
ColumnName = Annotated[str, Field(min_length=1, max_length=200)]
ClassName = Annotated[
    str, BeforeValidator(lambda given: str(given) if isinstance(given, int) else given)
]
"""A class as a key: YAML reads `1:` as a number."""
ClassValue = Annotated[int | str | bool, BeforeValidator(_class_value)]


class UseCaseSection(BaseModel):
    """A part of a use case: frozen, and without fields that nobody declared."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    @model_validator(mode="before")
    @classmethod
    def _known_fields(cls, given: object) -> object:
        """Name the fields that there are, and those like the one that there is not."""
        unknown = (
            [] if not isinstance(given, dict) else [k for k in given if k not in cls.model_fields]
        )
        if unknown:
            shown = [_no_such_field(name, cls.model_fields) for name in unknown[:_MOST_UNKNOWN]]
            more = len(unknown) - len(shown)
            raise ValueError("; ".join([*shown, f"and {more:,} more"] if more else shown))
        return given


_MOST_UNKNOWN = 5
"""How many unknown fields an error names: each is compared with all that there are."""


def _no_such_field(name: object, fields: Collection[str]) -> str:
    return f"no field {did_you_mean(str(name), fields)}: the fields are {', '.join(fields)}"


def did_you_mean(name: str, known: Collection[str]) -> str:
    """Return an unknown name, shortened, with the known one that is like it: for a message."""
    shown = shortened(name, 60)
    near = get_close_matches(shown, known, n=1)
    return f"`{shown}`, did you mean `{near[0]}`" if near else f"`{shown}`"


def wrong_fields(error: ValidationError, whole: str) -> list[str]:
    """Return one line per invalid field: its name, what is allowed, and what was given.

    Parameters
    ----------
    whole
        What is named where all fields together are invalid.
    """
    lines = []
    for problem in error.errors():
        # Parts in brackets are tags that tell variants of a field apart, not fields.
        parts = [str(part) for part in problem["loc"] if not str(part).startswith("(")]
        given = problem["input"]
        # A mapping is not shown: what is invalid inside it is named.
        shown = "" if isinstance(given, dict) else f" (given: {_without_secrets(given)!r:.80})"
        message = problem["msg"].removeprefix("Value error, ")
        if problem["type"] in _PLAINER:
            message = _PLAINER[problem["type"]]
        lines.append(f"{'.'.join(parts) or whole}: {message}{shown}")
    return lines


def _without_secrets(given: object) -> object:
    """Return a value without what may be a secret in it, if it is a URL."""
    if not isinstance(given, str) or "//" not in given:
        return given
    try:
        return shown_url(given) if given.startswith("http") else masked(given, ())
    except ValueError:
        return "no URL"


_PLAINER = {
    "missing": "is required",
    "model_type": "must have its fields indented below it",
    "model_attributes_type": "must have its fields indented below it",
    "too_short": "must not be empty",
    "string_too_short": "must not be empty",
}
