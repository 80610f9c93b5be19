"""The drift verdict of a run's window: made once, stored under its id, read by everything else."""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime

from pydantic import TypeAdapter

from monitoring.drift.detection import drift_verdict, previous_drift
from monitoring.drift.verdict import DriftStatus, PreviousDrift, Verdict
from monitoring.rows.window import Window
from monitoring.steps.places import model_registry
from monitoring.steps.run import Run, StepError, verdict_window
from monitoring.steps.window_source import WindowSource
from monitoring.store.production_store import ProductionStore
from monitoring.training.model import Model
from monitoring.use_case import UseCase

log = logging.getLogger(__name__)

_VERDICT = TypeAdapter(Verdict)


def make_verdict(run: Run, windows: WindowSource, model: Model) -> Verdict:
    """Return the verdict of the run's window against the model's reference, made at most once.

    Its id is made of use case, window and model version, so that a report, a retrain and a
    retry of either use the same one.
    """
    case = run.case
    window = verdict_window(case, run.window)
    times = f"{window.start:%Y%m%dT%H%M%SZ}_{window.end:%Y%m%dT%H%M%SZ}"
    verdict_id = f"{case.name}_{times}_v{model.version}"
    stored = windows.store.load_verdict(case, verdict_id)
    if stored is not None:
        return _VERDICT.validate_json(stored)
    verdict = drift_verdict(
        model.reference,
        windows.summary(window, run.as_of, model),
        case.drift,
        id=verdict_id,
        share_limit=share_limit(case),
        window_start=window.start,
        window_end=window.end,
    )
    verdict = replace(verdict, previous=against_previous(windows, window, run.as_of, model))
    kept = windows.store.save_verdict(
        case,
        verdict_id,
        window=window,
        as_of=run.as_of,
        model_version=model.version,
        payload=_VERDICT.dump_json(verdict).decode(),
    )
    return _VERDICT.validate_json(kept)


def against_previous(
    windows: WindowSource, window: Window, as_of: datetime, champion: Model
) -> PreviousDrift | None:
    """Return the drift of a window's rows from the reference of the model that served before.

    None where no other one served. It decides nothing: where its files are lost, or written by a
    Tocsin of another layout, its status says so, and the verdict is made all the same.
    """
    case, registry = windows.case, model_registry()
    version = registry.previous(case)
    if version is None or version.number == champion.version:
        return None
    try:
        model = registry.load(case, version.number)
    except Exception:  # whatever a registry, a store or a file format may raise
        log.warning(
            "use case %s: version %s can't be read", case.name, version.number, exc_info=True
        )
        return PreviousDrift(version.number, DriftStatus.UNREADABLE)
    return previous_drift(model.reference, windows.summary(window, as_of, model), case.drift)


def load_verdict(store: ProductionStore, case: UseCase, verdict_id: str) -> Verdict:
    """Return a stored verdict.

    Raises
    ------
    StepError
        No verdict has that id.
    """
    if re.fullmatch(r"[A-Za-z0-9_.-]{1,200}", verdict_id) is None:
        msg = f"{verdict_id!r} is not the id of a verdict"
        raise StepError(msg)
    stored = store.load_verdict(case, verdict_id)
    if stored is None:
        msg = (
            f"use case {case.name}: verdict {verdict_id!r} is not stored: leave it out to make one"
        )
        raise StepError(msg)
    return _VERDICT.validate_json(stored)


def stored_verdicts(store: ProductionStore, case: UseCase, as_of: datetime) -> Iterator[Verdict]:
    """Yield the verdicts that had been made by `as_of`, the newest window first."""
    return map(_VERDICT.validate_json, store.verdicts(case, as_of))


def share_limit(case: UseCase) -> float:
    """Return the drift share above which a retrain is due: the critical business threshold.

    Raises
    ------
    StepError
        The use case sets none, so that no drift share asks for a retrain.
    """
    threshold = case.thresholds.drift_score
    if threshold is None or threshold.above is None or threshold.above.critical is None:
        msg = f"use case {case.name}: set thresholds.drift_score.above.critical, for example to 0.3"
        raise StepError(msg)
    return threshold.above.critical
