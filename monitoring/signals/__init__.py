"""Signals: what is published, and the dashboards and alerts made of it."""

from monitoring.signals.about import About, Notified
from monitoring.signals.part import Part, Pipeline
from monitoring.signals.publish import (
    PublishError,
    publish,
    publish_attempt,
    publish_notification,
    publish_success,
    retire,
)
from monitoring.signals.sample import Sample, SampleError

__all__ = [
    "About",
    "Notified",
    "Part",
    "Pipeline",
    "PublishError",
    "Sample",
    "SampleError",
    "publish",
    "publish_attempt",
    "publish_notification",
    "publish_success",
    "retire",
]
