"""Numbers and moments as people read them."""

from __future__ import annotations

from datetime import datetime

from monitoring.performance.intervals import Ratio

UNDEFINED = "not defined"


def count(number: float) -> str:
    """``20,000``."""
    return f"{number:,.0f}"


def several(number: int, one: str, many: str | None = None) -> str:
    """``1 row``, ``2,000 rows``."""
    return f"{count(number)} {one if number == 1 else many or one + 's'}"


def percent(share: float) -> str:
    """``24%``; what is not nothing or everything does not read so: ``0.4%``, ``99.97%``."""
    if 0 < share < 0.1:
        return f"{100 * share:.2g}%"
    if 0.995 <= share < 1:
        return f"{min(share, 0.9999):.2%}"
    return f"{share:.0%}"


def ratio(figure: Ratio) -> str:
    """``82% (71% to 90%)``."""
    if figure.value is None:
        return UNDEFINED
    if figure.low is None or figure.high is None:
        return percent(figure.value)
    return f"{percent(figure.value)} ({percent(figure.low)} to {percent(figure.high)})"


def money(amount: float, currency: str) -> str:
    """``EUR 1,200``, which no line break takes apart."""
    return f"{currency}\N{NO-BREAK SPACE}{amount:,.0f}"


def moment(when: datetime) -> str:
    """``2026-01-31 06:00 UTC``."""
    return f"{when:%Y-%m-%d %H:%M} UTC"
