"""Where alerts and dashboards link to: boards, panels, reports, the runbook."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum, unique
from urllib.parse import quote

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
    MONEY_OVER_TIME = 11
    CAPACITY = 12
    FALSE_ALARM_RATE = 13
    RANKING = 14
    RETURN_ON_COST = 15
    COST_CURVE = 16
    SHADOW = 17
    COST_CHOICE = 18
    MISSED_OVER_TIME = 19
    COVERAGE = 20
    ESTIMATED = 21
    ESTIMATE_ERROR = 22
    ESTIMATED_COST = 23
    FIGURES_OVER_WINDOW = 24
    MONEY_OVER_WINDOW = 25
    LABEL_PROBLEMS = 26
    COST_OF_DRIFT = 27
    FEATURES = 30
    FEATURES_OVER_TIME = 31
    MISSING_VALUES = 32
    MODEL = 40
    DECISION = 41
    NEW_LABELLED = 42
    WAITING = 43
    TEST_FIGURES = 44
    GATE = 45
    GATE_CHANGE = 46
    GATE_ROWS = 47
    HELD = 48
    QUARANTINED = 50
    BROKEN = 51
    WINDOW_ROWS = 52
    WINDOW_AGE = 53
    STATUS = 54
    SERVING_SKEW = 55
    CLASSES = 60
    CONFUSION = 61
    CLASS_RECALL = 62
    CLASS_PRECISION = 63
    CLASS_ESTIMATE = 64
    CLASS_DRIFT = 65
    CLASS_COST = 66
    ACCURACY = 67
    AVERAGES = 68
    ARM_CLASSES = 69
    HIDDEN_TRUTH = 70
    UNCORRECTED = 71
    CONTROL_ROWS = 72
    CONTROL_COST = 73
    FIRING = 80
    SAVING_NOW = 81
    RECALL_NOW = 82
    ESTIMATE_NOW = 83
    COST_NOW = 84
    DRIFT_NOW = 85
    CHAMPION_NOW = 86
    ALERTS = 87


class FleetPanel(IntEnum):
    """Panels of the dashboard of all watched models."""

    MODELS = 1
    RECALL = 2
    DRIFT = 3
    MISSED = 4
    ALERTS = 5
    RECALL_NOW = 6
    ESTIMATED_NOW = 7
    DRIFT_NOW = 8
    SAVING_NOW = 9


class HealthPanel(IntEnum):
    """Panels of the dashboard of pipelines and parts."""

    UP = 1
    RUNS = 3
    FAILED = 4
    FAILED_PUSHES = 6
    QUARANTINED = 7
    BROKEN_USE_CASES = 8
    REQUESTS = 9
    ANSWER_TIME = 10
    REFUSED = 11
    DECISIONS = 12
    UNSEEN = 13
    VERSIONS = 14
    ARM_FAILURES = 15
    ALERTS = 16


@dataclass(frozen=True)
class Link:
    """The panel that shows what an alert is about."""

    board: str
    panel: int

    @property
    def alert_list(self) -> int:
        """The panel of its board that lists what fires."""
        return HealthPanel.ALERTS if self.board == HEALTH else CasePanel.ALERTS


@dataclass(frozen=True)
class Addresses:
    """The addresses that alerts and dashboards link to.

    Attributes
    ----------
    public
        Base of reports, runbook and status pages.
    grafana
        Base of Grafana; None where it does not run, and links lead to the status pages.
    airflow
        Base of Airflow; None where people do not open it.
    """

    public: str
    grafana: str | None = None
    airflow: str | None = None

    def panel(self, link: Link, use_case: str | None) -> str:
        """Return the address of a panel, for someone who looks at a use case or at all of them."""
        if self.grafana is not None:
            base = self.grafana.rstrip("/")
            return f"{base}/d/{link.board}?viewPanel={int(link.panel)}"
        if use_case is None or link.board != board_of(use_case):
            return f"{self._public}/watch"
        return f"{self._public}/watch/{use_case}#panel-{int(link.panel)}"

    def board(self, use_case: str) -> str:
        """Return the address of a use case's dashboard."""
        if self.grafana is not None:
            return f"{self.grafana.rstrip('/')}/d/{board_of(use_case)}"
        return f"{self._public}/watch/{use_case}"

    def reports(self, use_case: str | None) -> str:
        """Return the address of the list of a use case's reports; of all lists for None."""
        if use_case is None:
            return f"{self._public}/reports"
        return f"{self._public}/reports/{use_case}/index.html"

    def newest_report(self, use_case: str, kind: str) -> str:
        """Return the address that leads to a use case's newest report of a kind."""
        return f"{self._public}/newest/{use_case}/{kind}"

    def model(self, use_case: str, version: str = "") -> str:
        """Return the address that leads to a version of a use case's model in MLflow.

        To all of its versions, where none is named.
        """
        return f"{self._public}/models/{use_case}" + (f"/{version}" if version else "")

    def runbook(self, alert: str | None = None) -> str:
        """Return the address of an alert's entry in the runbook; of the whole runbook for None."""
        whole = f"{self._public}/runbook"
        return whole if alert is None else f"{whole}#{anchor(alert)}"

    def run(self, dag_id: str, run_id: str, task: str | None = None) -> str | None:
        """Return the address of a run in Airflow, or of the log of one of its tasks."""
        if self.airflow is None:
            return None
        place = f"{self.airflow.rstrip('/')}/dags/{dag_id}/runs/{quote(run_id, safe='')}"
        return place if task is None else f"{place}/tasks/{task}"

    @property
    def _public(self) -> str:
        return self.public.rstrip("/")


def anchor(alert_name: str) -> str:
    """Return the anchor of an alert's heading in docs/how-to/runbook.md."""
    return alert_name.lower()
