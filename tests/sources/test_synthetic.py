"""Made-up files have the columns, the rarity and the difficulty of real ones."""

import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import average_precision_score, roc_auc_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from monitoring.sources.schema_check import check
from monitoring.sources.synthetic.frames import content_hash, synthetic_frame
from monitoring.sources.synthetic.scenarios import Scenario, drifted
from monitoring.use_case import UseCase
from tests.rows.made import HASH, START, use_case

MADE_UP = {"path": "parcels.csv", "synthetic": "card"}


def scores(features: pd.DataFrame, label: pd.Series) -> tuple[pd.Series, np.ndarray]:
    """Return the labels and the scores of the last third, by a model of the rest."""
    split = len(label) * 2 // 3
    model = make_pipeline(StandardScaler(), LogisticRegression(max_iter=500))
    model.fit(features[:split], label[:split])
    return label[split:], model.predict_proba(features[split:])[:, 1]


def test_cards_have_the_columns_of_the_real_file(fraud_case: UseCase) -> None:
    frame = synthetic_frame(fraud_case, 2_000, seed=0)
    assert list(frame.columns) == ["Time", *(f"V{i}" for i in range(1, 29)), "Amount", "Class"]
    assert set(frame["Class"]) == {0, 1}
    assert (frame["Amount"] >= 0).all()
    assert np.log(frame["Amount"] + 1).skew() < 1 < frame["Amount"].skew()


def test_cards_are_as_rare_and_as_hard_to_tell_as_real_ones(fraud_case: UseCase) -> None:
    found = []
    for seed in range(3):
        frame = synthetic_frame(fraud_case, 60_000, seed=seed)
        assert frame["Class"].sum() == 102  # 0.17%
        found.append(average_precision_score(*scores(frame.iloc[:, 1:-1], frame["Class"])))
    assert 0.6 < np.mean(found) < 0.8


def test_cards_have_a_daily_cycle_over_the_days_asked_for(fraud_case: UseCase) -> None:
    time = synthetic_frame(fraud_case, 20_000, seed=0, days=4)["Time"]
    assert time.is_monotonic_increasing
    assert time.min() >= 0
    assert 3.9 * 86_400 < time.max() < 4 * 86_400
    by_hour = np.bincount((time // 3600 % 24).astype(int), minlength=24)
    assert by_hour[15] > 4 * by_hour[3]


def test_surveys_have_the_columns_of_the_real_file_and_a_balanced_target(
    student_case: UseCase,
) -> None:
    frame = synthetic_frame(student_case, 5_000, seed=0)
    features = student_case.columns.features
    assert not isinstance(features, str)
    assert list(frame.columns) == ["id", *features.names, "Depression"]
    assert frame["id"].is_unique
    assert frame["Depression"].mean() == pytest.approx(0.585)
    told = pd.get_dummies(frame.drop(columns=["id", "Depression"])).astype(float)
    assert 0.85 < roc_auc_score(*scores(told, frame["Depression"])) < 0.92


def test_the_same_seed_makes_the_same_file_and_another_seed_another(fraud_case: UseCase) -> None:
    hashes = [content_hash(synthetic_frame(fraud_case, 500, seed=seed)) for seed in (1, 1, 2)]
    assert hashes[0] == hashes[1] != hashes[2]


def test_the_share_of_positives_can_be_asked_for(fraud_case: UseCase) -> None:
    frame = synthetic_frame(fraud_case, 1_000, seed=0, positive_rate=0.25)
    assert frame["Class"].sum() == 250
    with pytest.raises(ValueError, match="rows of both classes"):
        synthetic_frame(fraud_case, 1_000, seed=0, positive_rate=1)


@pytest.mark.parametrize("kind", ["card", "survey"])
@pytest.mark.parametrize(
    "columns",
    [
        {},
        {"id": None, "amount": "price"},
        {"target": {"name": "lost", "positive": "yes"}, "event_time": {"name": "at"}},
        {"target": {"name": "lost", "positive": True}},
        {"target": {"name": "lost", "positive": 0}},
        {"target": {"name": "lost", "positive": 7}},
        {"event_time": {"name": "at", "unit": "ms", "origin": START}},
        {"event_time": {"origin": START, "spacing": "1m"}},
    ],
)
def test_made_up_files_of_any_use_case_pass_its_own_check(
    kind: str, columns: dict[str, object]
) -> None:
    case = use_case(source=MADE_UP | {"synthetic": kind}, **columns)
    frame = synthetic_frame(case, 200, seed=0, positive_rate=0.1, days=1)
    checked = check(frame, case, source_hash=content_hash(frame))
    assert (len(checked.rows), checked.quarantined, checked.out_of_order) == (200, (), 0)
    assert (checked.rows.label == 1).sum() == 20


@pytest.mark.parametrize("scenario", list(Scenario))
def test_a_file_with_drift_is_what_drift_makes_of_the_file(
    student_case: UseCase, scenario: Scenario
) -> None:
    plain = check(synthetic_frame(student_case, 400, seed=3), student_case, source_hash=HASH)
    frame = synthetic_frame(student_case, 400, seed=3, scenario=scenario, from_share=0.25)
    planted = drifted(plain.rows, scenario, seed=3, from_share=0.25)
    rows = check(frame, student_case, source_hash=HASH).rows
    pd.testing.assert_frame_equal(rows.features, planted.features)
    np.testing.assert_array_equal(rows.label, planted.label)


def test_a_use_case_that_names_no_kind_is_refused() -> None:
    with pytest.raises(ValueError, match=r"source\.synthetic"):
        synthetic_frame(use_case(), 100, seed=0)
