"""A verdict is kept once under its id, as the text it was."""

import json

from monitoring.rows.window import ending
from monitoring.store.production_store import ProductionStore
from tests.store.made import HOUR, NOON, use_case

CASE = use_case()


def save(store: ProductionStore, verdict_id: str, *, hours: int, share: float) -> str:
    end = NOON + hours * HOUR
    return store.save_verdict(
        CASE,
        verdict_id,
        window=ending(end, HOUR),
        as_of=end,
        model_version="3",
        payload=json.dumps({"share": share}),
    )


def test_the_first_verdict_of_an_id_stays(store: ProductionStore) -> None:
    assert save(store, "v", hours=1, share=0.25) == '{"share": 0.25}'
    assert save(store, "v", hours=1, share=0.75) == '{"share": 0.25}'
    assert store.load_verdict(CASE, "v") == '{"share": 0.25}'
    assert store.load_verdict(CASE, "w") is None
    assert store.load_verdict(use_case("letters"), "v") is None


def test_the_newest_verdict_is_of_the_newest_window_known_at_the_moment(
    store: ProductionStore,
) -> None:
    assert next(store.verdicts(CASE, NOON), None) is None
    save(store, "second", hours=2, share=0.2)
    save(store, "first", hours=1, share=0.1)
    assert next(store.verdicts(CASE, NOON + 9 * HOUR)) == '{"share": 0.2}'
    assert next(store.verdicts(CASE, NOON + HOUR)) == '{"share": 0.1}'
