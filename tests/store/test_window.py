"""What goes into the store comes out as it was known at a moment."""

import numpy as np
import pandas as pd

from monitoring.rows.rows import POSITIVE
from monitoring.rows.store import ProductionStore
from monitoring.rows.window import Window
from tests.store.made import HOUR, NOON, rows, use_case

CASE = use_case()
DAY = Window(NOON, NOON + 24 * HOUR)
LATER = NOON + 48 * HOUR


def test_rows_come_back_as_they_went_in(store: ProductionStore) -> None:
    sent = rows([f"r{i}" for i in range(10)], label=POSITIVE)
    assert store.add_rows(CASE, sent).added == 10
    store.add_labels(CASE, sent.row_id, sent.label, sent.label_time)
    back = store.window(CASE, DAY, LATER)
    pd.testing.assert_frame_equal(back.features, sent.features, check_exact=True)
    for name in ("row_id", "event_time", "arrival_time", "amount", "label", "label_time"):
        np.testing.assert_array_equal(getattr(back, name), getattr(sent, name), err_msg=name)
        assert getattr(back, name).dtype == getattr(sent, name).dtype
    assert back.score is None
    assert back.model_version is None
