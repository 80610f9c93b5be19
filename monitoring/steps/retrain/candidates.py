"""The candidates of a retrain: each is searched, trained and logged, then the best is selected."""

from __future__ import annotations

import json
import logging
import shutil

from pydantic import Field

from monitoring.rows.rows import Rows
from monitoring.steps.places import model_registry
from monitoring.steps.retrain.training_set import Merged, merged_rows
from monitoring.steps.run import Result, Run
from monitoring.training.run_record import metrics
from monitoring.training.search import SearchResult, search
from monitoring.training.selection import Contender, select
from monitoring.training.split import DataSplit, split_rows
from monitoring.training.train import Trained, train
from monitoring.use_case import UseCase

log = logging.getLogger(__name__)
SEED = 0
"""Seed of everything random in training: the same rows give the same model."""


_TOLD = frozenset({"accuracy", "recall", "precision", "f1", "pr_auc", "macro_f1", "weighted_f1"})
"""Figures of the test part that a run's report shows; MLflow has all of them."""


class Searched(Result):
    """The outcome of one candidate's search.

    Attributes
    ----------
    parameters
        Each as JSON text: a NaN is none that a database of JSON takes.
    """

    candidate: str
    parameters: dict[str, str]
    average_precision: float
    figures: dict[str, float] = Field(default_factory=dict)


class Fitted(Result):
    """The outcome of training one candidate; its test figures are reported, never selected by."""

    candidate: str
    threshold: float
    validation_cost: float | None
    figures: dict[str, float]


class Logged(Result):
    """The MLflow run of one candidate."""

    candidate: str
    run_id: str


class Selection(Result):
    """The best candidate of this retrain, and those that failed."""

    candidate: str
    run_id: str
    failed: tuple[str, ...]
    words: str
    figures: dict[str, float]


def search_params(run: Run, candidate: str) -> Searched:
    """Search a candidate's parameters on the training part alone."""
    case = run.case
    result = search(case, candidate, _split(run, case).train, seed=SEED)
    result.save(run.folder / candidate / "search.npz")
    searched = Searched(
        candidate=candidate,
        parameters={name: json.dumps(value) for name, value in result.parameters.items()},
        average_precision=result.average_precision,
        figures=dict(result.figures),
    )
    run.write(f"{candidate}_searched", searched)
    log.info(
        "%s: average precision %.3f with %s", candidate, result.average_precision, result.parameters
    )
    return searched


def train_model(run: Run, candidate: str) -> Fitted:
    """Fit a candidate with the parameters of its search, calibrate it and choose its threshold."""
    case, merged = run.case, run.need("merged", Merged)
    trained = train(
        case,
        candidate,
        _split(run, case),
        SearchResult.load(run.folder / candidate / "search.npz"),
        data_hash=merged.data_hash,
        seed=SEED,
        held_back=merged.held_back,
    )
    trained.save(run.folder / candidate / "trained")
    fitted = Fitted(
        candidate=candidate,
        threshold=trained.model.threshold,
        validation_cost=None if trained.validation.money is None else trained.validation.money.cost,
        figures={
            name: value
            for name, value in metrics(case, trained).items()
            if name.removeprefix("test_") in _TOLD or name.startswith("cv_")
        },
    )
    run.write(f"{candidate}_fitted", fitted)
    return fitted


def log_model(run: Run, candidate: str) -> Logged:
    """Log a trained candidate as one MLflow run."""
    trained = Trained.load(run.folder / candidate / "trained")
    run_id = model_registry().log(run.case, trained, run_key=run.registry_key, as_of=run.as_of)
    logged = Logged(candidate=candidate, run_id=run_id)
    run.write(f"{candidate}_logged", logged)
    return logged


def select_best(run: Run) -> Selection:
    """Select the best of the candidates that were trained; name those that failed."""
    names = tuple(run.declared.candidates)
    logged = {name: run.read(f"{name}_logged", Logged) for name in names}
    choice = select(
        [_contender(run, name) for name in names if logged[name] is not None],
        currency=run.declared.costs.currency,
        failed=[name for name in names if logged[name] is None],
        weights=run.declared.selection,
    )
    selection = Selection(
        candidate=choice.candidate,
        run_id=run.need(f"{choice.candidate}_logged", Logged).run_id,
        failed=choice.failed,
        words=choice.words,
        figures=run.need(f"{choice.candidate}_fitted", Fitted).figures,
    )
    run.write("selection", selection)
    log.info(choice.words)
    return selection


def remove_candidates(run: Run) -> None:
    """Remove the trained candidates of a run that has ended: MLflow holds them."""
    for name in run.declared.candidates:
        shutil.rmtree(run.folder / name, ignore_errors=True)


def _contender(run: Run, name: str) -> Contender:
    searched = run.need(f"{name}_searched", Searched)
    return Contender(
        candidate=name,
        average_precision=searched.average_precision,
        figures=searched.figures,
        validation_cost=run.need(f"{name}_fitted", Fitted).validation_cost,
    )


def training_part(run: Run, case: UseCase) -> Rows:
    """Return the rows that candidates are searched and fitted on."""
    return _split(run, case).train


def _split(run: Run, case: UseCase) -> DataSplit:
    return split_rows(merged_rows(run, case), case.split)
