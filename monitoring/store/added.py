"""What became of the rows, scores and labels that were handed to the store."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Aside:
    """What was set aside, or kept apart, by a call.

    Attributes
    ----------
    reasons
        Rows by reason.
    new
        Records of them that were not there yet.
    """

    reasons: Mapping[str, int] = field(default_factory=dict)
    new: int = 0


@dataclass(frozen=True)
class RowsAdded:
    """What became of the rows handed in: the three add up.

    Attributes
    ----------
    repeated
        Already there with the same event time, amount and features.
    quarantined
        Set aside with a reason: no later step could take them, or another row is there under the
        same id.
    """

    added: int
    repeated: int
    quarantined: int
    aside: Aside = field(default_factory=Aside, compare=False)


@dataclass(frozen=True)
class ScoresAdded:
    """What became of the scores handed in: the three add up.

    Attributes
    ----------
    repeated
        The row has a score by this version and role already; the first one stays.
    quarantined
        Not within 0 to 1, or without a time.
    """

    added: int
    repeated: int
    quarantined: int = 0
    aside: Aside = field(default_factory=Aside, compare=False)


@dataclass(frozen=True)
class LabelsAdded:
    """What became of the labels handed in: all but `unknown` add up.

    Attributes
    ----------
    conflicting
        Contradict the label that is stored; saved apart, and counted.
    corrected
        The same where the newest label wins: they take the place of the one before.
    unknown
        Accepted labels whose row is not stored yet; valid once it comes.
    quarantined
        Neither `POSITIVE` nor `NEGATIVE`, without a time, or from the future.
    """

    added: int
    repeated: int
    conflicting: int
    unknown: int
    quarantined: int = 0
    corrected: int = 0
    aside: Aside = field(default_factory=Aside, compare=False)
