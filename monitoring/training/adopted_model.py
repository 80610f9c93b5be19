"""Adoption: a model that Tocsin did not train becomes a version, by its logs and its reference."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import numpy as np

from monitoring.errors import InputError
from monitoring.performance.score_histograms import with_absent_labels
from monitoring.performance.scorecard import scorecard
from monitoring.reports.facts import LABEL, SCORE
from monitoring.rows.maturity import matured
from monitoring.rows.rows import POSITIVE, Rows, moment_of
from monitoring.rows.score_scale import ScoreScale, fitted_scale, implied_threshold
from monitoring.sources.typed_columns import resolved_columns
from monitoring.summary.build import score_summary
from monitoring.summary.reference import fit_reference
from monitoring.training import TrainingError
from monitoring.training.model import Adopted, Model

if TYPE_CHECKING:
    import pandas as pd

    from monitoring.sources.logs.sampled_rows import LoggedReference
    from monitoring.use_case import UseCase
    from monitoring.use_case_production import Production

ADOPTED = "adopted"
"""Stands for the candidate of a model that Tocsin did not train."""

_SEED = 0


@dataclass(frozen=True, eq=False)
class AdoptedModel:
    """An adopted model, and what its reference was.

    Attributes
    ----------
    agreement
        Share of the reference's decisions that the threshold repeats; None where there are none.
    rows, positives
        Of the reference.
    """

    model: Model
    rows: int
    positives: int
    start: datetime
    end: datetime
    agreement: float | None


def adopted_model(
    case: UseCase, production: Production, logged: LoggedReference, as_of: datetime
) -> AdoptedModel:
    """Fit what windows of a model's logs are compared with.

    Bins, natural variation, the score's reference and its calibration are those of the rows; the
    threshold is the declared one, or what their decisions imply.

    Raises
    ------
    TrainingError
        There are no rows, or none has a score; or nothing says where the threshold lies.
    """
    if not len(logged.rows):
        msg = f"use case {case.name}: its reference has no rows: nothing can be compared with it"
        raise TrainingError(msg)
    version = None if logged.version is None else str(logged.version[-1])
    mine = np.ones(len(logged.rows), np.bool_)
    if logged.version is not None:
        mine = logged.version == version
    given = np.where(mine, logged.given, np.nan)
    fitted = fitted_scale(production.score.kind, given)
    scale, threshold, agreement = _decided(case, production, logged, given, fitted)
    scores = scale.decided(fitted.scores(given), logged.flagged)
    rows = matured(replace(logged.rows, score=scores), case.labels, as_of)
    reference = fit_reference(
        rows,
        rows,
        features=resolved_columns(case)[0],
        threshold=threshold,
        chunk=case.drift.window,
        importance={},
    )
    start, end = moment_of(rows.event_time[0]), moment_of(rows.event_time[-1])
    summary = score_summary(rows, reference.score_edges)
    assert summary is not None  # noqa: S101  # nosec B101 # the rows have scores
    card = scorecard(
        with_absent_labels(summary, case.labels.absent_at_maturity),
        threshold=threshold,
        costs=case.costs,
        days=max((end - start) / timedelta(days=1), 1 / 24),
        min_positives=case.min_positives,
    )
    model = Model(
        pipeline=None,
        candidate=ADOPTED,
        parameters={"score": production.score.kind.value, "by_decision": scale.by_decision},
        threshold=threshold,
        features=resolved_columns(case)[0],
        reference=reference,
        reference_sample=_sample(rows, case.report.sample),
        data_hash=_hash(rows),
        version=None,
        test=card,
        trained_as_of=end,
        adopted=Adopted(scale, version),
    )
    positives = int((rows.label == POSITIVE).sum())
    return AdoptedModel(model, len(rows), positives, start, end, agreement)


def _decided(
    case: UseCase,
    production: Production,
    logged: LoggedReference,
    given: np.ndarray,
    scale: ScoreScale,
) -> tuple[ScoreScale, float, float | None]:
    """Return the scale and the threshold, and the share of decisions that they repeat."""
    scores = scale.scores(given)
    if np.isnan(scores).all():
        msg = (
            f"use case {case.name}: no row of its reference has a score in "
            f"{production.score.name!r} that is a {production.score.kind}: correct "
            "`production.score`"
        )
        raise TrainingError(msg)
    if production.threshold is not None:
        threshold = float(scale.scores(np.array([production.threshold]))[0])
        if np.isnan(threshold):
            msg = (
                f"use case {case.name}: production.threshold: {production.threshold:g} is no "
                f"{production.score.kind}"
            )
            raise TrainingError(msg)
        known = ~np.isnan(scores)
        if logged.flagged is None:
            return scale, threshold, None
        same = (scores >= threshold)[known] == logged.flagged[known]
        return scale, threshold, float(same.mean())
    assert logged.flagged is not None  # noqa: S101  # nosec B101 # by the use case's own check
    try:
        return implied_threshold(scale, scores, logged.flagged)
    except InputError as error:
        msg = f"use case {case.name}: {error}"
        raise TrainingError(msg) from error


def _sample(rows: Rows, size: int) -> pd.DataFrame:
    if len(rows) > size:
        drawn = np.random.default_rng(_SEED).choice(len(rows), size, replace=False)
        rows = rows.take(np.sort(drawn))
    return rows.features.assign(**{SCORE: rows.score, LABEL: rows.label})


def _hash(rows: Rows) -> str:
    digest = hashlib.sha256(rows.event_time.tobytes())
    digest.update(rows.label.tobytes())
    if rows.score is not None:
        digest.update(rows.score.tobytes())
    for name in rows.features:
        digest.update(rows.features[name].astype(str).str.cat(sep="\0").encode())
    return digest.hexdigest()
