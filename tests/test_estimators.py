"""Parameters that a use-case file may give an estimator: those on the list, within limits."""

from math import isnan
from typing import Any

import pytest

from monitoring.estimators import PARAMETERS, parameter_problems
from monitoring.use_case_candidate import Candidate

OPENS_SOCKETS = ("machines", "num_machines", "local_listen_port", "machine_list_filename")
WRITES_OR_READS_FILES = ("output_model", "input_model", "callbacks", "model_file", "snapshot_freq")
ALIASES = ("num_iterations", "nrounds", "num_trees", "eta", "nthread", "workers", "lambda")
STAND_FOR_MISSING = ("missing", "missing_values")
OURS = ("n_jobs", "random_state", "verbose", "verbosity", "device", "objective")


@pytest.mark.parametrize("name", [*OPENS_SOCKETS, *WRITES_OR_READS_FILES, *ALIASES, *OURS])
def test_what_is_not_listed_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match=f"no parameter `{name}`"):
        Candidate(steps=("lightgbm.LGBMClassifier",), parameters={name: 1})
    with pytest.raises(ValueError, match=f"no parameter `{name}`"):
        Candidate(steps=("lightgbm.LGBMClassifier",), search={name: [1]})


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("n_estimators", 1_000_000_000),
        ("n_estimators", 0),
        ("n_estimators", True),
        ("n_estimators", 10.5),
        ("n_estimators", "100"),
        ("max_iter", 10**300),
        ("max_depth", 10_000),
        ("num_leaves", 10**9),
        ("hidden_layer_sizes", [100_000_000]),
        ("hidden_layer_sizes", [8] * 100),
        ("hidden_layer_sizes", [[8]]),
        ("hidden_layer_sizes", []),
        ("learning_rate", -1.0),
        ("learning_rate", float("nan")),
        ("C", float("inf")),
        ("tol", "1e-4"),
        ("alpha", 1 + 2j),
        ("class_weight", {0: 1, 1: float("inf")}),
        ("class_weight", {"fraud": 1}),
        ("class_weight", [1, 2]),
        ("solver", "../../solver"),
        ("degree", 100),
        ("max_features", {}),
    ],
)
def test_a_value_outside_its_limits_is_refused_and_the_limits_are_named(
    name: str, value: object
) -> None:
    (problem,) = parameter_problems(name, [value])
    assert problem.startswith(f"{name} must be ")
    assert repr(value)[:50] in problem


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("n_estimators", 300),
        ("max_depth", None),
        ("max_depth", -1),
        ("hidden_layer_sizes", [32, 16]),
        ("hidden_layer_sizes", 32),
        ("class_weight", None),
        ("class_weight", {0: 1, 1: 20}),
        ("C", 1),
        ("early_stopping", True),
        ("early_stopping", "auto"),
        ("max_samples", 0.2),
        ("missing", -999),
    ],
)
def test_a_value_within_its_limits_is_taken(name: str, value: Any) -> None:
    candidate = Candidate(steps=("xgboost.XGBClassifier",), parameters={name: value})
    assert candidate.parameters[name] == value


def test_no_number_is_without_a_limit() -> None:
    for name in PARAMETERS:
        for value in (10**30, 1e30, -(10**30), float("inf"), float("nan")):
            if not (name in STAND_FOR_MISSING and isnan(value)):
                assert [*parameter_problems(name, [value])], (name, value)


@pytest.mark.parametrize("name", STAND_FOR_MISSING)
def test_what_stands_for_missing_may_be_nan(name: str) -> None:
    assert not [*parameter_problems(name, [float("nan"), -1])]
    (problem,) = parameter_problems(name, ["?"])
    assert problem == f"{name} must be .nan or a number from -1e+09 to 1e+09, not '?'"
