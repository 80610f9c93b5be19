"""Whole columns go into both databases as they are, whatever their values' lengths."""

from typing import Any

import numpy as np
import pytest
import sqlalchemy as sa

from monitoring.rows.rows import moment64
from monitoring.store.bulk_columns import Columns, Pieces, in_order_of_ids, in_utf8
from monitoring.store.bulk_insert import insert_all, insert_new
from monitoring.store.production_store import ProductionStore
from monitoring.store.schema import labels, row_blocks, scores
from tests.store.made import HOUR, NOON

IDS = ["", "9", "10", "é" * 70, "a\\b\t\n", "零 %s"]
"""Ids of unlike lengths; letters of several bytes among them."""


def stored(store: ProductionStore, table: sa.Table, *columns: str) -> dict[str, tuple[Any, ...]]:
    """Return some columns of a table by the row's id."""
    statement = sa.select(table.c.row_id, *(table.c[column] for column in columns))
    with store.engine.connect() as connection:
        return {row_id: tuple(values) for row_id, *values in connection.execute(statement)}


def labels_of(ids: list[str], classes: Any) -> Columns:
    times = moment64(NOON) + np.arange(len(ids)) * np.timedelta64(HOUR)
    return {
        "use_case": "fraud",
        "row_id": np.array(ids, np.str_),
        "label": np.arange(len(ids), dtype=np.int8) - 1,
        "label_time": times,
        "true_class": classes,
    }


@pytest.mark.parametrize("classes", [None, "fatal", ["fatal", None, "", "ü", None, "slight"]])
def test_values_of_any_length_go_in_as_they_are(store: ProductionStore, classes: Any) -> None:
    with store.engine.begin() as connection:
        insert_all(connection, labels, in_order_of_ids(labels_of(IDS, classes)))
    named = classes if isinstance(classes, list) else [classes] * len(IDS)
    assert stored(store, labels, "label", "label_time", "true_class") == {
        row_id: (place - 1, NOON + place * HOUR, name)
        for place, (row_id, name) in enumerate(zip(IDS, named, strict=True))
    }


def test_a_text_alone_may_be_empty_and_numbers_keep_their_bits(store: ProductionStore) -> None:
    values = np.array([0.1, -0.0, 5e-324, 1 / 3, 1.0, 1e300])
    with store.engine.begin() as connection:
        columns: Columns = {
            "use_case": "fraud",
            "row_id": np.array(IDS, np.str_),
            "role": "champion",
            "model_version": "",
            "score": values,
            "alarmed": values > 0.2,
            "scored_at": np.full(len(IDS), moment64(NOON)),
            "probabilities": None,
        }
        insert_all(connection, scores, columns)
    found = stored(store, scores, "model_version", "score", "alarmed")
    given = zip(IDS, values.tolist(), strict=True)
    assert found == {row_id: ("", value, value > 0.2) for row_id, value in given}


def test_those_that_are_there_stay_and_the_others_go_in(store: ProductionStore) -> None:
    first = labels_of(["b", "a"], "first")
    both = labels_of(["c", "b", "a"], "second")
    with store.engine.begin() as connection:
        assert insert_new(connection, labels, first).all()
        assert insert_new(connection, labels, both).tolist() == [True, False, False]
    classes = {"a": ("first",), "b": ("first",), "c": ("second",)}
    assert stored(store, labels, "true_class") == classes


def test_pieces_are_those_between_their_ends(store: ProductionStore) -> None:
    content = np.arange(256, dtype=np.uint8).repeat(40)
    ends = np.array([0, 3, 10_000, 10_000])
    times = np.full(len(ends), moment64(NOON))
    columns: Columns = {
        "id": np.arange(4) + 1,
        "use_case": "fraud",
        "first_event": times,
        "last_event": times,
        "rows": np.ones(4, np.int32),
        "layout": "x",
        "words": None,
        "ids": Pieces(content, ends),
        "facts": Pieces(content, ends),
        "features": [b"", b"\0", b"x" * 3_000, b""],
    }
    with store.engine.begin() as connection:
        insert_all(connection, row_blocks, columns)
        record = sa.select(row_blocks.c["ids", "facts", "features"]).order_by(row_blocks.c.id)
        found = [tuple(map(bytes, each)) for each in connection.execute(record)]
    pieces = [b"", bytes(3), content[3:10_000].tobytes(), b""]
    assert [ids for ids, _, _ in found] == [facts for _, facts, _ in found] == pieces
    assert [features for *_, features in found] == [b"", b"\0", b"x" * 3_000, b""]


@pytest.mark.parametrize("texts", [["", "b", "long"], ["", "b", "é"], ["a\0b", "", "c"], []])
def test_no_letter_is_lost_on_the_way_to_bytes(texts: list[str]) -> None:
    pieces = in_utf8(np.array(texts, np.str_), b"\0")
    assert [bytes(piece).decode() for piece in pieces] == [f"{text}\0" for text in texts]


def test_ids_are_in_the_order_of_their_letters() -> None:
    columns: Columns = {"row_id": np.array(["b", "a-10", "é", "a-9", ""], np.str_)}
    assert np.asarray(in_order_of_ids(columns)["row_id"]).tolist() == ["", "a-10", "a-9", "b", "é"]
    plain: Columns = {"row_id": np.array(["b", "a-10", "a-9", "a"], np.str_)}
    assert np.asarray(in_order_of_ids(plain)["row_id"]).tolist() == ["a", "a-10", "a-9", "b"]
