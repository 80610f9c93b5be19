"""Addresses: where the links of alerts and dashboards lead."""

from __future__ import annotations

from dataclasses import dataclass

from monitoring.signals.alerts.alert import Alert
from monitoring.signals.dashboards.places import board_of


@dataclass(frozen=True)
class Addresses:
    """Where people open what an alert links to.

    Attributes
    ----------
    public
        Base of reports, runbook and status pages.
    grafana
        Base of Grafana; None where it does not run, and links lead to the status pages.
    """

    public: str
    grafana: str | None = None

    def dashboard(self, alert: Alert) -> str:
        """Return the address of the panel that shows what the alert is about."""
        if self.grafana is not None:
            base = self.grafana.rstrip("/")
            return f"{base}/d/{alert.link.board}?viewPanel={int(alert.link.panel)}"
        if alert.use_case is None or alert.link.board != board_of(alert.use_case):
            return f"{self._public}/watch"
        return f"{self._public}/watch/{alert.use_case}#panel-{int(alert.link.panel)}"

    def board(self, use_case: str) -> str:
        """Return the address of a use case's dashboard."""
        if self.grafana is not None:
            return f"{self.grafana.rstrip('/')}/d/{board_of(use_case)}"
        return f"{self._public}/watch/{use_case}"

    def report(self, alert: Alert) -> str:
        """Return the address of the newest reports."""
        return self.reports(alert.use_case) if alert.use_case else f"{self._public}/reports"

    def reports(self, use_case: str) -> str:
        """Return the address of the list of a use case's reports."""
        return f"{self._public}/reports/{use_case}/index.html"

    def newest_report(self, use_case: str, kind: str) -> str:
        """Return the address that leads to a use case's newest report of a kind."""
        return f"{self._public}/newest/{use_case}/{kind}"

    def model(self, use_case: str, version: str = "") -> str:
        """Return the address that leads to a version of a use case's model in MLflow.

        To all of its versions, where none is named.
        """
        return f"{self._public}/models/{use_case}" + (f"/{version}" if version else "")

    def runbook(self, alert: Alert | None = None) -> str:
        """Return the address of the alert's entry in the runbook; of the whole of it for None."""
        whole = f"{self._public}/runbook"
        return whole if alert is None else f"{whole}#{anchor(alert.name)}"

    @property
    def _public(self) -> str:
        return self.public.rstrip("/")


def anchor(alert_name: str) -> str:
    """Return the anchor of an alert's heading in docs/runbook.md."""
    return alert_name.lower()
