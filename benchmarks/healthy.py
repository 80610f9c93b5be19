"""Which alerts a model on the real cards raises while nothing about them changes.

Run it by `make bench-healthy`; it wants the card data. The second of its two days differs from the
first, so a model trained on the one meets real drift in the other. For a model that stays healthy
the same rows are dealt out anew over the same moments: train, validation, test and traffic are then
drawn from one and the same world. Steps, rules and servers are those of the local stack.
"""

from __future__ import annotations

import os
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pandas as pd
import requests

from benchmarks.card_halves import CARDS
from benchmarks.machine import machine
from benchmarks.real_data import file_named
from benchmarks.running_parts import running_parts
from benchmarks.table import table
from monitoring.settings import Ports, settings
from monitoring.signals.alerts.business_alerts import newest_live
from monitoring.signals.catalogue import DRIFT_SCORE
from monitoring.signals.metric import Metric
from monitoring.signals.performance_metrics import FALSE_ALARMS, MISSED, POSITIVES, RECALL
from monitoring.signals.pipelines import Pipeline
from monitoring.stack.demo import HOLD_BACK
from monitoring.stack.environment import loopback_url
from monitoring.steps import begin, in_process
from monitoring.steps.publish import publish_run_success
from monitoring.steps.replay import Wanted, replay
from monitoring.steps.report import measurement, report_outcome
from monitoring.use_case import UseCase
from monitoring.use_case_file import find_use_case

SEEDS = (1, 2, 3)
"""By which the rows are dealt out, where the command names no others."""

PARTS = frozenset({"pushgateway", "prometheus"})
SHOWN = (POSITIVES, RECALL, MISSED, FALSE_ALARMS, DRIFT_SCORE)
SETTLED_SECONDS = 60
"""A few scrapes and evaluations."""


def dealt(cards: Path, seed: int, out: Path) -> None:
    """Write the cards into `out`, their rows dealt out over their own moments."""
    frame = pd.read_csv(cards)
    frame["Time"] = np.random.default_rng(seed).permutation(frame["Time"].to_numpy())
    out.mkdir(parents=True)
    frame.sort_values("Time", kind="stable").to_csv(out / CARDS, index=False)


def watch(case: UseCase) -> None:
    """Retrain, replay traffic without drift, and report on it, all as of now."""
    now = datetime.now(UTC).replace(microsecond=0)
    in_process.retrain(begin.by_hand(Pipeline.RETRAIN, case.name, as_of=now, force=True))
    replay(case, Wanted(now))
    run = begin.by_hand(Pipeline.REPORT, case.name, as_of=now)
    measurement.check_data_availability(run)
    measurement.measure(run)
    report_outcome.publish_metrics(run)
    publish_run_success(run)


def fired_alerts(prometheus: str, case: UseCase) -> list[str]:
    """Return which alerts fire, or are about to, of the use case and of all."""
    answer = requests.get(f"{prometheus}/api/v1/alerts", timeout=10).json()
    return sorted(
        f"{labels['alertname']} {labels['severity']} {alert['state']}"
        for alert in answer["data"]["alerts"]
        for labels in [alert["labels"]]
        if labels.get("use_case", case.name) == case.name
    )


def figure(prometheus: str, metric: Metric, case: UseCase) -> str:
    """Return a figure as business alerts see it."""
    query = {"query": newest_live(case, metric)}
    answer = requests.get(f"{prometheus}/api/v1/query", params=query, timeout=10).json()
    found = answer["data"]["result"]
    return f"{float(found[0]['value'][1]):.3g}" if found else "none"


def measured(deals: Iterable[int], cards: Path) -> Iterator[tuple[str, ...]]:
    """Yield, deal after deal, what came of watching it."""
    case, ports = find_use_case("fraud"), Ports()
    prometheus = loopback_url(ports.prometheus)
    for deal in deals:
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            dealt(cards, deal, folder / "data")
            os.environ |= {
                "TOCSIN_STATE": str(folder / "state"),
                "TOCSIN_DATA": str(folder / "data"),
                "TOCSIN_REPORTS": str(folder / "reports"),
                "TOCSIN_HOLD_BACK": str(HOLD_BACK),
                "TOCSIN_PUSHGATEWAY_URL": loopback_url(ports.pushgateway),
            }
            settings.cache_clear()
            with running_parts(settings(), ports, PARTS):
                watch(case)
                time.sleep(SETTLED_SECONDS)
                figures = [figure(prometheus, metric, case) for metric in SHOWN]
                yield (
                    str(deal),
                    *figures,
                    ", ".join(fired_alerts(prometheus, case)),
                )


def main() -> None:
    """Print the table, with the machine it was measured on."""
    cards = file_named(CARDS)
    if cards is None:
        sys.exit("there is no card data: put creditcard.csv.gz into data/")
    print(machine())
    deals = [int(seed) for seed in sys.argv[1:]] or SEEDS
    table(
        ("dealt out by seed", *(metric.title for metric in SHOWN), "alerts"), measured(deals, cards)
    )


if __name__ == "__main__":
    main()
