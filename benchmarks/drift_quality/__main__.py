"""Print the tables of docs/explanation/drift-quality.md: all of them, or the named parts."""

from __future__ import annotations

import argparse
import os
import platform
import time

import numpy as np
import pandas as pd
import scipy

from benchmarks.drift_quality import cards, cycle, detection, power, quiet, real, wandering
from benchmarks.drift_quality.table import Part

PARTS: dict[str, Part] = {
    "quiet": quiet.by_family,
    "quiet-tools": quiet.by_tool,
    "power": power.power,
    "power-tools": power.by_tool,
    "lone": power.lone,
    "wandering": wandering.wandering,
    "cycle": cycle.cycle,
    "detection": detection.detection,
    "cards": cards.card_days,
    "cards-readings": cards.card_readings,
    "cards-tools": cards.card_tools,
    "halves": real.halves,
    "electricity": real.electricity,
}


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(prog="benchmarks.drift_quality", description=__doc__)
    parser.add_argument("parts", nargs="*", help=f"any of: {', '.join(PARTS)}; all by default")
    parser.add_argument("--scale", type=float, default=1.0, help="windows, as a part of the usual")
    asked = parser.parse_args()
    unknown = set(asked.parts) - set(PARTS)
    if unknown:
        parser.error(f"no part {', '.join(sorted(unknown))}: there are {', '.join(PARTS)}")
    for name in asked.parts or PARTS:
        began, worked = time.perf_counter(), time.process_time()
        PARTS[name](asked.scale)
        seconds, own = time.perf_counter() - began, time.process_time() - worked
        print(
            f"`{name}` at scale {asked.scale:g}: {own:.0f} s of this process, {seconds:.0f} s of "
            f"wall time, load {os.getloadavg()[0]:.0f} on {os.cpu_count()} cores; "
            f"Python {platform.python_version()}, numpy {np.__version__}, "
            f"pandas {pd.__version__}, scipy {scipy.__version__}\n",
            flush=True,
        )


if __name__ == "__main__":
    main()
