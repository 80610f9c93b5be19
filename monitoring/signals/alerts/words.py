"""Words: what an alert says, and where its links lead, in the template language of each form."""

from __future__ import annotations

from dataclasses import dataclass

from monitoring.signals.alerts.alert import VALUE, Alert, MoneyAtStake, Shown
from monitoring.signals.alerts.form import Form
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

    def report(self, alert: Alert) -> str:
        """Return the address of the newest reports."""
        folder = f"reports/{alert.use_case}/index.html" if alert.use_case else "reports"
        return f"{self._public}/{folder}"

    def runbook(self, alert: Alert) -> str:
        """Return the address of the alert's entry in the runbook."""
        return f"{self._public}/runbook#{anchor(alert.name)}"

    @property
    def _public(self) -> str:
        return self.public.rstrip("/")


def anchor(alert_name: str) -> str:
    """Return the anchor of an alert's heading in docs/runbook.md."""
    return alert_name.lower()


def texts(alert: Alert, form: Form, addresses: Addresses) -> dict[str, str]:
    """Return what an alert tells: what, value, money, and where to look."""
    value = form.value(alert.shown)
    limit = _limit(alert)
    told = {
        "summary": alert.title,
        "description": alert.meaning.replace(VALUE, value),
        "value": f"{value} ({limit})" if limit else value,
        "dashboard_url": addresses.dashboard(alert),
        "report_url": addresses.report(alert),
        "runbook_url": addresses.runbook(alert),
    }
    if alert.money is not None:
        told["money"] = _money(alert.money, form)
    return told


def labels(alert: Alert) -> dict[str, str]:
    """Return the labels that alerts are routed and grouped by."""
    case = {} if alert.use_case is None else {"use_case": alert.use_case}
    return {**case, "severity": alert.loudness, **alert.labels}


def _limit(alert: Alert) -> str:
    if alert.shown is Shown.DURATION or alert.severity is None:
        return ""
    return f"alarm {alert.side} {alert.limit:g}"


def _money(money: MoneyAtStake, form: Form) -> str:
    return form.money(money.query, f"{money.currency} {money.words}")
