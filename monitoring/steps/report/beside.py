"""What other versions did beside the champion: those in shadow, and arms."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial

from monitoring.rows.window import Window
from monitoring.signals.statuses import Unmeasured
from monitoring.steps.report.arms import NO_ARMS, Arms, arms_of
from monitoring.steps.report.shadow import Shadow, ShadowFigures, shadow_figures
from monitoring.steps.stored_windows import StoredWindows
from monitoring.training.model import Model


@dataclass(frozen=True)
class Beside:
    """The figures of other versions.

    Attributes
    ----------
    shadow
        The mature window as the shadow model would have had it; None where no other one scored it.
    shadow_status
        Why there is nothing of a shadow model that there is; None where nothing is amiss.
    """

    arms: Arms = NO_ARMS
    shadow: ShadowFigures | None = None
    shadow_status: Unmeasured | None = None


Others = Callable[[Window, Window, datetime, Model | None], Beside]
"""Of the window just closed, the mature one, the moment that is looked from, and who scored it."""


def no_others(window: Window, mature: Window, as_of: datetime, scorer: Model | None) -> Beside:
    """Return that nothing is known of other versions."""
    del window, mature, as_of, scorer
    return Beside()


def stored_others(windows: StoredWindows, shadows: Sequence[Shadow] = ()) -> Others:
    """Return what finds the figures of other versions in stored rows.

    Parameters
    ----------
    shadows
        They score the window that just closed; none do in windows of the past.
    """
    return partial(_stored, windows, shadows)


def _stored(
    windows: StoredWindows,
    shadows: Sequence[Shadow],
    window: Window,
    mature: Window,
    as_of: datetime,
    scorer: Model | None,
) -> Beside:
    case = windows.case
    statuses = [shadow.score(case, windows.rows(window, as_of), as_of) for shadow in shadows]
    status = next((status for status in statuses if status is not None), None)
    arms = arms_of(windows.store, case, mature, as_of)
    figures = shadow_figures(
        windows.store,
        case,
        mature,
        as_of,
        past=windows.scored(mature, as_of),
        scorer=scorer,
        reviewed=mature.length * arms.champion_share,
    )
    if isinstance(figures, Unmeasured):
        return Beside(arms, None, figures)
    return Beside(arms, figures, status)
