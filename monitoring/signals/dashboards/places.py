"""Places: the names of dashboards and panels, which links point at and which never change."""

from __future__ import annotations

from enum import IntEnum, unique

FLEET = "tocsin_fleet"
HEALTH = "tocsin_health"


def board_of(use_case: str) -> str:
    """Return the uid of a use case's dashboard."""
    return f"tocsin-{use_case}"


def path_of(board: str) -> str:
    """Return where Grafana shows a dashboard."""
    return f"/d/{board}"


@unique
class CasePanel(IntEnum):
    """Panels of a use case's dashboard; the ids stay, wherever a panel moves."""

    PERFORMANCE = 1
    IMPACT = 2
    PERFORMANCE_OVER_TIME = 3
    DRIFT = 4
    DRIFT_OVER_TIME = 5
    DRIFTED_FEATURES = 6
    MONEY = 10
    MONEY_OVER_TIME = 11
    CAPACITY = 12
    FALSE_ALARM_RATE = 13
    RANKING = 14
    RETURN_ON_COST = 15
    COST_CURVE = 16
    SHADOW = 17
    COVERAGE = 20
    ESTIMATED = 21
    ESTIMATE_ERROR = 22
    ESTIMATED_COST = 23
    FIGURES_OVER_WINDOW = 24
    MONEY_OVER_WINDOW = 25
    LABEL_PROBLEMS = 26
    FEATURES = 30
    FEATURES_OVER_TIME = 31
    MISSING_VALUES = 32
    SCORE_DRIFT = 33
    MODEL = 40
    DECISION = 41
    NEW_LABELLED = 42
    WAITING = 43
    TEST_FIGURES = 44
    GATE = 45
    GATE_CHANGE = 46
    GATE_ROWS = 47
    QUARANTINED = 50
    BROKEN = 51
    WINDOW_ROWS = 52
    WINDOW_AGE = 53
    STATUS = 54


class FleetPanel(IntEnum):
    """Panels of the dashboard of all watched models."""

    MODELS = 1
    RECALL = 2
    DRIFT = 3
    MISSED = 4


class HealthPanel(IntEnum):
    """Panels of the dashboard of pipelines and parts."""

    UP = 1
    SUCCESS_AGE = 2
    RUNS = 3
    FAILED = 4
    PUSH_AGE = 5
    FAILED_PUSHES = 6
    QUARANTINED = 7
