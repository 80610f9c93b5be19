"""Columns that a drawing library cannot take, found by trying them one by one."""

from __future__ import annotations

import logging
from collections.abc import Callable

from monitoring.reports.sample import Sample, SetAside

log = logging.getLogger(__name__)


def drawn_without_culprits(
    sample: Sample, draw: Callable[[Sample], str]
) -> tuple[Sample, str | None]:
    """Draw `sample`; where that fails, set aside each column that fails alone and draw the rest.

    Returns
    -------
    The sample as it was drawn, and the drawing; None where no column is left to draw.

    Raises
    ------
    Exception
        Whatever `draw` raised, where no column is to blame, or every one.
    """
    if not sample.features:
        return sample, None
    try:
        return sample, draw(sample)
    except Exception as error:  # anything may come from a library fed with raw data
        log.warning("a report could not be drawn: trying its columns one by one", exc_info=error)
        bad = _culprits(sample, draw)
        if not bad or len(bad) == len(sample.features) > 1:
            raise
    rest = sample.without(bad)
    return rest, draw(rest) if rest.features else None


def _culprits(sample: Sample, draw: Callable[[Sample], str]) -> list[SetAside]:
    bad = []
    for name in sample.features:
        others = [SetAside(other, "") for other in sample.features if other != name]
        try:
            draw(sample.without(others))
        except Exception as error:  # noqa: BLE001  # it is told to the reader, by column
            bad.append(SetAside(name, f"Evidently cannot take it: {error}"))
    return bad
