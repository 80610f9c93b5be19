"""Measure how well drift is told from chance; print the tables of docs/drift-quality.md.

Run it with `make bench-drift`. Everything is seeded; the last lines name machine and versions.
"""

from __future__ import annotations

import argparse
import platform
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import numpy as np
import pandas as pd
import scipy
from scipy.stats import chi2_contingency, ks_2samp

from monitoring.drift.judge import drift_verdict
from monitoring.drift.verdict import Verdict
from monitoring.rows.rows import Rows
from monitoring.summary.build import summarise
from monitoring.summary.types import Reference
from monitoring.use_case import Drift, Features
from tests.drift.made import FEATURES, LIMITS, frame, reference_of, rows_of

ROOT = Path(__file__).resolve().parents[1]
DATA = (ROOT / "data", ROOT.parent / "shared" / "data")
REFERENCE_ROWS = 20_000


def judged(reference: Reference, window: Rows, limits: Drift = LIMITS) -> Verdict:
    """Return the verdict of a window."""
    return drift_verdict(reference, summarise(window, reference), limits, id="bench")


def ks_bonferroni(reference: pd.DataFrame, window: pd.DataFrame) -> list[str]:
    """Return the columns that Kolmogorov-Smirnov and chi-square flag at 0.05 / columns."""
    level = 0.05 / len(reference.columns)
    found = []
    for name in reference.columns:
        before, now = reference[name].dropna(), window[name].dropna()
        if name in FEATURES.categorical:
            counts = pd.crosstab(
                np.repeat([0, 1], [len(before), len(now)]), pd.concat([before, now]).to_numpy()
            )
            p_value = chi2_contingency(counts).pvalue
        else:
            p_value = ks_2samp(before, now, method="asymp").pvalue
        if p_value < level:
            found.append(name)
    return found


def table(head: Sequence[str], rows: Iterator[Sequence[object]]) -> None:
    """Print a Markdown table, row by row as it is measured."""
    print(f"| {' | '.join(head)} |\n|{'---|' * len(head)}")
    for row in rows:
        print(f"| {' | '.join(str(cell) for cell in row)} |", flush=True)
    print(flush=True)


def false_alarms(scale: float) -> Iterator[Sequence[object]]:
    """Yield a row a window size: how often a window without drift is flagged."""
    sizes = {50: 600, 100: 600, 500: 300, 5000: 200, 20_000: 80, 200_000: 12, 1_000_000: 4}
    for rows, most in sizes.items():
        windows = max(2, round(most * scale))
        rng = np.random.default_rng(rows)
        found: list[Verdict] = []
        by_ks = 0
        for number in range(windows):
            if number % max(1, windows // 8) == 0:
                before = frame(rng, REFERENCE_ROWS)
                reference = reference_of(rows_of(before), chunk=REFERENCE_ROWS)
            window = frame(rng, rows)
            found.append(judged(reference, rows_of(window)))
            by_ks += rows <= 20_000 and bool(ks_bonferroni(before, window))
        yield (
            f"{rows:,}",
            windows,
            f"{np.mean([any(f.changed for f in v.features) for v in found]):.1%}",
            f"{np.mean([bool(v.drifted_features) for v in found]):.1%}",
            f"{max(v.share or 0 for v in found):.2f}",
            f"{np.mean([v.mean_effect for v in found]):.4f}",
            f"{max(v.max_effect or 0 for v in found):.3f}",
            f"{by_ks / windows:.1%}" if rows <= 20_000 else "not run",
        )


CHANGES: dict[str, tuple[str, Callable[[pd.DataFrame, np.random.Generator], None]]] = {
    "shift 0.25 sigma": ("normal0", lambda w, _: w.update(w["normal0"] + 0.25)),
    "shift 0.5 sigma": ("normal0", lambda w, _: w.update(w["normal0"] + 0.5)),
    "scale x 1.5": ("normal0", lambda w, _: w.update(w["normal0"] * 1.5)),
    "lognormal x 1.5": ("lognormal0", lambda w, _: w.update(w["lognormal0"] * 1.5)),
    "missing 0% -> 10%": (
        "normal0",
        lambda w, rng: w.__setitem__("normal0", w["normal0"].mask(rng.random(len(w)) < 0.1)),
    ),
    "new category 5%": (
        "c30",
        lambda w, rng: w.__setitem__("c30", w["c30"].mask(rng.random(len(w)) < 0.05, "new")),
    ),
    "shift 3 sigma, one value 1e6": (
        "normal0",
        lambda w, _: w.update((w["normal0"] + 3).where(w.index > 0, 1e6)),
    ),
}


def power(scale: float) -> Iterator[Sequence[object]]:
    """Yield a row a kind of drift: how often it is found as changed / drifted, by window size."""
    windows = max(5, round(60 * scale))
    for words, (name, change) in CHANGES.items():
        cells = []
        for rows in (50, 100, 200, 500, 2000):
            rng = np.random.default_rng(rows)
            before = frame(rng, REFERENCE_ROWS)
            reference = reference_of(rows_of(before), chunk=REFERENCE_ROWS)
            changed = drifted = by_ks = 0
            for _ in range(windows):
                window = frame(rng, rows)
                change(window, rng)
                verdict = judged(reference, rows_of(window))
                part = next(part for part in verdict.features if part.name == name)
                changed, drifted = changed + part.changed, drifted + part.drifted
                by_ks += name in ks_bonferroni(before, window)
            shares = (changed / windows, drifted / windows, by_ks / windows)
            cells.append(" / ".join(f"{share:.0%}" for share in shares))
        yield words, *cells


STREAM = Features(numeric=tuple(f"x{i}" for i in range(30)))


def stream(rng: np.random.Generator, days: int, per_day: int) -> pd.DataFrame:
    """Return 30 features whose level follows the hour and wanders from day to day."""
    count = days * per_day
    hour = np.arange(count) % per_day / per_day
    cycle = np.sin(2 * np.pi * hour)[:, None] * rng.uniform(0, 1, 30)
    level = np.empty((days, 30))
    level[0] = 0
    for day in range(1, days):
        level[day] = 0.7 * level[day - 1] + rng.normal(0, 0.2, 30)
    values = cycle + np.repeat(level, per_day, axis=0) + rng.normal(size=(count, 30))
    return pd.DataFrame(values, columns=list(STREAM.names))


def wandering(scale: float) -> Iterator[Sequence[object]]:
    """Yield a row a length of reference: false alarms on a series that wanders by itself."""
    per_day, after = 1000, max(5, round(40 * scale))
    spacing = timedelta(days=1) / per_day
    for days in (5, 10, 20, 40):
        found = []
        for seed in range(4):
            rows = rows_of(
                stream(np.random.default_rng(seed), days + after, per_day), spacing=spacing
            )
            reference = reference_of(rows.take(slice(0, days * per_day)), features=STREAM)
            starts = range(days * per_day, len(rows), per_day)
            found += [judged(reference, rows.take(slice(s, s + per_day))) for s in starts]
        yield (
            days,
            len(found),
            f"{np.mean([bool(v.drifted_features) for v in found]):.0%}",
            f"{np.mean([v.share for v in found]):.3f}",
            f"{np.mean([v.drifted for v in found]):.1%}",
            "yes" if found[0].variation_known else "no",
        )


def cards() -> Rows | None:
    """Return the card data's rows; None where the file is not there."""
    path = next((p / "creditcard.csv.gz" for p in DATA if (p / "creditcard.csv.gz").exists()), None)
    if path is None:
        return None
    data = pd.read_csv(path, engine="pyarrow")
    times = np.datetime64("2013-09-01", "us") + pd.to_timedelta(data["Time"], "s").to_numpy()
    rows = rows_of(data.drop(columns=["Time", "Class"]))
    return replace(rows, event_time=times.astype("datetime64[us]"))


def card_days(rows: Rows) -> Iterator[Sequence[object]]:
    """Yield a row a length of window: day 2 judged by chunks of day 1 as long as itself."""
    features = Features(numeric=tuple(rows.features.columns))
    first = rows.event_time < np.datetime64("2013-09-02")
    before, after = rows.take(first), rows.take(~first)
    for hours in (24, 6, 3, 2, 1):
        reference = reference_of(before, features=features, chunk=timedelta(hours=hours))
        slot = (after.event_time - np.datetime64("2013-09-02", "us")) // np.timedelta64(hours, "h")
        found = [judged(reference, after.take(slot == one)) for one in np.unique(slot)]
        limits = [f.natural_variation for v in found for f in v.features]
        known = [limit for limit in limits if limit is not None]
        yield (
            f"{hours} h",
            len(reference.chunks),
            "yes" if found[0].variation_known else "no",
            f"{np.median(known):.2f}" if known else "",
            f"{np.mean([v.share for v in found]):.2f}",
            f"{min(v.share or 0 for v in found):.2f} to {max(v.share or 0 for v in found):.2f}",
        )


def detection(scale: float) -> Iterator[Sequence[object]]:
    """Yield a row a size of window: rows from the drift to the first verdict that says so."""
    streams = max(3, round(20 * scale))
    for rows in (100, 500, 2000):
        delays, early = [], 0
        for seed in range(streams):
            rng = np.random.default_rng(seed)
            reference = reference_of(rows_of(frame(rng, REFERENCE_ROWS)), chunk=REFERENCE_ROWS)
            data = frame(rng, 20_000)
            drift_at = 8000 + int(rng.integers(0, rows))
            names = list(FEATURES.numeric[:12])
            late = data.index >= drift_at
            data.loc[late, names] = data.loc[late, names] * 1.2 + 0.4
            for start in range(0, len(data) - rows + 1, rows):
                if judged(reference, rows_of(data.iloc[start : start + rows])).drifted:
                    early += start + rows <= drift_at
                    delays.append(start + rows - drift_at)
                    break
        yield f"{rows:,}", streams, early, f"{np.median(delays):,.0f}", f"{max(delays):,.0f}"


def main() -> None:
    """Print every table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--scale", type=float, default=1.0, help="windows, as a part of the usual")
    scale = parser.parse_args().scale
    began = time.perf_counter()
    print("## False alarms\n")
    head = ("rows", "windows", "any changed", "any drifted", "largest share", "mean effect")
    table((*head, "largest effect", "KS + Bonferroni: any"), false_alarms(scale))
    print("## Power: changed / drifted / KS + Bonferroni\n")
    table(("drift of one column in 30", "50", "100", "200", "500", "2,000"), power(scale))
    print("## A series that wanders by itself, windows of a day\n")
    head = ("days of reference", "windows", "any drifted", "mean share", "share > 0.3")
    table((*head, "variation known"), wandering(scale))
    print("## Time to detection: 12 of 30 columns move\n")
    head = ("rows a window", "streams", "too early", "rows to verdict, median", "most")
    table(head, detection(scale))
    rows = cards()
    if rows is not None:
        print("## Card payments: day 2 against day 1\n")
        head = ("window and chunk", "chunks", "variation known", "median natural variation")
        table((*head, "mean share", "from to"), card_days(rows))
    print(
        f"{platform.processor() or platform.machine()}, Python {platform.python_version()}, "
        f"numpy {np.__version__}, pandas {pd.__version__}, scipy {scipy.__version__}; "
        f"{time.perf_counter() - began:.0f} s"
    )


if __name__ == "__main__":
    main()
