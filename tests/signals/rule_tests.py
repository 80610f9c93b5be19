"""Rule tests: Prometheus's own unit tests of rules, written from what a run publishes."""

import os
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path

import yaml

from monitoring.signals import Pipeline, PushGroup, Sample
from monitoring.signals.alerts.delivery import Delivery
from monitoring.signals.catalogue import LAST_ATTEMPT, LAST_SUCCESS
from monitoring.signals.generated_files import COMPOSE, FLEET_RULES, prometheus_files
from monitoring.signals.metric import Metric
from monitoring.signals.promql import duration
from monitoring.use_case import UseCase
from tests.fixtures.gateway import program
from tests.signals.figures import pushed

STEP = timedelta(minutes=5)
_STEPS = 700
UP = 'up{job="pushgateway",instance="gateway"}'

Firing = tuple[str, str]
"""An alert's name and how loud it is."""


@dataclass(frozen=True)
class World:
    """What Prometheus sees over some days: values by series, in promtool's notation."""

    case: UseCase
    series: Mapping[str, str]

    def with_value(self, metric: Metric, value: float, **labels: str) -> "World":
        """Return the world in which the matching series have another value."""
        return self.with_values(metric, held(value), **labels)

    def with_values(self, metric: Metric, values: str, **labels: str) -> "World":
        """Return the world in which the matching series run another course."""
        chosen = self._matching(metric, labels)
        assert chosen, f"no series of {metric.name} has {labels}"
        return replace(self, series={**self.series, **dict.fromkeys(chosen, values)})

    def with_samples(self, *samples: Sample) -> "World":
        """Return the world in which a report published these instead."""
        others = {s: v for s, v in self.series.items() if f'part="{PushGroup.REPORT}"' not in s}
        own = {name_of(s, self.case, PushGroup.REPORT): held(s.value) for s in samples}
        return replace(self, series=others | own)

    def with_series(self, **values: str) -> "World":
        """Return the world with more series, or with other values of them."""
        return replace(self, series={**self.series, **values})

    def without(self, metric: Metric, **labels: str) -> "World":
        """Return the world in which the matching series never were."""
        gone = self._matching(metric, labels)
        return replace(self, series={s: v for s, v in self.series.items() if s not in gone})

    def ending(self, after: timedelta) -> "World":
        """Return the world whose pushed series all end at a moment."""
        steps = after // STEP
        cut = {s: f"{v.partition('x')[0]}x{steps}" for s, v in self.series.items() if s != UP}
        return replace(self, series={**self.series, **cut})

    def empty(self) -> "World":
        """Return the world in which nothing was ever pushed."""
        return replace(self, series={UP: held(1)})

    def _matching(self, metric: Metric, labels: Mapping[str, str]) -> list[str]:
        wanted = [f'{name}="{value}"' for name, value in labels.items()]
        return [
            s
            for s in self.series
            if s.startswith(f"{metric.name}{{") and all(label in s for label in wanted)
        ]


def healthy(case: UseCase) -> World:
    """Return the world in which every run succeeds and every figure is good."""
    series = {
        name_of(sample, case, part): held(sample.value)
        for part, samples in pushed().items()
        for sample in samples
    }
    world = World(case, {**series, UP: held(1)})
    for pipeline in Pipeline:
        for metric in (LAST_ATTEMPT, LAST_SUCCESS):
            world = world.with_values(metric, rising(), pipeline=pipeline.value)
    return world


def name_of(sample: Sample, case: UseCase, part: PushGroup) -> str:
    """Return a sample's series as Prometheus scrapes it."""
    labels = {"job": "tocsin", "use_case": case.name, "part": part.value, **sample.labels}
    inside = ",".join(f'{name}="{value}"' for name, value in labels.items())
    return f"{sample.metric.name}{{{inside}}}"


def held(value: float) -> str:
    """Return a course that stays where it is."""
    return f"{value!r}+0x{_STEPS}"


def rising() -> str:
    """Return the course of a moment that is always now."""
    return f"0+{STEP.total_seconds():g}x{_STEPS}"


def check(
    world: World,
    folder: Path,
    expected: Mapping[timedelta, set[Firing]],
    *,
    every: timedelta = STEP,
    absent: Mapping[timedelta, str] | None = None,
) -> None:
    """Fail unless exactly the expected alerts fire at each moment, the watchdog aside.

    Parameters
    ----------
    absent
        What the one FiguresAbsent alert names at each moment.
    """
    asked = [
        *(_firing(at, alerts) for at, alerts in expected.items()),
        *(_named(at, names) for at, names in (absent or {}).items()),
    ]
    _run({"": (world, asked)}, folder, every)


def check_each(
    scenes: Mapping[str, tuple[World, Mapping[timedelta, set[Firing]]]],
    folder: Path,
    *,
    every: timedelta = STEP,
) -> None:
    """Check many worlds of one use case at once: promtool takes longer to start than to test.

    Parameters
    ----------
    scenes
        A world and what is expected of it, by the name that promtool gives where it fails.
    """
    asked = {
        name: (world, [_firing(at, alerts) for at, alerts in expected.items()])
        for name, (world, expected) in scenes.items()
    }
    _run(asked, folder, every)


def check_query(
    world: World, folder: Path, expr: str, at: timedelta, expected: Mapping[str, float]
) -> None:
    """Fail unless a query has exactly the expected series at a moment."""
    samples = [{"labels": labels, "value": value} for labels, value in expected.items()]
    asked = {"expr": expr, "eval_time": duration(at), "exp_samples": samples}
    _run({"": (world, [asked])}, folder, STEP)


def _run(
    scenes: Mapping[str, tuple[World, list[dict[str, object]]]], folder: Path, every: timedelta
) -> None:
    (case,) = {world.case.name: world.case for world, _ in scenes.values()}.values()
    content = {
        "rule_files": [str(path) for path in _rules(case, folder)],
        "evaluation_interval": duration(every),
        "tests": [
            {
                "name": name,
                "interval": duration(STEP),
                "input_series": [{"series": s, "values": v} for s, v in world.series.items()],
                "promql_expr_test": asked,
            }
            for name, (world, asked) in scenes.items()
        ],
    }
    path = folder / "test.yml"
    path.write_text(yaml.safe_dump(content), encoding="utf-8")
    done = subprocess.run(
        [program("promtool"), "test", "rules", str(path)],
        # It ends soon: a third of its time would go into collecting garbage.
        env={**os.environ, "GOGC": "400", "GOMAXPROCS": "1"},
        check=False,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout + done.stderr


def _rules(case: UseCase, folder: Path) -> list[Path]:
    files = prometheus_files([case], Delivery(), COMPOSE)
    paths = []
    for name in (FLEET_RULES, case.name):
        path = folder / f"{name}.yml"
        path.write_text(next(t for p, t in files.items() if p.stem == name), encoding="utf-8")
        paths.append(path)
    return paths


def _firing(at: timedelta, alerts: set[Firing]) -> dict[str, object]:
    return {
        "expr": 'max by (alertname, severity) (ALERTS{alertstate="firing",severity!="none"})',
        "eval_time": duration(at),
        "exp_samples": [
            {"labels": f'{{alertname="{name}",severity="{severity}"}}', "value": 1}
            for name, severity in sorted(alerts)
        ],
    }


def _named(at: timedelta, names: str) -> dict[str, object]:
    labels = f'{{use_case="fraud",absent="{names}"}}'
    return {
        "expr": 'sum by (use_case, absent) (ALERTS{alertname="FiguresAbsent",alertstate="firing"})',
        "eval_time": duration(at),
        "exp_samples": [{"labels": labels, "value": 1}],
    }
