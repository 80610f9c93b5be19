"""A store whose rows are JSON is brought to blocks: nothing is lost, and it may be killed."""

import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import numpy as np
import pandas as pd
import pytest
import sqlalchemy as sa
from alembic import command
from alembic.config import Config

from monitoring.rows.rows import POSITIVE, Rows, moment64
from monitoring.rows.window import Window
from monitoring.store import database, intake
from monitoring.store.added import RowsAdded
from monitoring.store.database import writing
from monitoring.store.intake import moments
from monitoring.store.production_store import ProductionStore, open_store
from monitoring.store.schema import JsonText
from tests.fixtures.postgres import fresh_database
from tests.store.made import HOUR, NOON, rows, use_case

CASES = (use_case(), use_case("letters"))
WEEK = Window(NOON, NOON + 7 * 24 * HOUR)
LATER = WEEK.end
LABELLED = NOON + timedelta(hours=3, microseconds=7)

SENT = rows(["b", "a", "c\n", "é"], every=13 * HOUR, label=POSITIVE)
"""Rows of three days, one of which lacks two values."""


def as_it_was(url: str) -> None:
    """Make a store of revision 0002 that holds `SENT` in each use case, and a label of one row."""
    folder = str(database.MIGRATIONS)
    config = Config()
    config.set_main_option("script_location", folder)
    with ProductionStore(url) as store, writing(store.engine) as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "0002")
        for case in CASES:
            connection.execute(OLD.insert(), list(map(dict, old_records(case.name, SENT))))
        label = {
            "use_case": CASES[0].name,
            "row_id": "a",
            "label": POSITIVE,
            "label_time": LABELLED,
        }
        connection.execute(LABELS.insert(), label)


OLD = sa.table(
    "production_rows",
    sa.column("use_case"),
    sa.column("row_id"),
    sa.column("event_time", sa.DateTime(timezone=True)),
    sa.column("arrival_time", sa.DateTime(timezone=True)),
    sa.column("amount"),
    sa.column("features", JsonText),
)

LABELS = sa.table(
    "labels",
    *(sa.column(name) for name in ("use_case", "row_id", "label")),
    sa.column("label_time", sa.DateTime(timezone=True)),
)


def old_records(name: str, sent: Rows) -> list[dict[str, Any]]:
    assert sent.amount is not None
    features = sent.features.astype(object).where(sent.features.notna(), None)
    return [
        {
            "use_case": name,
            "row_id": row_id,
            "event_time": event,
            "arrival_time": event,
            "amount": amount,
            "features": json.dumps(values),
        }
        for row_id, event, amount, values in zip(
            sent.row_id.tolist(),
            moments(sent.event_time),
            sent.amount.tolist(),
            features.to_dict(orient="records"),
            strict=True,
        )
    ]


def test_rows_kept_as_json_are_read_as_they_were_and_known_again(
    store_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    as_it_was(store_url)
    monkeypatch.setattr(intake, "insert_blocks", failing_at(2, intake.insert_blocks))
    with pytest.raises(RuntimeError, match="killed"):
        open_store(store_url)
    monkeypatch.undo()
    with open_store(store_url) as store:
        for case in CASES:
            back = store.window(case, WEEK, LATER)
            pd.testing.assert_frame_equal(back.features, SENT.features, check_exact=True)
            for name in ("row_id", "event_time", "arrival_time", "amount"):
                np.testing.assert_array_equal(getattr(back, name), getattr(SENT, name))
            assert store.add_rows(case, SENT) == RowsAdded(added=0, repeated=4, quarantined=0)
        back = store.window(CASES[0], WEEK, LATER)
        assert (back.label == POSITIVE).tolist() == [False, True, False, False]
        assert back.label_time[1] == moment64(LABELLED)


@pytest.mark.postgres
def test_ids_are_ordered_by_their_bytes_in_a_database_that_orders_by_a_language(
    postgres_url: str,
) -> None:
    english = "TEMPLATE template0 LOCALE_PROVIDER icu ICU_LOCALE 'en'"
    with fresh_database(postgres_url, english) as url:
        as_it_was(url)
        sent = rows(["B", "a", "A", "b"])
        with open_store(url) as store:
            store.add_rows(CASES[0], sent)
            with store.engine.connect() as connection:
                ordered = "SELECT row_id FROM production_rows WHERE use_case = :case ORDER BY 1"
                known = connection.execute(sa.text(ordered), {"case": CASES[0].name}).scalars()
                assert list(known) == sorted({*SENT.row_id, *sent.row_id})
                in_english = connection.execute(sa.text("SELECT 'a' < 'B' AND 'B' < 'c'")).scalar()
                assert in_english, "else this test shows nothing"
                others = sa.text(
                    "SELECT table_name FROM information_schema.columns "
                    "WHERE column_name = 'row_id' AND collation_name IS DISTINCT FROM 'C'"
                )
                assert connection.execute(others).scalars().all() == []


def failing_at(call: int, function: Callable[..., None]) -> Callable[..., None]:
    """Return the function, of which a later call fails, as if the process had been killed."""
    calls = iter(range(1, call + 1))

    def fails(*arguments: Any) -> None:
        if next(calls) == call:
            msg = "killed"
            raise RuntimeError(msg)
        function(*arguments)

    return fails
