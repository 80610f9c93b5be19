"""Field types of use-case files and settings: the values they accept, and their error messages."""

from __future__ import annotations

import re
from collections.abc import Collection
from datetime import UTC, datetime, timedelta
from difflib import get_close_matches
from itertools import islice
from pathlib import Path
from typing import Annotated, Literal

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ValidationError,
    model_validator,
)

_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86400}
_SHORTEST, _LONGEST = 0.001, 100 * 365 * 86400


def _duration(value: object) -> timedelta:
    if isinstance(value, timedelta):
        return value
    match = re.fullmatch(r"(\d+(?:\.\d+)?)([smhd])", str(value).strip())
    seconds = float(match[1]) * _SECONDS[match[2]] if match else 0
    if not _SHORTEST <= seconds <= _LONGEST:
        msg = "a duration is a positive number and a unit (s, m, h or d), such as 15m, 6h or 1d"
        raise ValueError(msg)
    return timedelta(seconds=seconds)


def _utc(value: datetime) -> datetime:
    return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


def _cron(value: str) -> str:
    from croniter import croniter

    if len(value.split()) != 5 or not croniter.is_valid(value):
        msg = "a schedule is a cron expression of five fields, such as 0 */6 * * *"
        raise ValueError(msg)
    return value


_LONGEST_TEXT = 120
_NOT_IN_TEXT = ("$", "{{", "<")
"""What begins an expansion, a template or a tag where people read."""


def _text(value: str) -> str:
    text = value.strip()
    unprintable = (f"U+{ord(sign):04X}" for sign in text if not sign.isprintable())
    refused = [*(f"`{sign}`" for sign in _NOT_IN_TEXT if sign in text), *islice(unprintable, 3)]
    if refused or not 0 < len(text) <= _LONGEST_TEXT:
        msg = f"a text is 1 to {_LONGEST_TEXT} printable characters, without `$`, `{{{{` and `<`"
        msg += f": remove {', '.join(refused)}" if refused else ""
        raise ValueError(msg)
    return text


def _class_value(value: object) -> object:
    if isinstance(value, float) and value.is_integer():
        return int(value)
    if not isinstance(value, int | str):
        msg = "a class is an integer, a string, true or false"
        raise ValueError(msg)
    return value


def _readable_file(path: Path | str) -> Path | str:
    if path != "auto" and not str(path).casefold().endswith((".csv", ".csv.gz", ".parquet")):
        msg = "a source is `auto` or a file name ending in .csv, .csv.gz or .parquet"
        raise ValueError(msg)
    return path


Duration = Annotated[timedelta, BeforeValidator(_duration)]
Moment = Annotated[datetime, AfterValidator(_utc)]
Share = Annotated[float, Field(ge=0, le=1)]
SplitShare = Annotated[float, Field(gt=0, lt=1)]
Money = Annotated[float, Field(ge=0)]
Cron = Annotated[str, AfterValidator(_cron)]
Text = Annotated[str, AfterValidator(_text)]
"""What people read: it reaches pages, alerts, dashboards and messages."""
ColumnName = Annotated[str, Field(min_length=1)]
ClassValue = Annotated[int | str | bool, BeforeValidator(_class_value)]
SourcePath = Annotated[Path | Literal["auto"], AfterValidator(_readable_file)]


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
            raise ValueError("; ".join(_no_such_field(name, cls.model_fields) for name in unknown))
        return given


def _no_such_field(name: object, fields: Collection[str]) -> str:
    near = get_close_matches(str(name), fields, n=1)
    hint = f", did you mean `{near[0]}`" if near else ""
    return f"no field `{name}`{hint}: the fields are {', '.join(fields)}"


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
        shown = "" if isinstance(given, dict) else f" (given: {given!r:.80})"
        message = problem["msg"].removeprefix("Value error, ")
        if problem["type"] in _PLAINER:
            message = _PLAINER[problem["type"]]
        lines.append(f"{'.'.join(parts) or whole}: {message}{shown}")
    return lines


_PLAINER = {
    "missing": "is required",
    "model_type": "must have its fields indented below it",
    "model_attributes_type": "must have its fields indented below it",
    "too_short": "must not be empty",
    "string_too_short": "must not be empty",
}
