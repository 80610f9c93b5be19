"""Moments that people write: read from text, in UTC, of the years that rows may be of."""

from __future__ import annotations

from datetime import UTC, datetime

from monitoring.errors import InputError
from monitoring.wording import shown

FIRST_YEAR, LAST_YEAR = 1900, 2199
"""Years in which moments and event times lie."""


def is_of_rows(moment: datetime) -> bool:
    """Whether a moment lies in the years that rows may be of."""
    return FIRST_YEAR <= moment.year <= LAST_YEAR


def in_utc(moment: datetime) -> datetime:
    """Return a moment in UTC; one without a zone is taken to be so already."""
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)


def parse_moment(value: object) -> datetime:
    """Read an ISO 8601 time; one without a zone is UTC.

    Raises
    ------
    InputError
        `value` is not an ISO 8601 time, or not of the years that rows may be of.
    """
    try:
        moment = datetime.fromisoformat(str(value))
    except ValueError as error:
        msg = f"{shown(value)} is not an ISO 8601 time, such as 2026-01-31T06:00:00Z"
        raise InputError(msg) from error
    if not is_of_rows(moment):
        msg = (
            f"{shown(value)} is not a time of the years {FIRST_YEAR} to {LAST_YEAR}: rows of other "
            "years are taken to be a fault of the data"
        )
        raise InputError(msg)
    return in_utc(moment)
