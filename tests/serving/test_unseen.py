"""A category that was never seen in training is scored, said and counted."""

from datetime import UTC, datetime

import requests

from monitoring.rows.rows import Rows
from monitoring.use_case import UseCase
from tests.fixtures.eventually import PATIENCE
from tests.serving.conftest import Champion
from tests.training.conftest import job


def test_a_category_that_was_never_seen_is_scored_and_counted_by_its_column(
    champion: Champion, student_case: UseCase, survey_rows: Rows
) -> None:
    survey, registry = job(student_case, survey_rows), champion.api.models.registry
    run = registry.log(survey.case, survey.trained, "survey", datetime(2026, 2, 1, tzinfo=UTC))
    registry.promote(survey.case, registry.register(survey.case, run))
    features = survey.rows.features.iloc[0].to_dict()
    rows = [
        {"features": features},
        {"features": features | {"City": "Atlantis", "Degree": "Alchemy"}},
        {"features": features | {"City": None}},
    ]
    url = f"{champion.url}/predict/{survey.case.name}"
    answer = requests.post(url, json={"rows": rows}, timeout=PATIENCE)
    assert answer.status_code == 200, answer.text
    said = answer.json()["predictions"]
    assert [set(each["unseen"]) for each in said] == [set(), {"City", "Degree"}, set()]
    assert all(0 <= each["score"] <= 1 for each in said)
    text = requests.get(f"{champion.url}/metrics", timeout=PATIENCE).text
    name = f'use_case="{survey.case.name}"'
    for column, rows_counted in {"City": 1.0, "Degree": 1.0, "Gender": 0.0}.items():
        line = f'tocsin_serve_unseen_categories_total{{column="{column}",{name}}} {rows_counted}'
        assert line in text
