"""What other rooms find becomes numbers of the catalogue; what is not known becomes none."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from monitoring.drift.verdict import DriftStatus, PreviousDrift
from monitoring.performance.intervals import Ratio
from monitoring.performance.scorecard import CardStatus, HiddenTruth
from monitoring.rows.rows import Role
from monitoring.signals import Sample, Subject
from monitoring.signals.catalogue import (
    BROKEN_FEATURES,
    BROKEN_USE_CASE,
    CATALOGUE,
    DRIFT_SCORE,
    DRIFTED_FEATURES,
    FEATURE_DRIFT,
    FIGURES_VERSION,
    GATE_COST,
    GATE_DECISION,
    GATE_RECALL,
    GATE_ROWS,
    MAX_FEATURE_DRIFT,
    MODEL,
    PREVIOUS_DRIFT,
    PROMOTED,
    QUARANTINED,
    SCORE_DRIFT,
    STATUS,
    TESTED_FEATURES,
    WINDOW_END,
)
from monitoring.signals.class_metrics import AVERAGED, CLASS_METRICS
from monitoring.signals.hidden_metrics import (
    CONTROL_COST,
    HIDDEN_METRICS,
    HIDDEN_TRUTH,
    UNCORRECTED,
)
from monitoring.signals.metric import Metric, Stage
from monitoring.signals.performance_metrics import (
    CAPACITY_USED,
    COST_AT,
    DETECTED,
    ESTIMATE_COST_ERROR,
    ESTIMATE_ERROR,
    ESTIMATE_HELD,
    ESTIMATED,
    ESTIMATED_COST,
    ESTIMATED_COST_INTERVAL,
    ESTIMATED_INTERVAL,
    ESTIMATED_POSITIVES,
    INTERVAL,
    LABEL_COVERAGE,
    MISSED,
    MONEY_MISSED,
    NET_SAVING,
    RECALL,
    RETURN_ON_COST,
    RETURN_ON_COST_INTERVAL,
    REVIEW_COST,
)
from monitoring.signals.samples import (
    PERFORMANCE,
    cost_samples,
    error_samples,
    estimate_samples,
    gate_samples,
    model_samples,
    quarantine_samples,
    scorecard_samples,
    unmeasured_samples,
    verdict_samples,
    window_samples,
)
from tests.signals.figures import AT, STEP, card, comparison, estimate, feature, pushed, verdict


def values(samples: tuple[Sample, ...], metric: Metric) -> dict[tuple[str, ...], float]:
    return {tuple(s.labels.values()): s.value for s in samples if s.metric is metric}


def statuses(samples: tuple[Sample, ...]) -> dict[str, str]:
    return {s.labels["of"]: s.labels["status"] for s in samples if s.metric is STATUS}


def live(**changes: object) -> tuple[Sample, ...]:
    return scorecard_samples(
        card(**changes), stage=Stage.PRODUCTION, role=Role.CHAMPION, capacity=90
    )


def test_a_retrain_and_a_report_publish_every_metric_there_is() -> None:
    published = {sample.metric for samples in pushed().values() for sample in samples}
    # Of a use case that can't be read no run can say so; another's does. This one has two values.
    of_classes = set(CLASS_METRICS) - {AVERAGED}
    of_blocking = set(HIDDEN_METRICS)
    assert published == set(CATALOGUE) - {BROKEN_USE_CASE} - of_classes - of_blocking


def test_what_blocking_hides_is_published_with_the_figures_as_they_would_seem() -> None:
    hidden = HiddenTruth(1_980, 0.02, 20, Ratio(0.6), Ratio(0.01), -50.0)
    samples = live(hidden=hidden, money=replace(card().money, control=30.0))
    assert {s.metric for s in samples} >= set(HIDDEN_METRICS)
    assert values(samples, HIDDEN_TRUTH) == {(): 0.02}
    assert values(samples, UNCORRECTED) == {("recall",): 0.6, ("precision",): 0.01}
    assert values(samples, CONTROL_COST) == {(): 30.0}
    untold = live(hidden=hidden, status=CardStatus.TRUTH_HIDDEN)
    assert not values(untold, RECALL)
    assert values(untold, HIDDEN_TRUTH) == {(): 0.02}


def test_a_verdict_gives_its_share_effects_and_counts() -> None:
    samples = verdict_samples(
        verdict(feature("a", drifted=True, effect=0.5), feature("b"), feature("c"), feature("d"))
    )
    assert values(samples, DRIFT_SCORE) == {(): 0.25}
    assert values(samples, DRIFTED_FEATURES) == {(): 1}
    assert values(samples, TESTED_FEATURES) == {(): 4}
    assert values(samples, MAX_FEATURE_DRIFT) == {(): 0.5}
    assert values(samples, FEATURE_DRIFT)[("a",)] == 0.5
    assert values(samples, WINDOW_END) == {("drift",): AT.timestamp()}
    assert values(samples, PREVIOUS_DRIFT) == {(): 0.5}
    assert statuses(samples) == {
        "drift": "tested",
        "score drift": "tested",
        "drift from the previous model": "tested",
    }


def test_without_a_model_before_nothing_is_said_of_it_and_a_lost_one_has_a_status() -> None:
    first = verdict_samples(verdict(previous=None))
    assert values(first, PREVIOUS_DRIFT) == {}
    assert "drift from the previous model" not in statuses(first)
    lost = verdict_samples(verdict(previous=PreviousDrift("2", DriftStatus.UNREADABLE)))
    assert values(lost, PREVIOUS_DRIFT) == {}
    assert statuses(lost)["drift from the previous model"] == "unreadable"


def test_a_window_that_could_not_be_tested_has_a_status_and_no_score() -> None:
    few = DriftStatus.TOO_FEW_ROWS
    samples = verdict_samples(
        verdict(feature("a", status=few, effect=None), status=few, scores=None, previous=None)
    )
    for metric in (DRIFT_SCORE, DRIFTED_FEATURES, MAX_FEATURE_DRIFT, FEATURE_DRIFT, SCORE_DRIFT):
        assert values(samples, metric) == {}, metric.name
    assert values(samples, TESTED_FEATURES) == {(): 0}
    assert statuses(samples) == {
        "drift": "too few rows",
        "score drift": "no scores",
        "drift of a": "too few rows",
    }


def test_a_missing_column_is_counted_as_broken_and_the_others_keep_their_drift() -> None:
    gone = feature("b", status=DriftStatus.MISSING_COLUMN, effect=None, missing=None)
    samples = verdict_samples(verdict(feature("a"), gone))
    assert values(samples, BROKEN_FEATURES) == {(): 1}
    assert values(samples, FEATURE_DRIFT) == {("a",): 0.02}
    assert statuses(samples)["drift of b"] == "missing column"


def test_a_scorecard_gives_ratios_with_intervals_counts_and_money() -> None:
    samples = live()
    where = ("production", "champion")
    assert values(samples, RECALL) == {where: 0.9}
    assert values(samples, INTERVAL)[(*where, "recall", "low")] == 0.8
    assert values(samples, INTERVAL)[(*where, "recall", "high")] == 0.96
    assert values(samples, MISSED) == {where: 4}
    assert values(samples, MONEY_MISSED) == {where: 400}
    assert values(samples, REVIEW_COST) == {where: 135}
    assert values(samples, NET_SAVING) == {where: 4000 - 400 - 135}
    assert values(samples, RETURN_ON_COST) == {where: 26.7}
    assert values(samples, RETURN_ON_COST_INTERVAL) == {(*where, "low"): 18, (*where, "high"): 38}
    assert values(samples, CAPACITY_USED) == {where: 0.5}
    assert statuses(samples) == {"production champion": "judged"}


@pytest.mark.parametrize("status", ["no rows", "no labels", "not mature"])
def test_without_labels_there_are_no_figures_and_not_even_zeros(status: str) -> None:
    samples = live(status=CardStatus(status), positives=0, detected=0, missed=0, coverage=0.0)
    assert {s.metric for s in samples} == {STATUS, LABEL_COVERAGE}
    assert statuses(samples) == {"production champion": status}


def test_without_positives_nothing_was_missed_and_recall_is_not_known() -> None:
    samples = live(
        status=CardStatus.NO_POSITIVES, positives=0, detected=0, missed=0, recall=Ratio(None)
    )
    assert values(samples, RECALL) == {}
    assert list(values(samples, DETECTED).values()) == [0]
    assert statuses(samples) == {"production champion": "no positives"}


def test_label_coverage_is_of_the_champion_in_production_alone() -> None:
    tested = scorecard_samples(card(), stage=Stage.TEST, role=Role.CHAMPION)
    shadow = scorecard_samples(card(), stage=Stage.PRODUCTION, role=Role.SHADOW)
    assert values(tested, LABEL_COVERAGE) == {}
    assert values(shadow, LABEL_COVERAGE) == {}
    assert values(live(), LABEL_COVERAGE) == {(): 0.95}


def test_without_a_capacity_there_is_no_share_of_it() -> None:
    samples = scorecard_samples(card(), stage=Stage.PRODUCTION, role=Role.CHAMPION)
    assert values(samples, CAPACITY_USED) == {}


def test_money_in_doubt_says_why() -> None:
    assert card().money is not None
    few = live(money=replace(card().money, unpriced=2))
    assert statuses(few)["money of production champion"] == "amounts missing"
    assert list(values(few, NET_SAVING).values()) == [4000 - 400 - 135]
    none = live(money=None)
    assert statuses(none)["money of production champion"] == "no amounts"
    assert values(none, NET_SAVING) == {}


def test_an_estimate_goes_under_names_of_its_own_with_its_intervals() -> None:
    samples = estimate_samples(estimate(pr_auc=Ratio(None)))
    assert values(samples, ESTIMATED) == {("recall",): 0.88, ("precision",): 0.79, ("f1",): 0.83}
    intervals = values(samples, ESTIMATED_INTERVAL)
    assert intervals == {("recall", "low"): 0.79, ("recall", "high"): 0.94}
    assert values(samples, ESTIMATED_COST) == {(): 600}
    assert values(samples, ESTIMATED_COST_INTERVAL) == {("low",): 350, ("high",): 980}
    assert values(samples, RECALL) == {}


def test_the_error_of_an_estimate_is_its_distance_from_the_truth() -> None:
    samples = error_samples(estimate(recall=Ratio(0.5)), card(recall=Ratio(0.7)))
    assert values(samples, ESTIMATE_ERROR) == {
        ("recall",): pytest.approx(0.2),
        ("precision",): pytest.approx(0.01),
        ("f1",): pytest.approx(0.02),
        ("pr_auc",): pytest.approx(0.02),
    }
    assert values(samples, ESTIMATE_COST_ERROR) == {(): pytest.approx(600 - 535)}
    assert statuses(samples) == {"estimate error": "judged"}


@pytest.mark.parametrize(
    ("realised", "held"), [(0.78, 0), (0.79, 1), (0.88, 1), (0.94, 1), (0.95, 0)]
)
def test_an_estimate_is_confirmed_where_recall_came_to_lie_within_its_interval(
    realised: float, held: int
) -> None:
    samples = error_samples(estimate(), card(recall=Ratio(realised)), version="7")
    assert values(samples, ESTIMATE_HELD) == {("7",): held}


def test_nothing_confirms_an_estimate_of_an_unknown_version_or_what_can_t_be_judged() -> None:
    unknown = error_samples(estimate(), card())
    few = error_samples(estimate(), card(status=CardStatus.TOO_FEW_POSITIVES), version="7")
    assert values(unknown, ESTIMATE_HELD) == values(few, ESTIMATE_HELD) == {}


def test_expected_positives_are_published_with_the_estimate() -> None:
    assert values(estimate_samples(estimate()), ESTIMATED_POSITIVES) == {(): 45}
    assert values(estimate_samples(estimate(rows=0, positives=0.0)), ESTIMATED_POSITIVES) == {}


def test_a_window_names_the_version_that_its_figures_are_of_where_it_is_known() -> None:
    at = datetime(2026, 1, 2, tzinfo=UTC)
    named = window_samples(Subject.PERFORMANCE, 10, at, "7")
    assert values(named, FIGURES_VERSION) == {("performance", "7"): 1}
    assert values(window_samples(Subject.DATA, 10, at), FIGURES_VERSION) == {}


def test_thresholds_of_the_cost_curve_sort_as_texts() -> None:
    steps = [replace(STEP, threshold=t) for t in (0.00001234, 0.04, 0.0412, 0.5, 0.98765)]
    costs = values(cost_samples(steps), COST_AT)
    texts = [threshold for threshold, _ in costs]
    assert texts == sorted(texts) == ["0.00001234", "0.04", "0.0412", "0.5", "0.98765"]
    assert {used for _, used in costs} == {"yes"}


@pytest.mark.parametrize(
    "chosen", [1e-9, 1e-6, 0.01, 1 / 3, 0.5, 0.99, 0.999, 0.9999, 0.999999, 1 - 1e-9, 1.0]
)
def test_each_threshold_of_the_cost_curve_has_a_label_of_its_own_that_is_exact(
    chosen: float,
) -> None:
    odds = chosen / (1 - chosen) if chosen < 1 else 1e12
    around = [o / (1 + o) for o in (odds * 2.0**power for power in range(-4, 5))]
    thresholds = sorted({*around, chosen})
    samples = cost_samples([replace(STEP, threshold=t, used=t == chosen) for t in thresholds])
    assert len({sample.series for sample in samples}) == 3 * len(thresholds)
    labels = [threshold for threshold, _ in values(samples, COST_AT)]
    assert [float(label) for label in labels] == thresholds
    assert labels == sorted(labels)


def test_an_estimate_is_not_measured_against_what_can_t_be_judged() -> None:
    few = error_samples(estimate(), card(status=CardStatus.TOO_FEW_POSITIVES))
    assert values(few, ESTIMATE_ERROR) == {}
    assert statuses(few) == {"estimate error": "too few positives"}
    lost = error_samples(estimate(status=CardStatus.NOT_CALIBRATED, recall=Ratio(None)), card())
    assert values(lost, ESTIMATE_ERROR) == {}
    assert statuses(lost) == {"estimate error": "not calibrated"}


def test_without_an_earlier_estimate_its_error_has_a_status() -> None:
    samples = error_samples(None, card())
    assert values(samples, ESTIMATE_ERROR) == {}
    assert statuses(samples) == {"estimate error": "no estimate"}


def test_what_was_not_measured_has_a_status_each() -> None:
    assert set(statuses(unmeasured_samples())) == {
        "drift",
        "score drift",
        "production champion",
        "estimate",
        "estimate error",
        "data",
    }
    mature = unmeasured_samples(PERFORMANCE, status=CardStatus.NOT_MATURE)
    assert statuses(mature) == {"production champion": "not mature"}


def test_a_clean_window_says_that_it_has_no_quarantined_rows() -> None:
    assert values(quarantine_samples({}), QUARANTINED) == {("none",): 0}
    assert values(quarantine_samples({"b": 2, "a": 1}), QUARANTINED) == {("a",): 1, ("b",): 2}


def test_the_gate_s_numbers_are_shares_of_what_the_champion_costs() -> None:
    decision = {"version": "4", "rule": "cheaper", "outcome": "promoted"}
    samples = gate_samples(**decision, rows=4000, positives=80, comparison=comparison())
    assert values(samples, GATE_DECISION) == {("4", "cheaper", "promoted"): 1}
    assert values(samples, GATE_ROWS) == {("rows",): 4000, ("positives",): 80}
    assert values(samples, GATE_COST) == {
        ("value",): pytest.approx(-0.25),
        ("low",): pytest.approx(-0.4),
        ("high",): pytest.approx(-0.1),
    }
    assert values(samples, GATE_RECALL) == {("value",): 0.05, ("low",): 0.0, ("high",): 0.1}


def test_a_challenger_that_was_not_compared_has_no_differences_and_no_zeros() -> None:
    decision = {"version": "1", "rule": "recall floor", "outcome": "promoted"}
    samples = gate_samples(**decision, rows=400, positives=8, comparison=None)
    assert {s.metric for s in samples} == {GATE_DECISION, GATE_ROWS}
    for no_cost in (comparison(cost=None), comparison(old_cost=0.0)):
        unpriced = gate_samples(**decision, rows=400, positives=8, comparison=no_cost)
        assert values(unpriced, GATE_COST) == {}
        assert len(values(unpriced, GATE_RECALL)) == 3


SERVING = {
    "version": "1",
    "candidate": "mlp",
    "data_hash": "ff",
    "promoted": None,
    "held": False,
}


def test_a_model_whose_promotion_is_not_known_is_published_without_it() -> None:
    samples = model_samples(**SERVING, moved_libraries=())
    assert values(samples, PROMOTED) == {}
    assert [sample.metric.key for sample in samples] == ["model", "promotions_held"]


def test_a_model_says_which_libraries_are_others_than_those_that_trained_it() -> None:
    said = [
        sample.labels["libraries"]
        for words in ((), ("trained with a 1, scored with 2", "trained with b 3, scored with 4"))
        for sample in model_samples(**SERVING, moved_libraries=words)
        if sample.metric is MODEL
    ]
    assert said == [
        "as trained",
        "trained with a 1, scored with 2; trained with b 3, scored with 4",
    ]
