"""What is guessed of the columns of a file that nobody declared."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from monitoring.sources.first_look import FirstLook, NoFeature, first_look
from monitoring.use_case_columns import EventTime, Target

ROWS = 400
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def looked(folder: Path, **columns: object) -> FirstLook:
    """Look at a file of one feature, the columns given, and a target of a quarter positive rows."""
    feature = np.random.default_rng(0).normal(size=ROWS)
    frame = pd.DataFrame({"weight": feature, **columns, "lost": [0, 0, 0, 1] * (ROWS // 4)})
    frame.to_parquet(folder / "a.parquet")
    return first_look(folder / "a.parquet")


def test_times_ids_and_kinds_are_found(tmp_path: Path) -> None:
    when = pd.date_range("2026-01-01", periods=ROWS, freq="h")
    texts = [f"parcel {number}" for number in range(ROWS)]
    kinds = ["a", "b"] * (ROWS // 2)
    assert looked(tmp_path, order_id=range(ROWS), when=when, kind=kinds, text=texts) == FirstLook(
        rows=ROWS,
        target=Target(name="lost", positive=1),
        share=0.25,
        event_time=EventTime(name="when"),
        span=timedelta(hours=ROWS - 1),
        id="order_id",
        amount=None,
        numeric=("weight",),
        categorical=("kind",),
        left_out={NoFeature.DIFFERS: ("text",)},
    )
    look = looked(tmp_path)
    assert (look.event_time, look.id, look.in_order) == (None, None, None)


@pytest.mark.parametrize(
    "name", ["id", "order_id", "order id", "id_order", "OrderId", "orderID", "ORDER_ID", "Uuid"]
)
def test_an_id_is_told_by_the_words_of_its_name(tmp_path: Path, name: str) -> None:
    values = pd.Series(np.random.default_rng(0).permutation(ROWS), dtype="Int64")
    assert looked(tmp_path, **{name: values}).id == name
    look = looked(tmp_path, **{name: values // 2})
    assert (look.id, look.left_out) == (None, {NoFeature.OTHER_ID: (name,)})
    assert name in looked(tmp_path, **{name: values % 90}).numeric


@pytest.mark.parametrize("name", ["paid", "Video", "idle"])
def test_letters_within_a_word_make_no_id(tmp_path: Path, name: str) -> None:
    assert looked(tmp_path, **{name: np.random.default_rng(0).permutation(ROWS)}).id is None


@pytest.mark.parametrize(
    ("name", "unit", "step"), [("event_time", "s", 60), ("ts", "ms", 60_000), ("saleDate", "s", -1)]
)
def test_numbers_since_1970_are_times_where_they_are_called_so(
    tmp_path: Path, name: str, unit: str, step: int
) -> None:
    start = 1_700_000_000 * (1000 if unit == "ms" else 1)
    values = [start + step * number for number in range(ROWS)]
    assert looked(tmp_path, **{name: values}).event_time == EventTime.model_validate(
        {"name": name, "unit": unit, "origin": EPOCH}
    )
    assert looked(tmp_path, height=values).event_time is None
    assert looked(tmp_path, **{name: range(ROWS)}).event_time is None


@pytest.mark.parametrize(
    ("values", "why"),
    [
        (np.arange(ROWS) + 5, NoFeature.NUMBERING),
        (np.arange(ROWS) // 3 / 7, NoFeature.RISING),
        ([str(202_400_000_000 + number // 2) for number in range(ROWS)], NoFeature.RISING),
        ([f"{1 + day % 28}/12/2025" for day in range(ROWS)], NoFeature.OTHER_TIME),
        ([f"{1 + day % 28:02}.01.26 12:30" for day in range(ROWS)], NoFeature.OTHER_TIME),
        (np.arange(ROWS) // 100, None),  # a file sorted by a few groups
        (np.where(np.arange(ROWS) == 9, 4.5, np.arange(ROWS)), NoFeature.RISING),  # set back once
        (np.where(np.arange(ROWS) % 50 == 9, -1, np.arange(ROWS)), None),
        (np.where(np.arange(ROWS) == 9, np.nan, np.arange(ROWS)), None),
        ([f"1.{number % 5}.0" for number in range(ROWS)], None),  # versions
    ],
)
def test_a_clock_a_numbering_and_unread_dates_are_no_features(
    tmp_path: Path, values: object, why: NoFeature | None
) -> None:
    look = looked(tmp_path, other=values)
    assert look.left_out == ({} if why is None else {why: ("other",)})
    assert look.in_order == ("other" if why is NoFeature.RISING else None)


@pytest.mark.parametrize(
    ("negative", "positive", "share", "watched"),
    [
        (0, 1, 0.25, 1),
        (0, 1, 0.6, 1),  # of a pair that says yes and no the yes, though it is not the rarer one
        ("No", "Yes", 0.6, "Yes"),
        (False, True, 0.6, True),
        (0, 1, 0.9, 0),  # as it should be, nearly always: what is rare is watched for
        ("benign", "malignant", 0.6, "benign"),  # words that say neither: the rarer one
    ],
)
def test_the_yes_of_a_pair_is_watched_unless_it_is_the_rule(
    tmp_path: Path, negative: object, positive: object, share: float, watched: object
) -> None:
    flags = np.arange(ROWS) < share * ROWS
    target = pd.Series(np.where(flags, positive, negative)).infer_objects()
    frame = pd.DataFrame({"weight": np.random.default_rng(0).normal(size=ROWS), "lost": target})
    frame.to_parquet(tmp_path / "a.parquet")
    look = first_look(tmp_path / "a.parquet")
    assert look.target == Target(name="lost", positive=watched)
    assert look.share == pytest.approx(share if watched == positive else 1 - share)
