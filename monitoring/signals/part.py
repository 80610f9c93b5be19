"""Part: the groups in which a use case's samples lie in the Pushgateway."""

from __future__ import annotations

from enum import StrEnum

JOB = "tocsin"
"""The `job` label of everything pushed."""

PART = "part"
"""The grouping label beside `job` and `use_case`; no metric has a label of this name."""


class Part(StrEnum):
    """What is replaced together.

    A push puts a whole group in the place of the one before, so figures that are made at
    different times, or that must survive a failure of others, are parts of their own.
    """

    MODEL = "model"
    RETRAIN = "retrain"
    GATE = "gate"
    REPORT = "report"
    RETRAIN_ATTEMPT = "retrain_attempt"
    RETRAIN_SUCCESS = "retrain_success"
    REPORT_ATTEMPT = "report_attempt"
    REPORT_SUCCESS = "report_success"
    RETRAIN_NOTIFICATION = "retrain_notification"
    REPORT_NOTIFICATION = "report_notification"


class Pipeline(StrEnum):
    """A pipeline whose runs are watched."""

    RETRAIN = "retrain"
    REPORT = "report"

    @property
    def attempt(self) -> Part:
        """Where the time of the last attempt lies."""
        return Part(f"{self}_attempt")

    @property
    def success(self) -> Part:
        """Where the time of the last success lies."""
        return Part(f"{self}_success")

    @property
    def notification(self) -> Part:
        """Where the status of the last run's notification lies."""
        return Part(f"{self}_notification")
