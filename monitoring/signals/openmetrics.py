"""OpenMetrics: samples of the past as text, with the labels that a push would have given them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from monitoring.signals.metric import USE_CASE, Metric
from monitoring.signals.part import JOB, PART, Part
from monitoring.signals.sample import Sample


@dataclass(frozen=True)
class Held:
    """What a part held for a while.

    Attributes
    ----------
    at
        Moments of that while, in whole seconds since 1970, rising.
    """

    samples: tuple[Sample, ...]
    at: Sequence[int]


def exposition(held: Iterable[Held], *, use_case: str, part: Part) -> Iterator[str]:
    """Yield the lines of an OpenMetrics file: every sample at every moment it was held.

    Families stand together, and so do series, in order of time, as the format wants them.

    Parameters
    ----------
    held
        In order of time.
    """
    group = {"job": JOB, USE_CASE: use_case, PART: part.value}
    families: dict[Metric, dict[str, list[tuple[float, Sequence[int]]]]] = {}
    for one in held:
        for sample in one.samples:
            series = _series(sample, group)
            family = families.setdefault(sample.metric, {})
            family.setdefault(series, []).append((sample.value, one.at))
    for metric, family in families.items():
        yield f"# TYPE {metric.name} gauge\n"
        yield f"# HELP {metric.name} {_escaped(metric.help)}\n"
        for series, course in family.items():
            for value, at in course:
                yield from (f"{series} {value!r} {moment}\n" for moment in at)
    yield "# EOF\n"


def _series(sample: Sample, group: dict[str, str]) -> str:
    labels = {**group, **sample.labels}
    inside = ",".join(f'{name}="{_escaped(value)}"' for name, value in labels.items())
    return f"{sample.metric.name}{{{inside}}}"


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
