"""Records come out of both databases alike, however they are read."""

from datetime import timedelta
from typing import Any

import numpy as np
import pytest
import sqlalchemy as sa

from monitoring.rows.rows import moment64
from monitoring.store import bulk_read
from monitoring.store.bulk_read import as_moments, read_in_portions, read_records
from monitoring.store.production_store import ProductionStore
from monitoring.store.schema import label_conflicts, labels, row_blocks
from tests.store.made import NOON

L = labels.c
GIVEN = (  # id, label, class
    ("100%", 1, "fatal"),
    ("a'b", 0, None),
    ("a\\b", -1, ""),
    ("ä %(x)s", 1, "slight"),
)


@pytest.fixture
def filled(store: ProductionStore) -> ProductionStore:
    """A store with labels whose texts a careless query would break on."""
    records = [
        {
            "use_case": "fraud",
            "row_id": row_id,
            "label": label,
            "label_time": NOON + place * timedelta(microseconds=1),
            "true_class": name,
        }
        for place, (row_id, label, name) in enumerate(GIVEN)
    ]
    with store.engine.begin() as connection:
        connection.execute(sa.insert(labels), records)
    return store


def read(store: ProductionStore, *where: sa.ColumnElement[bool]) -> list[list[Any]]:
    """Return the columns of the chosen labels: id, label, time, class."""
    with store.engine.connect() as connection:
        time = as_moments(connection, L.label_time)
        statement = sa.select(L.row_id, L.label, time, L.true_class).where(*where)
        portions = list(read_in_portions(connection, statement.order_by(L.label_time)))
    columns: list[list[Any]] = [[], [], [], []]
    for portion in portions:
        for column, values in zip(columns, portion, strict=True):
            column += list(values)
    return columns


@pytest.mark.parametrize("portion", [1, 3, 2000])
def test_texts_numbers_and_times_are_those_that_went_in(
    filled: ProductionStore, portion: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bulk_read, "PORTION", portion)
    ids, label, time, name = read(filled)
    assert list(zip(ids, label, name, strict=True)) == list(GIVEN)
    moments = np.array(time, "datetime64[us]")
    np.testing.assert_array_equal(moments, moment64(NOON) + np.arange(4))


def test_values_of_a_condition_are_values_and_never_part_of_the_query(
    filled: ProductionStore,
) -> None:
    wanted = [GIVEN[0][0], GIVEN[3][0], "'; DROP TABLE labels; --"]
    ids, *_ = read(filled, L.row_id.in_(wanted), L.label_time <= NOON + timedelta(seconds=1))
    assert ids == wanted[:2]
    assert read(filled, L.row_id == "a'b")[0] == ["a'b"]


def test_of_no_records_there_is_no_portion(filled: ProductionStore) -> None:
    assert read(filled, L.row_id == "none") == [[], [], [], []]
    with filled.engine.connect() as connection:
        assert not list(read_records(connection, sa.select(row_blocks.c.id)))


def test_an_absent_number_among_others_is_absent(filled: ProductionStore) -> None:
    """A join gives some records a time and others none: their lengths differ."""
    later = label_conflicts.c
    record = {"use_case": "fraud", "row_id": "a'b", "label": 1, "label_time": NOON}
    with filled.engine.begin() as connection:
        connection.execute(sa.insert(label_conflicts), [record])
    with filled.engine.connect() as connection:
        joined = labels.outerjoin(label_conflicts, later.row_id == L.row_id)
        statement = sa.select(L.row_id, later.label).select_from(joined).order_by(L.label_time)
        (portion,) = read_in_portions(connection, statement)
    assert [list(column) for column in portion] == [
        [row_id for row_id, *_ in GIVEN],
        [None, 1, None, None],
    ]


def test_bytes_come_out_as_they_are(store: ProductionStore) -> None:
    content = bytes(range(256)) * 10
    record = {
        "id": 7,
        "use_case": "fraud",
        "first_event": NOON,
        "last_event": NOON,
        "rows": 1,
        "layout": "x",
        "words": None,
        "ids": b"",
        "facts": content,
        "features": content[::-1],
    }
    with store.engine.begin() as connection:
        connection.execute(sa.insert(row_blocks), [record])
    columns = (row_blocks.c[name] for name in ("id", "layout", "words", "ids", "facts", "features"))
    with store.engine.connect() as connection:
        (found,) = read_records(connection, sa.select(*columns))
    number, layout, words, *pieces = found
    assert (number, layout, words) == (7, "x", None)
    assert [bytes(piece) for piece in pieces] == [b"", content, content[::-1]]
