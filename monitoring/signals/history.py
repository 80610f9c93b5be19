"""Figures of the past: what Prometheus has of them, and the blocks it is given."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import urlsplit

from monitoring.errors import TocsinError
from monitoring.secrecy import SignIn
from monitoring.signals.catalogue import STATUS
from monitoring.signals.metric import USE_CASE, Metric, Sample
from monitoring.signals.pipelines import GROUP_LABEL, JOB, PushGroup
from monitoring.signals.prometheus import Prometheus
from monitoring.signals.promql import series


@dataclass(frozen=True)
class HeldSamples:
    """What a push group held for a while.

    Attributes
    ----------
    at
        Moments of that while, in whole seconds since 1970, rising.
    """

    samples: tuple[Sample, ...]
    at: Sequence[int]


def exposition(held: Iterable[HeldSamples], *, use_case: str, group: PushGroup) -> Iterator[str]:
    """Yield the lines of an OpenMetrics file: every sample at every moment it was held.

    Families are contiguous, and so are series, in order of time, as the format requires.

    Parameters
    ----------
    held
        In order of time.
    """
    group_labels = {"job": JOB, USE_CASE: use_case, GROUP_LABEL: group.value}
    families: dict[Metric, dict[str, list[tuple[float, Sequence[int]]]]] = {}
    for one in held:
        for sample in one.samples:
            series = _series(sample, group_labels)
            family = families.setdefault(sample.metric, {})
            family.setdefault(series, []).append((sample.value, one.at))
    for metric, family in families.items():
        yield f"# TYPE {metric.name} gauge\n"
        yield f"# HELP {metric.name} {_escaped(metric.help)}\n"
        for series, course in family.items():
            for value, at in course:
                yield from (f"{series} {value!r} {moment}\n" for moment in at)
    yield "# EOF\n"


def _series(sample: Sample, group_labels: dict[str, str]) -> str:
    labels = {**group_labels, **sample.labels}
    inside = ",".join(f'{name}="{_escaped(value)}"' for name, value in labels.items())
    return f"{sample.metric.name}{{{inside}}}"


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")


STEP = 300
"""Seconds between samples: further apart than this, Prometheus draws a gap."""

_ASKED_AT_ONCE = 2000
"""Moments asked about in one query; Prometheus answers up to 11,000."""

_BLOCK = "24h"
"""Longest block: promtool reads the whole file again for each block it writes."""

_TAKEN_IN_SECONDS = 180
"""Prometheus looks for new blocks about once a minute."""
_UNITS = {"y": 365 * 86400, "w": 7 * 86400, "d": 86400, "h": 3600, "m": 60, "s": 1, "ms": 0.001}
_NO_TIME = 2**63 - 1
_UNSET = timedelta(days=15)
"""How long Prometheus keeps samples by default."""


class HistoryError(TocsinError, RuntimeError):
    """Prometheus's past can't be written; the message names the remedy."""


class History:
    """The past as one Prometheus has it.

    Parameters
    ----------
    url
        Address of the Prometheus.
    sign_in
        Where it asks for basic authentication.
    """

    def __init__(self, url: str, sign_in: SignIn | None = None) -> None:
        self._prometheus = Prometheus(url, sign_in)

    def lacking(self, use_case: str, group: PushGroup, moments: range) -> list[int]:
        """Return those of `moments` at which nothing was pushed nor backfilled.

        Parameters
        ----------
        moments
            Seconds since 1970, `STEP` apart.

        Raises
        ------
        PrometheusError
            It does not answer.
        """
        pushed = series(STATUS.name, **{"job": JOB, USE_CASE: use_case, GROUP_LABEL: group.value})
        # A sample exactly one step old belongs to the step before, not to this moment.
        query = f"count(present_over_time({pushed}[{STEP - 1}s]))"
        there: set[int] = set()
        for first in range(0, len(moments), _ASKED_AT_ONCE):
            asked = moments[first : first + _ASKED_AT_ONCE]
            between = {"start": asked[0], "end": asked[-1], "step": STEP}
            counts = self._prometheus.ask("query_range", query=query, **between)["result"]
            there |= {int(at) for count in counts for at, _ in count["values"]}
        return [moment for moment in moments if moment not in there]

    def retention(self) -> timedelta:
        """Return how long Prometheus retains samples.

        Raises
        ------
        PrometheusError
            It does not answer.
        """
        text = self._prometheus.ask("status/flags")["storage.tsdb.retention.time"]
        seconds = sum(
            float(number) * _UNITS[unit] for number, unit in re.findall(r"(\d+)(ms|[ywdhms])", text)
        )
        return timedelta(seconds=seconds) if seconds else _UNSET

    def in_memory_since(self) -> datetime | None:
        """Return since when samples lie in memory and its log alone; None if none do.

        These are the newest up to three hours. A block that reaches into them is believed to
        hold all of that time: at its next start Prometheus would throw away what its log has of
        it, of every series. So nothing may be loaded from there on.

        Raises
        ------
        PrometheusError
            It does not answer.
        """
        milliseconds = self._prometheus.ask("status/tsdb")["headStats"]["minTime"]
        if milliseconds == _NO_TIME:
            return None
        return datetime.fromtimestamp(milliseconds / 1000, UTC)

    def load(self, file: Path) -> None:
        """Write the samples in an OpenMetrics file into Prometheus's own data, as blocks.

        It takes them in by itself, within a minute or so: see `wait_for`.

        Raises
        ------
        HistoryError
            Prometheus runs elsewhere, its data can't be written, or promtool is not installed
            or fails. The file is left, and the message names the remedy.
        """
        folder = self._prometheus.ask("status/flags")["storage.tsdb.path"]
        promtool = shutil.which("promtool")
        problem = _unreachable(self._prometheus.url, Path(folder))
        if problem is None and promtool is None:
            problem = "promtool, which comes with Prometheus, is not installed here"
        if problem is not None or promtool is None:
            raise HistoryError(by_hand(problem, file, folder))
        command = [promtool, "tsdb", "create-blocks-from", f"--max-block-duration={_BLOCK}"]
        done = subprocess.run(  # noqa: S603  # nosec B603 # our own file, and the folder that Prometheus named
            [*command, "openmetrics", "--quiet", str(file), folder],
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode != 0:
            reason = f"promtool ended with {done.returncode}: {done.stderr.strip()[-500:]}"
            raise HistoryError(by_hand(reason, file, folder))

    def wait_for(self, use_case: str, group: PushGroup, moment: int) -> None:
        """Return once Prometheus shows what was loaded for `moment`.

        Raises
        ------
        HistoryError
            It does not within three minutes.
        """
        until = time.monotonic() + _TAKEN_IN_SECONDS
        while self.lacking(use_case, group, range(moment, moment + 1)):
            if time.monotonic() > until:
                msg = (
                    "the samples are written, but Prometheus at "
                    f"{self._prometheus.url} does not show them "
                    f"after {_TAKEN_IN_SECONDS} s: see its log"
                )
                raise HistoryError(msg)
            time.sleep(1)


def _unreachable(url: str, folder: Path) -> str | None:
    """Return why a Prometheus's data can't be written from here; None if it can."""
    if urlsplit(url).hostname not in {"127.0.0.1", "localhost", "::1"}:
        return f"Prometheus at {url} runs on another machine"
    if not folder.is_absolute() or not (folder / "wal").is_dir():
        return (
            f"Prometheus at {url} keeps its data in {folder}, which is not a folder of this machine"
        )
    if not os.access(folder, os.W_OK):
        return f"{folder}, where Prometheus keeps its data, can't be written by this user"
    return None


def by_hand(problem: str | None, file: Path, folder: str) -> str:
    """Say why a file could not be loaded, and how it is loaded where Prometheus runs."""
    return (
        f"{problem}. The samples are in {file}: take it to where Prometheus runs, and there, as "
        f"the user that Prometheus runs as: promtool tsdb create-blocks-from "
        f"--max-block-duration={_BLOCK} openmetrics {file.name} {folder}"
    )
