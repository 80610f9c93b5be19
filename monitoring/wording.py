"""How numbers, shares, money and times are written, in every text that people read."""

from __future__ import annotations

from datetime import datetime

UNDEFINED = "not defined"

_LETTERS = 80
"""Letters of a wrong value that an error shows."""


def count(number: float) -> str:
    """``20,000``."""
    return f"{number:,.0f}"


def number(value: float) -> str:
    """``0.05``, ``1.0000001``: with all its digits, so that a value just outside reads so."""
    return f"{float(value)!r}".removesuffix(".0")


def several(number: int, one: str, many: str | None = None) -> str:
    """``1 row``, ``2,000 rows``."""
    return f"{count(number)} {one if number == 1 else many or one + 's'}"


def capitalised(text: str) -> str:
    """Return a text with its first letter large; what else is large stays so."""
    return text[:1].upper() + text[1:]


def percent(share: float, digits: int = 0) -> str:
    """``24%``; what is not nothing or everything does not read so: ``0.4%``, ``99.97%``.

    Parameters
    ----------
    digits
        Decimals of a share from 10% to 99.5%: none in a sentence, one in a table.
    """
    if 0 < share < 0.1:
        return f"{100 * share:.2g}%"
    if 0.995 <= share < 1:
        return f"{min(share, 0.9999):.2%}"
    return f"{share:.{0 if share in (0, 1) else digits}%}"


def apart(one: float, other: float) -> tuple[str, str]:
    """Write two shares with as many digits as tell them apart, where they differ."""
    for digits in range(4):
        both = f"{one:.{digits}%}", f"{other:.{digits}%}"
        if both[0] != both[1]:
            return both
    return f"{one:.0%}", f"{other:.0%}"


def money(amount: float, currency: str = "") -> str:
    """``EUR 1,200``, which no line break takes apart; small amounts to the cent: ``EUR 12.50``."""
    digits = 2 if 0 < abs(amount) < 100 and amount != round(amount) else 0
    return f"{currency}\N{NO-BREAK SPACE}{amount:,.{digits}f}".lstrip()


def moment(when: datetime) -> str:
    """``2026-01-31 06:00 UTC``."""
    return f"{when:%Y-%m-%d %H:%M} UTC"


def shortened(text: str, letters: int) -> str:
    """Return the first letters of a text, and dots where there are more."""
    return text if len(text) <= letters else f"{text[:letters]}..."


def shown(value: object) -> str:
    """Return a value as Python writes it, its first letters; integers may be longer than that."""
    try:
        return shortened(repr(value), _LETTERS)
    except ValueError:  # Python writes no integer of more than 4,300 digits
        return "an integer of thousands of digits"


def printable(text: str) -> str:
    """Spell out what would move a terminal's cursor or change its colours: names come from data."""
    return "".join(
        sign
        if sign.isprintable() or sign == "\N{NO-BREAK SPACE}"
        else sign.encode("unicode_escape").decode()
        for sign in text
    )


def for_notebook(html: str) -> str:
    """Return HTML in which a notebook takes nothing between two dollar signs for a formula."""
    return f"<div class='mathjax_ignore tex2jax_ignore'>{html}</div>"
