"""Bodies of requests: one object or several of them, each read by one model, faults by field."""

from __future__ import annotations

from functools import lru_cache
from typing import Any, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError, create_model
from pydantic_core import from_json

from monitoring.errors import TocsinError
from monitoring.wording import printable, shortened

MOST_ROWS = 1000
"""Rows, or labels, of one request."""

_FAULTS, _LETTERS = 20, 200

One = TypeVar("One", bound=BaseModel)


class BodyError(TocsinError, ValueError):
    """A body is not what it should be; each fault names its field, its value and what is allowed.

    Attributes
    ----------
    faults
        `field`, `value` and `problem` of each.
    """

    def __init__(self, faults: list[dict[str, str]]) -> None:
        super().__init__("; ".join(f"{it['field']}: {it['problem']}" for it in faults))
        self.faults = faults


def read_body(body: bytes, one: type[One], several: str) -> list[One]:
    """Read a body that holds one object, or up to 1,000 as a list of the name `several`.

    Raises
    ------
    BodyError
        It is not JSON, or a field of it is wrong.
    """
    try:
        content = from_json(body, allow_inf_nan=True)
    except ValueError as error:
        fault = {"field": "body", "value": _shown(body), "problem": f"not JSON: {error}"}
        raise BodyError([fault]) from error
    try:
        if isinstance(content, dict) and several in content:
            given: list[One] = getattr(_list_of(one, several).model_validate(content), several)
            return given
        return [one.model_validate(content)]
    except ValidationError as error:
        raise _body_error(error) from error


@lru_cache(maxsize=64)
def _list_of(one: type[BaseModel], name: str) -> type[BaseModel]:
    fields: dict[str, Any] = {
        name: (list[one], Field(min_length=1, max_length=MOST_ROWS))  # type: ignore[valid-type]
    }
    return create_model(f"{one.__name__}s", __config__=ConfigDict(extra="forbid"), **fields)


def _body_error(error: ValidationError) -> BodyError:
    """Return the faults that pydantic found, as an answer shows them."""
    return BodyError(
        [
            {
                "field": ".".join(map(str, each["loc"])) or "body",
                "value": "missing" if each["type"] == "missing" else _shown(each["input"]),
                "problem": each["msg"],
            }
            for each in error.errors(include_url=False, include_context=False)[:_FAULTS]
        ]
    )


def _shown(value: Any) -> str:
    if isinstance(value, dict | list):
        return f"{'an object' if isinstance(value, dict) else 'a list'} of {len(value)}"
    return shortened(printable(repr(value)), _LETTERS)
