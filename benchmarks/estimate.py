"""Measure how near estimates come to the truth; print the tables of docs/explanation/estimate.md.

Run it with `make bench-estimate`. Everything is seeded; the last line names machine and versions.
Cells of the first tables hold mean absolute errors of recall, precision, F1, PR-AUC, and of cost
as a share of the mean cost.
"""

from __future__ import annotations

import argparse
import resource
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import chain, islice
from pathlib import Path

import numpy as np
import pandas as pd

from benchmarks.estimate_worlds import DRIFTS, Window, World, card_worlds, synthetic_worlds
from benchmarks.machine import machine
from benchmarks.table import table
from monitoring.performance.cost_curve import sensitivity
from monitoring.performance.estimate import Estimate, estimate_from
from monitoring.performance.recalibration import Recalibration
from monitoring.performance.score_calibration import Calibration, calibration
from monitoring.performance.score_histograms import first_flagged
from monitoring.rows.rows import Rows
from monitoring.summary.types import ScoreSummary
from monitoring.training.split import days_of

SHOWN = ("recall", "precision", "f1", "pr_auc")
RATIOS = (*SHOWN, "roc_auc", "false_alarm_rate")
FIGURES = (*RATIOS, "cost")
PEERS_EVERY = 4
"""The peers, which take most of the time, are asked about a window of every fourth seed."""
DRE_ROWS = 20_000

LAST, CBPE, TRAINED = "last value", "NannyML's CBPE", "scores as trained"
VALIDATED, REWEIGHTED = "recalibrated on validation", "the same, reweighted (PAPE)"
OURS = "ours: and by mature rows"
WAYS = (LAST, CBPE, TRAINED, VALIDATED, REWEIGHTED, OURS)

Figures = Mapping[str, float]
Bounds = Mapping[str, tuple[float, float]]


@dataclass(frozen=True)
class Guess:
    """The figures that one way of estimating gives for a window, and their intervals if any.

    Attributes
    ----------
    given
        Whether a report would give them: not where the scores are proved wrong.
    """

    figures: Figures
    bounds: Bounds | None = None
    given: bool = True


def last_value(world: World, rows: Rows) -> Guess:
    """Return the realised figures of a window whose labels have come."""
    card = world.card(rows)
    figures = {name: getattr(card, name).value or 0.0 for name in RATIOS}
    assert card.money is not None  # noqa: S101  it is by construction
    return Guess(figures | {"cost": card.money.cost})


def guess(world: World, rows: Rows, known: Calibration) -> Guess:
    """Return the estimate that a calibration gives; whatever its test says."""
    found = estimate_from(
        world.counted(rows, labels=False),
        replace(known, p_value=1.0, gives_back=True),
        threshold=world.model.threshold,
        costs=world.case.costs,
    )
    return replace(_guess_of(found), given=known.holds)


def _guess_of(found: Estimate) -> Guess:
    cost = found.cost
    assert cost is not None  # noqa: S101  it is by construction
    figures = {name: getattr(found, name).value or 0.0 for name in RATIOS} | {"cost": cost.value}
    bounds = {name: (getattr(found, name).low, getattr(found, name).high) for name in RATIOS}
    return Guess(figures, bounds | {"cost": (cost.low, cost.high)})


def known_from(world: World, *labelled: ScoreSummary) -> Calibration:
    """Return the calibration that labelled rows give."""
    found = calibration(labelled, first_flagged(labelled[0], world.model.threshold))
    assert found is not None  # noqa: S101  it is by construction
    return found


def unrecalibrated(known: Calibration) -> Calibration:
    """Return the calibration that takes the scores as they are."""
    first, second = known.mending.centre
    nothing = Recalibration(
        centre=known.mending.centre,
        coefficients=(1.0, 1.0, first + second),
        covariance=((0.0,) * 3,) * 3,
    )
    return replace(known, mending=nothing)


def without_histogram(known: Calibration) -> Calibration:
    """Return a calibration that follows no drift of the prior."""
    return replace(known, known=None)


def weighted(world: World, rows: Rows, rng: np.random.Generator) -> ScoreSummary:
    """Return validation's histograms, each row weighed by how likely it is in the window.

    As PAPE does (Bialek and others 2024, arXiv 2401.08348): a classifier that separates window from
    validation rows by their features gives the ratio of their densities.
    """
    from lightgbm import LGBMClassifier

    known = world.validation
    samples = [
        part.iloc[rng.choice(len(part), min(DRE_ROWS, len(part)), replace=False)]
        for part in (known.features, rows.features)
    ]
    sides = np.repeat([0, 1], [len(part) for part in samples])
    domain_classifier = LGBMClassifier(
        n_estimators=60, num_leaves=15, min_child_samples=100, n_jobs=1, verbosity=-1
    ).fit(pd.concat(samples), sides)
    chance = np.clip(domain_classifier.predict_proba(known.features)[:, 1], 1e-3, 1 - 1e-3)
    weight = chance / (1 - chance)
    weight *= len(weight) / weight.sum()
    counted = world.counted(known)
    assert known.score is not None  # noqa: S101  it is by construction
    bins = len(counted.edges) + 1
    place = known.label.astype(np.intp) % 3 * bins + np.searchsorted(
        counted.edges, known.score, "right"
    )

    def sums(values: np.ndarray) -> np.ndarray:
        return np.bincount(place, values, 3 * bins).reshape(3, bins)

    return replace(counted, rows=sums(weight), score=sums(weight * known.score))


def guesses(
    world: World, window: Window, labels: Rows, by_validation: Calibration
) -> dict[str, Guess]:
    """Return what each way of ours says of a window; `labels` are those that have come."""
    known = known_from(world, world.counted(world.validation), world.counted(labels))
    return {
        LAST: last_value(world, labels),
        TRAINED: guess(world, window.rows, unrecalibrated(by_validation)),
        VALIDATED: guess(world, window.rows, by_validation),
        OURS: guess(world, window.rows, known),
    }


def by_nannyml(world: World, windows: Sequence[Window], folder: Path) -> list[Guess]:
    """Return what NannyML's CBPE says of windows, with validation as its reference."""
    from benchmarks.peers.ask import NANNYML_ESTIMATE, ask
    from benchmarks.peers.messages import EstimateRequest

    def written(rows: Rows, name: str) -> str:
        assert rows.score is not None  # noqa: S101  it is by construction
        frame = pd.DataFrame(
            {
                "y_true": rows.label,
                "y_pred": (rows.score >= world.model.threshold).astype(int),
                "y_pred_proba": rows.score,
            }
        )
        frame.to_parquet(folder / name)
        return str(folder / name)

    reference = written(world.validation, "validation.parquet")
    paths = tuple(written(w.rows, f"{i}.parquet") for i, w in enumerate(windows))
    answer = ask(NANNYML_ESTIMATE, EstimateRequest(reference=reference, windows=paths))
    return [
        Guess(
            {
                name: found.of("average_precision" if name == "pr_auc" else name).value or 0.0
                for name in RATIOS
                if name != "false_alarm_rate"
            }
            | {"false_alarm_rate": float("nan"), "cost": float("nan")}
        )
        for found in answer.windows
    ]


@dataclass(frozen=True)
class Errors:
    """Of one way of estimating, by figure: distances from the truth, and how often it was held.

    Attributes
    ----------
    held
        Share of windows whose interval holds the truth, or for which nothing would be given.
    given
        Share of windows for which a report would give the estimate.
    """

    distance: Mapping[str, float]
    held: Mapping[str, float]
    given: float


def errors(truths: Sequence[Figures], found: Sequence[Guess]) -> Errors:
    """Return mean absolute errors; of cost, as a share of the mean cost."""
    distance, held = {}, {}
    given = np.array([one.given for one in found])
    for name in FIGURES:
        truth = np.array([figures[name] for figures in truths])
        said = np.array([one.figures[name] for one in found])
        distance[name] = float(np.abs(said - truth).mean())
        if name == "cost":
            distance[name] /= float(truth.mean())
        if all(one.bounds is not None for one in found):
            low, high = np.array([one.bounds[name] for one in found if one.bounds]).T
            held[name] = float(((low <= truth) & (truth <= high) | ~given).mean())
    return Errors(distance, held, float(given.mean()))


def of_peers(world: World, seeds: Sequence[int]) -> dict[str, dict[str, Errors]]:
    """Return the errors of the peers by drift, and the way of estimating."""
    asked = {name: tuple(world.windows(drift, seeds, 1)) for name, drift in DRIFTS.items()}
    every = list(chain.from_iterable(asked.values()))
    with tempfile.TemporaryDirectory() as folder:
        cbpe = iter(by_nannyml(world, every, Path(folder)))
    rng = np.random.default_rng(3)
    found = {}
    for name, windows in asked.items():
        importance = [weighted(world, window.rows, rng) for window in windows]
        by_weight = [
            guess(world, window.rows, without_histogram(known_from(world, part)))
            for window, part in zip(windows, importance, strict=True)
        ]
        truths = [last_value(world, window.rows).figures for window in windows]
        found[name] = {
            CBPE: errors(truths, list(islice(cbpe, len(windows)))),
            REWEIGHTED: errors(truths, by_weight),
        }
    return found


def measured(
    world: World, seeds: Sequence[int], each: int
) -> Iterator[tuple[str, dict[str, Errors]]]:
    """Yield the errors of every way of estimating, by drift and by which labels have come."""
    by_validation = without_histogram(known_from(world, world.counted(world.validation)))
    peers = of_peers(world, seeds[::PEERS_EVERY])
    for name, drift in DRIFTS.items():
        truths: list[Figures] = []
        before: list[dict[str, Guess]] = []
        since: list[dict[str, Guess]] = []
        for window in world.windows(drift, seeds, each):
            truths.append(last_value(world, window.rows).figures)
            before.append(guesses(world, window, window.before, by_validation))
            if drift:
                since.append(guesses(world, window, window.since, by_validation))
        for when, found in (("before it", before), ("since it began", since)):
            if found:
                ours = {way: errors(truths, [one[way] for one in found]) for way in found[0]}
                yield f"{name}, labels {when}" if drift else name, ours | peers[name]


def as_it_came(world: World) -> Iterator[Sequence[object]]:
    """Yield a row a figure of the newer half of the test part, as it came."""
    half = len(world.test) // 2
    older, newer = world.test.take(slice(0, half)), world.test.take(slice(half, None))
    known = known_from(world, world.counted(world.validation), world.counted(older))
    said, truth = guess(world, newer, known), last_value(world, newer).figures
    before = last_value(world, older).figures
    assert said.bounds is not None  # noqa: S101  it is by construction
    for name in FIGURES:
        low, high = said.bounds[name]
        cells = (said.figures[name], low, high, truth[name], before[name])
        yield world.name, name, *(f"{x:,.0f}" if name == "cost" else f"{x:.3f}" for x in cells)


def if_a_cost_is_off(world: World) -> Iterator[Sequence[object]]:
    """Yield a row a cost and factor: what the threshold chosen on validation costs too much."""
    found = sensitivity(
        world.counted(world.validation),
        threshold=world.model.threshold,
        costs=world.case.costs,
        days=days_of(world.validation),
    )
    for off in found:
        yield (
            world.name,
            off.item,
            f"x {off.factor:g}",
            f"{off.best_threshold:.3f}",
            f"{off.best_cost:,.0f}",
            f"{off.cost:,.0f}",
            f"{off.regret:,.0f} ({off.regret / off.best_cost:.0%})",
        )


def main() -> None:
    """Print every table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, nargs=2, default=(100, 116), help="first, and end")
    parser.add_argument("--each", type=int, default=7, help="windows of each kind per seed")
    given = parser.parse_args()
    seeds = range(*given.seeds)
    began = time.perf_counter()
    held: list[Sequence[object]] = []
    ranks: list[Sequence[object]] = []
    came: list[Sequence[object]] = []
    offs: list[Sequence[object]] = []
    for world in chain(card_worlds(50_000), synthetic_worlds(20_000)):
        came += as_it_came(world)
        offs += if_a_cost_is_off(world)
        print(f"\n## {world.name}: {len(seeds) * given.each} windows of each kind\n")
        rows = []
        for kind, ways in measured(world, seeds, given.each):
            ours = ways[OURS]
            shares = (f"{share:.0%}" for share in (ours.given, *(ours.held[f] for f in FIGURES)))
            held.append((world.name, kind, *shares))
            rows.append((kind, *(_cell(ways[way]) for way in WAYS)))
            more = [ways[way].distance[name] for name in RATIOS[4:] for way in (LAST, OURS)]
            ranks.append((world.name, kind, *(f"{off:.4f}" for off in more)))
        table(("drift, labels that have come", *WAYS), rows)
    print("## ROC-AUC and false-alarm rate\n")
    head = ("world", "drift, labels that have come")
    titles = (f"{name}, {way}" for name in RATIOS[4:] for way in ("last value", "ours"))
    table((*head, *titles), ranks)
    print("## How often the interval held what the labels showed, or was refused\n")
    table((*head, "given", *FIGURES), held)
    print("## The newer half of the test part, as it came\n")
    table(("world", "figure", "estimate", "low", "high", "truth", "last value"), came)
    print("## If a cost is off by a factor of two, on the validation part\n")
    costs = ("world", "cost", "is really", "best threshold", "cost there", "at the one chosen")
    table((*costs, "regret"), offs)
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    cpu = sum(one.ru_utime + one.ru_stime for one in used)
    print(f"{machine()}; {time.perf_counter() - began:.0f} s, {cpu:.0f} s of processor time")


def _cell(found: Errors) -> str:
    ratios = [f"{found.distance[name]:.3f}".lstrip("0") for name in SHOWN]
    cost = found.distance["cost"]
    return " ".join([*ratios, "-" if np.isnan(cost) else f"{cost:.0%}"])


if __name__ == "__main__":
    main()
