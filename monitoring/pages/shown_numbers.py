"""Numbers of panels as people read them, by the scale that a panel declares."""

from __future__ import annotations

import math
from collections.abc import Callable
from datetime import timedelta

from monitoring import wording
from monitoring.signals.dashboards.panel import Scale, currency_of

_UNITS = (("d", timedelta(days=1)), ("h", timedelta(hours=1)), ("min", timedelta(minutes=1)))


def shown(value: float, scale: str) -> str:
    """Return a number as it is written: ``83.2%``, ``EUR 1,200``, ``2.3 d``, ``yes``."""
    if not math.isfinite(value):
        return wording.UNDEFINED
    currency = currency_of(scale)
    if currency is not None:
        return wording.money(value, currency)
    return _WORDS.get(scale, _plain)(value)


def _ratio(value: float) -> str:
    sign = "-" if value < 0 else ""
    return sign + wording.percent(abs(value), 1)


def _age(seconds: float) -> str:
    length = timedelta(seconds=seconds)
    for unit, size in _UNITS:
        if abs(length) >= size:
            return f"{length / size:.1f} {unit}"
    return f"{seconds:.0f} s"


def _plain(value: float) -> str:
    return wording.count(value) if value == round(value) else f"{value:,.3g}"


_WORDS: dict[str, Callable[[float], str]] = {
    Scale.RATIO: _ratio,
    Scale.YES_NO: lambda value: "yes" if value else "no",
    Scale.AGE: _age,
}
