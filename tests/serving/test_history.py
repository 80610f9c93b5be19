"""Features of earlier rows are the same numbers in training and in what /predict answers by."""

import shutil
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import requests

from monitoring.pages.site import Site
from monitoring.rows.rows import Rows
from monitoring.rows.window import Window
from monitoring.serving.api import Api, Gate
from monitoring.serving.limits import RateLimit
from monitoring.serving.live_models import LiveModels
from monitoring.settings import Settings
from monitoring.signals.links import Addresses
from monitoring.sources.schema_check import check
from monitoring.store.production_store import open_store
from monitoring.training.registry import Registry
from tests.fixtures.eventually import PATIENCE
from tests.fixtures.loopback import free_port
from tests.fixtures.serving import running_site
from tests.rows.customers import MODELLED, customer_case, customers
from tests.rows.made import HASH, START
from tests.training.conftest import job

CASE = customer_case()
FRAME = customers(3_000, every=timedelta(minutes=3))
SOURCE = 800
EVER = Window(START, START + timedelta(days=400))


@dataclass(frozen=True)
class Served:
    """A server whose use case has history features, and nothing in its store."""

    url: str
    where: Settings

    def post(self, rows: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
        """Return what is said of rows."""
        answer = requests.post(f"{self.url}/predict/parcels", json={"rows": rows}, timeout=PATIENCE)
        assert answer.status_code == 200, answer.text
        said: list[dict[str, Any]] = answer.json()["predictions"]
        return said

    def stored(self) -> Rows:
        """Return all rows in its store."""
        with open_store(self.where.store_url) as store:
            return store.window(CASE, EVER, datetime.now(UTC))

    def features(self, row_id: str) -> dict[str, float]:
        """Return what a row is stored with."""
        rows = self.stored()
        values: dict[str, float] = rows.features.iloc[rows.row_id.tolist().index(row_id)].to_dict()
        return values


def sent(frame: pd.DataFrame) -> list[dict[str, Any]]:
    """Return rows of a file as requests hold them."""
    plain = frame.astype(object).where(frame.notna(), None)
    return [
        {
            "id": row["parcel"],
            "event_time": (START + timedelta(seconds=row["at"])).isoformat(),
            "features": {name: row[name] for name in ("worth", "pieces", "kind", "customer")},
        }
        for row in plain.to_dict(orient="records")
    ]


def of_customer(name: str, number: int, minute: int, worth: float = 10.0) -> dict[str, Any]:
    frame = FRAME.iloc[[0]].assign(parcel=f"{name}{number}", customer=name, pieces=1.0)
    return sent(frame.assign(at=1_000_000 + 60.0 * minute, worth=worth))[0]


@pytest.fixture(scope="module")
def served(mlflow_tables: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    state = tmp_path_factory.mktemp("customers")
    shutil.copy(mlflow_tables, state / "mlflow.db")
    where = Settings(state=state)
    registry = Registry(where.tracking_url, where.artifacts)
    source = check(FRAME.iloc[:SOURCE], CASE, source_hash=HASH).rows
    made = job(CASE, source)
    run = registry.log(made.case, made.trained, "customers", datetime(2026, 2, 1, tzinfo=UTC))
    registry.promote(made.case, registry.register(made.case, run))
    with open_store(where.store_url) as store:
        store.history(CASE).begin_with(source)
    api = Api(
        LiveModels(registry, lambda _: made.case),
        lambda: open_store(where.store_url),
        Gate(None, RateLimit(1e6)),
    )
    port = free_port()
    site = Site(state / "reports", None, Addresses(f"http://127.0.0.1:{port}"))
    with running_site(site, api, port=port) as url:
        yield Served(url, where)


def test_rows_that_are_sent_have_the_values_of_the_file_that_holds_them_to_the_last_bit(
    served: Served,
) -> None:
    rows = sent(FRAME.iloc[SOURCE:])
    for start in range(0, 20):
        served.post(rows[start : start + 1])
    for start in range(20, len(rows), 1_000):
        served.post(rows[start : start + 1_000])
    stored, expected = served.stored(), check(FRAME, CASE, source_hash=HASH).rows
    expected = expected.take(np.isin(expected.row_id, stored.row_id))
    assert len(stored) == len(rows)
    order, wanted = np.argsort(stored.row_id), np.argsort(expected.row_id)
    for name in MODELLED:
        np.testing.assert_array_equal(
            stored.features[name].to_numpy()[order],
            expected.features[name].to_numpy()[wanted],
            name,
        )


def test_rows_of_one_request_see_those_before_them_and_not_those_of_their_moment(
    served: Served,
) -> None:
    served.post([of_customer("one", 2, 5), of_customer("one", 1, 0), of_customer("one", 3, 5)])
    seen = {name: served.features(name)["sent"] for name in ("one1", "one2", "one3")}
    assert seen == {"one1": 0, "one2": 1, "one3": 1}


def test_a_row_that_is_sent_again_has_its_first_answer_though_an_earlier_one_came_late(
    served: Served,
) -> None:
    served.post([of_customer("two", 1, 0)])
    first = served.post([of_customer("two", 3, 9)])
    before = served.features("two3")
    served.post([of_customer("two", 2, 4, worth=5_000.0)])
    assert served.post([of_customer("two", 3, 9)]) == first
    np.testing.assert_equal(served.features("two3"), before)
    served.post([of_customer("two", 4, 20)])
    assert served.features("two4")["sent"] == 3


def test_a_row_without_its_key_is_scored_and_a_time_long_ago_is_refused(served: Served) -> None:
    row = of_customer("three", 1, 0)
    row["features"]["customer"] = None
    (said,) = served.post([row])
    assert 0 <= said["score"] <= 1
    assert np.isnan(served.features("three1")["sent"])
    row = {**of_customer("three", 2, 0), "event_time": "0001-01-01T00:00:00Z"}
    answer = requests.post(f"{served.url}/predict/parcels", json=row, timeout=PATIENCE)
    assert answer.status_code == 422, answer.text
