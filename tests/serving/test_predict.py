"""A program sends rows and gets scores; what was answered is in the store."""

import json
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
import requests

from monitoring.rows.window import Window
from monitoring.store.production_store import open_store
from tests.fixtures.eventually import PATIENCE, eventually
from tests.serving.conftest import Champion

NOW = datetime.now(UTC)
EVER = Window(datetime(2000, 1, 1, tzinfo=UTC), NOW + timedelta(days=1))


def post(url: str, body: object) -> requests.Response:
    return requests.post(url, json=body, timeout=PATIENCE)


def refused(answer: requests.Response, status: int) -> list[dict[str, str]]:
    assert answer.status_code == status, answer.text
    return answer.json()["detail"]


def test_a_row_is_scored_as_the_model_scores_it_and_is_stored_before_it_is_answered(
    champion: Champion,
) -> None:
    answer = post(
        f"{champion.url}/predict/fraud", champion.row(id="one", event_time=NOW.isoformat())
    )
    assert answer.status_code == 200, answer.text
    said = answer.json()
    live = champion.api.models.of("fraud")
    expected = live.model.score(champion.job.split.test.features.iloc[:1])[0]
    assert said["predictions"] == [
        {
            "id": "one",
            "model_version": live.version,
            "threshold": live.model.threshold,
            "score": pytest.approx(expected, abs=1e-12),
            "alarm": bool(expected >= live.model.threshold),
            "control": False,
            "decision": None,
            "probabilities": None,
            "unseen": [],
        }
    ]
    with open_store(champion.settings.store_url) as store:
        stored = store.window(champion.case, EVER, datetime.now(UTC))
    place = stored.row_id.tolist().index("one")
    assert stored.score is not None
    assert stored.score[place] == said["predictions"][0]["score"]
    assert stored.event_time[place] == np.datetime64(NOW.replace(tzinfo=None), "us")


def test_the_same_row_again_changes_nothing_and_another_under_its_id_is_refused(
    champion: Champion,
) -> None:
    row = champion.row(1, id="twice", event_time="2026-01-01T00:00:00Z")
    url = f"{champion.url}/predict/fraud"
    assert post(url, row).json() == post(url, row).json()
    other = champion.row(2, id="twice", event_time="2026-01-01T00:00:00Z")
    assert "rows.1.id: twice is that of a row" in str(
        refused(post(url, {"rows": [champion.row(3), other]}), 409)
    )


def test_a_row_that_is_replayed_came_and_was_scored_when_it_happened(champion: Champion) -> None:
    then = datetime(2025, 6, 1, 12, tzinfo=UTC)
    url = f"{champion.url}/predict/fraud?replayed=true"
    row = champion.row(7, id="replayed", event_time=then.isoformat())
    assert post(url, row).status_code == 200
    assert post(f"{champion.url}/predict/fraud", row).status_code == 200  # and it stays so
    window = Window(then - timedelta(hours=1), then + timedelta(hours=1))
    with open_store(champion.settings.store_url) as store:
        at_once = store.window(champion.case, window, then)
    assert at_once.row_id.tolist() == ["replayed"]
    assert at_once.arrival_time[0] == at_once.event_time[0]
    assert at_once.score is not None
    assert not np.isnan(at_once.score[0])
    (fault,) = refused(post(url, {"rows": [champion.row(8)]}), 422)
    assert fault["field"] == "rows.0.event_time"
    later = (datetime.now(UTC) + timedelta(hours=1)).isoformat()
    assert "time in the future" in str(
        refused(post(url, champion.row(9, id="later", event_time=later)), 422)
    )


def test_a_thousand_rows_are_one_request_and_a_thousand_and_one_are_none(
    champion: Champion,
) -> None:
    rows = [champion.row(place % 400) for place in range(1001)]
    said = post(f"{champion.url}/predict/fraud", {"rows": rows[:1000]}).json()["predictions"]
    assert len({each["id"] for each in said}) == 1000
    features = champion.job.split.test.features.iloc[:400]
    scores = champion.api.models.of("fraud").model.score(features)
    assert [each["score"] for each in said[:400]] == pytest.approx(scores.tolist(), abs=1e-12)
    (fault,) = refused(post(f"{champion.url}/predict/fraud", {"rows": rows}), 422)
    assert fault["field"] == "rows"
    assert "1000" in fault["problem"]


def without(champion: Champion, name: str) -> dict[str, object]:
    row = champion.row()
    del row["features"][name]
    return row


def with_feature(champion: Champion, name: str, value: object) -> dict[str, object]:
    row = champion.row()
    row["features"][name] = value
    return row


@pytest.mark.parametrize(
    ("name", "value", "problem"),
    [
        ("V1", "much", "valid number"),
        ("V1", True, "valid number"),
        ("V1", float("nan"), "finite number"),
        ("V1", float("inf"), "finite number"),
        ("Amount", -1.0, "greater than or equal to 0"),
        ("Amount", 1e13, "less than or equal to"),
        ("V99", 1.0, "not permitted"),
    ],
)
def test_a_value_that_is_not_allowed_is_named_with_its_field_and_what_is(
    champion: Champion, name: str, value: object, problem: str
) -> None:
    body = {"rows": [champion.row(), with_feature(champion, name, value)]}
    answer = requests.post(
        f"{champion.url}/predict/fraud",
        data=json.dumps(body),  # NaN is no JSON, but clients send it
        headers={"Content-Type": "application/json"},
        timeout=PATIENCE,
    )
    (fault,) = refused(answer, 422)
    assert fault["field"] == f"rows.1.features.{name}"
    assert problem in fault["problem"]


def test_a_missing_feature_is_named_and_a_missing_value_is_scored(champion: Champion) -> None:
    (fault,) = refused(post(f"{champion.url}/predict/fraud", without(champion, "V7")), 422)
    assert fault == {"field": "features.V7", "value": "missing", "problem": "Field required"}
    assert post(f"{champion.url}/predict/fraud", with_feature(champion, "V7", None)).ok


def test_a_row_that_no_model_can_score_is_named_and_nothing_of_its_request_is_stored(
    champion: Champion,
) -> None:
    rows = [champion.row(place, id=f"large-{place}") for place in range(9)]
    rows[5]["features"] = dict.fromkeys(rows[5]["features"], 1.7e308) | {"Amount": 1.0}
    answer = post(f"{champion.url}/predict/fraud", {"rows": rows})
    assert "rows.5: version " in str(refused(answer, 422))
    with open_store(champion.settings.store_url) as store:
        assert not {row["id"] for row in rows} & set(store.known_ids(champion.case, EVER.end))


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ({"event_time": (NOW + timedelta(days=2)).isoformat()}, "time in the future"),
        ({"event_time": "2026-01-01T00:00:00"}, "timezone"),
        ({"event_time": "1700-01-01T00:00:00Z"}, "out of range"),
        ({"id": ""}, "at least 1 character"),
        ({"id": "x" * 201}, "at most 200 characters"),
        ({"who": "me"}, "not permitted"),
    ],
)
def test_times_and_ids_that_no_later_step_could_take_are_refused(
    champion: Champion, more: dict[str, object], said: str
) -> None:
    answer = post(f"{champion.url}/predict/fraud", champion.row(**more))
    assert answer.status_code == 422
    assert said in answer.text


@pytest.mark.parametrize("body", ["", "{", "[]", "null", '{"rows": []}', '"row"', "\x00"])
def test_a_body_that_is_no_row_is_refused(champion: Champion, body: str) -> None:
    answer = requests.post(
        f"{champion.url}/predict/fraud",
        data=body,
        headers={"Content-Type": "application/json"},
        timeout=PATIENCE,
    )
    assert refused(answer, 422)[0]["problem"]


def test_what_is_no_json_or_too_long_is_refused_before_it_is_read(champion: Champion) -> None:
    url = f"{champion.url}/predict/fraud"
    page = requests.post(url, data="{}", headers={"Content-Type": "text/plain"}, timeout=PATIENCE)
    assert page.status_code == 415
    long = requests.post(
        url, data=b" " * 10_000_001, headers={"Content-Type": "application/json"}, timeout=PATIENCE
    )
    assert long.status_code == 413


def test_who_is_not_there_and_who_has_no_model_are_told_apart(champion: Champion) -> None:
    assert post(f"{champion.url}/predict/nobody", champion.row()).status_code == 404
    answer = post(f"{champion.url}/predict/iris", {"features": {}})
    assert "tocsin retrain iris" in str(refused(answer, 409))


def test_many_clients_at_once_get_each_its_own_answer(champion: Champion) -> None:
    def ask(place: int) -> tuple[str, float]:
        said = post(f"{champion.url}/predict/fraud", champion.row(place, id=f"client-{place}"))
        (prediction,) = said.json()["predictions"]
        return prediction["id"], prediction["score"]

    with ThreadPoolExecutor(16) as pool:
        answers = list(pool.map(ask, range(64)))
    features = champion.job.split.test.features.iloc[:64]
    scores = champion.api.models.of("fraud").model.score(features)
    assert [name for name, _ in answers] == [f"client-{place}" for place in range(64)]
    assert [score for _, score in answers] == pytest.approx(scores.tolist(), abs=1e-12)


def test_a_promoted_model_answers_by_itself_and_a_reload_does_so_at_once(
    champion: Champion,
) -> None:
    def version() -> str:
        return requests.get(f"{champion.url}/model/fraud", timeout=PATIENCE).json()["version"]

    version()
    promoted = champion.promote()
    eventually(lambda: version() == promoted)
    again = champion.promote()
    answer = post(f"{champion.url}/reload/fraud", {})
    assert answer.json()["version"] == version() == again


def test_prometheus_reads_what_was_answered(champion: Champion) -> None:
    post(f"{champion.url}/predict/fraud", champion.row())
    post(f"{champion.url}/predict/fraud", {})
    text = requests.get(f"{champion.url}/metrics", timeout=PATIENCE).text
    version = champion.api.models.of("fraud").version
    assert 'tocsin_serve_request_seconds_bucket{le="0.25",route="predict",status="200"}' in text
    assert f'tocsin_serve_score_count{{model_version="{version}",use_case="fraud"}}' in text
    assert 'tocsin_serve_decisions_total{decision="none",use_case="fraud"}' in text
    assert 'tocsin_serve_errors_total{kind="BodyError",route="predict"}' in text
    assert f'model_loaded_timestamp_seconds{{model_version="{version}",use_case="fraud"}}' in text


def test_each_use_case_is_described_with_an_example_that_its_own_model_takes(
    champion: Champion,
) -> None:
    described = requests.get(f"{champion.url}/openapi.json", timeout=PATIENCE).json()
    assert {"/predict/fraud", "/predict/iris", "/feedback/accidents"} <= set(described["paths"])
    assert "/predict/{use_case}" not in described["paths"]
    body = described["paths"]["/predict/fraud"]["post"]["requestBody"]["content"]
    example = body["application/json"]["example"]
    assert post(f"{champion.url}/predict/fraud", example | {"id": "example"}).ok
    text = json.dumps(described)
    refs = {part.split('"')[0] for part in text.split('"$ref": "#/components/schemas/')[1:]}
    assert refs <= set(described["components"]["schemas"])
