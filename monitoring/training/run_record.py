"""The MLflow run of one model: its parameters, tags, metrics and artifacts."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from functools import partial
from importlib.metadata import version as installed
from pathlib import Path
from typing import TYPE_CHECKING

from monitoring.performance.cost_curve import sensitivity
from monitoring.performance.money import can_price
from monitoring.performance.score_histograms import POSITIVE
from monitoring.rows.rows import Role
from monitoring.signals.class_metrics import ACCURACY
from monitoring.signals.metric import Stage
from monitoring.signals.performance_metrics import INTERVAL, PR_AUC
from monitoring.signals.samples import scorecard_samples
from monitoring.signals.short_names import named_metrics
from monitoring.summary.weights import stands_for
from monitoring.training.adopted_model import AdoptedModel
from monitoring.training.bundle import LIBRARIES, save_model
from monitoring.training.candidate_steps import declared_steps, full_names
from monitoring.training.curves import Line, curves, regret
from monitoring.training.trusted import TRUSTED
from monitoring.training.versions import LOG_VERSION

if TYPE_CHECKING:
    from monitoring.performance.averages import Averages
    from monitoring.performance.class_scorecard import ClassScorecard
    from monitoring.performance.cost_curve import Sensitivity
    from monitoring.performance.scorecard import Scorecard
    from monitoring.signals.metric import Metric
    from monitoring.training.model import Model
    from monitoring.training.trained import Trained
    from monitoring.use_case import UseCase

BUNDLE, MLFLOW_MODEL, FIGURES = "bundle", "model", "figures"
"""Folders of a run's artifacts."""

_PERFORMANCE_LABELS = {"stage", "role"}
_HERE = Path(__file__)

_UNNAMEABLE = re.compile(r"[^\w.\- ]")
"""What MLflow takes in no metric's name."""


@dataclass(frozen=True)
class RunRecord:
    """What a run of MLflow holds of one model.

    Attributes
    ----------
    write
        Writes the artifacts into an empty folder.
    """

    candidate: str
    parameters: Mapping[str, str]
    tags: Mapping[str, str]
    metrics: Mapping[str, float]
    write: Callable[[Path], None]


def trained_record(case: UseCase, trained: Trained, as_of: datetime) -> RunRecord:
    """Return what the run of a trained candidate holds."""
    return RunRecord(
        candidate=trained.model.candidate,
        parameters=parameters(case, trained),
        tags=tags(case, trained, as_of),
        metrics=metrics(case, trained),
        write=partial(write_artifacts, case, trained),
    )


def adopted_record(case: UseCase, adopted: AdoptedModel) -> RunRecord:
    """Return what the run of an adopted model holds."""
    model, agreement = adopted.model, adopted.agreement
    log_version = None if model.adopted is None else model.adopted.log_version
    values = {
        "use_case": case.name,
        "as_of": model.trained_as_of.isoformat(),
        "data_hash": model.data_hash,
        "code_version": code_version(),
        "test_status": model.test.status.value,
        "reference_rows": str(adopted.rows),
        "reference_positives": str(adopted.positives),
        "reference_start": adopted.start.isoformat(),
        "reference_end": adopted.end.isoformat(),
    }
    return RunRecord(
        candidate=model.candidate,
        parameters={"threshold": repr(model.threshold)}
        | {name: json.dumps(value) for name, value in model.parameters.items()},
        tags={f"tocsin.{name}": value for name, value in values.items()}
        | {LOG_VERSION: log_version or ""},
        metrics=_card_metrics("test", model.test)
        | ({} if agreement is None else {"decisions_repeated": agreement}),
        write=lambda folder: save_model(model, folder / BUNDLE),
    )


def parameters(case: UseCase, trained: Trained) -> dict[str, str]:
    """Return the candidate's parameters, fixed and chosen, its rows' limit and the threshold."""
    candidate = case.candidates[trained.model.candidate]
    steps = list(declared_steps(candidate, seed=0).named_steps)
    searched = full_names(trained.model.parameters, steps)
    fixed = {
        name: value
        for name, value in candidate.parameters.items()
        if not full_names({name: value}, steps).keys() & searched.keys()
    }
    chosen = {**fixed, **trained.model.parameters}
    if candidate.max_rows is not None:
        chosen["max_rows"] = candidate.max_rows
    return {
        **{name: json.dumps(value) for name, value in chosen.items()},
        "threshold": repr(trained.model.threshold),
    }


def tags(case: UseCase, trained: Trained, as_of: datetime) -> dict[str, str]:
    """Return what the model was made of: data, times, sizes, code."""
    values = {
        "use_case": case.name,
        "as_of": as_of.isoformat(),
        "data_hash": trained.model.data_hash,
        "code_version": code_version(),
        "test_status": trained.model.test.status.value,
    }
    for part in trained.parts:
        values[f"{part.name}_rows"] = str(part.rows)
        values[f"{part.name}_positives"] = str(part.positives)
        values[f"{part.name}_start"] = part.start.isoformat()
        values[f"{part.name}_end"] = part.end.isoformat()
    return {f"tocsin.{name}": value for name, value in values.items()}


def metrics(case: UseCase, trained: Trained) -> dict[str, float]:
    """Return figures of the parts by the catalogue's keys, those of the test by short names too.

    Short names that stand for production elsewhere stand for the test part here, where there is
    no other. What is not defined is absent.
    """
    values = {f"search_{PR_AUC.key}": trained.average_precision, **trained.cross_validated}
    values |= _card_metrics("validation", trained.validation)
    values |= _card_metrics("test", trained.model.test)
    classes = trained.model.test_classes
    if classes is not None:
        values |= _class_metrics("test", classes)
    overall = (classes or trained.model.test).averages["overall"]
    if ACCURACY.key in case.figures and overall is not None:
        values[f"test_{ACCURACY.key}"] = overall.recall
    if trained.global_test is not None:
        values |= _card_metrics("global_test", trained.global_test)
    tested = dict(_performance(trained.model.test))
    return values | {
        named.name: tested[named.metric] for named in named_metrics(case) if named.metric in tested
    }


def write_artifacts(case: UseCase, trained: Trained, folder: Path) -> None:
    """Write bundle, figures, MLflow's model and the points of the search into an empty folder."""
    save_model(trained.model, folder / BUNDLE)
    _write_figures(case, trained, folder / FIGURES)
    _write_mlflow_model(trained.model, folder / MLFLOW_MODEL)
    points = [asdict(point) for point in trained.tried]
    (folder / "search.json").write_text(json.dumps(points, indent=2), encoding="utf-8")
    offs = [{**asdict(off), "regret": off.regret} for off in _if_costs_are_off(case, trained)]
    (folder / "cost_sensitivity.json").write_text(json.dumps(offs, indent=2), encoding="utf-8")


def _card_metrics(part: str, card: Scorecard) -> dict[str, float]:
    values = {f"{part}_{metric.key}": value for metric, value in _performance(card)}
    values |= {f"{part}_{name}": value for name, value in _intervals(card)}
    extra = {
        "cost": None if card.money is None else card.money.cost,
        **_averages(card.averages),
    }
    return values | {f"{part}_{name}": value for name, value in extra.items() if value is not None}


def _averages(averages: Mapping[str, Averages | None]) -> dict[str, float]:
    return {
        f"{name}_{figure}": value
        for name, average in averages.items()
        if average is not None
        for figure, value in asdict(average).items()
    }


def _class_metrics(part: str, card: ClassScorecard) -> dict[str, float]:
    """Return the figures of each class, and the averages over classes in place of two values'."""
    values = _averages(card.averages)
    for one in card.classes:
        figures = {"recall": one.recall, "precision": one.precision, "f1": one.f1}
        name = _UNNAMEABLE.sub("_", one.name)
        values |= {
            f"{figure}_{name}": ratio.value
            for figure, ratio in figures.items()
            if ratio.value is not None
        }
    if card.cost is not None:
        values["class_cost"] = card.cost
    return {f"{part}_{name}": value for name, value in values.items()}


def _performance(card: Scorecard) -> Iterator[tuple[Metric, float]]:
    for sample in scorecard_samples(card, stage=Stage.TEST, role=Role.CHAMPION):
        if set(sample.labels) == _PERFORMANCE_LABELS:
            yield sample.metric, sample.value


def _intervals(card: Scorecard) -> Iterator[tuple[str, float]]:
    for sample in scorecard_samples(card, stage=Stage.TEST, role=Role.CHAMPION):
        if sample.metric is INTERVAL:
            yield f"{sample.labels['of']}_{sample.labels['bound']}", sample.value


def _write_figures(case: UseCase, trained: Trained, folder: Path) -> None:
    folder.mkdir()
    validation = trained.model.reference.validation
    thresholds = {"reference": trained.model.threshold, "test": trained.model.test.threshold}
    parts = {"reference": validation, "test": trained.tested}
    lines = {
        name: Line(stands_for(summary.scores), thresholds[name])
        for name, summary in parts.items()
        if summary is not None and summary.scores is not None
    }
    for name, figure in curves(case, lines).items():
        figure.savefig(folder / f"{name}.png")
    offs = _if_costs_are_off(case, trained)
    if offs:
        regret(case, offs).savefig(folder / "cost_sensitivity.png")


def _if_costs_are_off(case: UseCase, trained: Trained) -> tuple[Sensitivity, ...]:
    """Return how the threshold fares if a cost is off by a factor of two; none without money."""
    validation = trained.model.reference.validation
    scores = None
    if validation is not None and validation.scores is not None:
        scores = stands_for(validation.scores)
    if scores is None or not can_price(scores, case.costs, (POSITIVE,)):
        return ()
    names = {part.name for part in trained.parts}
    held_out = {"validation" if "validation" in names else "train", "test"}
    days = sum(part.days_of_traffic for part in trained.parts if part.name in held_out)
    return sensitivity(scores, threshold=trained.model.threshold, costs=case.costs, days=days)


def _write_mlflow_model(model: Model, folder: Path) -> None:
    from mlflow.models import infer_signature
    from mlflow.sklearn import SERIALIZATION_FORMAT_SKOPS, save_model

    rows = model.reference_sample[list(model.features.names)].head(100)
    save_model(
        model.fitted,
        path=str(folder),
        signature=infer_signature(rows, model.fitted.predict_proba(rows)),
        pyfunc_predict_fn="predict_proba",
        serialization_format=SERIALIZATION_FORMAT_SKOPS,
        skops_trusted_types=list(TRUSTED),
        # Named, for MLflow would look for them by importing the model in another process.
        pip_requirements=[f"{name}=={installed(name)}" for name in LIBRARIES],
    )


def code_version() -> str:
    """Return the installed version, and the git commit where the code lies in a checkout.

    A commit that ends in ``-dirty`` had changes that were not committed.
    """
    commit = _commit()
    return installed("tocsin") if commit is None else f"{installed('tocsin')}+{commit}"


def _commit() -> str | None:
    git = shutil.which("git")
    if git is None or not _answer(git, "ls-files", "--error-unmatch", _HERE.name):
        return None
    return _answer(git, "describe", "--always", "--dirty", "--abbrev=40", "--exclude=*")


def _answer(git: str, *words: str) -> str | None:
    """Return git's answer in this folder; None where it is not a checkout."""
    answer = subprocess.run(  # noqa: S603  # nosec B603 # git's own path, and words of this file
        [git, "-C", str(_HERE.parent), *words], capture_output=True, text=True, check=False
    )
    return answer.stdout.strip() or None if answer.returncode == 0 else None
