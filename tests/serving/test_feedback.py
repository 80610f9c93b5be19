"""Labels come by the ids of their rows, as often as they like."""

import pytest
import requests

from tests.fixtures.eventually import PATIENCE
from tests.serving.conftest import Champion


def feedback(champion: Champion, body: object) -> requests.Response:
    return requests.post(f"{champion.url}/feedback/fraud", json=body, timeout=PATIENCE)


def counts(answer: requests.Response) -> dict[str, int]:
    assert answer.status_code == 200, answer.text
    return {name: count for name, count in answer.json().items() if count and name != "use_case"}


def test_a_label_counts_once_and_one_that_contradicts_is_kept_beside_it(
    champion: Champion,
) -> None:
    requests.post(f"{champion.url}/predict/fraud", json=champion.row(id="told"), timeout=PATIENCE)
    assert counts(feedback(champion, {"id": "told", "label": 1})) == {"added": 1}
    assert counts(feedback(champion, {"id": "told", "label": 1})) == {"repeated": 1}
    assert counts(feedback(champion, {"id": "told", "label": 0})) == {"conflicting": 1}


def test_a_label_may_come_before_its_row(champion: Champion) -> None:
    early = {"labels": [{"id": "early", "label": 0}, {"id": 17, "label": "1"}]}
    assert counts(feedback(champion, early)) == {"added": 2, "unknown": 2}


def test_an_id_may_be_any_word(champion: Champion) -> None:
    assert counts(feedback(champion, {"id": "labels", "label": 0})) == {"added": 1, "unknown": 1}


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"id": "x", "label": "fraud"}, "labels.0.label"),
        ({"labels": [{"id": "x", "label": 0}, {"id": "y", "label": 2}]}, "labels.1.label"),
        ({"id": "x", "label": 1, "time": "2199-01-01T00:00:00Z"}, "labels.0.time"),
        ({"id": "x", "label": 1, "time": "2026-01-01"}, "time"),
        ({"id": "x"}, "label"),
        ({"id": "x", "label": None}, "label"),
        ({"labels": []}, "labels"),
    ],
)
def test_a_label_that_is_none_is_named_and_nothing_is_stored(
    champion: Champion, body: object, field: str
) -> None:
    answer = feedback(champion, body)
    assert answer.status_code == 422
    assert answer.json()["detail"][0]["field"].startswith(field)
    assert counts(feedback(champion, {"id": "x", "label": 1})) in (
        {"added": 1, "unknown": 1},
        {"repeated": 1, "unknown": 1},
    )
