"""What every run publishes, whatever its pipeline: the serving model, success, notification."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from datetime import UTC, datetime

from monitoring.rows.rows import Role
from monitoring.settings import settings
from monitoring.signals.metric import Sample, Stage
from monitoring.signals.pipelines import PushGroup
from monitoring.signals.pushgateway import publish, publish_notification, publish_success
from monitoring.signals.samples import model_samples, scorecard_samples
from monitoring.signals.statuses import NotificationStatus
from monitoring.steps.places import model_registry
from monitoring.steps.run import Run
from monitoring.training.moved_libraries import moved
from monitoring.use_case import UseCase

log = logging.getLogger(__name__)


def publish_model(case: UseCase) -> None:
    """Push the serving model's own figures: again by every run, in case the gateway lost them."""
    registry = model_registry()
    version = registry.champion(case)
    if version is None:
        return
    manifest = registry.manifest(case, version)
    samples = (
        *model_samples(
            version=version.number,
            candidate=manifest.candidate,
            data_hash=manifest.data_hash[:12],
            moved_libraries=moved(manifest.libraries),
            promoted=version.promoted,
            held=registry.hold(case) is not None,
        ),
        *scorecard_samples(
            manifest.test,
            stage=Stage.TEST,
            role=Role.CHAMPION,
            figures=case.figures,
            classes=manifest.test_classes,
        ),
    )
    push(case, PushGroup.MODEL, samples)


def publish_run_success(run: Run) -> None:
    """Publish that the run succeeded, once everything but its notification is done."""
    where = settings()
    if where.pushgateway_url is not None:
        publish_success(
            run.use_case,
            run.pipeline,
            datetime.now(UTC),
            url=where.pushgateway_url,
            sign_in=where.pushgateway_sign_in,
        )


def publish_notification_status(run: Run, status: NotificationStatus) -> None:
    """Publish whether the run's notification was delivered."""
    where = settings()
    if where.pushgateway_url is not None:
        publish_notification(
            run.use_case,
            run.pipeline,
            status,
            url=where.pushgateway_url,
            sign_in=where.pushgateway_sign_in,
        )


def push(case: UseCase, group: PushGroup, samples: Iterable[Sample]) -> None:
    """Push samples in the place of their group's; where no gateway is set, that is logged."""
    where = settings()
    if where.pushgateway_url is None:
        log.warning("TOCSIN_PUSHGATEWAY_URL is not set: %s of %s not pushed", group, case.name)
        return
    publish(
        samples,
        use_case=case.name,
        group=group,
        url=where.pushgateway_url,
        sign_in=where.pushgateway_sign_in,
    )
