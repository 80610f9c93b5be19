"""Signals: what is published, and the dashboards and alerts made of it."""

from monitoring.signals.metric import Sample, SampleError
from monitoring.signals.pipelines import Part, Pipeline
from monitoring.signals.pushgateway import (
    PublishError,
    publish,
    publish_attempt,
    publish_notification,
    publish_success,
    retire,
)
from monitoring.signals.statuses import About, Notified

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
