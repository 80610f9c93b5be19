"""Arms: other versions answer declared shares of the live rows, and the same ones each time."""

from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest
import requests

from monitoring.pages.site import Site
from monitoring.rows.rows import Role
from monitoring.rows.window import Window
from monitoring.serving.api import Api, api_of
from monitoring.serving.arms import arm_of
from monitoring.settings import Settings
from monitoring.signals.links import Addresses
from monitoring.store.production_store import open_store
from monitoring.training.run_record import BUNDLE
from monitoring.use_case import UseCase
from monitoring.use_case_serving import Serve
from tests.fixtures.eventually import PATIENCE, eventually
from tests.fixtures.loopback import free_port
from tests.fixtures.serving import running_site
from tests.serving.conftest import Champion

SHARES = {"lightgbm": 0.2, "challenger": 0.3}
NAMES = [f"row-{place}" for place in range(160)]
EVER = Window(datetime(2000, 1, 1, tzinfo=UTC), datetime(2100, 1, 1, tzinfo=UTC))


def test_an_id_has_one_arm_and_arms_have_their_shares() -> None:
    ids = [f"id-{place}" for place in range(20_000)]
    arms = [arm_of("fraud", name, SHARES) for name in ids]
    assert arms == [arm_of("fraud", name, dict(reversed(SHARES.items()))) for name in ids]
    counts = Counter(arms)
    for name, share in {**SHARES, "": 0.5}.items():
        assert abs(counts[name] / len(ids) - share) < 4 * np.sqrt(share * (1 - share) / len(ids))
    elsewhere = [arm_of("iris", name, SHARES) for name in ids]
    same = np.mean([one == other for one, other in zip(arms, elsewhere, strict=True)])
    assert abs(same - (0.5**2 + 0.3**2 + 0.2**2)) < 0.02


def test_a_larger_share_takes_rows_from_the_champion_alone() -> None:
    grown = {"challenger": 0.1, "lightgbm": 0.4}
    before = {"challenger": 0.1, "lightgbm": 0.2}
    moved = {(arm_of("fraud", n, before), arm_of("fraud", n, grown)) for n in NAMES}
    assert {pair for pair in moved if pair[0] != pair[1]} == {("", "lightgbm")}


class Server:
    """The server of a use case with shares, in a store of its own."""

    def __init__(
        self, url: str, where: Settings, case: UseCase, champion: Champion, api: Api
    ) -> None:
        self.url, self.where, self.case, self.champion, self.api = url, where, case, champion, api

    def arms(self, reload: bool = True) -> dict[str, str | None]:
        """Return the version of each arm."""
        if reload:
            answer = requests.post(f"{self.url}/reload/fraud", timeout=PATIENCE)
        else:
            answer = requests.get(f"{self.url}/model/fraud", timeout=PATIENCE)
        assert answer.status_code == 200, answer.text
        assert {arm["name"]: arm["share"] for arm in answer.json()["arms"]} == SHARES
        return {arm["name"]: arm["version"] for arm in answer.json()["arms"]}

    def predict(self, names: list[str]) -> list[dict[str, object]]:
        """Send the rows of these names; return what is said of each."""
        at = {"event_time": "2026-02-01T00:00:00Z"}
        rows = [self.champion.row(NAMES.index(name), id=name, **at) for name in names]
        answer = requests.post(f"{self.url}/predict/fraud", json={"rows": rows}, timeout=PATIENCE)
        assert answer.status_code == 200, answer.text
        said: list[dict[str, object]] = answer.json()["predictions"]
        assert [each["id"] for each in said] == names
        return said

    def stored(self, role: Role) -> dict[str, int]:
        """Return how many rows each version has scored in a role."""
        with open_store(self.where.store_url) as store:
            as_of = datetime.now(UTC) + timedelta(seconds=1)
            return dict(store.versions(self.case, EVER, as_of, role))


@pytest.fixture
def server(champion: Champion, tmp_path: Path) -> Iterator[Server]:
    url = Settings(database_url=f"sqlite:///{tmp_path / 'rows.db'}").database_url
    where = champion.settings.model_copy(update={"database_url": url})
    shipped = champion.api.models.of("fraud").case
    case = shipped.model_copy(update={"serve": Serve(shares=SHARES)})
    api, port = api_of(where, keys=False), free_port()
    api.models.find = lambda _: case.model_copy()
    site = Site(tmp_path / "reports", None, Addresses(f"http://127.0.0.1:{port}"))
    with running_site(site, api, port=port) as address:
        yield Server(address, where, case, champion, api)


def test_a_share_without_a_version_is_the_champion_s_until_there_is_one_and_after_its_promotion(
    server: Server,
) -> None:
    registry, case = server.champion.api.models.registry, server.case
    serving = registry.champion(case)
    assert serving is not None
    assert server.arms() == {"lightgbm": None, "challenger": None}
    assert {each["model_version"] for each in server.predict(NAMES[:50])} == {serving.number}

    challenger = registry.version(case, server.champion.register())
    registry.challenge(case, challenger)
    eventually(lambda: server.arms(reload=False)["challenger"] == challenger.number)
    said = server.predict(NAMES[50:])
    answered = {each["id"]: each["model_version"] for each in said}
    arms = {name: arm_of("fraud", name, SHARES) for name in NAMES[50:]}
    mine = {name for name, arm in arms.items() if arm == "challenger"}
    assert {name for name, version in answered.items() if version == challenger.number} == mine
    assert set(answered.values()) == {serving.number, challenger.number}
    assert server.predict(NAMES[50:]) == said
    assert server.stored(Role.ARM) == {challenger.number: len(mine)}
    assert server.stored(Role.CHAMPION) == {serving.number: len(NAMES) - len(mine)}
    text = requests.get(f"{server.url}/metrics", timeout=PATIENCE).text
    counted = f'model_version="{challenger.number}",use_case="fraud"}} {float(2 * len(mine))}'
    assert f"tocsin_serve_score_count{{{counted}" in text

    registry.promote(case, challenger)
    assert server.arms() == {"lightgbm": None, "challenger": None}
    said = server.predict(NAMES)
    assert {each["model_version"] for each in said} == {challenger.number}


def test_an_arm_that_can_not_be_loaded_costs_the_champion_nothing(
    server: Server, caplog: pytest.LogCaptureFixture
) -> None:
    registry, case = server.champion.api.models.registry, server.case
    broken = registry.version(case, server.champion.register())
    registry.challenge(case, broken)
    (file,) = server.where.artifacts.rglob(f"{broken.run_id}/**/{BUNDLE}/model.skops")
    whole = file.read_bytes()
    file.write_bytes(whole[:-1])
    try:
        assert server.arms()["challenger"] is None
        serving = registry.champion(case)
        assert serving is not None
        said = server.predict(NAMES)
        assert {each["model_version"] for each in said} == {serving.number}
        assert "fraud arm challenger: its share goes to the champion: " in caplog.text
    finally:
        file.write_bytes(whole)
    assert server.arms()["challenger"] == broken.number


def test_rows_of_an_arm_that_fails_while_scoring_are_answered_by_the_champion(
    server: Server, caplog: pytest.LogCaptureFixture
) -> None:
    registry, case = server.champion.api.models.registry, server.case
    challenger = registry.version(case, server.champion.register())
    registry.challenge(case, challenger)
    assert server.arms()["challenger"] == challenger.number
    live, serving = server.api.models.answering("fraud"), registry.champion(case)
    assert live is not None
    assert serving is not None
    live.arms["challenger"].model.pipeline.classifier = None
    for names in (NAMES[:80], NAMES[80:]):
        assert {each["model_version"] for each in server.predict(names)} == {serving.number}
    assert server.stored(Role.ARM) == {}
    assert server.stored(Role.CHAMPION) == {serving.number: len(NAMES)}
    failed = sum(arm_of("fraud", name, SHARES) == "challenger" for name in NAMES)
    of_arm = f'model_version="{challenger.number}",use_case="fraud"}} {float(failed)}'
    text = requests.get(f"{server.url}/metrics", timeout=PATIENCE).text
    assert f"tocsin_serve_arm_failed_rows_total{{{of_arm}" in text
    told = f"fraud: version {challenger.number}, an arm, could not score; the champion answered"
    assert caplog.text.count(told) == 1
