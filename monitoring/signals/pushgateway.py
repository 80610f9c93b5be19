"""Samples leave for the Pushgateway here, and nowhere else."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING
from urllib.error import HTTPError

from prometheus_client import CollectorRegistry, delete_from_gateway, push_to_gateway
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.exposition import basic_auth_handler, default_handler
from prometheus_client.registry import Collector
from tenacity import Retrying, retry_if_exception, stop_after_attempt, wait_exponential

from monitoring.errors import TocsinError
from monitoring.secrecy import SignIn
from monitoring.signals.catalogue import (
    BROKEN_USE_CASE,
    CATALOGUE,
    LAST_ATTEMPT,
    LAST_SUCCESS,
    NEXT_DUE,
    STATUS,
)
from monitoring.signals.metric import USE_CASE, Metric, Sample, SampleError, known
from monitoring.signals.pipelines import ALL_CASES, GROUP_LABEL, JOB, Pipeline, PushGroup
from monitoring.signals.statuses import NotificationStatus, notification_of
from monitoring.wording import printable

if TYPE_CHECKING:
    from prometheus_client.metrics_core import Metric as Family


TIMEOUT = 10.0
"""Seconds that one try may take."""


def _may_pass(error: BaseException) -> bool:
    """Whether trying again may help: not where the Pushgateway refused what was sent."""
    if isinstance(error, HTTPError):
        return error.code >= 500
    return isinstance(error, OSError)


RETRIES = Retrying(
    stop=stop_after_attempt(4),
    wait=wait_exponential(multiplier=0.5, max=4),
    retry=retry_if_exception(_may_pass),
    reraise=True,
)
"""Four tries in some four seconds: enough for a restart, short enough for a task."""


class PublishError(TocsinError, RuntimeError):
    """Samples did not arrive at the Pushgateway; the message names its address and the cause."""


def publish(
    samples: Iterable[Sample],
    *,
    use_case: str,
    group: PushGroup,
    url: str,
    sign_in: SignIn | None = None,
    retries: Retrying = RETRIES,
) -> None:
    """Put `samples` in the place of everything that `group` of `use_case` held before.

    Parameters
    ----------
    url
        Address of the Pushgateway.
    sign_in
        Where it asks for basic authentication.
    retries
        When to try again; passing faults only.

    Raises
    ------
    SampleError
        A metric is not in the catalogue, or two samples are of the same series.
    PublishError
        The Pushgateway could not be reached in all tries, or refused the samples.
    """
    registry = CollectorRegistry(auto_describe=False)
    registry.register(_Samples(_checked(tuple(samples))))
    push = partial(
        push_to_gateway,
        url,
        JOB,
        registry,
        grouping_key={USE_CASE: use_case, GROUP_LABEL: group.value},
        timeout=TIMEOUT,
        handler=_handler(sign_in),
    )
    _try(push, f"push of {use_case}/{group}", url, retries)


def publish_attempt(
    use_case: str,
    pipeline: Pipeline,
    at: datetime,
    *,
    url: str,
    next_due: datetime | None = None,
    sign_in: SignIn | None = None,
    retries: Retrying = RETRIES,
) -> None:
    """Say that a run of `pipeline` began; the first thing that a run does.

    Parameters
    ----------
    next_due
        When its next run is due; None where runs are started by hand.

    Raises
    ------
    PublishError
        As `publish`.
    """
    labels = {"pipeline": pipeline.value}
    due = () if next_due is None else known(NEXT_DUE, next_due.timestamp(), **labels)
    publish(
        (Sample(LAST_ATTEMPT, at.timestamp(), labels), *due),
        use_case=use_case,
        group=pipeline.attempt,
        url=url,
        sign_in=sign_in,
        retries=retries,
    )


def publish_success(
    use_case: str,
    pipeline: Pipeline,
    at: datetime,
    *,
    url: str,
    sign_in: SignIn | None = None,
    retries: Retrying = RETRIES,
) -> None:
    """Say that a run of `pipeline` succeeded; the last thing that a run does.

    Raises
    ------
    PublishError
        As `publish`.
    """
    sample = Sample(LAST_SUCCESS, at.timestamp(), {"pipeline": pipeline.value})
    publish(
        (sample,),
        use_case=use_case,
        group=pipeline.success,
        url=url,
        sign_in=sign_in,
        retries=retries,
    )


def publish_notification(
    use_case: str,
    pipeline: Pipeline,
    status: NotificationStatus,
    *,
    url: str,
    sign_in: SignIn | None = None,
    retries: Retrying = RETRIES,
) -> None:
    """Publish what became of a run's notification, which is sent after the run's success.

    In a push group of its own: a webhook that is down must not make fresh figures look stale.

    Raises
    ------
    PublishError
        As `publish`.
    """
    sample = Sample(STATUS, 1, {"of": notification_of(pipeline), "status": status.value})
    publish(
        (sample,),
        use_case=use_case,
        group=pipeline.notification,
        url=url,
        sign_in=sign_in,
        retries=retries,
    )


def publish_broken_use_cases(
    names: Iterable[str], *, url: str, sign_in: SignIn | None = None, retries: Retrying = RETRIES
) -> None:
    """Say which use-case files can't be read, in the place of those of which that was said before.

    No run of a broken use case can say so itself: every run of another says it of all.

    Raises
    ------
    PublishError
        As `publish`.
    """
    samples = [Sample(BROKEN_USE_CASE, 1, {"name": printable(name)}) for name in names]
    group = PushGroup.USE_CASE_FILES
    publish(samples, use_case=ALL_CASES, group=group, url=url, sign_in=sign_in, retries=retries)


def retire(
    use_case: str, *, url: str, sign_in: SignIn | None = None, retries: Retrying = RETRIES
) -> None:
    """Delete every group of a use case that is no longer watched.

    Raises
    ------
    PublishError
        The Pushgateway could not be reached in all tries.
    """
    for group in PushGroup:
        delete = partial(
            delete_from_gateway,
            url,
            JOB,
            grouping_key={USE_CASE: use_case, GROUP_LABEL: group.value},
            timeout=TIMEOUT,
            handler=_handler(sign_in),
        )
        _try(delete, f"removal of {use_case}/{group}", url, retries)


def _checked(samples: tuple[Sample, ...]) -> tuple[Sample, ...]:
    strange = sorted({s.metric.name for s in samples if s.metric not in CATALOGUE})
    if strange:
        msg = f"not in the catalogue, so not to be published: {', '.join(strange)}"
        raise SampleError(msg)
    twice = [series for series, count in Counter(s.series for s in samples).items() if count > 1]
    if twice:
        msg = f"two samples of one series: {', '.join(' '.join(series) for series in twice)}"
        raise SampleError(msg)
    return samples


class _Samples(Collector):
    """Hands samples to prometheus-client, one family a metric."""

    def __init__(self, samples: tuple[Sample, ...]) -> None:
        self._samples = samples

    def collect(self) -> Iterator[Family]:
        by_metric: dict[Metric, list[Sample]] = {}
        for sample in self._samples:
            by_metric.setdefault(sample.metric, []).append(sample)
        for metric, samples in by_metric.items():
            family = GaugeMetricFamily(metric.name, metric.help, labels=metric.labels)
            for sample in samples:
                family.add_metric(tuple(sample.labels.values()), sample.value)
            yield family


def _handler(sign_in: SignIn | None) -> Callable[..., Callable[[], None]]:
    if sign_in is None:
        return default_handler
    user, password = sign_in.pair
    return partial(basic_auth_handler, username=user, password=password)


def _try(action: Callable[[], None], what: str, url: str, retries: Retrying) -> None:
    try:
        retries.copy()(action)
    except OSError as error:
        msg = f"{what} to the Pushgateway at {url} failed: {_reason(error)}; {_advice(error)}"
        raise PublishError(msg) from error


def _advice(error: OSError) -> str:
    if isinstance(error, HTTPError) and error.code in {401, 403}:
        return (
            "set TOCSIN_PUSHGATEWAY_USER and TOCSIN_PUSHGATEWAY_PASSWORD to a user that it accepts"
        )
    return "check that it runs and that TOCSIN_PUSHGATEWAY_URL names it"


def _reason(error: OSError) -> str:
    if isinstance(error, HTTPError):
        return f"{error.code} {error.read().decode(errors='replace').strip() or error.reason}"
    return str(getattr(error, "reason", error))
