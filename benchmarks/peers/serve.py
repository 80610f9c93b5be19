"""One question on standard input, one line of JSON as the answer."""

from __future__ import annotations

import math
import sys
from collections.abc import Callable
from contextlib import redirect_stdout
from typing import TypeVar

from pydantic import BaseModel

Question = TypeVar("Question", bound=BaseModel)


def serve(question: type[Question], answer: Callable[[Question], BaseModel]) -> None:
    """Read the question, answer it, print the answer; what a tool prints goes to the errors."""
    asked = question.model_validate_json(sys.stdin.read())
    with redirect_stdout(sys.stderr):
        answered = answer(asked)
    print(answered.model_dump_json())


def known(value: float | None) -> float | None:
    """Return a tool's number; None for what it spells as NaN or infinity."""
    return None if value is None or not math.isfinite(value) else float(value)
