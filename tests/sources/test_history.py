"""Features of earlier rows are declared in a use case's file, and a wrong one is named."""

from typing import Any

import numpy as np
import pandas as pd
import pytest
from pydantic import ValidationError

from monitoring.field_types import wrong_fields
from monitoring.sources.derived import check_derive
from monitoring.sources.location import SourceError
from monitoring.sources.schema_check import CheckedRows, check
from tests.rows.customers import DERIVE, MODELLED, customer_case, customers
from tests.rows.made import HASH, START

USUAL = {"mean": "worth", "by": "customer", "over": "30d"}


def checked(frame: pd.DataFrame, derive: dict[str, Any] | None = None) -> CheckedRows:
    return check(frame, customer_case(derive), source_hash=HASH)


def test_a_file_in_any_order_has_the_same_features_and_an_expression_may_name_them() -> None:
    frame = customers(600)
    rows = checked(frame).rows
    mixed = checked(frame.sample(frac=1, random_state=1)).rows
    order, wanted = np.argsort(mixed.row_id), np.argsort(rows.row_id)
    for name in MODELLED:
        one = mixed.features[name].to_numpy()[order]
        np.testing.assert_array_equal(one, rows.features[name].to_numpy()[wanted], name)
    with_usual = customer_case(
        features={"numeric": ("worth", *MODELLED, "usual"), "categorical": ("kind",)}
    )
    features = check(frame, with_usual, source_hash=HASH).rows.features
    np.testing.assert_array_equal(features["against_usual"], features["worth"] / features["usual"])
    assert "usual" not in rows.features
    check_derive(with_usual)


def test_a_planted_signal_of_the_future_does_not_reach_a_feature() -> None:
    frame = customers(3_000)
    # What a row says of its own label, which is known later, its features must not know.
    planted = frame.assign(pieces=frame["lost"] * 1.0, worth=1.0 + 1_000.0 * frame["lost"])
    features = checked(planted).rows.features
    for name in ("sent", "spent", "least", "most", "spread", "of_depot"):
        known = features[name].notna()
        correlation = np.corrcoef(planted["lost"][known], features[name][known])[0, 1]
        assert abs(correlation) < 0.08, name
    # Nor do later rows, whatever becomes of them.
    cut = frame["at"] < frame["at"][2_000]
    other = planted.where(cut, planted.assign(worth=1e9, customer="c1"))
    first = checked(other).rows.features
    for name in MODELLED:
        np.testing.assert_array_equal(first[name][cut], features[name][cut], name)


def test_a_row_that_only_a_derived_value_sets_aside_is_in_nobody_s_history() -> None:
    derive = {**DERIVE, "against_usual": "exp(worth) + coalesce(usual, 0)"}
    frame = customers(30).assign(customer="c", at=np.arange(30) * 60.0, worth=1.0)
    frame.loc[[4, 7], "worth"] = 1e4
    result = checked(frame, derive)
    assert [row.row_number for row in result.quarantined] == [4, 7]
    assert result.rows.features["sent"].tolist() == list(range(28))


def test_rows_that_are_equal_but_for_their_id_are_counted_whatever_their_history() -> None:
    frame = customers(4).assign(customer="c", at=[0.0, 60.0, 60.0, 120.0], kind="box")
    frame = frame.assign(worth=[1.0, 2.0, 2.0, 3.0], pieces=1.0, lost=[0, 1, 1, 0])
    assert checked(frame).equal_content == 1


@pytest.mark.parametrize(
    ("feature", "columns", "said"),
    [
        (
            {"by": "customer", "over": "1d"},
            {},
            "derive.usual: give exactly one of count, sum, mean",
        ),
        ({**USUAL, "sum": "worth"}, {}, "derive.usual: give exactly one of count"),
        ({**USUAL, "count": "worth", "mean": None}, {}, "derive.usual.count: .*'rows'"),
        ({**USUAL, "over": "30 days"}, {}, "derive.usual.over: a duration is .*such as 15m"),
        ({**USUAL, "avg": "worth"}, {}, "derive.usual: no field `avg`"),
        ({"mean": "worth", "by": "customer"}, {}, "derive.usual.over: is required"),
        (
            {**USUAL, "by": "custom"},
            {},
            "`by`: no categorical .* `custom`, did you mean `customer`",
        ),
        ({**USUAL, "by": "pieces"}, {}, "`by`: no categorical column of the file `pieces`"),
        ({**USUAL, "mean": "lost"}, {}, "`mean`: no numeric column of the file `lost`"),
        ({**USUAL, "mean": "kind"}, {}, "`mean`: no numeric .* there are worth, pieces"),
        ({**USUAL, "mean": "doubled"}, {}, "`mean`: no numeric column of the file `doubled`"),
        ({**USUAL, "mean": "amount"}, {"amount": None}, "`mean`: no numeric .* `amount`"),
        (USUAL, {"event_time": {"origin": START, "spacing": "1m"}}, "needs the time of each row"),
        (USUAL, {"amount": "usual"}, "`columns.amount`: usual is made of earlier rows"),
        (USUAL, {"amount": "doubled"}, "`columns.amount`: doubled is made of earlier rows"),
        (
            USUAL,
            {"features": {"numeric": ("worth", "doubled"), "categorical": ("kind", "usual")}},
            "is a number: name it under `columns.features.numeric`",
        ),
    ],
)
def test_a_history_feature_that_can_t_be_computed_is_refused_by_name(
    feature: dict[str, Any], columns: dict[str, Any], said: str
) -> None:
    derive = {"usual": feature, "doubled": "2 * usual"}
    columns = {"features": {"numeric": ("worth", "doubled"), "categorical": ("kind",)}} | columns
    with pytest.raises(ValidationError) as caught:
        customer_case(derive, **columns)
    lines = "\n".join(wrong_fields(caught.value, "parcels"))
    assert pd.Series([lines]).str.contains(said).all(), lines


def test_one_that_nobody_uses_is_refused_and_one_that_is_no_number_is_said_by_its_expression() -> (
    None
):
    kinds = {"features": {"numeric": ("worth",), "categorical": ("kind",)}}
    with pytest.raises(ValidationError, match=r"`derive\.usual` is no feature"):
        customer_case({"usual": USUAL}, **kinds)
    kinds["features"] = {"numeric": ("worth", "x"), "categorical": ("kind",)}
    with pytest.raises(SourceError, match=r"derive\.x: .*gives VARCHAR"):
        check_derive(customer_case({"usual": USUAL, "x": "usual || kind"}, **kinds))
