"""No request that the description allows, or nearly allows, has the server fail."""

from collections import Counter

import schemathesis
from hypothesis import HealthCheck, Phase, given, settings

from tests.fixtures.eventually import PATIENCE
from tests.serving.conftest import Champion

EXAMPLES = 5
"""Requests of each route, made anew from its description: the same ones in each run."""


def test_no_request_is_answered_by_a_failure_of_the_server(champion: Champion) -> None:
    described = schemathesis.openapi.from_url(f"{champion.url}/openapi.json")
    api = described.include(path_regex="^/(predict|feedback|reload|model|health|ready)")
    asked, answers = [], Counter[tuple[str, int]]()
    for found in api.get_all_operations():
        operation = found.ok()
        asked.append(operation.path)

        @given(case=operation.as_strategy())
        @settings(
            max_examples=EXAMPLES,
            deadline=None,
            derandomize=True,
            database=None,
            phases=(Phase.generate,),
            suppress_health_check=list(HealthCheck),
        )
        def ask(case: schemathesis.Case) -> None:
            answer = case.call(timeout=PATIENCE)
            answers[case.operation.path, answer.status_code] += 1
            assert answer.status_code < 500, (case.as_curl_command(), answer.text)

        ask()
    assert {"/predict/fraud", "/feedback/fraud", "/model/{use_case}"} <= set(asked)
    assert answers["/predict/fraud", 200]
    assert answers["/feedback/fraud", 200]
