"""A use case without candidates watches prediction logs; what is wrong in it is named."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml

from monitoring.signals.pipelines import Pipeline, scheduled
from monitoring.use_case_file import UseCaseError, load_use_case
from monitoring.use_case_production import ScoreKind
from tests.fixtures.watched import declared


def load(folder: Path, changes: dict[str, Any]) -> Any:
    """Load the use case with fields changed, each named with dots between; None deletes."""
    content = declared()
    for field, value in changes.items():
        *parents, last = field.split(".")
        part = content
        for parent in parents:
            part = part.setdefault(parent, {})
        if value is None:
            part.pop(last, None)
        else:
            part[last] = value
    path = folder / "payments.yml"
    path.write_text(yaml.safe_dump(content), encoding="utf-8")
    return load_use_case(path)


def test_a_watched_model_has_logs_in_place_of_candidates_and_no_retrain(tmp_path: Path) -> None:
    case = load(tmp_path, {})
    assert case.production.score.kind is ScoreKind.PROBABILITY
    assert case.production.reference.first == timedelta(days=12)
    assert case.candidates == {}
    assert list(scheduled(case)) == [Pipeline.REPORT]
    assert case.source.paths == ()


def test_a_labelled_table_may_be_the_reference(tmp_path: Path) -> None:
    case = load(tmp_path, {"production.reference": {"path": "reference.csv"}})
    assert case.source.paths == ("reference.csv",)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"production.path": None}, "production: give either `path`, of Parquet files, or"),
        ({"production.database": "LOGS_URL"}, "production: give either `path`, of Parquet"),
        (
            {"production.path": None, "production.database": "LOGS_URL"},
            "production: `database` and `sql` go together",
        ),
        ({"production.path": "logs.csv"}, "production.path: logs are Parquet"),
        ({"production.score": None}, "production.score: is required"),
        ({"production.score.kind": "percent"}, "production.score.kind: Input should be 'probab"),
        ({"production.reference": None}, "production.reference: is required"),
        (
            {"production.reference": {"first": "2d", "path": "a.csv"}},
            "production.reference: give one of first, path, tables, database, not first and path",
        ),
        ({"production.reference.first": "soon"}, "production.reference.first: a duration is"),
        ({"production.decision": None}, "production: give `decision`, the column of decisions"),
        ({"production.labels.time": None}, "production.labels.time: is required"),
        ({"production.labelled_at": "came"}, "production: `labelled_at` is of labels in the rows"),
        ({"production.on_drift": {"webhook": "http://x"}}, "the name of an environment variable"),
        ({"production.patition": "day"}, "no field `patition`, did you mean `partition`"),
        ({"candidates": {"a": {"steps": ["x"]}}}, "`candidates` does not go with `production`"),
        ({"source": {"path": "a.csv"}}, "its labelled table is `production.reference`"),
        ({"retrain": {"new_rows": 5}}, "`retrain` does not go with `production`"),
        ({"columns.id": None}, "`production.labels` are joined by the rows' id: name `columns.id`"),
        ({"columns.features": {"numeric": ["score"]}}, "score: named under `production`, so not"),
        ({"columns.logged": {"arrived_at": "a"}}, "`columns.logged` is for `tocsin ingest`"),
        ({"derive": {"z": "x + 1"}}, "`derive` is of what Tocsin scores itself"),
        ({"decisions": {"blocking": "alarm"}}, "`decisions.blocking` is of what Tocsin scores"),
        (
            {"columns.target": {"name": "c", "classes": [1, 2, 3], "watch": 3}},
            "`columns.target.classes` does not go with `production`",
        ),
    ],
)
def test_what_is_wrong_is_named_with_what_is_allowed(
    tmp_path: Path, changes: dict[str, Any], message: str
) -> None:
    with pytest.raises(UseCaseError) as raised:
        load(tmp_path, changes)
    assert message in str(raised.value)


def test_neither_candidates_nor_logs_are_nothing_to_watch(tmp_path: Path) -> None:
    source = {"path": "a.csv"}
    with pytest.raises(UseCaseError, match="candidates: is required"):
        load(tmp_path, {"production": None, "source": source})
