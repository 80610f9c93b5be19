"""Print every table of docs/explanation/fraud-results.md; see `make bench-fraud`."""

from __future__ import annotations

import argparse
import os
import platform
import sys
import time
from collections.abc import Iterable, Sequence
from dataclasses import replace

import imblearn
import lightgbm
import optuna
import sklearn
import xgboost

from benchmarks.fraud_results import tables
from benchmarks.fraud_results.cards import Cards, read_cards
from benchmarks.fraud_results.cuts import Cut, at_random, in_time, in_time_wider, without
from benchmarks.fraud_results.experiments import AT_RANDOM, BASE, CASE, EXPERIMENTS
from benchmarks.fraud_results.run import Experiment, run
from benchmarks.fraud_results.searches import SEARCHES, run_search
from benchmarks.fraud_results.together import MEMBERS, alone, every

SEEDS = range(3)
BY_SEED = (BASE, "xgboost, small steps", "lightgbm", "mlp")
"""Experiments that are run from several seeds, on the point that their search chose."""


def say(words: str) -> None:
    """Say what is being done, apart from the tables."""
    print(words, file=sys.stderr, flush=True)


def named(name: str) -> Experiment:
    """Return an experiment of the list."""
    return next(one for one in EXPERIMENTS if one.name == name)


def main() -> None:
    """Print every table, or those of the product's cut in time alone."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("part", nargs="?", choices=["time"], help="every cut where not given")
    everything = parser.parse_args().part is None
    began = time.process_time()
    cards = read_cards(CASE)
    ordered, random = in_time(cards, CASE.split), at_random(cards)
    wider = in_time_wider(cards, CASE.split)
    drawn_too = (ordered, random) if everything else (ordered,)
    print("## The rows\n")
    tables.parts(cards, (ordered, wider, random))
    compared(EXPERIMENTS, cards, ordered)
    if everything:
        compared(AT_RANDOM, cards, random)
    print("## Calibration, on the last 20% of time\n")
    tables.calibrations([named(BASE), named("lightgbm")], cards, ordered)
    print("## Seeds\n")
    for cut in drawn_too:
        print(f"{cut.name}:\n")
        tables.by_seed([list(seeds(name, cards, cut)) for name in BY_SEED], cards, cut)
    if everything:
        compared([one for one in EXPERIMENTS if one.name in MEMBERS], cards, wider)
    print("## Payments that are there twice\n")
    duplicates(cards, drawn_too)
    print("## Grid, points at random and Optuna at equal time, on the last 20% of time\n")
    found = {search.name: run_search(search, cards, ordered, seed=0) for search in SEARCHES}
    tables.searches(found, cards, ordered)
    print(
        f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}, "
        f"scikit-learn {sklearn.__version__}, xgboost {xgboost.__version__}, "
        f"lightgbm {lightgbm.__version__}, imbalanced-learn {imblearn.__version__}, "
        f"optuna {optuna.__version__}; {time.process_time() - began:.0f} s of processor time "
        "in this run, what the store held not counted"
    )


def compared(experiments: Sequence[Experiment], cards: Cards, cut: Cut) -> None:
    """Print the comparison on a cut and what its folds choose."""
    lines = every(experiments, cards, cut, say)
    print(f"## {cut.name}: {cut.words}\n")
    tables.comparison(lines)
    best = max(lines, key=lambda line: line.inner)
    print(f"The folds choose **{best.name}** ({best.inner:.3f}).\n")


def seeds(name: str, cards: Cards, cut: Cut) -> Iterable[Experiment]:
    """Yield an experiment from several seeds, its search's point fixed."""
    one = named(name)
    point = run(one, cards, cut).point
    for seed in SEEDS:
        yield replace(one, grid={key: [value] for key, value in point.items()}, seed=seed)


def duplicates(cards: Cards, cuts: Sequence[Cut]) -> None:
    """Print what learning from each payment once changes, and what twins give away."""
    print(
        f"{int(cards.repeated.sum()):,} payments, {int(cards.label[cards.repeated].sum())} of "
        "them frauds, have the values of an earlier one of the same second.\n"
    )
    for cut in cuts:
        print(f"{cut.name}:\n")
        usual = alone(named(BASE), cards, cut)
        once = without(cut, cards.repeated)
        again = alone(
            replace(named(BASE), name=f"{BASE}, each once"),
            cards,
            once,
            usual.result.average_precision,
        )
        tables.comparison([usual, again])
        tables.twins(usual, cards, cut)


if __name__ == "__main__":
    main()
