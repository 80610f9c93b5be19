"""Metrics that are published, and the dashboards and alerts generated from them."""

from monitoring.signals.metric import Sample, SampleError
from monitoring.signals.pipelines import Pipeline, PushGroup
from monitoring.signals.pushgateway import (
    PublishError,
    publish,
    publish_attempt,
    publish_notification,
    publish_success,
    retire,
)
from monitoring.signals.statuses import NotificationStatus, Subject

__all__ = [
    "NotificationStatus",
    "Pipeline",
    "PublishError",
    "PushGroup",
    "Sample",
    "SampleError",
    "Subject",
    "publish",
    "publish_attempt",
    "publish_notification",
    "publish_success",
    "retire",
]
