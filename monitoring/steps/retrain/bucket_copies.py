"""What a retrain leaves in the buckets of its use case: rows, training part and model."""

from __future__ import annotations

import tempfile
from pathlib import Path

from monitoring.steps.places import model_registry
from monitoring.steps.retrain.candidates import training_part
from monitoring.steps.retrain.promotion import Promotion
from monitoring.steps.retrain.raw_files import Buckets
from monitoring.steps.retrain.training_set import merged_rows
from monitoring.steps.run import Result, Run
from monitoring.store.row_formats import encode_snapshot
from monitoring.stored_files import RemotePath, write
from monitoring.use_case import UseCase


class Saved(Result):
    """URLs of the files; none where the use case has no buckets."""

    files: tuple[str, ...] = ()


def save_to_s3(run: Run) -> Saved:
    """Save the joined and cleaned rows, the training part and the new version's files.

    The registry's own files are elsewhere: these are copies, for whoever reads buckets.
    """
    case = run.case
    buckets = Buckets.of(case)
    saved = Saved() if buckets is None else _save(run, case, buckets)
    run.write("saved", saved)
    return saved


def _save(run: Run, case: UseCase, buckets: Buckets) -> Saved:
    name = f"{case.name}_{run.as_of:%Y%m%dT%H%M%SZ}.parquet"
    files = {
        buckets.preprocessed / name: encode_snapshot(merged_rows(run, case)),
        buckets.train / name: encode_snapshot(training_part(run, case)),
        **_model_files(case, run.need("promotion", Promotion).version, buckets.models),
    }
    for place, content in files.items():
        write(place, content)
    return Saved(files=tuple(map(str, files)))


def _model_files(case: UseCase, number: str, models: RemotePath) -> dict[RemotePath, bytes]:
    registry = model_registry()
    with tempfile.TemporaryDirectory() as folder:
        bundle = registry.back_up(case, registry.version(case, number), Path(folder) / number)
        return {models / number / file.name: file.read_bytes() for file in bundle.iterdir()}
