"""The scores of each fit, kept by all that they depend on, so that a stopped run goes on."""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

ROOT = Path(__file__).resolve().parents[2]
FOLDER = ROOT / ".tocsin" / "fraud_results" / "scores"

Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Kept:
    """Scores, and the seconds of processor time that they took when they were computed."""

    scores: Floats
    cpu: float


def kept(key: str, compute: Callable[[], Floats]) -> Kept:
    """Return what was computed for `key` before, else compute it and keep it.

    Parameters
    ----------
    key
        All that the scores depend on, in words. A change of code that it does not mention is not
        seen: remove the folder then.
    """
    name = hashlib.sha256(key.encode()).hexdigest()[:16]
    path = FOLDER / f"{name}.npz"
    if not path.exists():
        began = time.process_time()
        scores = compute()
        _write(path, Kept(scores, time.process_time() - began), key)
    with np.load(path, allow_pickle=False) as file:
        return Kept(file["scores"], float(file["cpu"]))


def _write(path: Path, found: Kept, key: str) -> None:
    FOLDER.mkdir(parents=True, exist_ok=True)
    part = path.with_suffix(".part")
    with part.open("wb") as file:
        np.savez_compressed(file, scores=found.scores, cpu=found.cpu)
    part.replace(path)
    with (FOLDER / "log.jsonl").open("a", encoding="utf-8") as log:
        log.write(json.dumps({"file": path.name, "cpu": found.cpu, "key": key}) + "\n")
